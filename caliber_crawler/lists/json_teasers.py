"""Pages of a listing in JSON, with one object for each teaser."""

from __future__ import annotations

import codecs
import json
from typing import Any
from urllib.parse import quote

from caliber_crawler.extraction import Unreadable
from caliber_crawler.extraction.dates import parse_date
from caliber_crawler.extraction.decoding import as_utf8
from caliber_crawler.items import Capture, Listing, Teaser
from caliber_crawler.lists.entries import ListEntries
from caliber_crawler.site import JsonTeasers, Site

MAX_DIGITS = 30
"""Digits of a number in JSON. Longer ones are neither IDs nor dates, and take long to convert."""


def is_json(capture: Capture) -> bool:
    """Whether a page is JSON, by its first character."""
    return _json_text(capture) is not None


def parse_json(capture: Capture) -> Any | None:
    """The JSON of a page, or ``None`` if the page is not JSON."""
    text = _json_text(capture)
    return None if text is None else parse_json_text(text)


def parse_json_text(text: str | bytes) -> Any | None:
    """The data in a text, or ``None`` if it is not JSON. Long numbers are texts."""
    try:
        return json.loads(text, parse_int=_parse_int)
    except (ValueError, RecursionError):
        return None


def _json_text(capture: Capture) -> str | None:
    body = capture.body
    if body[:2] not in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        body = body.removeprefix(codecs.BOM_UTF8).lstrip()
        if body[:1] not in (b"{", b"["):
            return None
        return as_utf8(body, capture.header("content-type")).decode("utf-8", errors="replace")
    text = body.decode("utf-16", errors="replace").lstrip()
    return text if text.startswith(("{", "[")) else None


def _parse_int(digits: str) -> int | str:
    return int(digits) if len(digits) <= MAX_DIGITS else digits


def parse_json_teasers(data: Any, capture: Capture, site: Site, layout: JsonTeasers) -> Listing:
    """The teasers of a page, each article once. Raises :class:`Unreadable` if there is no list at the layout's path."""
    items = dig(data, layout.items)
    if items is None:
        items = []
    if not isinstance(items, list):
        raise Unreadable(
            "no_teasers", f"{capture.effective_url} has no list of teasers at {layout.items or 'its top level'!r}."
        )
    found = ListEntries(capture, site, base_url=site.base_url + "/")
    for item in items:
        _add(item, found, layout)
    return found.listing()


def dig(data: Any, path: str) -> Any:
    """The value at a dotted path, or ``None`` if there is none. An empty path returns the data itself."""
    for key in path.split(".") if path else ():
        data = data.get(key) if isinstance(data, dict) else None
    return data


def _add(item: Any, found: ListEntries, layout: JsonTeasers) -> None:
    site, article_url = found.site, found.article(*_urls(item, layout))
    if article_url is None:
        return
    label, date = _text(item, layout.section), _text(item, layout.date)
    edition = site.edition(article_url.language) if article_url.language else None
    found.add(
        Teaser(
            url=article_url.url,
            request_url=article_url.request_url,
            headline=_text(item, layout.headline),
            section=(site.section_named(label, edition) or site.section_named(label)) if label else None,
            section_label=label,
            published_at=parse_date(date, site) if date else None,
            image=_text(item, layout.image),
        )
    )


def _urls(item: Any, layout: JsonTeasers) -> tuple[str, ...]:
    url = _text(item, layout.url)
    if not url:
        return ()
    quoted = url if "/" in url else quote(url, safe="%", errors="surrogatepass")
    return (layout.url_template.format(url=quoted),)


def _text(item: Any, path: str) -> str | None:
    value = dig(item, path) if path else None
    return str(value).strip() or None if isinstance(value, str | int) else None
