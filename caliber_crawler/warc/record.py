"""Conversion of one WARC record to a capture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus
from typing import Literal, cast, get_args

from caliber_crawler.decompression import Undecodable
from caliber_crawler.items import Capture, PageKind
from caliber_crawler.quantity import quantity
from caliber_crawler.warc.content import MAX_CONTENT_BYTES, decode
from caliber_crawler.warc.dates import parse_date
from caliber_crawler.warc.fields import FETCH_ERROR, FETCH_ERROR_CODE, KIND, RENAMED, REQUESTED, SITE
from caliber_crawler.warc.message import Headers, Message, parse_message
from caliber_crawler.warc.raw_record import RawRecord, has_valid_digest

Reason = Literal[
    "bad_date",
    "bad_location",
    "damaged",
    "internal_error",
    "no_content",
    "no_original",
    "no_response",
    "no_url",
    "not_an_article",
    "not_html",
    "other_site",
    "redirect",
    "too_large",
    "truncated",
    "undecodable",
]

PAGE_TYPES = ("text/html", "application/xhtml+xml", "text/plain", "")
MAX_HEADER_BYTES = 1024 * 1024
MAX_SHOWN = 80


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A record without a usable capture."""

    reason: Reason
    offset: int
    message: str
    """One clause."""
    url: str | None = None
    unit: Literal["byte", "entry"] = "byte"
    """What ``offset`` counts."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """The content of an HTTP record."""

    status: int
    headers: Headers
    body: bytes


def capture_of(
    record: RawRecord, address: str, resolved: ResolvedURL, original: Callable[[RawRecord], Exchange | None]
) -> Capture:
    """Return the capture in a record; ``original`` finds the target of a revisit record. Raises ``UnusableRecord``."""
    fetched_at = time_of(record)
    kind = kind_of(record, resolved)
    if record.type == "metadata":
        said = fields_of(record.read())
        return Capture(
            site=resolved.site,
            url=resolved.url,
            fetched_at=fetched_at,
            kind=kind,
            error=said[FETCH_ERROR],
            error_code=said.get(FETCH_ERROR_CODE),
        )
    require_intact(record)
    if record.type == "revisit":
        exchange = resolve_revisit(record, original)
    elif record.type == "response":
        exchange = exchange_of(record)
    else:
        exchange = file_of(record)
    requested = (record.get(REQUESTED) or "").split()
    if not address.startswith(("http:", "https:")) and (site := record.get(SITE)):
        resolved = replace(resolved, site=site)
    return capture_in(exchange, resolved, address, fetched_at, kind, requested)


def capture_in(
    exchange: Exchange,
    resolved: ResolvedURL,
    address: str,
    fetched_at: datetime,
    kind: PageKind,
    requested: Sequence[str] = (),
) -> Capture:
    """The capture of an exchange at ``address``; ``requested`` are the URLs that were redirected there.

    Raises :class:`UnusableRecord` if it is not a page.
    """
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


def kind_of(record: RawRecord, resolved: ResolvedURL) -> PageKind:
    kind = record.get(KIND)
    if kind in get_args(PageKind):
        return cast("PageKind", kind)
    if not resolved.is_article:
        raise UnusableRecord("not_an_article", "its URL is not an article's")
    return "article"


def time_of(record: RawRecord) -> datetime:
    written = record.get("WARC-Date")
    moment = parse_date(written or "")
    if moment is None:
        raise UnusableRecord("bad_date", f"its date {shown(written)} is invalid" if written else "it has no date")
    return moment


def require_intact(record: RawRecord) -> None:
    """Raise ``UnusableRecord`` if a record is too large, truncated, part of a page, or does not match its digest."""
    if (record.length or len(record.read())) > MAX_CONTENT_BYTES + MAX_HEADER_BYTES:
        raise UnusableRecord("too_large", f"it is larger than {MAX_CONTENT_BYTES // 1024**2} MiB")
    if cause := record.get("WARC-Truncated"):
        raise UnusableRecord("truncated", f"its capture was truncated ({cause})")
    if record.get("WARC-Segment-Number") is not None:
        raise UnusableRecord("truncated", "it is a segment of a page")
    if not has_valid_digest(record):
        raise UnusableRecord("damaged", "its content does not match its digest")


def require_page(capture: Capture) -> None:
    status = capture.status
    assert status is not None
    if capture.kind == "article" and status == HTTPStatus.OK and capture.media_type not in PAGE_TYPES:
        raise UnusableRecord("not_html", f"it is not a page but {shown(capture.media_type)}")


def is_redirect(capture: Capture) -> bool:
    return capture.status is not None and is_redirect_status(capture.status)


def is_redirect_status(status: int) -> bool:
    return 300 <= status < 400 and status != HTTPStatus.NOT_MODIFIED


def exchange_of(record: RawRecord) -> Exchange:
    message = message_of(record)
    if message is None:
        raise UnusableRecord("damaged", "it has no HTTP status, or endless headers")
    return Exchange(
        message.status, tuple(map(as_served, message.headers)), decode_content(message.content, message.headers)
    )


def message_of(record: RawRecord) -> Message | None:
    if not is_http(record):
        raise UnusableRecord("not_an_article", "it is not HTTP")
    return parse_message(content_of(record))


def is_http(record: RawRecord) -> bool:
    """Whether the content of a record is an HTTP message. Some programs state the media type of the page instead."""
    media_type = (record.get("Content-Type") or "").strip().lower()
    return media_type.startswith("application/http") or (record.type == "response" and record.read()[:5] == b"HTTP/")


def file_of(record: RawRecord) -> Exchange:
    """Convert a record that is not HTTP: a saved file, or the text of a page."""
    named = ((name, record.get(name)) for name in ("Content-Type", "Content-Disposition"))
    return Exchange(HTTPStatus.OK, tuple((name, value) for name, value in named if value), content_of(record))


def resolve_revisit(record: RawRecord, original: Callable[[RawRecord], Exchange | None]) -> Exchange:
    message = message_of(record) if is_http(record) else None
    headers = tuple(map(as_served, message.headers)) if message else ()
    profile = record.get("WARC-Profile") or ""
    if (message and message.status == HTTPStatus.NOT_MODIFIED) or profile.endswith("server-not-modified"):
        return Exchange(HTTPStatus.NOT_MODIFIED, headers, b"")
    first = original(record)
    if first is None:
        raise UnusableRecord("no_original", "it refers to a record that was not found in the files read so far")
    return Exchange(message.status, headers, first.body) if message else first


def content_of(record: RawRecord) -> bytes:
    content = record.read()
    if record.length is not None and len(content) < record.length:
        raise UnusableRecord("damaged", f"it ends after {len(content):,} of {quantity(record.length, 'byte')}")
    return content


def decode_content(content: bytes, headers: Headers) -> bytes:
    try:
        return decode(content, headers)
    except Undecodable as error:
        raise UnusableRecord(error.fault, str(error)) from error


def shown(text: str | None) -> str:
    """A value from a file for a message: short, without line breaks."""
    return repr((text or "")[:MAX_SHOWN])


def as_served(header: tuple[str, str]) -> tuple[str, str]:
    """A header with its original name."""
    name, value = header
    return name.removeprefix(RENAMED), value


def fields_of(content: bytes) -> dict[str, str]:
    """The fields of an ``application/warc-fields`` block."""
    lines = content.decode("utf-8", "replace").splitlines()
    return {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
