"""What other systems than Linux do differently, as far as it can run here: these parts use nothing of Linux."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from caliber_crawler.output_files import OWN_DESCRIPTOR
from caliber_crawler.processes.limits import end_above, peak_memory

ROOT = Path(__file__).resolve().parents[2]
OLD_PYTHONS = [*sorted(Path.home().glob(".pyenv/versions/3.[89]*/bin/python")), Path("/usr/bin/python3.9")]

TOO_LARGE = """
import time
from caliber_crawler.processes.limits import end_above, peak_memory
with end_above(peak_memory() + 20_000_000):
    page = b"x" * (peak_memory() + 40_000_000)  # the peak may be that of the parent
    time.sleep(20)
"""
WITHOUT_MEMFD = """
import os
del os.memfd_create
from caliber_crawler.processes import run_limited
print(run_limited(len, "a page"))
"""


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", *arguments], capture_output=True, text=True, cwd=ROOT, timeout=60, check=False
    )


def test_without_a_limit_of_address_space_a_process_that_is_too_large_ends() -> None:
    assert run(TOO_LARGE).returncode == -signal.SIGABRT


def test_a_process_within_its_limit_goes_on() -> None:
    with end_above(peak_memory() + 1_000_000_000):
        assert sum(b"x" * 1000) == 120_000


def test_the_peak_is_in_bytes() -> None:
    assert 5_000_000 < peak_memory() < 50_000_000_000


def test_workers_need_no_memory_file() -> None:
    outcome = run(WITHOUT_MEMFD)
    assert (outcome.stdout, outcome.stderr) == ("6\n", "")


@pytest.mark.parametrize(
    "path", ["/dev/fd/1", f"/proc/{os.getpid()}/fd/1", "/proc/self/fd/1"], ids=["dev", "number", "self"]
)
def test_an_open_descriptor_has_a_name_on_every_system(path: str) -> None:
    match = OWN_DESCRIPTOR.fullmatch(path)
    assert match is not None
    assert match[1] == "1"


def test_windows_gives_a_sentence_and_no_import_error() -> None:
    outcome = run("import sys, caliber_crawler.commands.cli as cli; sys.platform = 'win32'; cli.main(['status'])")
    assert outcome.returncode == 1
    assert outcome.stderr == (
        "Error: caliber_crawler runs on Linux and macOS. On Windows, use WSL 2 or the Docker image,"
        " see docs/install.md.\n"
    )


@pytest.mark.parametrize("python", [path for path in OLD_PYTHONS if path.exists()] or [None])
def test_an_old_python_gives_a_sentence(python: Path | None) -> None:
    if python is None:
        pytest.skip("no old Python is installed")
    outcome = subprocess.run(
        [python, "-m", "caliber_crawler"], capture_output=True, text=True, cwd=ROOT, timeout=60, check=False
    )
    assert outcome.returncode == 1
    assert outcome.stderr.startswith("caliber needs Python 3.11 or later; this is Python 3.")
