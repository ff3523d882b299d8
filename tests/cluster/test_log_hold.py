"""The pages that a held log names are those that changed."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given

from caliber_crawler.archive import Archive
from caliber_crawler.cluster import log_hold
from caliber_crawler.cluster.crawler import write_changes
from caliber_crawler.cluster.log_hold import LogHold
from caliber_crawler.cluster.page_changes import apply_increment, page_digests, write_increment
from caliber_crawler.errors import ClusterError
from tests.archive.newsroom import Newsroom, minutes, start_run
from tests.cluster.changed_files import AUTO_VACUUM, JOBS, WRITES, create, few_examples, original_in, write


@few_examples
@given(AUTO_VACUUM, JOBS)
def test_the_increments_of_held_logs_lead_from_file_to_file(
    tmp_path_factory: pytest.TempPathFactory, auto_vacuum: int, jobs: list[list[str]]
) -> None:
    folder = tmp_path_factory.mktemp("pages")
    path, copy, before = original_in(folder, auto_vacuum)
    for number, job in enumerate(jobs):
        hold = LogHold(path)
        write(path, *job[:2])
        write(path, *job[2:])
        assert hold.is_active
        now = write_changes(path, before, folder / str(number), hold)
        if now is not None:
            apply_increment(folder / str(number), copy)
            apply_increment(folder / str(number), copy)  # as after an interruption
            before = now
        assert copy.read_bytes() == path.read_bytes()
        assert before == page_digests(path)


def test_the_log_of_an_archive_names_its_changed_pages(tmp_path: Path) -> None:
    path, copy = tmp_path / "a.db", tmp_path / "b.db"
    with Archive.open(path, mode="write") as archive:
        for number in range(30):
            Newsroom(archive, start_run(archive)).save(minutes(number), headline=f"Headline {number}")
    shutil.copy(path, copy)
    before = page_digests(path)
    hold = LogHold(path)
    for number in (31, 32):
        with Archive.open(path, mode="write") as archive:
            Newsroom(archive, start_run(archive)).save(minutes(number), headline="Another")
    named = hold.changed_pages()
    assert named is not None
    assert 0 < len(named) < len(before) // 8
    now = write_changes(path, before, tmp_path / "1", hold)
    apply_increment(tmp_path / "1", copy)
    assert copy.read_bytes() == path.read_bytes()
    assert now == page_digests(path)
    assert not Path(f"{path}-wal").exists()


def test_a_small_change_on_each_page_is_a_small_increment(tmp_path: Path) -> None:
    path = create(tmp_path / "a.db", 0)
    write(path, *["insert"] * 50)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("ALTER TABLE words ADD COLUMN views INTEGER DEFAULT 1000")
        connection.execute("UPDATE words SET views = 1000")
    before, hold = page_digests(path), LogHold(path)
    copy = Path(shutil.copy(path, tmp_path / "b.db"))
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE words SET views = views + id")
    written = hold.changed_pages()
    assert written is not None
    assert len(written) > 150
    write_changes(path, before, tmp_path / "1", hold)
    whole = tmp_path / "whole"
    write_increment(path, before, whole, written)
    assert (tmp_path / "1").stat().st_size < whole.stat().st_size / 10
    apply_increment(tmp_path / "1", copy)
    assert copy.read_bytes() == path.read_bytes()


def test_a_change_of_another_file_is_refused(tmp_path: Path) -> None:
    path, other = create(tmp_path / "a.db", 0), create(tmp_path / "b.db", 0)
    write(path, "insert")
    write(other, "insert")
    before, hold = page_digests(path), LogHold(path)
    write(path, "update")
    write_changes(path, before, tmp_path / "1", hold)
    with pytest.raises(ClusterError, match="another page than that of the archive"):
        apply_increment(tmp_path / "1", other)


def test_what_was_rolled_back_is_not_named(tmp_path: Path) -> None:
    path = create(tmp_path / "a.db")
    hold = LogHold(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA cache_size = 1")
        connection.execute("BEGIN")
        for _ in range(50):
            connection.execute(WRITES["insert"])
        connection.execute("ROLLBACK")
    assert Path(f"{path}-wal").stat().st_size
    assert hold.changed_pages() == set()
    hold.release()


@pytest.mark.parametrize("reason", ["no file", "not empty", "no log", "no archive", "too large"])
def test_without_a_hold_the_pages_are_unknown_and_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    path = create(tmp_path / "a.db")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        if reason == "no file":
            path.unlink()
        elif reason == "no archive":
            path.write_bytes(b"x" * 5000)
        elif reason == "no log":
            other.execute("PRAGMA journal_mode = DELETE")
        elif reason == "not empty":
            other.execute(WRITES["insert"])
        hold = LogHold(path)
        if reason == "too large":
            monkeypatch.setattr(log_hold, "MAX_LOG", 10)
            assert hold.is_active
            other.execute(WRITES["insert"])
            hold.bound()
        assert hold.changed_pages() is None
    if reason in ("not empty", "too large", "no log"):
        before = page_digests(path)
        write(path, "insert")
        copy = Path(shutil.copy(path, tmp_path / "b.db"))
        assert (write_changes(path, before, tmp_path / "1", hold) or b"") == page_digests(copy)
