"""Reading a page: bytes in, article out. Pure: no network, no database, no clock.

    capture ── open_page ──> Page ── clean_page ──> Page ── extract_article ──> Reading ── check ──> problems

A field is read by the surest rule that finds it: the layout's selectors, the page's structured data, then its text.
"""

from caliber_crawler.reading.article import extract_article, read_page
from caliber_crawler.reading.boilerplate import clean_page
from caliber_crawler.reading.checks import check
from caliber_crawler.reading.identity import text_identity
from caliber_crawler.reading.listing import read_listing
from caliber_crawler.reading.page import Page, open_page
from caliber_crawler.reading.tree import Unreadable

__all__ = [
    "Page",
    "Unreadable",
    "check",
    "clean_page",
    "extract_article",
    "open_page",
    "read_listing",
    "read_page",
    "text_identity",
]
