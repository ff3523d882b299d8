"""One crawl: its options and scope, what it requests next, the outcome of every page, and whether that was as usual."""
