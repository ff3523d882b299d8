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
# In lower case. A pattern that begins with plain letters is searched ten times as fast.
_IS_REFRESH = re.compile(rb"http-equiv(?<![0-9a-z_]http-equiv)\s*+=\s*+[\"']?\s*+refresh\b")
_CONTENT = re.compile(rb"\bcontent\s*+=\s*+(?:\"([^\"<>]*)\"|'([^'<>]*)'|([^\s\"'<>]++))", re.IGNORECASE)
_REFRESH = re.compile(r"\s*+(\d{1,6})(?:\.\d*+)?\s*+[;,]?\s*+(?:url\s*+=\s*+)?[\"']?([^\"'\s]++)", re.IGNORECASE)
MAX_SHELL, MAX_SHELL_WORDS = 4096, 40
"""Bytes and words of a page that does nothing but send browsers on."""
_LOCATION = re.compile(rb"\blocation(?:\.href)?(?:\s*+=\s*+|\.(?:replace|assign)\(\s*+)[\"']([^\"'<>\s]++)[\"']")
_HREF = re.compile(rb"\bhref\s*+=\s*+[\"']?([^\"'<>\s]++)", re.IGNORECASE)
_SCRIPT = re.compile(rb"<(?:script|style)\b[^<>]*+>[^<]*+</", re.IGNORECASE)
_TAGS = re.compile(rb"<[^<>]*+>")
_INVISIBLE = (
    (b"<noscript", b"</noscript"),
    (b"<!--", b"-->"),
    (b"<script", b"</script"),
    (b"<template", b"</template"),
)
"""The beginnings and ends of parts in which the element has no effect for readers."""


def refresh_target(capture: Capture) -> str | None:
    """The other page to which a page sends browsers within seconds; ``None`` if it does not."""
    return target_of(capture.body, capture.effective_url, capture.media_type)


def target_of(body: bytes, url: str, media_type: str) -> str | None:
    """The other page to which a page at a URL sends browsers within seconds; ``None`` if it does not."""
    if media_type == "text/plain":
        return None
    head = body[:MAX_SCANNED]
    if b"\0" in head[:64]:  # UTF-16; the element has ASCII characters only
        head = head.replace(b"\0", b"")
    # Few pages have such an element, and one search in lower case is faster than one of each element.
    lowered = head.lower()
    may_refresh = b"http-equiv" in lowered and _IS_REFRESH.search(lowered) is not None
    found = (
        next((tag for tag in _META.finditer(head) if _IS_REFRESH.search(tag[0].lower())), None) if may_refresh else None
    )
    if found is None:
        return _target_of_shell(head, url) if len(body) <= MAX_SHELL else None
    before = head[: found.start()].lower()
    if any(before.rfind(start) > before.rfind(end) for start, end in _INVISIBLE):
        return None
    content = _CONTENT.search(found[0])
    if content is None:
        return None
    return target_of_value(next(filter(None, content.groups()), b"").decode("utf-8", "replace"), url)


def target_of_value(value: str, url: str) -> str | None:
    """The target of a refresh, from the value of the element or of the header ``Refresh``."""
    refresh = _REFRESH.match(value)
    if refresh is None or int(refresh[1]) > MAX_DELAY:
        return None
    return _other_page(refresh[2].replace("&amp;", "&"), url)


def _target_of_shell(body: bytes, url: str) -> str | None:
    """The page to which a short page without a text sends browsers by a script, if it names it a second time."""
    found = _LOCATION.search(body)
    rest = _SCRIPT.sub(b"", body) if found is not None else b""
    if found is None or len(_TAGS.sub(b"", rest).split()) > MAX_SHELL_WORDS:
        return None
    target = _other_page(found[1].decode("utf-8", "replace"), url)
    others = (_other_page(each[1].decode("utf-8", "replace"), url) for each in _HREF.finditer(rest))
    return target if target is not None and target in others else None


def _other_page(href: str, url: str) -> str | None:
    try:
        target = urljoin(url, href)
        is_same_page = are_spellings(url, target) or urlsplit(target).path == urlsplit(url).path
    except ValueError:  # not a URL
        return None
    return None if is_same_page else target
