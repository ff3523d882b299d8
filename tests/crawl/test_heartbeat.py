"""A run that is under way says so while it is, so that one that was killed is seen."""

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

OFTEN = """
import sys
from caliber_crawler.commands.cli import main
from caliber_crawler.crawling import run

run.HEARTBEAT = 0.3
main(sys.argv[1:])
"""
"""The command, giving its signs of life more often than each minute."""


def told(archive: Path) -> tuple[str, int] | None:
    """What the archive says of its run: how it ended, and how many pages it had fetched."""
    try:
        with closing(sqlite3.connect(f"file:{archive}?mode=ro", uri=True)) as connection:
            return connection.execute("select outcome, coalesce(counts ->> 'pages', 0) from runs").fetchone()
    except sqlite3.Error:
        return None


@pytest.mark.slow
def test_a_run_tells_how_far_it_is_until_it_is_killed(serve: Callable[..., Any], tmp_path: Path) -> None:
    archive, seen = tmp_path / "a.db", set()
    with serve(articles=120, sections=("analytics",)) as demo:
        arguments = ("crawl", "--base-url", demo.base_url, "--archive", archive, "--delay", 0.2)
        process = subprocess.Popen(
            [*command()[:1], "-c", OFTEN, *map(str, arguments)], env=environment(), stdout=subprocess.DEVNULL
        )
        until = time.monotonic() + 240
        try:
            while len(seen) < 4 and time.monotonic() < until:
                assert process.poll() is None
                if (now := told(archive)) is not None:
                    seen.add(now)
                time.sleep(0.05)
        finally:
            process.kill()
            process.wait()
    assert len({pages for _, pages in seen}) == len(seen) == 4, "more pages with each sign of life"
    assert {outcome for outcome, _ in seen} == {"running"}
    with Archive.open(archive, mode="write") as opened:
        (run,) = opened.runs.last()
        assert (run["outcome"], run["reason"]) == ("interrupted", "its process ended unexpectedly")
