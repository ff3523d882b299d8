"""Captures from third-party WARC files: none is lost, and damaged records are counted with their reason."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.items import Capture
from caliber_crawler.warc import WarcReader, write_warc
from tests.warc.records import (
    HTML,
    captures,
    chunked,
    deflated,
    in_members,
    numbers,
    page,
    reasons,
    record,
    resolve_url,
    response,
)
from tests.warc.test_writing import PAGE, URL, exchanges, written


def test_written_captures_are_read_back() -> None:
    def known(captures: Any) -> list[Any]:
        return [[getattr(c, name) for name in Capture.__slots__ if name not in ("id", "headers")] for c in captures]

    there = exchanges()
    back = captures(written(*there))
    assert known(back) == known(there)
    assert [capture.headers for capture in back] == [capture.headers for capture in there]


TEXT = st.text(st.characters(codec="latin-1", exclude_categories=("Cc",)), max_size=8).map(str.strip)
HEADERS = st.lists(st.tuples(st.sampled_from(["X-A", "x-b", "Set-Cookie", "Content-Length"]), TEXT), max_size=3)


@pytest.mark.slow
@given(bodies=st.lists(st.tuples(st.binary(max_size=30), HEADERS, st.sampled_from([200, 404, 503, 799])), max_size=6))
def test_any_body_and_headers_are_read_back(bodies: list[tuple[bytes, Any, int]]) -> None:
    there = [
        Capture(
            site="caliber",
            url=f"{URL}{number}",
            fetched_at=datetime(2026, 1, 7, tzinfo=UTC),
            status=status,
            headers=(("Content-Type", "text/html"), *headers),
            body=body,
        )
        for number, (body, headers, status) in enumerate(bodies)
    ]
    assert captures(written(*there)) == there


@pytest.mark.parametrize(
    "packed",
    [
        in_members,
        lambda *records: gzip.compress(b"".join(records)),
        lambda *records: b"".join(records),
        lambda *records: b"".join(map(zstandard.compress, records)),
        lambda *records: zstandard.compress(b"".join(records)),
    ],
    ids=["gzip members", "one gzip", "plain", "zstd frames", "one zstd"],
)
def test_every_compression_is_read(packed: Any) -> None:
    assert numbers(captures(packed(page(1), page(2), page(3)))) == [1, 2, 3]


def test_a_capture_keeps_time_url_and_headers() -> None:
    headers = {"content-type": "text/html; charset=utf-8", "Server": "nginx"}
    content = response(headers=headers)
    (capture,) = captures(
        record(content, url="<http://www.caliber.az/en/post/1/?utm_source=x>", WARC_Date="2024-03-01T10:00:00.123456Z")
    )
    assert capture.url == URL
    assert capture.fetched_at == datetime(2024, 3, 1, 10, 0, 0, 123456, tzinfo=UTC)
    assert dict(capture.headers) == headers
    assert (capture.status, capture.media_type, capture.body) == (200, "text/html", PAGE)


@pytest.mark.parametrize(
    ("headers", "encoded"),
    [
        ({"Content-Encoding": "gzip"}, gzip.compress(PAGE, mtime=0)),
        ({"Content-Encoding": "x-gzip"}, gzip.compress(PAGE, mtime=0)),
        ({"Content-Encoding": "br"}, brotli.compress(PAGE)),
        ({"Content-Encoding": "zstd"}, zstandard.compress(PAGE)),
        ({"Content-Encoding": "deflate"}, zlib.compress(PAGE)),
        ({"Content-Encoding": "deflate"}, deflated(PAGE)),
        ({"Content-Encoding": "identity"}, PAGE),
        ({"Content-Encoding": ""}, PAGE),
        ({"Transfer-Encoding": "chunked"}, chunked(PAGE)),
        ({"Transfer-Encoding": "chunked", "Content-Encoding": "gzip"}, chunked(gzip.compress(PAGE, mtime=0))),
        ({"Content-Encoding": "deflate, gzip"}, gzip.compress(zlib.compress(PAGE), mtime=0)),
        ({"X-Crawl-Content-Encoding": "gzip"}, PAGE),
        ({"Content-Encoding": "gzip"}, PAGE),
        ({"Content-Encoding": "br"}, PAGE),
        ({"Transfer-Encoding": "chunked"}, PAGE),
        ({"Content-Encoding": "compress"}, PAGE),
        ({"Content-Encoding": "gzip"}, zlib.compress(PAGE)),
        ({"Content-Encoding": "deflate"}, gzip.compress(PAGE, mtime=0)),
        ({}, gzip.compress(PAGE, mtime=0)),
    ],
)
def test_content_encodings_are_removed(headers: dict[str, str], encoded: bytes) -> None:
    (capture,) = captures(record(response(encoded, headers=HTML | headers)))
    assert capture.body == PAGE


BIG = b"<html>" + bytes(str(list(range(3000))), "ascii") + b"</html>"


@pytest.mark.parametrize(
    ("headers", "encoded"),
    [
        ({"Content-Encoding": "gzip"}, gzip.compress(BIG)),
        ({"Content-Encoding": "deflate"}, zlib.compress(BIG)),
        ({"Content-Encoding": "deflate"}, deflated(BIG)),
        ({"Content-Encoding": "br"}, brotli.compress(BIG)),
        ({"Content-Encoding": "zstd"}, zstandard.compress(BIG)),
        ({"Transfer-Encoding": "chunked"}, chunked(BIG)),
        ({"Content-Length": str(len(BIG))}, BIG),
    ],
    ids=["gzip", "deflate", "bare deflate", "br", "zstd", "chunked", "plain"],
)
def test_a_truncated_body_is_never_taken_for_a_complete_page(headers: dict[str, str], encoded: bytes) -> None:
    for cut in (1, 3, 9, len(encoded) // 2, len(encoded) - 20):
        warc = in_members(record(response(encoded[:-cut], headers=HTML | headers)))
        # The last blank line after the chunks is not significant.
        if not (found := captures(warc)):
            assert reasons(warc) in (["truncated"], ["undecodable"])
        assert all(capture.body == BIG for capture in found)
        assert len(found) == 0 or headers.get("Transfer-Encoding")


@pytest.mark.parametrize(
    "head",
    [
        "HTTP/2 200",
        "HTTP/2.0 200 OK",
        "HTTP/3 200 ",
        "HTTP/1.0 200",
        "HTTP/1.1\t200 Всё хорошо",
        "\r\nHTTP/1.1 200 OK",
    ],
)
@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_status_lines_of_every_kind_are_parsed(head: str, end: str) -> None:
    block = f"{head}{end}content-type: text/html{end}X-Folded: a{end}\t b{end}no colon{end}{end}".encode() + PAGE
    (capture,) = captures(record(block))
    assert (capture.status, capture.body) == (200, PAGE)
    assert capture.headers == (("content-type", "text/html"), ("X-Folded", "a b"))


def test_a_message_without_headers_and_body_is_parsed() -> None:
    (bare,) = captures(record(b"HTTP/1.1 200 OK\r\n\r\n" + PAGE))
    assert (bare.headers, bare.body) == ((), PAGE)
    (empty,) = captures(record(b"HTTP/1.1 404 Not Found"))
    assert (empty.status, empty.body) == (404, b"")
    (mixed,) = captures(record(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\n\n" + PAGE))
    assert (mixed.media_type, mixed.body) == ("text/html", PAGE)


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026-01-07T12:00:00Z", datetime(2026, 1, 7, 12, tzinfo=UTC)),
        ("2026-01-07T12:00:00.123456789Z", datetime(2026, 1, 7, 12, 0, 0, 123456, tzinfo=UTC)),
        ("2026-01-07T16:00:00+04:00", datetime(2026, 1, 7, 12, tzinfo=UTC)),
        ("2026-01-07T12:00Z", datetime(2026, 1, 7, 12, tzinfo=UTC)),
    ],
)
def test_times_are_parsed_in_every_precision(written: str, moment: datetime) -> None:
    assert [capture.fetched_at for capture in captures(record(response(), WARC_Date=written))] == [moment]


def test_a_text_dump_becomes_plain_text() -> None:
    warc = in_members(record("Baku’s formula".encode(), type="conversion", Content_Type="text/plain"))
    (capture,) = captures(warc)
    assert (capture.media_type, capture.body.decode()) == ("text/plain", "Baku’s formula")


def test_other_kinds_of_records_are_ignored() -> None:
    warc = in_members(
        record(b"software: x\r\n", type="warcinfo", url="", Content_Type="application/warc-fields"),
        record(b"GET / HTTP/1.1\r\n\r\n", type="request", Content_Type="application/http; msgtype=request"),
        record(b"via: x\r\n", type="metadata", Content_Type="application/warc-fields"),
        record(b"x", type="unheard-of", Content_Type="text/plain"),
        page(1),
    )
    assert numbers(captures(warc)) == [1]
    assert reasons(warc) == []


def stream(total: int) -> Iterator[Capture]:
    for number in range(total):
        yield Capture(
            site="caliber",
            url=f"{URL}{number}",
            fetched_at=datetime(2026, 1, 7, tzinfo=UTC),
            status=200,
            headers=(("Content-Type", "text/html"),),
            body=b"%d" % number,
        )


@pytest.mark.slow
def test_a_long_file_is_read_as_a_stream() -> None:
    file = io.BytesIO()
    write_warc(stream(2_000), file, name="long.warc.gz")
    reader = WarcReader(lambda: io.BytesIO(file.getvalue()), resolve_url)
    offsets = []
    for found in reader:
        assert isinstance(found, Capture)
        offsets.append(reader.offset)
    assert offsets == sorted(offsets)
    assert len(set(offsets)) == 2_000
