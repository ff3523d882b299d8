"""Captures from other people's WARC files: none lost, bad records counted, and the reason said."""

from __future__ import annotations

import base64
import gzip
import hashlib
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
from caliber_crawler.spiders.caliber import CaliberSpider
from caliber_crawler.warc import Recognised, Skipped, WarcReader, write_warc
from caliber_crawler.warc.content import LARGEST
from tests.warc.test_writing import PAGE, URL, exchanges, written

SITE = CaliberSpider.site
DATE = "2026-01-07T12:00:00Z"
HTML = {"Content-Type": "text/html"}


def recognise(url: str) -> Recognised | None:
    if url.startswith("urn:"):
        return Recognised(site="caliber", url=url, is_article=True)
    if not SITE.owns(SITE.normal_url(url)):
        return None
    address = SITE.address(url)
    return Recognised(site="caliber", url=address.url if address else url, is_article=address is not None)


def read(warc: bytes) -> list[Capture | Skipped]:
    return list(WarcReader(lambda: io.BytesIO(warc), recognise))


def captures(warc: bytes) -> list[Capture]:
    return [found for found in read(warc) if isinstance(found, Capture)]


def reasons(warc: bytes) -> list[str]:
    return [found.reason for found in read(warc) if isinstance(found, Skipped)]


def record(content: bytes, type: str = "response", url: str = URL, **fields: str) -> bytes:
    """A WARC record as some other program writes it."""
    given = {
        "WARC-Type": type,
        "WARC-Record-ID": "<urn:uuid:00000000-0000-0000-0000-000000000000>",
        "WARC-Date": DATE,
        "WARC-Target-URI": url,
        "Content-Type": "application/http; msgtype=response",
        "Content-Length": str(len(content)),
        **{name.replace("_", "-"): value for name, value in fields.items()},
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in given.items() if value)
    return b"WARC/1.0\r\n" + head.encode() + b"\r\n" + content + b"\r\n\r\n"


def response(body: bytes = PAGE, status: str = "200 OK", headers: dict[str, str] = HTML) -> bytes:
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body


def page(number: int, **fields: str) -> bytes:
    return record(response(b"<h1>%d</h1>" % number), url=f"{URL}{number}", **fields)


def in_members(*records: bytes) -> bytes:
    return b"".join(map(gzip.compress, records))


def numbers(found: list[Capture]) -> list[int]:
    return [int(capture.url.removeprefix(URL)) for capture in found]


def test_what_was_written_is_read_again() -> None:
    def known(captures: Any) -> list[Any]:
        return [[getattr(c, name) for name in Capture.__slots__ if name not in ("id", "headers")] for c in captures]

    there = exchanges()
    back = captures(written(*there))
    assert known(back) == known(there)
    assert [capture.headers for capture in back] == [capture.headers for capture in there]


TEXT = st.text(st.characters(codec="latin-1", exclude_categories=("Cc",)), max_size=8).map(str.strip)
HEADERS = st.lists(st.tuples(st.sampled_from(["X-A", "x-b", "Set-Cookie", "Content-Length"]), TEXT), max_size=3)


@given(bodies=st.lists(st.tuples(st.binary(max_size=30), HEADERS, st.sampled_from([200, 404, 503, 799])), max_size=6))
def test_any_body_and_headers_come_back(bodies: list[tuple[bytes, Any, int]]) -> None:
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
def test_every_packing_is_read(packed: Any) -> None:
    assert numbers(captures(packed(page(1), page(2), page(3)))) == [1, 2, 3]


def test_a_capture_keeps_its_time_its_address_and_its_headers() -> None:
    headers = {"content-type": "text/html; charset=utf-8", "Server": "nginx"}
    content = response(headers=headers)
    (capture,) = captures(
        record(content, url="<http://www.caliber.az/en/post/1/?utm_source=x>", WARC_Date="2024-03-01T10:00:00.123456Z")
    )
    assert capture.url == URL
    assert capture.fetched_at == datetime(2024, 3, 1, 10, 0, 0, 123456, tzinfo=UTC)
    assert dict(capture.headers) == headers
    assert (capture.status, capture.media_type, capture.body) == (200, "text/html", PAGE)


