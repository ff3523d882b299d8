"""Opening an archive: which files are accepted or refused, and locking."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from caliber_crawler.archive import Archive
from caliber_crawler.archive.core.format import APPLICATION_ID, VERSION
from caliber_crawler.archive.core.migrations import migrations
from caliber_crawler.errors import ArchiveError, ArchiveFull, ArchiveLocked, ForeignDatabase, NewerArchive, NoArchive
from tests.archive.newsroom import Newsroom, start_run


def pragma(path: Path, name: str) -> int:
    connection = sqlite3.connect(path)
    try:
        return int(connection.execute(f"PRAGMA {name}").fetchone()[0])
    finally:
        connection.close()


def test_an_archive_is_created_with_its_folders_and_application_id(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folders" / "archive.db"
    Archive.open(path, mode="write").close()
    assert pragma(path, "application_id") == APPLICATION_ID
    assert pragma(path, "user_version") == VERSION
    assert pragma(path, "page_size") == 8192


def test_the_schema_version_is_the_number_of_the_last_migration(newsroom: Newsroom) -> None:
    numbers = [int(migration.name[1:5]) for migration in migrations.applied(newsroom.archive.db)]
    assert numbers == sorted(numbers)
    assert numbers[-1] == VERSION
    assert migrations.pending(newsroom.archive.db) == []


@pytest.mark.slow
def test_a_new_archive_has_its_application_id_even_if_the_writer_is_killed(path: Path) -> None:
    """It is created without sqlite-utils, which loads pandas if installed: a crawl would need 70 MB more."""
    code = f"""
