"""One crawl: options, scope, scheduling of requests, the outcome of each page, and a comparison with earlier crawls."""
