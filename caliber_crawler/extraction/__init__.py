"""Reading a page: bytes in, article out. Pure: no network, no database, no clock.

    capture ── open_page ──> Page ── clean_page ──> Page ── extract_article ──> Reading ── check ──> problems

A field is read by the surest rule that finds it: the layout's selectors, the page's structured data, then its text.
"""

from caliber_crawler.extraction.article import extract_article, extract_page
from caliber_crawler.extraction.checks import check
from caliber_crawler.extraction.cleaning import clean_page
from caliber_crawler.extraction.identity import text_identity
from caliber_crawler.extraction.listing import extract_listing
from caliber_crawler.extraction.page import Page, open_page
from caliber_crawler.extraction.tree import Unreadable

__all__ = [
    "Page",
    "Unreadable",
    "check",
    "clean_page",
    "extract_article",
    "extract_listing",
    "extract_page",
    "open_page",
    "text_identity",
]
