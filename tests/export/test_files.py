"""Atomic creation of files."""

from __future__ import annotations

from pathlib import Path

import pytest

from caliber_crawler.errors import ArchiveFull
from caliber_crawler.export import new_file, new_path
from caliber_crawler.export.file import lock_folder, new_files


def test_a_file_appears_when_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "table.csv"
    with new_file(path) as file:
        file.write(b"first half, ")
        assert not path.exists()
        file.write(b"second half")
    assert path.read_bytes() == b"first half, second half"
    assert list(path.parent.iterdir()) == [path]


def test_an_existing_file_remains_when_writing_fails(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(b"earlier")
    with pytest.raises(KeyError), new_file(path) as file:  # noqa: PT012
        file.write(b"half")
        raise KeyError("pulled out")
    assert path.read_bytes() == b"earlier"
    assert list(tmp_path.iterdir()) == [path]


def test_an_unwritable_path_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with (
        pytest.raises(ArchiveFull, match=r"file/table\.csv cannot be written"),
        new_path(tmp_path / "file" / "table.csv"),
    ):
        pass


def test_unfinished_files_have_different_paths(tmp_path: Path) -> None:
    with new_files(tmp_path / "table.csv") as files:
        unfinished = [files.begin() for _ in range(3)]
        assert len(set(unfinished)) == 3
        unfinished[1].write_bytes(b"second")
        files.finish(unfinished[1], tmp_path / "second.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["second.csv"]


def test_files_of_killed_processes_are_deleted_and_those_of_running_ones_stay(tmp_path: Path) -> None:
    killed, running, other = (tmp_path / name for name in (".table.csv.abcdefgh", ".table.csv.12345678", ".other"))
    for folder in (killed, running, other):
        folder.mkdir()
        (folder / "1").write_bytes(b"half")
    with lock_folder(running), new_files(tmp_path / "table.csv"):
        assert (running / "1").exists()
        assert (other / "1").exists()
        assert not killed.exists()


def test_a_lock_is_exclusive_until_the_block_ends(tmp_path: Path) -> None:
    with lock_folder(tmp_path), pytest.raises(BlockingIOError), lock_folder(tmp_path):
        pass
    with lock_folder(tmp_path):
        pass
