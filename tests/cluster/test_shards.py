"""Shards are published completely under a new name, and fetched unchanged."""

from __future__ import annotations

import errno
import os
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from caliber_crawler.cluster.page_changes import page_digests, write_increment
from caliber_crawler.cluster.shards import MAX_PARTS, Part, Shard
from caliber_crawler.cluster.storage import Storage, digest_of
from caliber_crawler.errors import ClusterError, ShardUnusable, StorageUnavailable


@pytest.fixture(params=["folder", "bucket"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    """A local folder and an object store of `fsspec`."""
    return Storage(str(tmp_path / "shards") if request.param == "folder" else f"memory://{uuid4()}/shards")


def publish(storage: Storage, path: Path, generation: int = 1, site: str = "example.org:8000") -> Shard:
    name = storage.put(path, site, generation)
    part = Part(generation=generation, base=None, path=name, size=path.stat().st_size, digest=digest_of(path))
    return Shard(site=site, generation=generation, path=name, parts=(part,))


def test_fetched_shard_equals_the_published_one(storage: Storage, tmp_path: Path) -> None:
    original, copy = tmp_path / "a.db", tmp_path / "b.db"
    original.write_bytes(bytes(range(256)) * 9000)
    storage.fetch(publish(storage, original), copy)
    assert copy.read_bytes() == original.read_bytes()


def test_names_are_unique(storage: Storage, tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    path.write_bytes(b"1")
    assert len({publish(storage, path).path for _ in range(20)}) == 20


def test_damaged_shard_is_refused(storage: Storage, tmp_path: Path) -> None:
    original, other, copy = tmp_path / "a.db", tmp_path / "other.db", tmp_path / "b.db"
    original.write_bytes(b"1" * 1000)
    other.write_bytes(b"2" * 1000)
    shard = publish(storage, other)
    with pytest.raises(ClusterError, match="damaged"):
        storage.fetch(replace(shard, parts=(replace(shard.parts[0], digest=digest_of(original)),)), copy)


def test_missing_shard_is_named_in_the_error(storage: Storage, tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    path.write_bytes(b"1")
    shard = publish(storage, path)
    storage.remove(shard.path)
    storage.remove(shard.path)
    with pytest.raises(ClusterError, match=shard.path):
        storage.fetch(shard, tmp_path / "b.db")


def test_no_temporary_file_remains_in_a_folder(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    path.write_bytes(b"1" * 100_000)
    shard = publish(Storage(str(tmp_path / "shards")), path)
    files = [path for path in (tmp_path / "shards").rglob("*") if path.is_file()]
    assert [str(file.relative_to(tmp_path / "shards")) for file in files] == [shard.path]


def test_failed_and_killed_publications_keep_no_space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, folder = tmp_path / "a.db", tmp_path / "shards" / "site"
    path.write_bytes(b"1" * 1000)
    folder.mkdir(parents=True)
    old, recent, theirs = folder / "00000001-0123abcd.part", folder / "00000002-0123abcd.part", folder / "notes.part"
    for part in (old, recent, theirs):
        part.write_bytes(b"half")
    for part in (old, theirs):
        os.utime(part, (0, 0))
    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(StorageUnavailable, match="No space left on device"):
        Storage(str(tmp_path / "shards")).put(path, "site", 3)
    assert {*folder.iterdir()} == {recent, theirs}


def full_disk(descriptor: int) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_unknown_storage_is_reported() -> None:
    with pytest.raises(ClusterError, match="nowhere://"):
        Storage("nowhere://bucket")


def chain(storage: Storage, path: Path, count: int) -> Shard:
    """A shard of a whole archive and increments: the file has each ``number`` of its part."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE numbers (number)")
    shard = publish(storage, path, 1)
    before = page_digests(path)
    for generation in range(2, count + 2):
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("INSERT INTO numbers VALUES (?)", (generation,))
        increment = path.with_suffix(f".{generation}")
        before = write_increment(path, before, increment) or b""
        name = storage.put(increment, shard.site, generation, ".increment")
        size = increment.stat().st_size
        part = Part(generation=generation, base=generation - 1, path=name, size=size, digest=digest_of(increment))
        shard = replace(shard, generation=generation, path=name, parts=(*shard.parts, part))
    return shard


def test_a_chain_of_increments_gives_the_last_file(storage: Storage, tmp_path: Path) -> None:
    shard = chain(storage, tmp_path / "a.db", 3)
    copy = tmp_path / f"b{Path(shard.path).name}"
    storage.fetch(shard, copy)
    assert copy.read_bytes() == (tmp_path / "a.db").read_bytes()
    assert list(tmp_path.glob("b*")) == [copy]


def test_only_the_parts_after_a_kept_file_are_fetched(storage: Storage, tmp_path: Path) -> None:
    shard = chain(storage, tmp_path / "a.db", 3)
    kept = shard.parts[1]
    storage.fetch(replace(shard, path=kept.path, parts=shard.parts[:2]), tmp_path / "b.db")
    for part in shard.parts[:2]:
        storage.remove(part.path)
    storage.fetch(shard, tmp_path / "b.db", kept.path)
    assert (tmp_path / "b.db").read_bytes() == (tmp_path / "a.db").read_bytes()


def test_a_kept_file_of_another_chain_is_replaced(storage: Storage, tmp_path: Path) -> None:
    shard = chain(storage, tmp_path / "a.db", 2)
    (tmp_path / "b.db").write_bytes(b"other")
    storage.fetch(shard, tmp_path / "b.db", "site/00000001-01234567.db")
    assert (tmp_path / "b.db").read_bytes() == (tmp_path / "a.db").read_bytes()


def test_a_chain_with_a_missing_part_is_refused(storage: Storage, tmp_path: Path) -> None:
    shard = chain(storage, tmp_path / "a.db", 3)
    with pytest.raises(ClusterError, match="no part of generation 2"):
        storage.fetch(replace(shard, parts=shard.parts[:1] + shard.parts[2:]), tmp_path / "b.db")
    storage.remove(shard.parts[2].path)
    with pytest.raises(ShardUnusable, match=shard.parts[2].path):
        storage.fetch(shard, tmp_path / "b.db")


def test_increments_take_at_most_half_of_the_whole_archive() -> None:
    whole = Part(generation=1, base=None, path="1.db", size=1000, digest="")
    parts = [whole, *(Part(generation=n, base=n - 1, path=f"{n}", size=100, digest="") for n in range(2, 6))]
    shard = Shard(site="a", generation=5, path="5", parts=tuple(parts))
    assert shard.takes_increment(100)
    assert not shard.takes_increment(101)
    assert not replace(shard, is_listed=False).takes_increment(1)
    many = [replace(whole, size=10**9), *(replace(parts[1], size=1) for _ in range(MAX_PARTS - 1))]
    assert not replace(shard, parts=tuple(many)).takes_increment(1)
    assert not Shard(site="a", generation=0, path="", parts=()).takes_increment(1)


def test_a_shard_of_an_earlier_version_is_whole_and_is_followed_by_a_whole_one() -> None:
    row = {"site": "a", "generation": 7, "path": "a/7.db", "size": 1000, "digest": "d"}
    outdated = {"generation": 5, "base": None, "path": "a/5.db", "size": 9, "digest": "c"}
    for parts in ([], [outdated]):
        shard = Shard.of({**row, "parts": parts})
        assert [part.path for part in shard.parts] == ["a/7.db"]
        assert not shard.takes_increment(1)
    listed = Shard.of({**row, "path": "a/5.db", "parts": [outdated]})
    assert listed.takes_increment(1)
