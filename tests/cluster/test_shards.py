"""Shards are published completely under a new name, and fetched unchanged."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from uuid import uuid4

import pytest

from caliber_crawler.cluster.shards import Shard, Storage, digest_of
from caliber_crawler.errors import ClusterError, StorageUnavailable


@pytest.fixture(params=["folder", "bucket"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    """A local folder and an object store of `fsspec`."""
    return Storage(str(tmp_path / "shards") if request.param == "folder" else f"memory://{uuid4()}/shards")


def publish(storage: Storage, path: Path, generation: int = 1, site: str = "example.org:8000") -> Shard:
    name = storage.put(path, site, generation)
    return Shard(
        site=site, generation=generation, path=name, former_path=None, size=path.stat().st_size, digest=digest_of(path)
    )


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
        storage.fetch(Shard(**{**_fields(shard), "digest": digest_of(original)}), copy)


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


def _fields(shard: Shard) -> dict[str, object]:
    return {name: getattr(shard, name) for name in Shard.__dataclass_fields__}
