"""A move that is killed at any moment loses nothing and writes nothing twice."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import pytest

from caliber_crawler.archive import Archive
from caliber_crawler.archive.pages.cold_pages import ColdPages
from caliber_crawler.errors import ColdFileUnavailable
from caliber_crawler.output_files import NewFiles
from caliber_crawler.warc import cold_file
from tests.archive.cold.pages import captures_of, digests_in, findings, move_all

KILLED = 9
MAX_SIZE = 3_000
"""Bytes of a file: several are written."""


def dies(action: Callable[[], object]) -> bool:
    """Run an action in a process of its own; return whether that was killed."""
    child = os.fork()
    if child == 0:
        try:
            action()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == KILLED


def check_completed(path: Path, folder: Path, original: Path) -> None:
    """Check an archive after a kill, complete the move, and check it again."""
    pages = captures_of(original)
    assert captures_of(path) == pages
    move_all(path, folder, max_size=MAX_SIZE)
    assert captures_of(path) == pages
    assert digests_in(folder) == {page.body: 1 for page in pages}
    assert {file.suffix for file in folder.iterdir()} == {".cdxj", ".gz"}
    assert findings(path, cold=True) == ([], [])


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (cold_file.WarcFile, "add"),
        (NewFiles, "finish_new"),
        (ColdPages, "complete"),
        (ColdPages, "_move"),
        (ColdPages, "_delete_unused_dictionaries"),
    ],
)
@pytest.mark.parametrize("calls", [1, 2, 4])
def test_a_move_killed_at_a_step_is_completed_by_the_next_one(
    small: Path, path: Path, folder: Path, owner: type, name: str, calls: int
) -> None:
    shutil.copy(small, path)
    left = calls

    def count(*arguments: object, **options: object) -> object:
        nonlocal left
        left -= 1
        if left == 0:
            os._exit(KILLED)
        return original(*arguments, **options)

    original = getattr(owner, name)

    def move() -> None:
        with patch.object(owner, name, count):
            move_all(path, folder, max_size=MAX_SIZE)

    assert dies(move)
    check_completed(path, folder, small)


@pytest.mark.slow
def test_a_move_killed_at_any_function_call_is_completed_by_the_next_one(small: Path, tmp_path: Path) -> None:
    step, killed = 300, 0
    while True:
        folder = tmp_path / "cold"
        folder.mkdir()
        path = Path(shutil.copy(small, tmp_path / "archive.db"))

        def move(step: int = step, path: Path = path, folder: Path = folder) -> None:
            calls = 0

            def count(frame: object, event: str, arg: object) -> None:
                nonlocal calls
                calls += event in ("call", "c_call")
                if calls >= step:
                    os._exit(KILLED)

            sys.setprofile(count)
            move_all(path, folder, max_size=MAX_SIZE)

        if not dies(move):
            break
        killed += 1
        check_completed(path, folder, small)
        shutil.rmtree(folder)
        for file in tmp_path.glob("archive.db*"):
            file.unlink()
        step = int(step * 1.15) + 7
    assert killed > 20


def test_a_file_of_a_killed_move_waits_for_its_folder(small: Path, path: Path, folder: Path) -> None:
    shutil.copy(small, path)

    def move() -> None:
        with patch.object(ColdPages, "complete", lambda *_: os._exit(KILLED)):
            move_all(path, folder)

    assert dies(move)
    hidden, other = folder.with_name("hidden"), folder.with_name("other")
    folder.rename(hidden)
    other.mkdir()
    with pytest.raises(ColdFileUnavailable, match="was interrupted"):
        move_all(path, other)
    assert findings(path)[1] != []
    assert not list(other.iterdir())
    hidden.rename(folder)
    assert move_all(path, other).recovered == 16
    assert not list(other.iterdir())


def test_pages_deleted_after_a_killed_move_leave_its_file(small: Path, path: Path, folder: Path) -> None:
    shutil.copy(small, path)

    def move() -> None:
        with patch.object(ColdPages, "complete", lambda *_: os._exit(KILLED)):
            move_all(path, folder)

    assert dies(move)
    with Archive.open(path, mode="write") as archive:
        capture = archive.captures.get(1)
        id = archive.articles.find(capture.url)
        assert id is not None
        archive.deletion.take_down(id, "test", capture.fetched_at)
        archive.deletion.wipe()
    assert capture.body not in digests_in(folder)
    assert len(digests_in(folder)) == 14
    assert findings(path, cold=True) == ([], [])
