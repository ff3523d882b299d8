"""A large archive is verified in several processes, with the same result."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from caliber_crawler.archive import Archive
from caliber_crawler.archive.upkeep import parallel_verification
from caliber_crawler.archive.upkeep.file_repair import Check
from tests.archive.test_verify import change_file


def both_ways(path: Path, patch: pytest.MonkeyPatch) -> tuple[Check, Check]:
    """The result of one process, and of several."""
    patch.setattr(parallel_verification, "workers", lambda: 2)
    found = []
    for size in (path.stat().st_size + 1, 0):
        patch.setattr(parallel_verification, "MIN_BYTES", size)
        found.append(Archive.verify_file(path))
    return found[0], found[1]


@pytest.mark.slow
def test_a_sound_archive_is_sound_in_several_processes(valid: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, several = both_ways(valid, monkeypatch)
    assert several == one
    assert several.checked > 100
    assert several.findings == []


def crash_in_mapped_memory(path: Path, read_cold: bool, mapped: bool, name: str) -> parallel_verification.CheckedPart:
    """As on a disk that fails while a file is mapped."""
    if mapped and name in ("links", "B-trees"):
        os.kill(os.getpid(), signal.SIGBUS)
    return parallel_verification.check_part(path, read_cold, mapped, name)


@pytest.mark.slow
def test_a_disk_that_fails_under_mapped_memory_costs_no_check(
    valid: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Path(shutil.copy(valid, tmp_path / "archive.db"))
    change_file(path, "UPDATE links SET text = 'speach'")
    monkeypatch.setattr(parallel_verification, "check_part", crash_in_mapped_memory)
    one, several = both_ways(path, monkeypatch)
    assert several == one
    assert {finding.kind for finding in several.findings} == {"article"}


def test_changed_rows_are_found_in_several_processes(
    valid: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Path(shutil.copy(valid, tmp_path / "archive.db"))
    change_file(
        path,
        "UPDATE versions SET body = replace(body, 'gas', 'gaz')",
        "UPDATE captures SET status = 304",
        "UPDATE links SET text = 'speach'",
        "UPDATE totals SET bodies = bodies + 1",
    )
    one, several = both_ways(path, monkeypatch)
    assert several == one
    assert {finding.kind for finding in several.findings} >= {"version", "capture", "article", "total", "index"}


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_damaged_pages_are_found_in_several_processes(
    valid: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    path = Path(shutil.copy(valid, tmp_path / "archive.db"))
    dice = random.Random(seed)
    with path.open("r+b") as file:
        for _ in range(12):
            file.seek(dice.randrange(8192, path.stat().st_size - 400))
            file.write(dice.randbytes(300))
    one, several = both_ways(path, monkeypatch)
    assert several == one
    assert several.findings


def test_a_table_of_another_program_is_named_in_several_processes(
    valid: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Path(shutil.copy(valid, tmp_path / "archive.db"))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("ALTER TABLE links ADD COLUMN mine TEXT")
    one, several = both_ways(path, monkeypatch)
    assert several == one
    assert any("links" in note for note in several.notes)
