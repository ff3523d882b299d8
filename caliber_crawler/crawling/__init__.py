"""One crawl: what it is asked for, how it walks, what came of every page, and whether that was as usual."""
