"""Web archives in the forms in which other programs write them: the records are the same in each.

The files of those programs are not part of this project; these are made by hand after them.
"""

from __future__ import annotations

import bz2
import gzip
import io
import random
import time
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import lz4.frame
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.items import Capture
from caliber_crawler.warc import WarcReader, record_stream, unpacking
from caliber_crawler.warc.dates import parse_date
from tests.warc.records import (
    DATE,
    HTML,
    captures,
    chunked,
    in_members,
    numbers,
    page,
    read,
    reasons,
    record,
    resolve_url,
    response,
)
from tests.warc.test_writing import URL

BODY = b"<h1>1</h1>"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def arc(*numbers: int, version: int = 1) -> list[bytes]:
    """The records of an ARC file, with the one about the file first."""
    names = b"URL IP-address Archive-date Content-type Archive-length\n"
    about = b"%d 0 InternetArchive\n%s" % (version, names)
    records = [b"filedesc://x.arc 0.0.0.0 20260107120000 text/plain %d\n%s\n" % (len(about), about)]
    for number in numbers:
        content = response(b"<h1>%d</h1>" % number)
        more = b"200 AA42 - 1042 x.arc " if version == 2 else b""
        line = b"%s%d 127.0.0.1 20260107120000 text/html %s%d\n" % (URL.encode(), number, more, len(content))
        records.append(line + content + b"\n")
    return records


def with_lf(content: bytes) -> bytes:
    return content.replace(b"\r\n", b"\n")


def without_length(content: bytes) -> bytes:
    head, _, rest = content.partition(b"Content-Length: ")
    return head + rest.partition(b"\r\n")[2]


def folded(content: bytes) -> bytes:
    return content.replace(b"WARC-Target-URI: ", b"WARC-Target-URI:\r\n\t ", 1)


def in_lower_case(content: bytes) -> bytes:
    head, _, rest = content.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    return b"\r\n".join(
        [lines[0], *(b":".join([n.lower(), v]) for n, _, v in (x.partition(b":") for x in lines[1:]))]
    ) + (b"\r\n\r\n" + rest)


def lf_record(number: int) -> bytes:
    """A record whose head has line ends of LF only, around content with CRLF, as jwarc's tests have."""
    head, _, rest = page(number).partition(b"\r\n\r\n")
    return with_lf(head) + b"\n\n" + rest.removesuffix(b"\r\n\r\n") + b"\n\n"


