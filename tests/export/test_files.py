"""Atomic creation of files."""

from __future__ import annotations

from pathlib import Path

import pytest

from caliber_crawler.errors import ArchiveFull
from caliber_crawler.export import new_file, new_path


def test_a_file_appears_when_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "table.csv"
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
