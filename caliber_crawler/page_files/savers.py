"""What a saved page says of its origin: in the comment of the program that saved it, and in its own links."""

from __future__ import annotations

import contextlib
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from caliber_crawler.site.urls import browser_url, is_http_url
from caliber_crawler.warc.dates import parse_date

COMMENT_BYTES = 2048
"""Bytes at the beginning of a page in which a browser writes its comment."""
HEAD_BYTES = 256 * 1024
"""Bytes at the beginning of a page in which its head is searched for links."""

COMMENTS = (
    # Chrome, Firefox, Edge, Internet Explorer
    re.compile(rb"<!-- ?saved from url=\(\d{1,6}\)(?P<url>\S{1,2000}?) ?-->", re.I),
    # SingleFile
    re.compile(
        rb"Page saved with SingleFile\s{1,20}url:\s{0,20}(?P<url>\S{1,2000})"
        rb"(?:\s{1,20}saved date:\s{0,20}(?P<date>[^\r\n]{1,100}))?"
    ),
    # Monolith
    re.compile(rb"<!-- Saved from (?P<url>\S{1,2000}) at (?P<date>\S{1,40}) using monolith"),
    # Save Page WE
    re.compile(rb"<meta name=[\"']?savepage-url[\"']? content=[\"'](?P<url>[^\"'>]{1,2000})[\"']"),
    # WebScrapBook
    re.compile(rb"data-scrapbook-source=[\"'](?P<url>[^\"'>]{1,2000})[\"']"),
    # HTTrack
    re.compile(rb"<!-- Mirrored from (?P<host>[^\s<>]{1,2000}) by HTTrack[^>]{0,200}?, (?P<date>[^>]{1,60}?) ?-->"),
)
TAG = re.compile(rb"<(link|meta|base)\b([^<>]{1,4000})>", re.IGNORECASE)
ATTRIBUTE = re.compile(
    rb"([A-Za-z:-]{1,20})\s{0,5}=\s{0,5}(?:\"([^\"]{0,3000})\"|'([^']{0,3000})'|([^\s\"'>]{1,3000}))"
)
OPAQUE = ((b"<!--", b"-->"), (b"<script", b"</script"), (b"<style", b"</style"), (b"<template", b"</template"))
"""The beginning and end of what is not markup: links in it are not links of the page."""
JAVASCRIPT_DATE = re.compile(r"\w{3} (\w{3} \d{1,2} \d{4} \d\d:\d\d:\d\d) GMT([+-]\d{4})")


@dataclass(frozen=True, slots=True)
class Origin:
    """A URL that a page may have been saved from, and the time of saving, if the page says so."""

    url: str
    saved_at: datetime | None = None


def origins_of(page: bytes) -> Iterator[Origin]:
    """The origins that a page names, the most reliable first: a comment, its canonical link, its ``og:url``."""
    page = as_utf8(page[:HEAD_BYTES])
    for comment in COMMENTS:
        if match := comment.search(page[:COMMENT_BYTES]):
            groups = match.groupdict()
            url = groups.get("url") or b"https://" + groups["host"]
            yield from origins(url, groups.get("date"))
    claims: dict[str, bytes] = {}
    for tag in TAG.finditer(without_opaque(page)):
        values = {name.lower(): b or c or d for name, b, c, d in ATTRIBUTE.findall(tag[2])}
        if tag[1].lower() == b"base":
            claims.setdefault("base", values.get(b"href", b""))
        elif b"canonical" in values.get(b"rel", b"").lower().split():
            claims.setdefault("canonical", values.get(b"href", b""))
        elif values.get(b"property", values.get(b"name", b"")).lower() == b"og:url":
            claims.setdefault("og:url", values.get(b"content", b""))
    for claim in ("canonical", "og:url"):
        yield from origins(claims.get(claim, b""), None, claims.get("base", b""))


def as_utf8(head: bytes) -> bytes:
    """The beginning of a page in UTF-8, if its byte order mark names UTF-16; otherwise as it is."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head[: len(head) & ~1].decode("utf-16", "replace").encode("utf-8", "replace")
    return head


def without_opaque(head: bytes) -> bytes:
    """The beginning of a page without comments, scripts, style sheets and templates, in linear time."""
    folded, position = head.lower(), 0
    parts: list[bytes] = []
    ends = {start: 0 for start, _ in OPAQUE}
    while True:
        found = None
        for start, end in OPAQUE:
            if ends[start] < position or not ends[start]:
                at = folded.find(start, position)
                ends[start] = at if at >= 0 else len(head) + 1
            if ends[start] < len(head) and (found is None or ends[start] < ends[found[0]]):
                found = (start, end)
        if found is None:
            return b"".join((*parts, head[position:]))
        parts.append(head[position : ends[found[0]]])
        closed = folded.find(found[1], ends[found[0]] + len(found[0]))
        if closed < 0:
            return b"".join(parts)
        position = closed + len(found[1])


def origins(url: bytes, date: bytes | None, base: bytes = b"") -> Iterator[Origin]:
    text = html.unescape(url.decode("utf-8", "replace")).strip()
    base_url = html.unescape(base.decode("utf-8", "replace")).strip()
    if text.startswith("//"):
        text = f"https:{text}"
    elif text and is_http_url(base_url):
        with contextlib.suppress(ValueError):
            text = browser_url(text, base_url)
    if is_http_url(text):
        yield Origin(text, date_in(date.decode("latin-1")) if date else None)


def date_in(text: str) -> datetime | None:
    """A date as programs write it into pages: ISO 8601, as in e-mail, or as JavaScript prints it."""
    if (date := parse_date(text)) is not None:
        return date
    try:
        if match := JAVASCRIPT_DATE.match(text):
            return datetime.strptime(" ".join(match.groups()), "%b %d %Y %H:%M:%S %z").astimezone(UTC)
        date = parsedate_to_datetime(text)
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
