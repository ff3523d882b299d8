"""A large file is divided into parts; each record belongs to exactly one of them."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caliber_crawler.bulk import parts_of
from caliber_crawler.bulk.members import record_at_or_after
from caliber_crawler.items import Capture
from caliber_crawler.warc import Skipped, WarcReader
from tests.archive.newsroom import NOON
from tests.bulk.warehouse import INSTRUCTIONS, extract_all, parts, rows, web_archives, write_web_archive
from tests.properties import examples
from tests.warc.newsstand import crawled, held, take_in
from tests.warc.records import damaged, in_members, page, record, resolve_url, response

PARTS = 3


def read_range(path: Path, begin: int | None, end: int | None) -> list[Capture | Skipped]:
    return [] if begin is None else list(WarcReader(lambda: path.open("rb"), resolve_url, begin, end))


def read_in_parts(path: Path, part_bytes: int) -> list[Capture | Skipped]:
    found = []
    for part in parts_of(path, part_bytes):
        end = None if part.end is None else record_at_or_after(path, part.end)
        found += read_range(path, record_at_or_after(path, part.begin), end)
    return found


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(30))
@given(bodies=st.lists(st.binary(max_size=400), min_size=1, max_size=8), part_bytes=st.integers(50, 2_000))
def test_parts_of_any_size_contain_every_record_once(tmp_path: Path, bodies: list[bytes], part_bytes: int) -> None:
    path = tmp_path / "crawl.warc.gz"
    path.write_bytes(
        in_members(*(record(response(body), url=f"https://caliber.az/en/post/{body!r}") for body in bodies))
    )
    assert read_in_parts(path, part_bytes) == read_range(path, 0, None)


def test_gzip_magic_bytes_inside_a_page_do_not_begin_a_record(tmp_path: Path) -> None:
    path = tmp_path / "crawl.warc.gz"
    bait = gzip.compress(b"no record", mtime=0) + b"\x1f\x8b\x08\x00" * 5
    # Stored without compression, so that the bait appears unchanged in the file.
    members = [gzip.compress(page(n, WARC_Bait="x") + bait, compresslevel=0) for n in range(4)]
    path.write_bytes(b"".join(members))
    starts = {record_at_or_after(path, offset) for offset in range(0, path.stat().st_size, 3)}
    assert starts == {sum(map(len, members[:count])) for count in range(4)} | {None}


@pytest.mark.parametrize("part_bytes", [100, 300, 700])
def test_damage_is_reported_by_one_part_only(tmp_path: Path, part_bytes: int) -> None:
    members = [gzip.compress(page(number)) for number in range(8)]
    members[4] = damaged(members[4])
    path = tmp_path / "crawl.warc.gz"
    path.write_bytes(b"".join(members)[:-20])
    whole = read_range(path, 0, None)
    assert [each.reason for each in whole if isinstance(each, Skipped)] == ["damaged", "damaged"]
    assert read_in_parts(path, part_bytes) == whole


def test_revisit_record_finds_its_original_in_an_earlier_part(tmp_path: Path) -> None:
    body = b"<p>The same page, word for word.</p>" * 20
    captures = [
        Capture(
            site="caliber",
            url="https://caliber.az/en/post/247893",
            fetched_at=NOON.replace(minute=minute),
            status=200,
            headers=(("Content-Type", "text/html"),),
            body=body,
        )
        for minute in range(6)
    ]
    path = write_web_archive(tmp_path / "crawl.warc.gz", captures)
    found = read_in_parts(path, 500)
    assert [each.body for each in found if isinstance(each, Capture)] == [body] * 6


def test_uncompressed_file_is_not_divided(tmp_path: Path) -> None:
    plain = tmp_path / "crawl.warc"
    plain.write_bytes(b"".join(page(number) for number in range(20)))
    (part,) = parts_of(plain, 100)
    assert (part.number, part.size) == (None, plain.stat().st_size)


@pytest.mark.slow
def test_shards_of_all_parts_equal_the_shard_of_the_whole_file(tmp_path: Path) -> None:
    (path,) = web_archives(tmp_path, 1, pages_each=12)
    divided = parts([path], part_bytes=path.stat().st_size // PARTS + 1)
    assert [part.number for part in divided] == list(range(PARTS))
    assert sum(part.size for part in divided) == path.stat().st_size
    extract_all(tmp_path / "parts", divided)
    extract_all(tmp_path / "whole", parts([path]))
    (whole,) = rows(tmp_path / "whole").values()
    divided_shards = rows(tmp_path / "parts").values()
    assert len(divided_shards) == PARTS
    for table in ("captures", "articles", "versions"):
        assert sorted(row for shard in divided_shards for row in shard[table]) == whole[table]  # type: ignore[attr-defined]


@pytest.mark.slow
def test_archive_is_divided_into_ranges_of_its_pages(tmp_path: Path) -> None:
    archive, captures = tmp_path / "archive.db", crawled()
    take_in(archive, captures[:20])
    before = list(parts_of(archive, part_pages=8))
    take_in(archive, captures)
    after = list(parts_of(archive, part_pages=8))
    # Pages crawled later do not change the ranges that were full.
    assert [part.name for part in after[:2]] == [part.name for part in before[:2]]
    extract_all(tmp_path / "out", after)
    readable = [row for row in held(archive)["captures"] if '"article"' in row and ", 200, " in row]
    extracted = [row for shard in rows(tmp_path / "out").values() for row in shard["captures"]]  # type: ignore[attr-defined]
    assert sorted(extracted) == sorted(readable)


def test_changed_input_has_another_part_name(tmp_path: Path) -> None:
    (path,) = web_archives(tmp_path, 1)
    (before,) = parts_of(path)
    path.write_bytes(path.read_bytes() * 2)
    (after,) = parts_of(path)
    assert before.name != after.name
    assert INSTRUCTIONS.shard(before).removeprefix(before.name) == INSTRUCTIONS.shard(after).removeprefix(after.name)


@pytest.mark.parametrize(("part_bytes", "lengths"), [(40, [40, 40, 20]), (50, [50, 50]), (100, [100]), (101, [100])])
def test_file_is_divided_into_parts_of_the_given_size(tmp_path: Path, part_bytes: int, lengths: list[int]) -> None:
    path = tmp_path / "crawl.warc.gz"
    path.write_bytes(b"\x1f\x8b" + bytes(98))
    divided = list(parts_of(path, part_bytes))
    assert [part.size for part in divided] == lengths
    assert [part.begin for part in divided] == [number * part_bytes for number in range(len(lengths))]
    assert divided[-1].end is None
    assert [part.end for part in divided[:-1]] == [part.begin for part in divided[1:]]
