"""Extraction of an article from the bytes of a page. It uses no network, no database and no clock.

    capture ── open_page ──> Page ── clean_page ──> Page ── extract_article ──> Extraction ── check ──> problems

Each field comes from the most reliable method that finds it: the layout's selectors, structured data, then the text.
"""

from caliber_crawler.extraction.article import extract_article, extract_page
from caliber_crawler.extraction.checks import check, check_address, check_length
from caliber_crawler.extraction.cleaning import clean_page
from caliber_crawler.extraction.identity import text_identity
from caliber_crawler.extraction.listing import extract_listing
from caliber_crawler.extraction.page import Page, open_page
from caliber_crawler.extraction.tree import Unreadable

__all__ = [
    "Page",
    "Unreadable",
    "check",
    "check_address",
    "check_length",
    "clean_page",
    "extract_article",
    "extract_listing",
    "extract_page",
    "open_page",
    "text_identity",
]
