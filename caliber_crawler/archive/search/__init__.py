"""Search: full-text search over the current versions, with all inflections of a word, best matches first."""

from caliber_crawler.archive.search.hits import Hit
from caliber_crawler.archive.search.matching import match_expression
from caliber_crawler.archive.search.query import parse
from caliber_crawler.archive.search.ranking import Order, Search
from caliber_crawler.archive.search.results import SearchResults, find, find_and_count, list_and_count

__all__ = [
    "Hit",
    "Order",
    "Search",
    "SearchResults",
    "find",
    "find_and_count",
    "list_and_count",
    "match_expression",
    "parse",
]
