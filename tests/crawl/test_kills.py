"""A crawl that is killed again and again loses nothing, doubles nothing, and never says it is finished too early."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Result, command, environment

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

ARTICLES, KILLS, AT_ONCE = 1500, 10, 8


def kept(archive: Path) -> int:
    try:
        with closing(sqlite3.connect(f"file:{archive}?mode=ro", uri=True)) as connection:
            number: int = connection.execute("select count(*) from captures where kind = 'article'").fetchone()[0]
            return number
    except sqlite3.Error:
        return 0


def kill_at(archive: Path, captures: int, arguments: tuple[object, ...]) -> None:
    """Start a crawl, and kill it once the archive holds so many pages."""
    process = subprocess.Popen(
        command(*arguments), env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 60
    while process.poll() is None and kept(archive) < captures and time.monotonic() < deadline:
        time.sleep(0.01)
    assert process.poll() is None, "the crawl ended before it could be killed"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


def test_ten_kills_in_a_row_lose_nothing(
    serve: Callable[..., Any], caliber: Callable[..., Result], tmp_path: Path
) -> None:
    archive = tmp_path / "a.db"
    points = sorted(random.Random(4).sample(range(1, ARTICLES - 200), KILLS))  # the same points each time
    with serve(articles=ARTICLES, sections=("analytics",)) as demo:
        arguments = ("crawl", "--base-url", demo.base_url, "--archive", archive, "--delay", 0, "--concurrency", AT_ONCE)
        for point in points:
            kill_at(archive, point, arguments)
        last = caliber(*arguments, "--json")
        fetched = Counter(request["path"] for request in demo.requests() if "/post/" in request["path"])
        truth = demo.truth()
    with closing(sqlite3.connect(archive)) as connection:
        value = lambda query: connection.execute(query).fetchone()[0]  # noqa: E731
        assert {slug for (slug,) in connection.execute("select slug from article_texts")} == truth.keys()
        assert value("select count(*) from versions") == len(truth)
        assert value("select count(*) from runs where outcome = 'interrupted'") == KILLS
        assert value("select count(*) from runs where outcome = 'finished'") == 1
        assert value("pragma integrity_check") == "ok"
    assert last.exit_code == 0, last.stderr
    assert last.json["left"] == 0
    assert last.json["discovered"] == sum(
        last.json.get(name, 0) for name in ("stored", "unchanged", "refused", "failed")
    )
    assert sum(fetched.values()) - len(fetched) <= KILLS * AT_ONCE, "more extra fetches than were in flight"


def test_a_second_interrupt_stops_at_once(serve: Callable[..., Any], tmp_path: Path) -> None:
    archive = tmp_path / "a.db"
    with serve(articles=60, sections=("analytics",), clock=None) as demo:
        process = subprocess.Popen(
            command("crawl", "--base-url", demo.base_url, "--archive", archive, "--delay", 30),
            env=environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while not demo.requests():
            time.sleep(0.05)
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        started = time.monotonic()
        process.wait(timeout=20)
    assert time.monotonic() - started < 5
