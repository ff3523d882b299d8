"""Pages that send browsers on at once (``<meta http-equiv="refresh">``): what a reader sees is another page."""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit

from caliber_crawler.items import Capture
from caliber_crawler.site.urls import are_spellings

MAX_SCANNED = 64 * 1024
"""Bytes of a page in which such an element is looked for: it is in the head."""
MAX_DELAY = 10
"""Seconds; a page that is shown for longer is meant to be read."""
_META = re.compile(rb"<meta\b[^<>]*+>", re.IGNORECASE)
_IS_REFRESH = re.compile(rb"\bhttp-equiv\s*+=\s*+[\"']?\s*+refresh\b", re.IGNORECASE)
_CONTENT = re.compile(rb"\bcontent\s*+=\s*+(?:\"([^\"<>]*)\"|'([^'<>]*)'|([^\s\"'<>]++))", re.IGNORECASE)
_REFRESH = re.compile(r"\s*+(\d{1,6})(?:\.\d*+)?\s*+[;,]?\s*+(?:url\s*+=\s*+)?[\"']?([^\"'\s]++)", re.IGNORECASE)
_INVISIBLE = (
    (b"<noscript", b"</noscript"),
    (b"<!--", b"-->"),
    (b"<script", b"</script"),
    (b"<template", b"</template"),
)
"""The beginnings and ends of parts in which the element has no effect for readers."""


def refresh_target(capture: Capture) -> str | None:
    """The other page to which a page sends browsers within seconds; ``None`` if it does not."""
    if capture.media_type == "text/plain":
        return None
    head = capture.body[:MAX_SCANNED]
    found = next((tag for tag in _META.finditer(head) if _IS_REFRESH.search(tag[0])), None)
    if found is None:
        return None
    before = head[: found.start()].lower()
    if any(before.rfind(start) > before.rfind(end) for start, end in _INVISIBLE):
        return None
    content = _CONTENT.search(found[0])
    refresh = _REFRESH.match(next(filter(None, content.groups()), b"").decode("utf-8", "replace")) if content else None
    if refresh is None or int(refresh[1]) > MAX_DELAY:
        return None
    url = capture.effective_url
    try:
        target = urljoin(url, refresh[2].replace("&amp;", "&"))
        is_same_page = are_spellings(url, target) or urlsplit(target).path == urlsplit(url).path
    except ValueError:  # not a URL
        return None
    return None if is_same_page else target
