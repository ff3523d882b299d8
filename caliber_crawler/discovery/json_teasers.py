"""Pages of a listing in JSON, with one object for each teaser."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from caliber_crawler.extraction import Unreadable
from caliber_crawler.extraction.dates import parse_date
from caliber_crawler.items import Capture, Teaser
from caliber_crawler.site import JsonTeasers, Site


def parse_json(capture: Capture) -> Any | None:
    """The JSON of a page, or ``None`` if the page is not JSON."""
    if capture.body.lstrip()[:1] not in (b"{", b"["):
        return None
    try:
        return json.loads(capture.body)
    except (ValueError, RecursionError):
        return None


def parse_json_teasers(data: Any, capture: Capture, site: Site, layout: JsonTeasers) -> tuple[Teaser, ...]:
    """The teasers of a page, each article once. Raises :class:`Unreadable` if there is no list at the layout's path."""
    items = dig(data, layout.items)
    if items is None:
        items = []
    if not isinstance(items, list):
        raise Unreadable(
            "no_teasers", f"{capture.effective_url} has no list of teasers at {layout.items or 'its top level'!r}."
        )
    teasers: dict[str, Teaser] = {}
    for item in items:
        teaser = _teaser(item, site, layout)
        if teaser is not None:
            teasers.setdefault(teaser.url, teaser)
    return tuple(teasers.values())


def dig(data: Any, path: str) -> Any:
    """The value at a dotted path, or ``None`` if there is none. An empty path returns the data itself."""
    for key in path.split(".") if path else ():
        data = data.get(key) if isinstance(data, dict) else None
    return data


def _teaser(item: Any, site: Site, layout: JsonTeasers) -> Teaser | None:
    url = _text(item, layout.url)
    article_url = (
        site.article_url(layout.url_template.format(url=url if "/" in url else quote(url, safe="%"))) if url else None
    )
    if article_url is None:
        return None
    label, date = _text(item, layout.section), _text(item, layout.date)
    edition = site.edition(article_url.language) if article_url.language else None
    return Teaser(
        url=article_url.url,
        request_url=article_url.request_url,
        headline=_text(item, layout.headline),
        section=(site.section_named(label, edition) or site.section_named(label)) if label else None,
        section_label=label,
        published_at=parse_date(date, site) if date else None,
        image=_text(item, layout.image),
    )


def _text(item: Any, path: str) -> str | None:
    value = dig(item, path) if path else None
    return str(value).strip() or None if isinstance(value, str | int) else None
