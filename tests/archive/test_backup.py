"""Backups: complete, verified, and possible while others write."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from caliber_crawler.archive import Archive
from caliber_crawler.errors import ArchiveError, ArchiveFull
from tests.archive.newsroom import Newsroom, minutes
from tests.archive.test_durability import WRITER
from tests.conftest import run_code


def texts(path: Path) -> list[tuple[object, ...]]:
    with Archive.open(path) as archive:
        return [
            tuple(row) for row in archive.db.execute("SELECT id, headline, body, checksum FROM versions ORDER BY id")
        ]


def test_a_backup_is_a_snapshot_of_the_archive(newsroom: Newsroom, path: Path, tmp_path: Path) -> None:
    for minute in range(5):
        newsroom.save(minutes(minute), headline=f"Headline {minute}", views=minute)
    copy = newsroom.archive.backup(tmp_path / "copies")
    newsroom.save(minutes(60), headline="Later")
    assert list(copy.parent.iterdir()) == [copy]
    assert len(texts(copy)) == 5
    assert texts(copy) == texts(path)[:5]
    with Archive.open(copy, mode="write") as backup:
        assert [outcome for outcome in backup.verify() if outcome] == []
        assert backup.status()["articles"] == 1


def test_old_backups_are_deleted_and_other_files_stay(newsroom: Newsroom, tmp_path: Path) -> None:
    folder = tmp_path / "copies"
    folder.mkdir()
    names = [f"archive-2026010{day}T000000Z.db" for day in range(1, 6)]
    others = ["archive-notes.db", "another-20260101T000000Z.db", "archive-20260101T000000Z.txt"]
    for name in (*names, *others):
        (folder / name).touch()
    newest = newsroom.archive.backup(folder, keep=3)
    assert {path.name for path in folder.iterdir()} == {*others, *names[-2:], newest.name}


def test_a_backup_overwrites_no_file(newsroom: Newsroom, tmp_path: Path) -> None:
    (tmp_path / "mine.db").write_text("precious")
    with pytest.raises(ArchiveError, match="never overwrites"):
        newsroom.archive.backup(tmp_path / "mine.db")
    assert (tmp_path / "mine.db").read_text() == "precious"


def test_no_backup_is_made_of_a_damaged_archive(newsroom: Newsroom, tmp_path: Path) -> None:
    newsroom.save()
    newsroom.archive.db.execute("UPDATE captures SET url = 'https://caliber.az/en/post/x'")
    with pytest.raises(ArchiveError, match=r"is damaged.*: Capture 1 of .* is damaged"):
        newsroom.archive.backup(tmp_path / "copies")
    assert list((tmp_path / "copies").iterdir()) == []


def test_a_destination_that_cannot_be_written_is_reported(newsroom: Newsroom, tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    with pytest.raises(ArchiveFull, match="cannot be written"):
        newsroom.archive.backup(tmp_path / "taken")


def test_a_backup_replaces_no_link_and_trusts_no_journal(newsroom: Newsroom, tmp_path: Path) -> None:
    (tmp_path / "linked.db").symlink_to(tmp_path / "elsewhere.db")
    with pytest.raises(ArchiveError, match="never overwrites"):
        newsroom.archive.backup(tmp_path / "linked.db")
    (tmp_path / "mine.db-wal").write_text("of another database")
    with pytest.raises(ArchiveError, match=r"mine\.db-wal is left"):
        newsroom.archive.backup(tmp_path / "mine.db")
    assert not (tmp_path / "elsewhere.db").exists()


def test_backups_of_the_same_second_have_different_names(newsroom: Newsroom, tmp_path: Path) -> None:
    copies = {newsroom.archive.backup(tmp_path / "copies") for _ in range(3)}
    assert len(copies) == 3
    assert {*(tmp_path / "copies").iterdir()} == copies


KILLED = """
import os, sys
from pathlib import Path
from caliber_crawler.archive import Archive
from caliber_crawler.archive.upkeep import backup
backup.require_valid = lambda part: os.kill(os.getpid(), 9)
Archive.open(Path(sys.argv[1])).backup(Path(sys.argv[2]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("destination", ["copies", "copies/mine.db"])
def test_the_next_backup_deletes_what_a_killed_one_left(
    newsroom: Newsroom, path: Path, tmp_path: Path, destination: str
) -> None:
    newsroom.save()
    folder = tmp_path / "copies"
    assert run_code(KILLED, path, tmp_path / destination).exit_code == -9
    assert any(folder.rglob("1")), "the killed backup left its copy"
    theirs = folder / ".notes.part"
    theirs.touch()
    copy = newsroom.archive.backup(tmp_path / destination)
    assert {*folder.iterdir()} == {copy, theirs}


@pytest.mark.slow
def test_a_backup_made_during_a_crawl_verifies(path: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(path), str(Path(__file__).parents[2])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        counts = []
        for number in range(5):
            for _ in range(20):
                acknowledged = int(writer.stdout.readline())
            with Archive.open(path) as archive:
                copy = archive.backup(tmp_path / f"{number}.db")
            assert len(texts(copy)) > acknowledged
            counts.append(len(texts(copy)))
        writer.kill()
    assert counts == sorted(set(counts))


def test_a_backup_never_takes_the_name_of_a_file_of_the_archive(newsroom: Newsroom, path: Path) -> None:
    with pytest.raises(ArchiveError, match="is the name of a file of the archive"):
        newsroom.archive.backup(Path(f"{path}.words.db"))
    assert not Path(f"{path}.words.db").exists()
