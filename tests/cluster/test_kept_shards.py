"""Shards kept on a local disk: taken once, never incomplete, and within a limit."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from caliber_crawler.cluster.kept_shards import KeptShard, KeptShards
from tests.small_disk import small_disk_at

STATE = KeptShard("a/00000001-0123abcd.db", b"12345678")


def file(path: Path, content: bytes = b"archive") -> Path:
    path.write_bytes(content)
    return path


def test_a_kept_shard_is_taken_once(tmp_path: Path) -> None:
    kept = KeptShards(tmp_path / "kept", 10_000)
    kept.put("a.org:80", file(tmp_path / "1.db"), STATE)
    assert kept.take("b.org", tmp_path / "2.db") is None
    assert kept.take("a.org:80", tmp_path / "2.db") == STATE
    assert (tmp_path / "2.db").read_bytes() == b"archive"
    assert kept.take("a.org:80", tmp_path / "3.db") is None


@pytest.mark.parametrize("change", ["file", "note", "digests", "no file", "no note", "no digests"])
def test_a_changed_shard_is_thrown_away(tmp_path: Path, change: str) -> None:
    kept = KeptShards(tmp_path / "kept", 10_000)
    kept.put("a", file(tmp_path / "1.db"), STATE)
    names = {"file": "a.db", "note": "a.json", "digests": "a.pages"}
    target = tmp_path / "kept" / names[change.split()[-1]]
    target.unlink() if "no" in change.split() else target.write_bytes(b"others")
    assert kept.take("a", tmp_path / "2.db") is None
    assert not (tmp_path / "2.db").exists()
    assert list((tmp_path / "kept").iterdir()) == []


def test_the_least_recently_used_are_deleted_first(tmp_path: Path) -> None:
    kept = KeptShards(tmp_path / "kept", 2_500)
    for age, site in enumerate("cab"):
        kept.put(site, file(tmp_path / "1.db", b"x" * 1000), STATE)
        os.utime(tmp_path / "kept" / f"{site}.json", (age, age))
    kept.put("d", file(tmp_path / "1.db", b"x" * 1000), STATE)
    assert sorted(path.name for path in (tmp_path / "kept").glob("*.db")) == ["b.db", "d.db"]


def test_with_a_limit_of_zero_nothing_is_kept(tmp_path: Path) -> None:
    KeptShards(tmp_path / "kept", 0).put("a", file(tmp_path / "1.db"), STATE)
    assert not (tmp_path / "kept").exists()


@pytest.mark.slow
def test_it_is_known_whether_a_shard_is_kept(tmp_path: Path) -> None:
    assert KeptShards(tmp_path / "kept", None).put("a", file(tmp_path / "1.db"), STATE)
    assert not KeptShards(tmp_path / "none", 0).put("a", file(tmp_path / "1.db"), STATE)
    with small_disk_at(tmp_path / "disk", 1) as disk:
        shard = file(disk / "1.db", bytes(900_000))
        large = KeptShard("a/00000001-0123abcd.db", bytes(300_000))
        assert not KeptShards(disk / "kept", None).put("a", shard, large)
