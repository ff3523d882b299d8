"""Tests that run in several processes are reported as those of one process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.tooling.repository import ROOT

SUITE = '''
import os
import warnings

import pytest

@pytest.fixture(scope="module")
def started(tmp_path_factory):
    """One in each process."""
    yield tmp_path_factory.mktemp("started")

def test_fails():
    print("a printed line")
    assert 1 + 1 == 3

@pytest.mark.parametrize("number", range(40))
def test_passes(number, started, tmp_path):
    print("quiet")
    with open("calls", "a") as calls:
        calls.write(f"{number} {os.getpid()} {started}\\n")

def test_is_killed():
    os.kill(os.getpid(), 9)

def test_is_skipped():
    pytest.skip("not today")

def test_warns():
    warnings.warn("a warned line")
'''


def run(folder: Path, *options: str) -> tuple[dict[str, str], str]:
    """Run the suite; return the outcome of each test, and the output."""
    (folder / "conftest.py").write_text("from tests.forks import pytest_addoption, pytest_runtestloop\n")
    (folder / "test_suite.py").write_text(SUITE)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:faker", "-p", "no:hypothesispytest"]
    command += ["-c", "/dev/null", "--rootdir", str(folder), "-rs", "--junitxml=report.xml", *options]
    done = subprocess.run(
        command, cwd=folder, env={"PYTHONPATH": str(ROOT), "PATH": ""}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stdout + done.stderr
    cases = ElementTree.parse(folder / "report.xml").iter("testcase")
    return {case.get("name", ""): case[0].tag if len(case) else "passed" for case in cases}, done.stdout


@pytest.mark.slow
def test_each_test_runs_once_and_is_reported(tmp_path: Path) -> None:
    outcomes, output = run(tmp_path, "--forks", "2")
    calls = [line.split() for line in (tmp_path / "calls").read_text().splitlines()]
    assert sorted(int(number) for number, _, _ in calls) == list(range(40))
    processes, folders = ({call[column] for call in calls} for column in (1, 2))
    assert 2 <= len(processes) == len(folders) <= 3  # the third one replaces the one that was killed
    unusual = {name: outcome for name, outcome in outcomes.items() if outcome != "passed"}
    assert unusual == {"test_fails": "failure", "test_is_killed": "failure", "test_is_skipped": "skipped"}
    assert len(outcomes) == 44
    assert "The process that ran the test ended with -9." in output
    assert "assert (1 + 1) == 3" in output
    assert output.splitlines().count("a printed line") == 1  # in the report of the failure
    assert "a warned line" in output
    assert "not today" in output
    assert "quiet" not in output


@pytest.mark.slow
def test_the_first_failure_ends_the_run_if_that_is_asked_for(tmp_path: Path) -> None:
    outcomes, output = run(tmp_path, "--forks", "2", "-x")
    assert "stopping after 1 failures" in output
    assert len(outcomes) < 44
