"""A running crawl records heartbeats, so that a killed one is detected."""

from __future__ import annotations

import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from caliber_crawler.archive import Archive
from tests.conftest import command, environment

FREQUENT_HEARTBEATS = """
import sys
from caliber_crawler.commands.cli import main
from caliber_crawler.crawling import run

run.HEARTBEAT = 0.3
main(sys.argv[1:])
"""
"""The command with a heartbeat interval of less than a second."""


def recorded(archive: Path) -> tuple[str, int] | None:
    """The outcome and number of pages of the archive's run."""
    try:
        with closing(sqlite3.connect(f"file:{archive}?mode=ro", uri=True)) as connection:
            return connection.execute("select outcome, coalesce(counts ->> 'pages', 0) from runs").fetchone()
    except sqlite3.Error:
        return None


@pytest.mark.slow
def test_a_run_records_its_progress_until_it_is_killed(serve: Callable[..., Any], tmp_path: Path) -> None:
    archive, seen = tmp_path / "a.db", set()
    with serve(articles=120, sections=("analytics",)) as demo:
        arguments = ("crawl", "--base-url", demo.base_url, "--archive", archive, "--delay", 0.2)
        process = subprocess.Popen(
            [*command()[:1], "-c", FREQUENT_HEARTBEATS, *map(str, arguments)],
            env=environment(),
            stdout=subprocess.DEVNULL,
        )
        until = time.monotonic() + 240
        try:
            while len(seen) < 4 and time.monotonic() < until:
                assert process.poll() is None
                if (now := recorded(archive)) is not None:
                    seen.add(now)
                time.sleep(0.05)
        finally:
            process.kill()
            process.wait()
    assert len({pages for _, pages in seen}) == len(seen) == 4, "more pages with each heartbeat"
    assert {outcome for outcome, _ in seen} == {"running"}
    with Archive.open(archive, mode="write") as opened:
        (run,) = opened.runs.last()
        assert (run["outcome"], run["reason"]) == ("interrupted", "its process ended unexpectedly")
