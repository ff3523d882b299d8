"""The report of a day of many sites in one process, and an hour of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.one_day import Log
from tests.tooling.repository import ROOT

HOUR = 3_600.0


def log_of(folder: Path, *requests: tuple[int, float], wait: float = 0.5) -> Log:
    """The log of requests that were sent at these times and received some seconds later."""
    path = folder / "requests.tsv"
    path.write_text("".join(f"{site}\t{at + wait:.4f}\t{at:.4f}\n" for site, at in requests))
    return Log(path, [0.0, HOUR])


def test_a_lag_is_the_time_from_the_full_hour_to_the_first_request(tmp_path: Path) -> None:
    log = log_of(tmp_path, (1, 2.0), (2, 3.0), (1, 3.5), (2, HOUR + 5), (1, HOUR + 9), (1, 2 * HOUR))
    assert log.lags == {0: [2.0, 3.0], 1: [5.0, 9.0]}
    assert log.requests == {0: 3, 1: 2}, "the third hour has not ended"
    assert log.waits[1] == [pytest.approx(0.5)] * 2


def test_an_early_request_is_counted(tmp_path: Path) -> None:
    log = log_of(tmp_path, (1, 0.0), (2, 0.1), (1, 1.0), (1, 1.5), (2, 1.1), (1, 3.0))
    assert log.early[0] == 1
    assert log.shortest[0] == pytest.approx(0.5)


def test_the_most_requests_of_a_site_in_ten_seconds_are_counted(tmp_path: Path) -> None:
    allowed = [(1, float(at)) for at in range(30)]
    assert log_of(tmp_path, *allowed).most[0] == 10
    assert log_of(tmp_path, *allowed, (1, 29.5), (1, 29.6)).most[0] == 12


@pytest.mark.slow
def test_hours_of_two_sites(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.one_day", "--folder", tmp_path, "--sites", "2", "--hours", "2"]
    environment = {**os.environ, "CALIBER_CONTACT": "ada@example.org"}
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, timeout=200)
    hours = [json.loads(line) for line in (tmp_path / "hours.jsonl").read_text().splitlines()]
    assert [hour.get("failed", 0) for hour in hours] == [0, 0]
    assert hours[0]["new"] > 0
    log = Log(tmp_path / "requests.tsv", [hour["at"] for hour in hours])
    assert [len(log.lags[number]) for number in (0, 1)] == [2, 2]
    assert max(log.most.values()) <= 10
    assert not log.early.total()
