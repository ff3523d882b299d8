"""Conversion of one WARC record to a capture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Literal, cast, get_args

from fastwarc.warc import WarcRecord, WarcRecordType

from caliber_crawler.items import Capture, PageKind
from caliber_crawler.warc.content import MAX_CONTENT_BYTES, Undecodable, decode
from caliber_crawler.warc.message import Headers, Message, parse_message
from caliber_crawler.warc.writer import FETCH_ERROR, FETCH_ERROR_CODE, KIND, RENAMED, REQUESTED

Reason = Literal[
    "damaged",
    "no_original",
    "not_an_article",
    "other_site",
    "redirect",
    "too_large",
    "truncated",
    "undecodable",
]

PAGE_TYPES = ("text/html", "application/xhtml+xml", "text/plain", "")
MAX_HEADER_BYTES = 1024 * 1024
VERIFIABLE = ("md5:", "sha1:", "sha256:")


class UnusableRecord(Exception):
    """A record without a usable capture; the message is one clause."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason: Reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedURL:
    """A URL of a known site."""

    site: str
    url: str
    """The normalised URL."""
    is_article: bool
    is_front_page: bool = False
    """A redirect from an article to the front page means that the article is gone."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """The content of an HTTP record."""

    status: int
    headers: Headers
    body: bytes


def capture_of(
    record: WarcRecord, address: str, resolved: ResolvedURL, original: Callable[[WarcRecord], Exchange | None]
) -> Capture:
    """Return the capture in a record; ``original`` finds the target of a revisit record. Raises ``UnusableRecord``."""
    fetched_at = time_of(record)
    kind = kind_of(record, resolved)
    if record.record_type == WarcRecordType.metadata:
        said = fields_of(record.reader.read())
        return Capture(
            site=resolved.site,
            url=resolved.url,
            fetched_at=fetched_at,
            kind=kind,
            error=said[FETCH_ERROR],
            error_code=said.get(FETCH_ERROR_CODE),
        )
    require_intact(record)
    if record.record_type == WarcRecordType.revisit:
        exchange = resolve_revisit(record, original)
    elif record.record_type == WarcRecordType.response:
        exchange = exchange_of(record)
    else:
        exchange = file_of(record)
    requested = (record.headers.get(REQUESTED) or "").split()
    # A page that was served under another spelling of its URL is requested under that spelling again.
    served_as = address if requested or address != resolved.url else None
    capture = Capture(
        site=resolved.site,
        url=requested[0] if requested else resolved.url,
        final_url=served_as,
        redirects=tuple(requested[1:]),
        fetched_at=fetched_at,
        kind=kind,
        status=exchange.status,
        headers=exchange.headers,
        body=exchange.body,
    )
    require_page(capture)
    return capture


def kind_of(record: WarcRecord, resolved: ResolvedURL) -> PageKind:
    kind = record.headers.get(KIND)
    if kind in get_args(PageKind):
        return cast("PageKind", kind)
    if not resolved.is_article:
        raise UnusableRecord("not_an_article", "its URL is not an article's")
    return "article"


def time_of(record: WarcRecord) -> datetime:
    # FastWARC returns None for an invalid time, although its types exclude that.
    moment = cast("datetime | None", record.record_date)
    if moment is None:
        raise UnusableRecord("damaged", "it has no capture date")
    return moment.astimezone(UTC)


def require_intact(record: WarcRecord) -> None:
    """Raise ``UnusableRecord`` if a record is too large, truncated, part of a page, or does not match its digest."""
    if record.headers.get("Content-Length") is None:
        raise UnusableRecord("damaged", "it has no content length")
    if record.content_length > MAX_CONTENT_BYTES + MAX_HEADER_BYTES:
        raise UnusableRecord("too_large", f"it is larger than {MAX_CONTENT_BYTES // 1024**2} MiB")
    if cause := record.headers.get("WARC-Truncated"):
        raise UnusableRecord("truncated", f"its capture was truncated ({cause})")
    if record.headers.get("WARC-Segment-Number") is not None:
        raise UnusableRecord("truncated", "it is a segment of a page")
    digest = (record.headers.get("WARC-Block-Digest") or "").lower()
    if digest.startswith(VERIFIABLE) and not record.verify_block_digest():
        raise UnusableRecord("damaged", "its content does not match its digest")


def require_page(capture: Capture) -> None:
    status = capture.status
    assert status is not None
    if capture.kind == "article" and status == HTTPStatus.OK and capture.media_type not in PAGE_TYPES:
        raise UnusableRecord("not_an_article", f"it is not a page but {capture.media_type}")


def is_redirect(capture: Capture) -> bool:
    status = capture.status
    return status is not None and 300 <= status < 400 and status != HTTPStatus.NOT_MODIFIED


def exchange_of(record: WarcRecord) -> Exchange:
    message = message_of(record)
    if message is None:
        raise UnusableRecord("damaged", "it has no HTTP status")
    return Exchange(
        message.status, tuple(map(as_served, message.headers)), decode_content(message.content, message.headers)
    )


def message_of(record: WarcRecord) -> Message | None:
    if not record.is_http:
        raise UnusableRecord("not_an_article", "it is not HTTP")
    return parse_message(content_of(record))


def file_of(record: WarcRecord) -> Exchange:
    """Convert a record that is not HTTP: a saved file, or the text of a page."""
    named = ((name, record.headers.get(name)) for name in ("Content-Type", "Content-Disposition"))
    return Exchange(HTTPStatus.OK, tuple((name, value) for name, value in named if value), content_of(record))


def resolve_revisit(record: WarcRecord, original: Callable[[WarcRecord], Exchange | None]) -> Exchange:
    message = message_of(record) if record.is_http else None
    headers = tuple(map(as_served, message.headers)) if message else ()
    profile = record.headers.get("WARC-Profile") or ""
    if (message and message.status == HTTPStatus.NOT_MODIFIED) or profile.endswith("server-not-modified"):
        return Exchange(HTTPStatus.NOT_MODIFIED, headers, b"")
    first = original(record)
    if first is None:
        raise UnusableRecord("no_original", "it refers to a record that was not found in the files read so far")
    return Exchange(message.status, headers, first.body) if message else first


def content_of(record: WarcRecord) -> bytes:
    length = record.content_length
    content = record.reader.read()
    if len(content) < length:
        raise UnusableRecord("damaged", f"it ends after {len(content):,} of {length:,} bytes")
    return content


def decode_content(content: bytes, headers: Headers) -> bytes:
    try:
        return decode(content, headers)
    except Undecodable as error:
        raise UnusableRecord(error.fault, str(error)) from error


def as_served(header: tuple[str, str]) -> tuple[str, str]:
    """A header with its original name."""
    name, value = header
    return name.removeprefix(RENAMED), value


def fields_of(content: bytes) -> dict[str, str]:
    """The fields of an ``application/warc-fields`` block."""
    lines = content.decode("utf-8", "replace").splitlines()
    return {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
