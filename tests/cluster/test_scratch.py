"""What a killed worker leaves on its disk is swept away by the next; what a living one has is not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from caliber_crawler.cluster.scratch import worker_folder

KILLED = """
import os, signal, sys
from pathlib import Path
from caliber_crawler.cluster.scratch import worker_folder
with worker_folder(Path(sys.argv[1])) as folder:
    (folder / "shard.db").write_bytes(b"1" * 1000)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_workers_folder_is_swept_and_a_living_ones_is_not(tmp_path: Path) -> None:
    with worker_folder(tmp_path) as mine:
        (mine / "shard.db").touch()
        killed = subprocess.run([sys.executable, "-c", KILLED, tmp_path], timeout=240, check=False)
        assert killed.returncode == -9
        assert len([path for path in tmp_path.iterdir() if path.is_dir()]) == 2
        with worker_folder(tmp_path) as another:
            assert {path for path in tmp_path.iterdir() if path.is_dir()} == {mine, another}
        assert (mine / "shard.db").exists()
    assert list(tmp_path.iterdir()) == []


def test_somebody_elses_files_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "caliber-notes").mkdir()
    (tmp_path / "other.lock").touch()
    with worker_folder(tmp_path):
        pass
    assert {path.name for path in tmp_path.iterdir()} == {"caliber-notes", "other.lock"}