PAGES = [page(1), page(2), page(3)]
FORMS: dict[str, bytes] = {
    "warcio: a member per record": in_members(*PAGES),
    "warcio: members that were split elsewhere": gzip.compress(b"".join(PAGES)[:150])
    + gzip.compress(b"".join(PAGES)[150:]),
    "pywb: a warcinfo and requests between": in_members(
        record(b"software: pywb\r\n", type="warcinfo", url="", Content_Type="application/warc-fields"),
        *(each for number in (1, 2, 3) for each in (page(number), record(b"GET / HTTP/1.1\r\n\r\n", type="request"))),
    ),
    "pywb: URLs in angle brackets": b"".join(
        record(response(b"<h1>%d</h1>" % n), url=f"<{URL}{n}>") for n in (1, 2, 3)
    ),
    "jwarc: line ends of LF": b"".join(map(lf_record, (1, 2, 3))),
    "jwarc: blanks after the version": b"".join(each.replace(b"WARC/1.0", b"WARC/1.0 ") for each in PAGES),
    "FastWARC: lz4 frames": b"".join(map(lz4.frame.compress, PAGES)),
    "FastWARC: one gzip member": gzip.compress(b"".join(PAGES)),
    "webarchive-commons: ARC": b"".join(arc(1, 2, 3)),
    "webarchive-commons: ARC in gzip members": b"".join(map(gzip.compress, arc(1, 2, 3))),
    "Heritrix: ARC in one gzip member": gzip.compress(b"".join(arc(1, 2, 3))),
    "Alexa: ARC version 2": b"".join(arc(1, 2, 3, version=2)),
    "Heritrix: WARC 0.17": b"".join(each.replace(b"WARC/1.0", b"WARC/0.17") for each in PAGES),
    "Heritrix: folded headers": b"".join(map(folded, PAGES)),
    "wget: no line after the last record": b"".join(PAGES).removesuffix(b"\r\n\r\n"),
    "wget: WARC 1.1 with an empty header": b"".join(
        each.replace(b"WARC/1.0\r\n", b"WARC/1.1\r\nWARC-X:\r\n") for each in PAGES
    ),
    "warcprox: header names in lower case": b"".join(map(in_lower_case, PAGES)),
    "warcat: header names in upper case": b"".join(
        each.replace(b"Content-Length", b"CONTENT-LENGTH").replace(b"WARC-Type", b"WARC-TYPE") for each in PAGES
    ),
    "Go: names of headers in title case": b"".join(each.replace(b"WARC-", b"Warc-") for each in PAGES),
    "browsertrix: zstd frames": b"".join(map(zstandard.compress, PAGES)),
    "ArchiveTeam: zstd with other frames": b"".join(
        b"\x50\x2a\x4d\x18\x05\x00\x00\x00hello" + zstandard.compress(each) for each in PAGES
    ),
    "grab-site: empty gzip members": gzip.compress(b"").join([b"", *map(gzip.compress, PAGES), b""]),
    "crawl tools: padding with zeros": in_members(*PAGES) + bytes(512),
    "bgzip: an empty member at the end": in_members(*PAGES) + gzip.compress(b""),
    "an editor: a byte order mark": BYTE_ORDER_MARK + b"".join(PAGES),
    "cat: byte order marks between": BYTE_ORDER_MARK + (BYTE_ORDER_MARK).join(PAGES),
    "cat: blank lines before and between": b"\r\n\n" + b"\r\n \r\n\n".join(PAGES),
    "cat: gzip members after plain records": page(1) + in_members(page(2), page(3)),
    "cat: plain records after gzip members": in_members(page(1)) + page(2) + page(3),
    "cat: ARC after WARC": page(1) + b"".join(arc(2, 3)),
    "no blank line between records": b"".join(each.removesuffix(b"\r\n\r\n") for each in PAGES),
    "no Content-Length": b"".join(map(without_length, PAGES)),
    "no Content-Length in gzip members": in_members(*map(without_length, PAGES)),
    "no Content-Length in one gzip member": gzip.compress(b"".join(map(without_length, PAGES))),
    "no media type of the block": b"".join(
        record(response(b"<h1>%d</h1>" % n), url=f"{URL}{n}", Content_Type="") for n in (1, 2, 3)
    ),
    "types in other case": b"".join(
        record(response(b"<h1>%d</h1>" % n), type="Response", url=f"{URL}{n}") for n in (1, 2, 3)
    ),
    "chunked bodies with LF": b"".join(
        record(
            response(with_lf(chunked(b"<h1>%d</h1>" % n)), headers=HTML | {"Transfer-Encoding": "chunked"}),
            url=f"{URL}{n}",
        )
        for n in (1, 2, 3)
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_records_are_the_same_in_every_form(form: str) -> None:
    found = read(FORMS[form])
    assert [each for each in found if not isinstance(each, Capture)] == []
    pages = captures(FORMS[form])
    assert numbers(pages) == [1, 2, 3]
    assert [capture.body for capture in pages] == [b"<h1>1</h1>", b"<h1>2</h1>", b"<h1>3</h1>"]
    assert {capture.fetched_at for capture in pages} == {datetime(2026, 1, 7, 12, tzinfo=UTC)}
    assert {(capture.status, capture.media_type) for capture in pages} == {(200, "text/html")}


PACKINGS: dict[str, Callable[[list[bytes]], bytes]] = {
    "plain": lambda records: b"".join(records),
    "gzip members": lambda records: b"".join(map(gzip.compress, records)),
    "one gzip": lambda records: gzip.compress(b"".join(records)),
    "zstd frames": lambda records: b"".join(map(zstandard.compress, records)),
    "lz4 frames": lambda records: b"".join(map(lz4.frame.compress, records)),
    "gzip of 99 bytes": lambda records: b"".join(
        gzip.compress(b"".join(records)[at : at + 99]) for at in range(0, len(b"".join(records)), 99)
    ),
}


@st.composite
def mutated_heads(draw: st.DrawFn, number: int) -> bytes:
    """A record of which only the form is changed: line ends, case, blanks, the order of its headers."""
    head, _, rest = page(number).partition(b"\r\n\r\n")
    version, *lines = head.split(b"\r\n")
    end = draw(st.sampled_from([b"\r\n", b"\n"]))
    blank = draw(st.sampled_from([b"", b" ", b"\t", end + b" ", b"  " + end + b"\t"]))
    recase = draw(st.sampled_from([bytes.lower, bytes.upper, bytes.title, bytes]))
    lines = draw(st.permutations(lines))
    fields = [line.partition(b":") for line in lines]
    before = draw(st.sampled_from([b"", b"\r\n", b"\n\n\n", BYTE_ORDER_MARK, b" \r\n", b"\r\n\r\n" + BYTE_ORDER_MARK]))
    return (
        before
        + recase(version)
        + end
        + b"".join(recase(name) + b":" + blank + value.strip() + end for name, _, value in fields)
        + end
        + rest
    )


@pytest.mark.slow
@given(
    st.tuples(*(mutated_heads(number) for number in range(4))),
    st.sampled_from(list(PACKINGS.values())),
)
def test_changes_of_form_do_not_change_the_records(records: Any, pack: Callable[[list[bytes]], bytes]) -> None:
    found = read(pack(list(records)))
    assert [each for each in found if not isinstance(each, Capture)] == []
    assert [(capture.url, capture.body) for capture in captures(pack(list(records)))] == [
        (f"{URL}{number}", b"<h1>%d</h1>" % number) for number in range(4)
    ]


@given(st.randoms(use_true_random=False), st.sampled_from(list(PACKINGS)), st.integers(1, 40))
def test_noise_costs_only_the_records_that_it_hits(rng: random.Random, packing: str, size: int) -> None:
    records = [page(number) for number in range(6)]
    records[3] += rng.randbytes(size).replace(b"W", b"w") + b"\r\n"
    found = captures(PACKINGS[packing](records))
    assert numbers(found) == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("packing", ["gzip members", "one gzip", "plain"])
def test_damage_to_an_arc_file_costs_only_the_records_that_it_hits(packing: str) -> None:
    records = arc(1, 2, 3, 4)
    records[2] = records[2].replace(b"text/html 54", b"text/html x") + b"noise http://x/ 1.1.1.1 2026 x 9\n"
    records[3] = records[3].replace(b"text/html 54", b"text/html 99999999")
    assert records[3] != arc(3)[1]
    warc = PACKINGS[packing](records)
    assert numbers(captures(warc)) == [1, 4]
    assert set(reasons(warc)) == {"damaged"}


def test_compressed_pages_in_a_plain_file_do_not_hide_the_next_record() -> None:
    body = gzip.compress(b"<h1>no record</h1>" * 50)
    headers = HTML | {"Content-Encoding": "gzip"}
    records = [record(response(body, headers=headers), url=f"{URL}{number}") for number in range(1, 5)]
    records[1] = records[1].replace(b"Content-Length", b"Content-Length: 10\r\nX", 1)
    assert [number for number in numbers(captures(b"".join(records))) if number != 2] == [1, 3, 4]


@pytest.mark.parametrize("packing", ["gzip members", "zstd frames", "lz4 frames", "plain"])
def test_a_member_that_ends_early_is_damage(packing: str) -> None:
    last = PACKINGS[packing]([page(2)])
    warc = PACKINGS[packing]([page(1)]) + last[: len(last) * 2 // 3]
    assert numbers(captures(warc)) == [1]
    assert reasons(warc) == ["damaged"]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2026-01-07T12:00:00Z", "2026-01-07T12:00:00+00:00"),
        ("2026-01-07T12:00:00.123456789Z", "2026-01-07T12:00:00.123456+00:00"),
        ("2026-01-07T12:00:00.1Z", "2026-01-07T12:00:00.100000+00:00"),
        ("2026-01-07T12:00:00,5Z", "2026-01-07T12:00:00.500000+00:00"),
        ("2026-01-07t16:00:00+04:00", "2026-01-07T12:00:00+00:00"),
        ("2026-01-07T16:00:00+0400", "2026-01-07T12:00:00+00:00"),
        ("2026-01-07T16:00:00+04", "2026-01-07T12:00:00+00:00"),
        ("2026-01-07T08:30:00-03:30", "2026-01-07T12:00:00+00:00"),
        ("2026-01-07 12:00:00", "2026-01-07T12:00:00+00:00"),
        ("2026-01-07T12:00:60Z", "2026-01-07T12:00:59+00:00"),
        ("2026-01-07T12:00Z", "2026-01-07T12:00:00+00:00"),
        ("2026-01-07", "2026-01-07T00:00:00+00:00"),
        ("2026-01", "2026-01-01T00:00:00+00:00"),
        ("2026", "2026-01-01T00:00:00+00:00"),
        ("20260107120000", "2026-01-07T12:00:00+00:00"),
        ("20260107120000Z", "2026-01-07T12:00:00+00:00"),
        ("20260107120000123", "2026-01-07T12:00:00.123000+00:00"),
        ("202601071200", "2026-01-07T12:00:00+00:00"),
        ("20260107", "2026-01-07T00:00:00+00:00"),
        ("", None),
        ("yesterday", None),
        ("2026-13-07T12:00:00Z", None),
        ("2026-02-30", None),
        ("20261307120000", None),
        ("0000-01-01", None),
        ("0001-01-01T00:00:00+04:00", None),
        ("9999-12-31T23:59:59-04:00", None),
        ("9999-12-31T23:59:59Z", None),
        ("1970-01-01T00:00:00Z", None),
        ("2026-01-07T12:00:00+99:99", None),
        ("٢٠٢٦-01-07", None),
        ("2" * 5000, None),
    ],
)  # fmt: skip
def test_dates_of_every_legal_form_are_parsed(written: str, expected: str | None) -> None:
    moment = parse_date(written)
    assert (None if moment is None else moment.isoformat()) == expected


@given(st.text(max_size=30) | st.from_regex(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d([+-]\d\d:\d\d|Z)", fullmatch=True))
def test_any_text_is_a_date_or_not(text: str) -> None:
    moment = parse_date(text)
    assert moment is None or moment.tzinfo is UTC


def test_a_revisit_finds_its_page_in_one_large_member() -> None:
    again = record(
        b"",
        type="revisit",
        url=f"{URL}9",
        WARC_Refers_To_Target_URI=f"{URL}2",
        WARC_Refers_To_Date=DATE,
        Content_Type="",
    )
    found = captures(gzip.compress(b"".join([*PAGES, again])))
    assert [capture.body for capture in found] == [b"<h1>1</h1>", b"<h1>2</h1>", b"<h1>3</h1>", b"<h1>2</h1>"]


def test_going_back_in_a_large_member_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    again = record(
        b"",
        type="revisit",
        url=f"{URL}9",
        WARC_Refers_To_Target_URI=f"{URL}2",
        WARC_Refers_To_Date=DATE,
        Content_Type="",
    )
    monkeypatch.setattr(record_stream, "MAX_REREAD_BYTES", 100)
    assert reasons(gzip.compress(b"".join([*PAGES, again]))) == ["no_original"]


def test_records_that_contain_no_page_are_counted_by_type() -> None:
    warc = in_members(
        record(b"software: x\r\n", type="warcinfo", url="", Content_Type="application/warc-fields"),
        record(b"GET / HTTP/1.1\r\n\r\n", type="request", Content_Type="application/http; msgtype=request"),
        record(b"via: x\r\n", type="metadata", Content_Type="application/warc-fields"),
        record(b"x", type="unheard-of", Content_Type="text/plain"),
        record(b"x", type="continuation", Content_Type="text/plain"),
        page(1),
    )
    reader = WarcReader(lambda: io.BytesIO(warc), resolve_url)
    assert numbers([each for each in reader if isinstance(each, Capture)]) == [1]
    assert reader.others == {"warcinfo": 1, "request": 1, "metadata": 1, "unknown": 1, "continuation": 1}
    assert reader.records == 6


def test_an_error_of_our_own_costs_one_record() -> None:
    def resolve(url: str) -> Any:
        if url.endswith("2"):
            raise RecursionError("too deep")
        return resolve_url(url)

    found = list(WarcReader(lambda: io.BytesIO(b"".join(PAGES)), resolve))
    assert [getattr(each, "reason", None) for each in found] == [None, "internal_error", None]


class CountingFile(io.BytesIO):
    """A file that counts the bytes that were read from it."""

    total = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        CountingFile.total += len(data)
        return data


@pytest.mark.slow
@pytest.mark.parametrize(
    "warc",
    [
        b"".join(page(number, Content_Length=str(10**15)) for number in range(400)),
        b"WARC/1.0\r\n" * 40_000,
        b"\x1f\x8b\x08\x00" * 100_000,
        b"x\n" * 400_000,
        b"http://x/ " * 40_000 + b"\n",
        b"http://x/ 1.1.1.1 20260107120000 text/html 1\n" * 5_000,
        gzip.compress(b"") * 20_000,
        page(1) + b"WARC/1.0\r\nWARC-Type: response\r\nX: " + b"a" * 400_000,
        b"".join(map(gzip.compress, [page(number, Content_Length=str(10**15)) for number in range(400)])),
    ],
    ids=["lengths", "versions", "magic", "lines", "URLs", "ARC lines", "empty members", "endless head", "members"],
)
def test_the_time_for_hostile_files_grows_with_their_size_only(warc: bytes) -> None:
    CountingFile.total = 0
    begun = time.process_time()
    for _ in WarcReader(lambda: CountingFile(warc), resolve_url):
        pass
    assert time.process_time() - begun < 10
    assert CountingFile.total < 1_500_000_000


@pytest.mark.slow
def test_a_member_that_expands_without_end_is_damage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "BOMB_BYTES", 1024 * 1024)
    bomb = zlib.compressobj(9, wbits=31)
    packed = bomb.compress(record(b"<" * 50_000_000)) + bomb.flush()
    warc = gzip.compress(page(1)) + packed + gzip.compress(page(2))
    assert numbers(captures(warc)) == [1, 2]
    assert "damaged" in reasons(warc)


def test_lz4_needs_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(unpacking, "import_module", missing)
    with pytest.raises(unpacking.MissingExtra, match=r"needs the extra 'lz4'"):
        read(lz4.frame.compress(page(1)))


def test_other_compressions_are_not_taken_for_records() -> None:
    assert captures(bz2.compress(page(1))) == []