def deflated(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


def chunked(body: bytes) -> bytes:
    middle = len(body) // 2
    parts = (body[:middle], body[middle:])
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


@pytest.mark.parametrize(
    ("headers", "encoded"),
    [
        ({"Content-Encoding": "gzip"}, gzip.compress(PAGE)),
        ({"Content-Encoding": "x-gzip"}, gzip.compress(PAGE)),
        ({"Content-Encoding": "br"}, brotli.compress(PAGE)),
        ({"Content-Encoding": "zstd"}, zstandard.compress(PAGE)),
        ({"Content-Encoding": "deflate"}, zlib.compress(PAGE)),
        ({"Content-Encoding": "deflate"}, deflated(PAGE)),
        ({"Content-Encoding": "identity"}, PAGE),
        ({"Content-Encoding": ""}, PAGE),
        ({"Transfer-Encoding": "chunked"}, chunked(PAGE)),
        ({"Transfer-Encoding": "chunked", "Content-Encoding": "gzip"}, chunked(gzip.compress(PAGE))),
        ({"Content-Encoding": "deflate, gzip"}, gzip.compress(zlib.compress(PAGE))),
        ({"X-Crawl-Content-Encoding": "gzip"}, PAGE),
        ({"Content-Encoding": "gzip"}, PAGE),
        ({"Content-Encoding": "br"}, PAGE),
        ({"Transfer-Encoding": "chunked"}, PAGE),
        ({"Content-Encoding": "compress"}, PAGE),
    ],
)
def test_the_page_is_given_as_a_browser_shows_it(headers: dict[str, str], encoded: bytes) -> None:
    (capture,) = captures(record(response(encoded, headers=HTML | headers)))
    assert capture.body == PAGE


def block_digest(content: bytes, name: str = "sha1") -> str:
    return f"{name}:{base64.b32encode(hashlib.new(name, content).digest()).decode()}"


BOMB = gzip.compress(b"<" * (LARGEST + 1))


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (record(response(), url="https://example.org/"), "other_site"),
        (record(response(), url=""), "other_site"),
        (record(response(), url="dns:caliber.az"), "other_site"),
        (record(response(), url="https://caliber.az/en/category/analytics"), "not_an_article"),
        (record(response(headers={"Content-Type": "image/png"})), "not_a_page"),
        (record(response(status="301 Moved Permanently", headers={"Location": "/x"})), "redirect"),
        (record(response(), WARC_Date=""), "damaged"),
        (record(response(), WARC_Date="yesterday"), "damaged"),
        (record(response(), WARC_Block_Digest=block_digest(b"another")), "damaged"),
        (record(response(), WARC_Block_Digest=block_digest(b"another", "sha256")), "damaged"),
        (record(response(), WARC_Truncated="length"), "truncated"),
        (record(b"no HTTP at all"), "damaged"),
        (record(b"some text", Content_Type="text/plain"), "not_a_page"),
        (record(b""), "damaged"),
        (record(response(b"\x00\x01", headers=HTML | {"Content-Encoding": "gzip"})), "undecodable"),
        (record(response(b"\x00\x01", headers=HTML | {"Content-Encoding": "rot13"})), "undecodable"),
        (record(response(BOMB, headers=HTML | {"Content-Encoding": "gzip"})), "too_large"),
        (record(b"", type="revisit", WARC_Refers_To_Target_URI=URL, WARC_Payload_Digest="sha1:X"), "no_original"),
    ],
)  # fmt: skip
def test_a_bad_record_costs_itself_only(bad: bytes, reason: str) -> None:
    warc = in_members(page(1), bad, page(2))
    assert numbers(captures(warc)) == [1, 2]
    assert reasons(warc) == [reason]


def test_a_sound_digest_of_any_kind_is_believed() -> None:
    content = response()
    for digest in (
        block_digest(content),
        block_digest(content, "sha256"),
        f"sha256:{hashlib.sha256(content).hexdigest()}",
        "xyz:1",
    ):
        assert len(captures(record(content, WARC_Block_Digest=digest))) == 1


def test_a_revisit_is_the_page_it_refers_to() -> None:
    digest = "sha1:ABC"
    first = record(
        response(gzip.compress(PAGE), headers=HTML | {"Content-Encoding": "gzip"}), WARC_Payload_Digest=digest
    )
    later = {"WARC_Date": "2026-02-01T00:00:00Z", "WARC_Payload_Digest": digest}
    refers = {"WARC_Refers_To_Target_URI": URL, "WARC_Refers_To_Date": DATE}
    warc = in_members(
        first,
        record(response(b"", headers=HTML | {"X-Later": "1"}), type="revisit", **later),
        record(b"", type="revisit", **(later | refers | {"Content_Type": ""})),
        record(b"", type="revisit", url=URL + "9", **(later | refers | {"WARC_Payload_Digest": ""})),
        record(response(b"", "304 Not Modified"), type="revisit", **later),
    )
    assert reasons(warc) == []
    found = captures(warc)
    assert [capture.body for capture in found] == [PAGE, PAGE, PAGE, PAGE, b""]
    assert [capture.status for capture in found] == [200, 200, 200, 200, 304]
    assert [capture.fetched_at.month for capture in found] == [1, 2, 2, 2, 2]
    assert ("X-Later", "1") in found[1].headers


