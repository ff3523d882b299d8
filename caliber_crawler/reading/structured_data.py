"""What a page says about itself to machines: canonical link, OpenGraph and other meta, JSON-LD."""

from __future__ import annotations

import re
from datetime import datetime

from caliber_crawler.reading.addresses import absolute_image
from caliber_crawler.reading.bylines import is_name
from caliber_crawler.reading.dates import read_iso_date
from caliber_crawler.reading.linked_data import read_linked_article
from caliber_crawler.reading.mojibake import repair
from caliber_crawler.reading.page import Page
from caliber_crawler.reading.text import clean_inline, fold


def read_meta(page: Page, *names: str) -> str | None:
    """The content of the first of these ``<meta>`` that is there and not empty."""
    metas = page.metadata.metas
    return next((clean_inline(repair(metas[name])) for name in names if name in metas), None)


def read_language(page: Page) -> str | None:
    """The primary language of ``<html lang>``."""
    return page.metadata.language.partition("-")[0].lower() or None


def read_title(page: Page) -> str | None:
    """The headline in the page's metadata, without the site's name."""
    title = read_meta(page, "og:title", "twitter:title") or read_linked(page, "headline") or page.metadata.title
    return without_site_title(title, page.site.title) if title else None


def read_published_at(page: Page) -> datetime | None:
    """When the page's metadata says it was published."""
    stamp = read_meta(page, "article:published_time", "datepublished") or read_linked(page, "datePublished")
    return read_iso_date(stamp, page.site) if stamp else None


def read_section_label(page: Page) -> str | None:
    """The section in the page's metadata."""
    return read_meta(page, "article:section") or read_linked(page, "articleSection")


def read_image(page: Page) -> str | None:
    """The picture the page wants to be shared with."""
    shared = read_meta(page, "og:image", "og:image:url", "twitter:image")
    return absolute_image(shared, page) if shared else None


def read_authors(page: Page) -> tuple[str, ...]:
    """The people the page's metadata names as its authors."""
    value = read_linked_article(map(repair, page.metadata.linked)).get("author")
    people = value if isinstance(value, list) else [value]
    names = (person.get("name") if isinstance(person, dict) else person for person in people)
    found = tuple(clean_inline(name) for name in names if isinstance(name, str))
    meta = read_meta(page, "author", "article:author")
    return tuple(name for name in found or ((meta,) if meta else ()) if is_name(name))


def without_site_title(title: str, site_title: str) -> str | None:
    """A title without ``| Site`` at its end or ``Site:`` at its start; ``None`` when nothing else was in it.

    >>> without_site_title("Peace is built - Caliber.Az", "Caliber.Az")
    'Peace is built'
    """
    name = re.escape(site_title)
    shorter = re.sub(rf"\s*[|–—·:-]\s*{name}\s*$|^\s*{name}\s*[|–—·:-]\s*", "", title, flags=re.IGNORECASE).strip()
    return None if not shorter or fold(shorter) == fold(site_title) else shorter


def read_linked(page: Page, name: str) -> str | None:
    """A property of the article in the page's JSON-LD, where it is plain text."""
    value = read_linked_article(map(repair, page.metadata.linked)).get(name)
    return clean_inline(value) or None if isinstance(value, str) else None
