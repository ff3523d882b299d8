"""Captures as WARC/1.1 (https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/).

Each record is a separate gzip member, so that any tool can read it at random. A repeated body becomes a revisit record.
Parts that the archive does not contain are not invented: the ``warcinfo`` record lists which parts were reconstructed.
"""

from __future__ import annotations

import re
from base64 import b32encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha1
from http import HTTPStatus
from io import BytesIO
from typing import IO, Any
from urllib.parse import quote, urlsplit

from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from caliber_crawler import __version__
from caliber_crawler.items import Capture
from caliber_crawler.warc.fields import FETCH_ERROR, FETCH_ERROR_CODE, KIND, RENAMED, REQUESTED, SITE

NOT_MODIFIED_PROFILE = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"

DESCRIPTION = (
    "Exported from an archive that stores pages with their content and transfer encodings removed. "
    f"Headers that describe the encoded body have the prefix {RENAMED}. "
    "Status lines and requests are reconstructed; order and case of header names may differ from the original. "
    "A redirected capture is stored under the URL that answered; "
    f"{REQUESTED} lists the URLs before it, from the first. "
    f"A failed fetch is a metadata record with the field {FETCH_ERROR}; "
    "a manually saved file is a resource record."
)

ENCODED_BODY_HEADERS = ("content-encoding", "transfer-encoding", "content-length")
ASCII_SIGNS = "!#$%&'()*+,/:;=?@[]~"
LINE_BREAKS = re.compile("[\r\n\x00]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexEntry:
    """The location of a replayable record in a file. ``offset`` and ``length`` are in bytes."""

    url: str
    fetched_at: datetime
    status: int
    media_type: str
    """``warc/revisit`` for a revisit record."""
    digest: str
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Original:
    """The record that contains a body."""

    url: str
    date: str
    digest: str


def write_warc(captures: Iterable[Capture], file: IO[bytes], *, name: str, rights: str = "") -> int:
    """Write captures as a WARC file; return their number. The file contains its ``name`` and the ``rights``."""
    warc = WarcFile(file, name, rights)
    count = 0
    for capture in captures:
        warc.add(capture)
        count += 1
    return count


class HttpHead(StatusAndHeaders):  # type: ignore[misc]
    """A status or request line and headers with unchanged characters: warcio would percent-encode some."""

    def to_ascii_bytes(self, filter_func: Any = None) -> bytes:
        head: str = self.to_str(filter_func) + "\r\n"
        try:
            return head.encode("latin-1")
        except UnicodeEncodeError:
            return head.encode("utf-8", "replace")


class WarcFile:
    """A WARC file that is being written. ``file`` must support ``tell``."""

    def __init__(self, file: IO[bytes], name: str, rights: str = "") -> None:
        self._file = file
        self._writer = WARCWriter(file, gzip=True, warc_version="WARC/1.1")
        self._by_digest: dict[str, Original] = {}
        self._by_url: dict[str, Original] = {}
        self._write(self._writer.create_warcinfo_record(name, warcinfo(rights)))
        self.records_at = file.tell()
        """The offset of the first record after the file's own metadata, in bytes."""

    def add(self, capture: Capture) -> IndexEntry | None:
        """Write a capture; return its location if it can be replayed."""
        if capture.status is None:
            self._add_failure(capture)
            return None
        if is_saved_file(capture):
            return self._add_resource(capture)
        return self._add_exchange(capture, capture.status)

    def _add_exchange(self, capture: Capture, status: int) -> IndexEntry:
        start = self._file.tell()
        record, media_type, digest = self._response(capture, status)
        self._write(record)
        entry = self._entry(capture, status, media_type, digest, start)
        self._write(self._request(capture, record))
        return entry

    def _response(self, capture: Capture, status: int) -> tuple[ArcWarcRecord, str, str]:
        fields = warc_fields(capture)
        date, url, headers = fields["WARC-Date"], address_of(capture), http_headers(capture, status)
        if status == HTTPStatus.NOT_MODIFIED:
            return self._not_modified(capture, fields, headers)
        digest = payload_digest(capture.body)
        original = self._by_digest.get(digest) if capture.body else None
        if original is not None:
            self._by_url[url] = original
            record = self._writer.create_revisit_record(
                url, digest, original.url, original.date, http_headers=headers, warc_headers_dict=fields
            )
            return record, "warc/revisit", digest
        self._by_digest[digest] = self._by_url[url] = Original(url, date, digest)
        record = self._writer.create_warc_record(
            url,
            "response",
            payload=BytesIO(capture.body),
            length=len(capture.body),
            http_headers=headers,
            warc_headers_dict=fields | {"WARC-Payload-Digest": digest},
        )
        return record, capture.media_type or "unk", digest

    def _not_modified(
        self, capture: Capture, fields: dict[str, str], headers: HttpHead
    ) -> tuple[ArcWarcRecord, str, str]:
        fields = fields | {"WARC-Profile": NOT_MODIFIED_PROFILE}
        original = self._by_url.get(address_of(capture))
        if original is not None:
            fields |= {
                "WARC-Refers-To-Target-URI": original.url,
                "WARC-Refers-To-Date": original.date,
                "WARC-Payload-Digest": original.digest,
            }
        record = self._writer.create_warc_record(
            address_of(capture), "revisit", http_headers=headers, warc_headers_dict=fields
        )
        return record, "warc/revisit", original.digest if original else "-"

    def _request(self, capture: Capture, response: ArcWarcRecord) -> ArcWarcRecord:
        parts = urlsplit(address_of(capture))
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        headers = HttpHead(f"GET {target} HTTP/1.1", [("Host", parts.netloc)], is_http_request=True)
        fields = {
            "WARC-Date": warc_date(capture.fetched_at),
            "WARC-Concurrent-To": response.rec_headers.get_header("WARC-Record-ID"),
        }
        return self._writer.create_warc_record(
            address_of(capture), "request", http_headers=headers, warc_headers_dict=fields
        )

    def _add_resource(self, capture: Capture) -> IndexEntry:
        start = self._file.tell()
        digest = payload_digest(capture.body)
        disposition = {name: clean(value) for name, value in capture.headers if name == "Content-Disposition"}
        self._write(
            self._writer.create_warc_record(
                address_of(capture),
                "resource",
                payload=BytesIO(capture.body),
                length=len(capture.body),
                warc_content_type=capture.media_type or "application/octet-stream",
                warc_headers_dict=warc_fields(capture) | disposition | {"WARC-Payload-Digest": digest},
            )
        )
        return self._entry(capture, 200, capture.media_type or "unk", digest, start)

    def _add_failure(self, capture: Capture) -> None:
        said = {FETCH_ERROR: capture.error, FETCH_ERROR_CODE: capture.error_code}
        content = "".join(f"{name}: {clean(value)}\r\n" for name, value in said.items() if value).encode()
        self._write(
            self._writer.create_warc_record(
                address_of(capture),
                "metadata",
                payload=BytesIO(content),
                length=len(content),
                warc_headers_dict=warc_fields(capture),
            )
        )

    def _entry(self, capture: Capture, status: int, media_type: str, digest: str, start: int) -> IndexEntry:
        return IndexEntry(
            url=address_of(capture),
            fetched_at=capture.fetched_at,
            status=status,
            media_type=media_type,
            digest=digest,
            offset=start,
            length=self._file.tell() - start,
        )

    def _write(self, record: ArcWarcRecord) -> None:
        self._writer.write_record(record)


def warcinfo(rights: str) -> dict[str, str]:
    return {
        "software": f"caliber_crawler/{__version__}",
        "format": "WARC File Format 1.1",
        "conformsTo": "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
        "description": DESCRIPTION,
        "rights": clean(rights),
    }


def is_saved_file(capture: Capture) -> bool:
    """Return whether the capture is a file from disk. There was no HTTP exchange, so none is written."""
    names = {name for name, _ in capture.headers}
    return not capture.effective_url.startswith(("http://", "https://")) or (
        "Content-Disposition" in names and names <= {"Content-Disposition", "Content-Type"}
    )


def warc_fields(capture: Capture) -> dict[str, str]:
    fields = {"WARC-Date": warc_date(capture.fetched_at)}
    if capture.final_url is not None:
        fields[REQUESTED] = " ".join(map(ascii_url, (capture.url, *capture.redirects)))
    if capture.kind != "article":
        fields[KIND] = capture.kind
    if not capture.effective_url.startswith(("http://", "https://")):
        fields[SITE] = clean(capture.site)
    return fields


def warc_date(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def http_headers(capture: Capture, status: int) -> HttpHead:
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    headers = list(headers_of_stored_body(capture))
    return HttpHead(f"{status} {phrase}".strip(), headers, protocol="HTTP/1.1")


def headers_of_stored_body(capture: Capture) -> Iterator[tuple[str, str]]:
    length = str(len(capture.body))
    for name, value in capture.headers:
        if name.lower() in ENCODED_BODY_HEADERS and (name.lower(), value) != ("content-length", length):
            yield RENAMED + clean(name), clean(value)
        else:
            yield clean(name), clean(value)


def address_of(capture: Capture) -> str:
    return ascii_url(capture.effective_url)


def ascii_url(url: str) -> str:
    """A URL without blanks, as one word."""
    return quote(url, safe=ASCII_SIGNS)


def clean(text: str) -> str:
    """A text without line breaks."""
    return LINE_BREAKS.sub(" ", text)


def payload_digest(body: bytes) -> str:
    # Web archive indexes use SHA-1 in base 32; here it identifies content and is not a security measure.
    return "sha1:" + b32encode(sha1(body, usedforsecurity=False).digest()).decode()