def test_a_text_dump_is_read_as_text() -> None:
    warc = in_members(record("Baku’s formula".encode(), type="conversion", Content_Type="text/plain"))
    (capture,) = captures(warc)
    assert (capture.media_type, capture.body.decode()) == ("text/plain", "Baku’s formula")


def test_other_kinds_of_records_are_passed_over() -> None:
    warc = in_members(
        record(b"software: x\r\n", type="warcinfo", url="", Content_Type="application/warc-fields"),
        record(b"GET / HTTP/1.1\r\n\r\n", type="request", Content_Type="application/http; msgtype=request"),
        record(b"via: x\r\n", type="metadata", Content_Type="application/warc-fields"),
        record(b"x", type="unheard-of", Content_Type="text/plain"),
        page(1),
    )
    assert numbers(captures(warc)) == [1]
    assert reasons(warc) == []


def damaged(member: bytes) -> bytes:
    return member[:40] + b"\xff\xff\xff\xff" + member[44:]


def test_reading_goes_on_behind_damage() -> None:
    members = [gzip.compress(page(number)) for number in range(6)]
    members[2] = damaged(members[2])
    members[4] = b"nothing of ours" * 10 + members[4]
    warc = b"".join(members)
    assert numbers(captures(warc)) == [0, 1, 3, 4, 5]
    assert reasons(warc) == ["damaged", "damaged"]


def test_damage_at_either_end_is_counted_once() -> None:
    members = [gzip.compress(page(number)) for number in range(4)]
    first = b"".join([damaged(members[0]), *members[1:]])
    assert (numbers(captures(first)), reasons(first)) == ([1, 2, 3], ["damaged"])
    last = b"".join([*members[:3], damaged(members[3])])
    assert (numbers(captures(last)), reasons(last)) == ([0, 1, 2], ["damaged"])


@pytest.mark.parametrize("packing", [gzip.compress, zstandard.compress, bytes])
def test_a_file_that_was_cut_off_gives_all_before(packing: Any) -> None:
    members = [packing(page(number)) for number in range(3)]
    whole = b"".join(members)
    for cut in range(1, len(members[2]) - 1):
        found = captures(whole[:-cut])
        assert numbers(found)[:2] == [0, 1]
        assert all(capture.body == b"<h1>%d</h1>" % number for number, capture in enumerate(found))


@pytest.mark.parametrize("packing", [gzip.compress, zstandard.compress, bytes])
@pytest.mark.parametrize("length", [7, 70, 100_000, 10**12])
def test_records_are_found_again_behind_a_wrong_length(packing: Any, length: int) -> None:
    warc = b"".join(map(packing, (page(1), page(2, Content_Length=str(length)), page(3), page(4))))
    assert [number for number in numbers(captures(warc)) if number != 2] == [1, 3, 4]
    assert set(reasons(warc)) == {"damaged"}


@given(st.binary(max_size=200))
def test_no_bytes_make_it_fail(noise: bytes) -> None:
    read(noise)
    assert numbers(captures(gzip.compress(page(1)) + noise))[:1] == [1]


SOUND = exchanges()[:4]
WRITTEN = written(*SOUND)


@given(place=st.integers(0, len(WRITTEN) - 1), change=st.integers(1, 255))
def test_no_changed_byte_changes_a_page_unnoticed(place: int, change: int) -> None:
    warc = bytearray(WRITTEN)
    warc[place] ^= change
    assert {capture.body for capture in captures(bytes(warc))} <= {capture.body for capture in SOUND}


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


def test_a_long_file_is_read_as_a_stream() -> None:
    file = io.BytesIO()
    write_warc(stream(2_000), file, name="long.warc.gz")
    reader = WarcReader(lambda: io.BytesIO(file.getvalue()), recognise)
    seen = []
    for found in reader:
        assert isinstance(found, Capture)
        seen.append(reader.offset)
    assert seen == sorted(seen)
    assert len(set(seen)) == 2_000
