"""A worker deletes the folders of killed workers, but not those of running ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from caliber_crawler.cluster.scratch import unpublished_folder, worker_folder
from tests.conftest import run_code

KILLED = """
import os, signal, sys
from pathlib import Path
from caliber_crawler.cluster.scratch import unpublished_folder, worker_folder
with worker_folder(Path(sys.argv[1])) as folder:
    (folder / "shard.db").write_bytes(b"1" * 1000)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.slow
def test_folder_of_a_killed_worker_is_deleted_and_that_of_a_running_one_stays(tmp_path: Path) -> None:
    with worker_folder(tmp_path) as first:
        (first / "shard.db").touch()
        assert run_code(KILLED, tmp_path).exit_code == -9
        assert len([path for path in tmp_path.iterdir() if path.is_dir()]) == 2
        with worker_folder(tmp_path) as second:
            assert {path for path in tmp_path.iterdir() if path.is_dir()} == {first, second}
        assert (first / "shard.db").exists()
    assert list(tmp_path.iterdir()) == []


def test_other_files_are_not_touched(tmp_path: Path) -> None:
    (tmp_path / "caliber-notes").mkdir()
    (tmp_path / "other.lock").touch()
    with worker_folder(tmp_path):
        pass
    assert {path.name for path in tmp_path.iterdir()} == {"caliber-notes", "other.lock"}


def test_results_that_were_not_published_outlive_the_worker(tmp_path: Path) -> None:
    with worker_folder(tmp_path) as folder:
        results = unpublished_folder(folder)
        assert results == unpublished_folder(folder)
        assert results.parent == tmp_path
        assert results.stat().st_mode & 0o77 == 0
    with worker_folder(tmp_path) as folder:
        assert unpublished_folder(folder) == results
    results.rmdir()
    (tmp_path / "elsewhere").mkdir()
    results.symlink_to(tmp_path / "elsewhere")
    with worker_folder(tmp_path) as folder:
        assert unpublished_folder(folder) == folder / "unpublished"
        results.unlink()
        results.write_text("a file of somebody else")
        assert unpublished_folder(folder) == folder / "unpublished"
