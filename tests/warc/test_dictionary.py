"""WARC files in zstd that begin with their dictionary, as ArchiveTeam and browsertrix write them."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.items import Capture
from caliber_crawler.warc import Skipped
from caliber_crawler.warc.dictionary import DICTIONARY_FRAME, MAX_DICTIONARY_BYTES, BadDictionary, read_dictionary
from tests.warc.newsstand import run
from tests.warc.records import DATE, captures, numbers, page, read, reasons, record
from tests.warc.test_writing import URL

PAGES = [page(number, X_Filler="a corridor through the mountains " * (number % 7)) for number in range(1, 41)]


@cache
def trained() -> zstandard.ZstdCompressionDict:
    return zstandard.train_dictionary(4096, PAGES * 20)


def in_frames(*records: bytes) -> list[bytes]:
    return list(map(zstandard.ZstdCompressor(dict_data=trained(), write_checksum=True).compress, records))


def as_frame(dictionary: bytes) -> bytes:
    return DICTIONARY_FRAME + len(dictionary).to_bytes(4, "little") + dictionary


PLAIN = as_frame(trained().as_bytes())
PACKED = as_frame(zstandard.ZstdCompressor(write_checksum=True).compress(trained().as_bytes()))


@pytest.mark.parametrize("dictionary", [PLAIN, PACKED], ids=["plain", "packed"])
def test_records_are_decompressed_with_the_dictionary(dictionary: bytes) -> None:
    warc = dictionary + b"".join(in_frames(*PAGES))
    assert len(warc) - len(dictionary) < sum(map(len, map(zstandard.compress, PAGES))) / 2
    assert numbers(captures(warc)) == list(range(1, 41))
    assert reasons(warc) == []


def test_other_skippable_frames_are_ignored() -> None:
    extension = b"\x50\x2a\x4d\x18\x05\x00\x00\x00hello"
    assert numbers(captures(PACKED + extension.join(in_frames(*PAGES[:3])))) == [1, 2, 3]


@pytest.mark.parametrize("dictionary", [PLAIN, PACKED], ids=["plain", "packed"])
def test_damage_affects_one_record_and_is_reported_with_its_offset(dictionary: bytes) -> None:
    frames = in_frames(*PAGES[:6])
    place = len(dictionary) + len(frames[0]) + len(frames[1])
    frames[2] = frames[2][:-6] + bytes(6)
    found = read(dictionary + b"".join(frames))
    assert numbers([each for each in found if isinstance(each, Capture)]) == [1, 2, 4, 5, 6]
    (skipped,) = (each for each in found if isinstance(each, Skipped))
    assert skipped.reason == "damaged"
    assert place - len(frames[1]) <= skipped.offset <= place + len(frames[2])


def test_a_revisit_finds_its_page_after_the_dictionary() -> None:
    again = record(
        b"",
        type="revisit",
        url=f"{URL}9",
        WARC_Refers_To_Target_URI=f"{URL}3",
        WARC_Refers_To_Date=DATE,
        Content_Type="",
    )
    found = captures(PACKED + b"".join(in_frames(*PAGES[:5], again)))
    assert found[-1].body == found[2].body == b"<h1>3</h1>"


@pytest.mark.parametrize(
    ("dictionary", "message"),
    [
        (as_frame(b"no dictionary at all" * 20), "damaged"),
        (as_frame(trained().as_bytes()[:60]), "damaged"),
        (as_frame(b""), "damaged"),
        (as_frame(zstandard.compress(trained().as_bytes())[:-9]), "damaged"),
        (DICTIONARY_FRAME + (10**6).to_bytes(4, "little"), "damaged"),
        (DICTIONARY_FRAME + (MAX_DICTIONARY_BYTES + 1).to_bytes(4, "little"), "larger than 8 MiB"),
        (as_frame(zstandard.compress(bytes(MAX_DICTIONARY_BYTES + 1))), "larger than 8 MiB"),
    ],
    ids=["junk", "cut short", "empty", "cut in its packing", "beyond the end", "long", "long when unpacked"],
)
def test_an_unusable_dictionary_gives_a_one_sentence_message(tmp_path: Path, dictionary: bytes, message: str) -> None:
    with pytest.raises(BadDictionary, match=message):
        read_dictionary(io.BytesIO(dictionary))
    file = tmp_path / "crawl.warc.zst"
    file.write_bytes(dictionary + b"".join(in_frames(*PAGES)))
    result = run("ingest", file, "--archive", tmp_path / "a.db")
    assert result.exit_code == 6
    assert str(file) in result.stderr
    assert message in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_a_file_without_a_dictionary_is_read_from_its_first_byte() -> None:
    file = io.BytesIO(in_frames(PAGES[0])[0])
    assert read_dictionary(file) is None
    assert file.tell() == 0


@given(place=st.integers(0, len(PACKED) - 1), change=st.integers(1, 255))
def test_a_changed_dictionary_byte_never_changes_a_page_silently(place: int, change: int) -> None:
    dictionary = bytearray(PACKED)
    dictionary[place] ^= change
    frames = b"".join(in_frames(*PAGES[:3]))
    assert {capture.body for capture in captures(bytes(dictionary) + frames)} <= {
        b"<h1>%d</h1>" % number for number in (1, 2, 3)
    }