import os, sys
from caliber_crawler.archive import Archive
Archive.open({str(path)!r}, "write")
assert not {{"sqlite_utils", "pandas", "numpy"}} & sys.modules.keys()
os._exit(9)"""
    assert subprocess.run([sys.executable, "-c", code], timeout=240).returncode == 9
    with Archive.open(path) as archive:
        assert archive.status()["articles"] == 0


def test_the_next_writer_completes_an_interrupted_creation(path: Path) -> None:
    incomplete = sqlite3.connect(path)
    incomplete.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    incomplete.close()
    with pytest.raises(ArchiveError, match="the next command that writes creates them"):
        Archive.open(path)
    with Archive.open(path, mode="write") as archive:
        assert archive.status()["articles"] == 0


def test_reading_a_missing_archive_is_reported(path: Path) -> None:
    with pytest.raises(NoArchive, match=r"^There is no archive at .*archive\.db\. Name another"):
        Archive.open(path)
    assert not path.exists()


def test_opening_an_empty_file_to_write_creates_an_archive(path: Path) -> None:
    path.touch()
    with pytest.raises(NoArchive):
        Archive.open(path)
    Archive.open(path, mode="write").close()
    assert pragma(path, "application_id") == APPLICATION_ID


@pytest.mark.parametrize("mode", ["read", "write"])
def test_another_programs_database_is_refused_and_unchanged(path: Path, mode: str) -> None:
    foreign = sqlite3.connect(path)
    foreign.execute("CREATE TABLE articles (id INTEGER PRIMARY KEY)")
    foreign.close()
    before = path.read_bytes()
    with pytest.raises(ForeignDatabase, match="another program"):
        Archive.open(path, mode=mode)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("mode", ["read", "write"])
def test_a_file_that_is_not_a_database_is_refused_and_unchanged(path: Path, mode: str) -> None:
    path.write_bytes(b"a diary")
    with pytest.raises(ForeignDatabase, match="is not an SQLite database"):
        Archive.open(path, mode=mode)
    assert path.read_bytes() == b"a diary"
    assert list(path.parent.iterdir()) == [path]


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ForeignDatabase, match="is not a file"):
        Archive.open(tmp_path, mode="write")


@pytest.mark.parametrize("mode", ["read", "write"])
def test_an_archive_of_a_later_version_is_refused_and_unchanged(path: Path, mode: str) -> None:
    Archive.open(path, mode="write").close()
    later = sqlite3.connect(path)
    later.execute(f"PRAGMA user_version = {VERSION + 1}")
    later.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    later.close()
    before = path.read_bytes()
    with pytest.raises(NewerArchive, match=f"schema {VERSION + 1}; supported: {VERSION}"):
        Archive.open(path, mode=mode)
    assert path.read_bytes() == before


def test_a_path_below_a_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    with pytest.raises(ArchiveFull, match="cannot be written"):
        Archive.open(tmp_path / "taken" / "archive.db", mode="write")


def test_a_second_writer_is_refused_but_a_reader_is_not(newsroom: Newsroom) -> None:
    path = newsroom.archive.path
    with pytest.raises(ArchiveLocked, match="Another command is writing"):
        Archive.open(path, mode="write")
    newsroom.save()
    with Archive.open(path) as reader:
        assert reader.status()["articles"] == 1


def test_closing_releases_the_lock_and_removes_the_log(path: Path) -> None:
    archive = Archive.open(path, mode="write")
    start_run(archive)
    archive.close()
    archive.close()
    assert not Path(f"{path}-wal").exists()
    Archive.open(path, mode="write").close()


def test_a_reader_cannot_write(path: Path) -> None:
    Archive.open(path, mode="write").close()
    with Archive.open(path) as reader, pytest.raises(ArchiveFull, match="cannot be written"):
        start_run(reader)


def test_a_damaged_archive_is_reported(path: Path) -> None:
    Archive.open(path, mode="write").close()
    content = bytearray(path.read_bytes())
    content[4096:] = bytes(len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(ArchiveError, match="is damaged"), Archive.open(path) as archive:
        archive.status()


def test_a_full_disk_is_reported_and_loses_no_earlier_write(newsroom: Newsroom) -> None:
    newsroom.save()
    # SQLite's limit on the number of pages causes the same error as a full disk.
    pages = newsroom.values("PRAGMA page_count")[0]
    newsroom.archive.db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(ArchiveFull, match="disk is full"):
        newsroom.save(article_urls=("https://caliber.az/en/post/long",), body="word " * 100_000)
    newsroom.archive.db.execute("PRAGMA max_page_count = 1000000")
    assert newsroom.archive.status()["articles"] == 1
    assert newsroom.save(article_urls=("https://caliber.az/en/post/long",)).outcome == "new"


def test_a_transaction_commits_all_or_nothing(newsroom: Newsroom) -> None:
    with newsroom.rolled_back():
        newsroom.save()
    assert newsroom.archive.status()["articles"] == 0


def test_a_nested_transaction_can_fail_alone(newsroom: Newsroom) -> None:
    with newsroom.archive.transaction():
        newsroom.save()
        with newsroom.rolled_back():
            newsroom.save(article_urls=("https://caliber.az/en/post/other",))
    assert newsroom.values("SELECT url FROM articles") == ["https://caliber.az/en/post/baku-s-formula"]


def test_a_nested_transaction_can_fail_although_it_shares_the_savepoint_around_it(newsroom: Newsroom) -> None:
    with newsroom.archive.transaction(), newsroom.archive.transaction():
        with newsroom.rolled_back():
            newsroom.save(article_urls=("https://caliber.az/en/post/other",))
        newsroom.save()
    assert newsroom.values("SELECT url FROM articles") == ["https://caliber.az/en/post/baku-s-formula"]


def test_a_run_of_a_dead_process_is_marked_as_interrupted(path: Path) -> None:
    with Archive.open(path, mode="write") as archive:
        dead = start_run(archive)
        ended = start_run(archive)
        archive.runs.finish(ended, "finished", None, {"stored": 3})
    with Archive.open(path, mode="write") as archive:
        assert [run["outcome"] for run in archive.runs.last()] == ["finished", "interrupted"]
        assert archive.runs.get(dead)["outcome"] == "interrupted"


@pytest.fixture
def killed(path: Path, tmp_path: Path) -> Path:
    """A copy of an archive whose log holds its creation and a run, as a killed process leaves it."""
    with Archive.open(path, mode="write") as archive:
        start_run(archive)
        copy = tmp_path / "killed.db"
        for side in ("", "-wal", ".lock"):
            shutil.copy(f"{path}{side}", f"{copy}{side}")
    return copy


def damage_log(archive: Path, place: float) -> None:
    log = Path(f"{archive}-wal")
    data = bytearray(log.read_bytes())
    data[int(place * (len(data) - 1))] ^= 0x10
    log.write_bytes(data)


@pytest.mark.parametrize("place", [0.0, 0.0001, 0.01, 0.5, 0.9])
def test_damage_in_the_log_that_holds_the_creation_is_damage(killed: Path, place: float) -> None:
    damage_log(killed, place)
    (finding,) = Archive.verify_file(killed).findings
    assert "killed.db-wal is damaged" in finding.message
    with pytest.raises(ArchiveError, match=r"has no tables: its creation was interrupted, or .*-wal is damaged"):
        Archive.open(killed)


def test_an_archive_with_a_damaged_log_is_not_written_to(killed: Path) -> None:
    """SQLite would begin a new log, over the transactions behind the damage."""
    damage_log(killed, 0.97)
    before = Path(f"{killed}-wal").read_bytes()
    with pytest.raises(ArchiveError, match="Run `caliber verify --repair` to save them"):
        Archive.open(killed, mode="write")
    assert Path(f"{killed}-wal").read_bytes() == before


def test_a_log_that_a_killed_process_left_is_applied(killed: Path) -> None:
    with Archive.open(killed, mode="write") as archive:
        assert archive.status()["articles"] == 0
    assert not Path(f"{killed}-wal").exists()
