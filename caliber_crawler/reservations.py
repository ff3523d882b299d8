"""What a page says of its own use: not to be archived, not to be indexed, not to be mined for text and data.

Read from headers and ``<meta>`` elements alone. A word for another crawler by name (``googlebot: noarchive``) is not
for us. Where header and page differ, the one that reserves counts.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from caliber_crawler.items import Capture

AGENTS = ("robots", "caliber_crawler")
"""Names of those who are spoken to when we are."""

HEAD = 256 * 1024
"""Bytes of a page in which its ``<meta>`` elements are looked for: none stands outside its head."""

MEANT_BY = {"noarchive": "noarchive", "nocache": "noarchive", "noindex": "noindex", "none": "noindex"}
"""What each word of ``X-Robots-Tag`` or ``<meta name="robots">`` reserves; the others are no matter of ours."""

WITH_VALUE = ("unavailable_after", "max-snippet", "max-image-preview", "max-video-preview")
"""Words after which a colon does not follow a crawler's name."""

META = re.compile(rb"<meta\s[^>]{0,2000}", re.IGNORECASE)
COMMENT = re.compile(rb"<!--.*?(?:-->|\Z)", re.DOTALL)
END_OF_HEAD = re.compile(rb"<(?:/head|body)[\s>]", re.IGNORECASE)
ATTRIBUTE = re.compile(r"""(?<![\w-])([a-z][\w-]*)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)


def reservations(capture: Capture) -> dict[str, str]:
    """What is reserved on a page, and where it says so: ``{"noarchive": "header", "tdm": "page"}``.

    ``tdm_policy`` is the address of the conditions, where ``tdm`` is reserved and one is named. See
    https://developers.google.com/search/docs/crawling-indexing/robots-meta-tag for the first two, and for ``tdm``
    https://www.w3.org/community/reports/tdmrep/CG-FINAL-tdmrep-20240202/.
    """
    found: dict[str, str] = {}
    policy = None
    for place, name, value in (*_in_headers(capture), *_in_page(capture)):
        if name == "tdm-reservation" and value.strip() == "1":
            found.setdefault("tdm", place)
        elif name == "tdm-policy":
            policy = value.strip()
        elif name == "robots":
            for word in _words_for_us(value):
                found.setdefault(word, place)
    return found | ({"tdm_policy": policy} if policy and "tdm" in found else {})


def _in_headers(capture: Capture) -> Iterator[tuple[str, str, str]]:
    for name, value in capture.headers:
        known = name.lower()
        if known in ("x-robots-tag", "tdm-reservation", "tdm-policy"):
            yield "header", "robots" if known == "x-robots-tag" else known, value


def _in_page(capture: Capture) -> Iterator[tuple[str, str, str]]:
    if "html" not in (capture.media_type or "html"):
        return
    head = capture.body[:HEAD]
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        head = head.decode("utf-16", "replace").encode()
    if end := END_OF_HEAD.search(head):
        head = head[: end.start()]
    for element in META.findall(COMMENT.sub(b"", head)):
        given = {
            name.lower(): html.unescape(quoted or single or bare)
            for name, quoted, single, bare in ATTRIBUTE.findall(element.decode("utf-8", "replace"))
        }
        name = given.get("name", "").strip().lower()
        if name in (*AGENTS, "tdm-reservation", "tdm-policy"):
            yield "page", "robots" if name in AGENTS else name, given.get("content", "")


def _words_for_us(value: str) -> Iterator[str]:
    """What the words of one header or element reserve; a crawler's name holds for the words up to its end."""
    for_us = True
    for part in value.lower().split(","):
        first, colon, rest = part.partition(":")
        if colon and first.strip() not in WITH_VALUE:
            for_us, part = first.strip() in AGENTS, rest
        if for_us and (meant := MEANT_BY.get(part.strip())):
            yield meant
