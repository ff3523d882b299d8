"""Applying an increment to a former file gives the later one; damaged increments are refused."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given

from caliber_crawler.cluster.page_changes import (
    apply_increment,
    empty_log,
    page_digests,
    updated_digests,
    write_increment,
)
from caliber_crawler.errors import ClusterError
from tests.cluster.changed_files import AUTO_VACUUM, JOBS, WRITES, create, few_examples, original_in, write


@few_examples
@given(AUTO_VACUUM, JOBS)
def test_increments_lead_from_file_to_file(
    tmp_path_factory: pytest.TempPathFactory, auto_vacuum: int, jobs: list[list[str]]
) -> None:
    folder = tmp_path_factory.mktemp("pages")
    path, copy, before = original_in(folder, auto_vacuum)
    for number, job in enumerate(jobs):
        write(path, *job)
        increment = folder / f"{number}.increment"
        now = write_increment(path, before, increment)
        assert increment.exists() == (now is not None)
        if now is not None:
            written = apply_increment(increment, copy)
            assert updated_digests(before, copy, written) == now == page_digests(copy)
            before = now
        assert copy.read_bytes() == path.read_bytes()


def test_an_increment_grows_with_the_change_and_not_with_the_file(tmp_path: Path) -> None:
    sizes = []
    for scale in (20, 200):
        path = create(tmp_path / f"{scale}.db")
        write(path, *["insert"] * scale)
        before = page_digests(path)
        write(path, "insert")
        write_increment(path, before, tmp_path / f"{scale}.increment")
        sizes.append((tmp_path / f"{scale}.increment").stat().st_size)
    assert sizes[1] < 1.5 * sizes[0]


def test_what_is_left_in_the_log_is_in_the_increment(tmp_path: Path) -> None:
    path, copy, before = original_in(tmp_path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(WRITES["insert"])
        shutil.copy(path, tmp_path / "killed.db")
        shutil.copy(f"{path}-wal", tmp_path / "killed.db-wal")
    killed = tmp_path / "killed.db"
    empty_log(killed)
    write_increment(killed, before, tmp_path / "1.increment")
    apply_increment(tmp_path / "1.increment", copy)
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT count(*) FROM words").fetchone() == (8,)


@pytest.mark.parametrize("damage", ["cut", "flipped", "foreign", "empty", "other pages"])
def test_a_damaged_increment_is_refused(tmp_path: Path, damage: str) -> None:
    path, copy, before = original_in(tmp_path)
    write(path, "insert", "insert")
    increment = tmp_path / "1.increment"
    write_increment(path, before, increment)
    content = increment.read_bytes()
    if damage == "other pages":
        with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
            connection.executescript("PRAGMA journal_mode = DELETE; PRAGMA page_size = 2048; VACUUM")
    else:
        changed = {
            "cut": content[: len(content) // 2],
            "flipped": content[:20] + bytes([content[20] ^ 1]) + content[21:],
            "foreign": b"x" * 500,
            "empty": b"",
        }
        increment.write_bytes(changed[damage])
    with pytest.raises(ClusterError, match="damaged"):
        apply_increment(increment, copy)
