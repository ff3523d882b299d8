"""On a full disk, backup, export, merge and repair end with a sentence, and leave the archive and no other file."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from caliber_crawler.archive import Archive
from caliber_crawler.commands.cli import main
from caliber_crawler.errors import ArchiveFull
from tests.small_disk import small_disk_at

SPACE = 65_536
"""Bytes that remain free."""


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk_at(tmp_path / "disk", megabytes=4) as disk:
        yield disk


def fill(disk: Path) -> Path:
    """Fill a disk except for some bytes."""
    ballast = disk / "ballast"
    ballast.write_bytes(bytes(shutil.disk_usage(disk).free - SPACE))
    return ballast


def texts(path: Path) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        return connection.execute("SELECT id, headline, body FROM versions ORDER BY id").fetchall()


def files(disk: Path) -> set[str]:
    """The files on a disk, except locks and the side files of an open database."""
    ignored = ("-wal", "-shm", ".lock")
    return {file.name for file in disk.rglob("*") if file.is_file() and not file.name.endswith(ignored)}


@pytest.mark.slow
@pytest.mark.parametrize("command", ["backup", "export", "merge", "repair"])
def test_a_full_disk_ends_a_command_and_harms_nothing(full_disk: Path, valid: Path, command: str) -> None:
    archive = full_disk / "archive.db"
    if command == "merge":
        Archive.open(archive, mode="write").close()
    else:
        shutil.copy(valid, archive)
    if command == "repair":
        # One index entry more than rows: found, and repaired in a new file.
        with closing(sqlite3.connect(archive)) as connection, connection:
            connection.execute("UPDATE totals SET captures = captures + 1")
    words = {
        "backup": ["backup", str(full_disk / "copies"), "--archive", str(archive)],
        "export": ["export", "jsonl", "--archive", str(archive), "-o", str(full_disk / "articles.jsonl")],
        "merge": ["merge", str(valid), "--archive", str(archive)],
        "repair": ["verify", "--repair", "--archive", str(archive)],
    }[command]
    before = texts(archive)
    ballast = fill(full_disk)
    done = CliRunner().invoke(main, words)
    assert done.exit_code == ArchiveFull.exit_code, done.output
    assert "Traceback" not in done.output
    assert files(full_disk) == {"archive.db", "ballast"}
    assert texts(archive) == before or command == "merge"
    ballast.unlink()
    again = CliRunner().invoke(main, words)
    assert again.exit_code == 0, again.output
    assert Archive.verify_file(archive).findings == []
