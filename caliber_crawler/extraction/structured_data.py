"""What a page declares about itself for machines: canonical link, OpenGraph and other meta, JSON-LD."""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache

from caliber_crawler.extraction.article_node import Node
from caliber_crawler.extraction.bylines import is_name
from caliber_crawler.extraction.dates import parse_iso_date
from caliber_crawler.extraction.linked_data import extract_linked_article
from caliber_crawler.extraction.mojibake import repair
from caliber_crawler.extraction.page import Page
from caliber_crawler.extraction.text import clean_inline, fold
from caliber_crawler.extraction.urls import absolute_image


def extract_meta(page: Page, *names: str) -> str | None:
    """Return the first non-empty content of these ``<meta>`` names."""
    for name in names:
        if (content := page.meta(name)) is not None:
            return clean_inline(repair(content))
    return None


def extract_language(page: Page) -> str | None:
    """Return the primary language of ``<html lang>``."""
    return page.metadata.language.partition("-")[0].lower() or None


def extract_title(page: Page) -> str | None:
    """Return the headline in the page's metadata, without the site's name."""
    title = extract_meta(page, "og:title", "twitter:title") or extract_linked(page, "headline") or page.metadata.title
    return without_site_title(title, page.site.title) if title else None


def extract_published_at(page: Page) -> datetime | None:
    """Return the publication date in the page's metadata."""
    stamp = extract_meta(page, "article:published_time", "datepublished") or extract_linked(page, "datePublished")
    stamp = stamp or extract_linked(page, "coverageStartTime")  # a live blog
    return parse_iso_date(stamp, page.site) if stamp else None


def extract_section_label(page: Page) -> str | None:
    """Return the section in the page's metadata."""
    return extract_meta(page, "article:section") or extract_linked(page, "articleSection")


def extract_image(page: Page) -> str | None:
    """Return the picture that the page's metadata offers for sharing."""
    shared = extract_meta(page, "og:image", "og:image:url", "twitter:image")
    return absolute_image(shared, page) if shared else None


def extract_authors(page: Page) -> tuple[str, ...]:
    """Return the authors in the page's metadata."""
    value = _linked_article(page).get("author")
    people = value if isinstance(value, list) else [value]
    names = (person.get("name") if isinstance(person, dict) else person for person in people)
    found = tuple(clean_inline(name) for name in names if isinstance(name, str))
    meta = extract_meta(page, "author", "article:author")
    return tuple(name for name in found or ((meta,) if meta else ()) if is_name(name))


def without_site_title(title: str, site_title: str) -> str | None:
    """Return a title without ``| Site`` or ``Site:`` at its ends; ``None`` if nothing else remains.

    >>> without_site_title("Peace is built - Caliber.Az", "Caliber.Az")
    'Peace is built'
    """
    shorter = _site_title(site_title).sub("", title).strip()
    return None if not shorter or fold(shorter) == fold(site_title) else shorter


@cache
def _site_title(site_title: str) -> re.Pattern[str]:
    name = re.escape(site_title)
    return re.compile(rf"(?:(?<!\s)\s++)?[|–—·:-]\s*+{name}\s*+$|^\s*+{name}\s*+[|–—·:-]\s*+", re.IGNORECASE)


def extract_linked(page: Page, name: str) -> str | None:
    """Return a plain-text property of the article in the page's JSON-LD."""
    value = _linked_article(page).get(name)
    return clean_inline(value) or None if isinstance(value, str) else None


def _linked_article(page: Page) -> Node:
    metadata = page.metadata
    urls = (page.capture.effective_url, metadata.canonical or "", metadata.metas.get("og:url", ""))
    titles = (repair(metadata.metas.get("og:title", "")), metadata.title)
    return extract_linked_article(map(repair, metadata.linked), urls, titles)
