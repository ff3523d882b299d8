"""What a page says about itself to machines: canonical link, OpenGraph and other meta, JSON-LD."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from lxml import etree

from caliber_crawler.reading.page import Page, first, select, text_of
from caliber_crawler.reading.text import clean_inline, fold

ARTICLE_TYPES = re.compile(r"(?:[A-Za-z]*Article|[A-Za-z]*BlogPosting|Report)$")
DEEPEST_LINKED_DATA = 12


def read_meta(page: Page, *names: str) -> str | None:
    """The content of the first of these ``<meta>`` that is there and not empty."""
    return next((page.metadata.metas[name] for name in names if name in page.metadata.metas), None)


def read_language(page: Page) -> str | None:
    """The primary language of ``<html lang>``."""
    root = page.root
    return (root.get("lang") or "").partition("-")[0].lower() or None if root is not None else None


def read_title(page: Page) -> str | None:
    """The headline in the page's metadata, without the site's name."""
    title = read_meta(page, "og:title", "twitter:title") or read_linked(page, "headline")
    if title is None and page.root is not None and (element := first(page.root, "title")) is not None:
        title = text_of(element)
    return without_site_title(title, page.site.title) if title else None


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
    if page.root is None:
        return None
    value = _linked_article(page.root).get(name)
    return clean_inline(value) or None if isinstance(value, str) else None


def _linked_article(root: etree._Element) -> dict[str, Any]:
    for script in select(root, "script[type='application/ld+json']"):
        try:
            data = json.loads(script.text or "")
        except (ValueError, RecursionError):
            continue
        for node in _nodes(data):
            kinds = node.get("@type")
            if any(
                isinstance(kind, str) and ARTICLE_TYPES.match(kind)
                for kind in (kinds if isinstance(kinds, list) else [kinds])
            ):
                return node
    return {}


def _nodes(data: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    if depth > DEEPEST_LINKED_DATA:
        return
    if isinstance(data, dict):
        yield data
    for child in data.values() if isinstance(data, dict) else data if isinstance(data, list) else ():
        if isinstance(child, dict | list):
            yield from _nodes(child, depth + 1)
