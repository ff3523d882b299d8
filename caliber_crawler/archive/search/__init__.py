"""Search: full text over the current versions, finding a word in every form the archive holds, best matches first."""

from caliber_crawler.archive.search.finding import Found, find, find_and_count
from caliber_crawler.archive.search.forms import match_expression
from caliber_crawler.archive.search.hits import Hit
from caliber_crawler.archive.search.query import Order, Search

__all__ = ["Found", "Hit", "Order", "Search", "find", "find_and_count", "match_expression"]
