"""Worker processes end with the one that started them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

SCRIPT = """
import os, signal, time
from caliber_crawler.processes.pool import worker_pool

if __name__ == "__main__":
    pool = worker_pool(2, os.chdir, "/")
    pids = {each.result() for each in [pool.submit(os.getpid) for _ in range(40)]}
    pool.submit(time.sleep, 600)
    print(*pids, pool.submit(os.getcwd).result(), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.slow
def test_workers_do_not_outlive_a_killed_parent(tmp_path: Path) -> None:
    script = tmp_path / "killed.py"
    script.write_text(SCRIPT)
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=240, check=False)
    *pids, folder = done.stdout.split()
    assert folder == "/"
    assert pids
    until = time.monotonic() + 120
    while any(is_running(int(pid)) for pid in pids):
        assert time.monotonic() < until, "a worker is still there"
        time.sleep(0.05)
