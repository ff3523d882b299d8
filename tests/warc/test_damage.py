"""Damage affects only the damaged record."""

from __future__ import annotations

import gzip
from typing import Any

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.warc.content import MAX_CONTENT_BYTES
from tests.warc.records import (
    HTML,
    block_digest,
    captures,
    damaged,
    in_members,
    numbers,
    page,
    read,
    reasons,
    record,
    response,
)
from tests.warc.test_writing import URL, exchanges, written

BOMB = gzip.compress(b"<" * (MAX_CONTENT_BYTES + 1), compresslevel=1)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (record(response(), url="https://example.org/"), "other_site"),
        (record(response(), url=""), "no_url"),
        (record(response(), url="http://[bad"), "no_url"),
        (record(response(), url="dns:caliber.az"), "other_site"),
        (record(response(), url="https://caliber.az/en/category/analytics"), "not_an_article"),
        (record(response(headers={"Content-Type": "image/png"})), "not_html"),
        (record(response(status="301 Moved Permanently", headers={"Location": "/x"})), "redirect"),
        (record(response(status="301 Moved", headers={"Location": "http://[bad"})), "bad_location"),
        (record(response(status="301 Moved Permanently")), "bad_location"),
        (record(response(), WARC_Date=""), "bad_date"),
        (record(response(), WARC_Date="yesterday"), "bad_date"),
        (record(response(), WARC_Block_Digest=block_digest(b"another")), "damaged"),
        (record(response(), WARC_Block_Digest=block_digest(b"another", "sha256")), "damaged"),
        (record(response(), WARC_Truncated="length"), "truncated"),
        (record(response(), WARC_Segment_Number="1"), "truncated"),
        (record(response(b"<" * (MAX_CONTENT_BYTES + 2**20 + 1))), "too_large"),
        (record(response(b"<" * (MAX_CONTENT_BYTES + 1))), "too_large"),
        (record(b"no HTTP at all"), "damaged"),
        (record(b"some text", Content_Type="text/plain"), "not_an_article"),
        (record(b""), "damaged"),
        (record(response(b"\x00\x01", headers=HTML | {"Content-Encoding": "gzip"})), "undecodable"),
        (record(response(b"\x00\x01", headers=HTML | {"Content-Encoding": "rot13"})), "undecodable"),
        (record(response(BOMB, headers=HTML | {"Content-Encoding": "gzip"})), "too_large"),
        (record(b"", type="revisit", WARC_Refers_To_Target_URI=URL, WARC_Payload_Digest="sha1:X"), "no_original"),
    ],
)  # fmt: skip
def test_a_damaged_record_does_not_affect_others(bad: bytes, reason: str) -> None:
    warc = in_members(page(1), bad, page(2))
    assert numbers(captures(warc)) == [1, 2]
    assert reasons(warc) == [reason]


@pytest.mark.parametrize("length", ["9" * 5000, "9" * 19, "-1", "0x10", "many", "", "٣"])
def test_a_length_that_is_no_number_does_not_count(length: str) -> None:
    warc = record(response(headers=HTML | {"Content-Length": length}))
    assert [len(captures(warc)), reasons(warc)] == [1, []]


def test_reading_continues_after_damage() -> None:
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
def test_a_truncated_file_gives_all_complete_records(packing: Any) -> None:
    members = [packing(page(number)) for number in range(3)]
    whole = b"".join(members)
    for cut in range(1, len(members[2]) - 1):
        found = captures(whole[:-cut])
        assert numbers(found)[:2] == [0, 1]
        assert all(capture.body == b"<h1>%d</h1>" % number for number, capture in enumerate(found))


@pytest.mark.parametrize("packing", [gzip.compress, zstandard.compress, bytes])
@pytest.mark.parametrize("length", [7, 70, 100_000, 10**12])
def test_records_after_a_wrong_length_are_found(packing: Any, length: int) -> None:
    warc = b"".join(map(packing, (page(1), page(2, Content_Length=str(length)), page(3), page(4))))
    assert [number for number in numbers(captures(warc)) if number != 2] == [1, 3, 4]
    assert set(reasons(warc)) == {"damaged"}


@given(st.binary(max_size=200))
def test_any_bytes_are_accepted(noise: bytes) -> None:
    read(noise)
    assert numbers(captures(gzip.compress(page(1)) + noise))[:1] == [1]


SOUND = exchanges()[:4]
WRITTEN = written(*SOUND)


@given(place=st.integers(0, len(WRITTEN) - 1), change=st.integers(1, 255))
def test_a_changed_byte_never_changes_a_page_silently(place: int, change: int) -> None:
    warc = bytearray(WRITTEN)
    warc[place] ^= change
    assert {capture.body for capture in captures(bytes(warc))} <= {capture.body for capture in SOUND}
