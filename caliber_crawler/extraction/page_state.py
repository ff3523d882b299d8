"""Links in the state of a page that a script draws: JSON in ``<script>`` elements (``__NEXT_DATA__``, ``__STATE__``).

Such a page has no links of its own to its articles. The objects of its state have a URL and a title each.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import escape
from itertools import islice

from lxml import etree

MAX_STATE = 2_000_000
"""Characters of one script that are parsed."""
MAX_SCRIPTS, MAX_LINKS, MAX_TITLE = 60, 500, 300
MIN_TITLE = 12
"""Characters of a title."""
_STATE = re.compile(r"\s*(?:(?:window|self|globalThis)\.)?[\w$.]{1,60}\s*=\s*(?=[{\[])")
_URL_KEY = re.compile(r"(?:url|href|link|path|uri|permalink)$", re.IGNORECASE)
_OTHER_KEY = re.compile(r"ima?ge?|thumb|icon|logo|avatar|media|photo|picture|video|audio|asset|api|src", re.IGNORECASE)
_TITLE_KEY = re.compile(r"title|headline|heading|name$", re.IGNORECASE)
_NEXT_KEY = re.compile(r"next|older|more", re.IGNORECASE)
_URL = re.compile(r"(?:https?://[^\s/]+)?/[^\s<>\"]{1,500}$")


def linked_state(root: etree._Element) -> str:
    """The links in the state of a page, as HTML: titles as headings, and the next page of its list."""
    found = dict.fromkeys(islice(_links(root), MAX_LINKS))
    return "".join(found)


def _links(root: etree._Element) -> Iterator[str]:
    for script in islice(root.iter("script"), MAX_SCRIPTS):
        if (data := _data_of(script)) is None:
            continue
        left: list[object] = [data]
        while left:
            value = left.pop()
            if isinstance(value, dict):
                yield from _links_of(value)
                left += reversed(list(value.values()))
            elif isinstance(value, list):
                left += reversed(value)


def _data_of(script: etree._Element) -> object:
    """The data of a script that consists of JSON, or begins with the assignment of JSON; ``None`` of others."""
    text, kind = (script.text or "").strip(), (script.get("type") or "").lower()
    if not text or len(text) > MAX_STATE or "ld+json" in kind:
        return None
    start = 0
    if "json" not in kind:
        if (match := _STATE.match(text)) is None:
            return None
        start = match.end()
    try:
        data: object = json.JSONDecoder().raw_decode(text, start)[0]
    except (ValueError, RecursionError):
        return None
    return data


def _links_of(fields: dict[str, object]) -> Iterator[str]:
    texts = {name: text for name, text in fields.items() if isinstance(text, str)}
    titles = (text for name, text in texts.items() if _TITLE_KEY.search(name) and not _URL.match(text))
    title = max(titles, key=len, default="").strip()
    for name, url in texts.items():
        if _OTHER_KEY.search(name) or not _URL.match(url):
            continue
        if _NEXT_KEY.search(name):
            yield f'<p><a rel="next" href="{escape(url)}">Next</a></p>'
        elif _URL_KEY.search(name) and len(title) >= MIN_TITLE:
            yield f'<h2><a href="{escape(url)}">{escape(title[:MAX_TITLE])}</a></h2>'
