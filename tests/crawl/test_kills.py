"""A crawl that is killed repeatedly loses nothing, duplicates nothing, and never reports ``finished`` too early."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.conftest import Result, start
from tests.hostile.site import Exchange
from tests.preloaded import Fork

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

ARTICLES, KILLS, CONCURRENCY = 400, 10, 8


def counts(archive: Path) -> tuple[int, int]:
    """The numbers of runs and of article pages in an archive, which may not exist yet."""
    query = "select (select count(*) from runs), (select count(*) from captures where kind = 'article')"
    try:
        with closing(sqlite3.connect(f"file:{archive}?mode=ro", uri=True)) as connection:
            runs, pages = connection.execute(query).fetchone()
            return runs, pages
    except sqlite3.Error:
        return 0, 0


def stored_pages(archive: Path) -> int:
    return counts(archive)[1]


def kill_at(archive: Path, captures: int, arguments: tuple[object, ...]) -> None:
    """Start a crawl, and kill it when its run has begun and the archive has ``captures`` article pages."""
    least = (counts(archive)[0] + 1, captures)
    process = start(*arguments)
    deadline = time.monotonic() + 240
    while process.poll() is None and time.monotonic() < deadline:
        if all(number >= wanted for number, wanted in zip(counts(archive), least, strict=True)):
            break
        time.sleep(0.01)
    assert process.poll() is None, "the crawl ended before it could be killed"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


def unprocessed(archive: Path) -> set[str]:
    """Paths of stored article pages that are not extracted yet."""
    with closing(sqlite3.connect(archive)) as connection:
        rows = connection.execute(
            """select f.url from frontier f join captures c on c.url = f.url
            where c.kind = 'article' and c.version_id is null and f.state = 'queued'"""
        )
        return {urlsplit(url).path for (url,) in rows}


def test_ten_kills_lose_nothing(serve: Callable[..., Any], caliber: Callable[..., Result], tmp_path: Path) -> None:
    archive = tmp_path / "a.db"
    points = sorted(random.Random(4).sample(range(1, ARTICLES - 100), KILLS))  # the same points each time
    with serve(articles=ARTICLES, sections=("analytics",)) as demo:
        arguments = (
            "crawl",
            "--base-url",
            demo.base_url,
            "--archive",
            archive,
            "--delay",
            0,
            "--concurrency",
            CONCURRENCY,
        )
        had: dict[str, int] = {}
        for point in points:
            kill_at(archive, point, arguments)
            requested = Counter(request["path"] for request in demo.requests())
            had |= {path: requested[path] for path in unprocessed(archive)}
        last = caliber(*arguments, "--json")
        fetched = Counter(request["path"] for request in demo.requests() if "/post/" in request["path"])
        lists = Counter(request["path"] for request in demo.requests() if "/category/" in request["path"])
        truth = demo.truth()
    with closing(sqlite3.connect(archive)) as connection:
        value = lambda query: connection.execute(query).fetchone()[0]  # noqa: E731
        assert {slug for (slug,) in connection.execute("select slug from article_texts")} == truth.keys()
        assert value("select count(*) from versions") == len(truth)
        assert value("select count(*) from runs where outcome = 'interrupted'") == KILLS
        assert value("select count(*) from runs where outcome = 'finished'") == 1
        assert value("pragma integrity_check") == "ok"
    assert last.exit_code == 0, last.stderr
    assert last.json["remaining"] == 0
    assert last.json["discovered"] == sum(
        last.json.get(name, 0) for name in ("stored", "unchanged", "refused", "failed")
    )
    assert had, "no kill left a page between capture and extraction"
    assert {path: fetched[path] for path in had} == had, "a stored page was fetched again"
    assert sum(fetched.values()) - len(fetched) <= KILLS * CONCURRENCY, "more extra fetches than were in flight"
    # Each run begins with the first pages of the three listings; interrupted traversals resume.
    assert sum(lists.values()) - len(lists) <= KILLS * (3 + CONCURRENCY), "listings were traversed repeatedly"


def test_the_summary_counts_articles_from_the_archive(
    serve: Callable[..., Any], caliber: Callable[..., Result], tmp_path: Path
) -> None:
    archive, left = tmp_path / "a.db", set[str]()
    with serve(articles=160, sections=("analytics",)) as demo:
        arguments = (
            "crawl",
            "--base-url",
            demo.base_url,
            "--archive",
            archive,
            "--delay",
            0,
            "--concurrency",
            CONCURRENCY,
        )
        for point in range(20, 130, 20):
            kill_at(archive, point, arguments)
            if left := unprocessed(archive):
                break
        before = len(demo.requests())
        last = caliber(*arguments)
        requested = [request for request in demo.requests()[before:] if "/post/" in request["path"]]
    assert f"resumed: {len(left)} articles" in last.stdout
    assert f"requests: {len(requested)} articles" in last.stdout


def interrupt(process: Fork, archive: Path) -> tuple[float, str]:
    """Send Ctrl-C once; return the seconds until the process ends, and the outcome of the run."""
    started = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=100) == 1
    with closing(sqlite3.connect(archive)) as connection:
        ((outcome,),) = connection.execute("select outcome from runs").fetchall()
    return time.monotonic() - started, outcome


def test_an_interrupt_does_not_wait_for_the_delay(serve: Callable[..., Any], tmp_path: Path) -> None:
    archive = tmp_path / "a.db"
    with serve(articles=60, sections=("analytics",)) as demo:
        arguments = ("--base-url", demo.base_url, "--archive", archive, "--delay", 60)
        process = start("crawl", *arguments)
        while not demo.requests():
            time.sleep(0.05)
        time.sleep(1)
        seconds, outcome = interrupt(process, archive)
    assert (seconds < 40, outcome) == (True, "stopped")


def test_an_interrupt_waits_for_at_most_one_timeout_of_a_site_that_hangs(
    misbehave: Callable[..., Any], tmp_path: Path
) -> None:
    archive = tmp_path / "a.db"

    async def hang(exchange: Exchange) -> None:
        await asyncio.sleep(50)

    with misbehave(instead={"/robots.txt": hang}) as site:
        arguments = ("crawl", "caliber", "-a", f"base_url={site.base_url}")
        settings = ("-s", "DOWNLOAD_TIMEOUT=8", "-s", "DOWNLOAD_DELAY=0", "-s", f"ARCHIVE={archive}")
        process = start(*arguments, *settings, module="scrapy")
        while not archive.exists() or not running(archive):
            time.sleep(0.05)
        time.sleep(1)
        started = time.monotonic()
        process.send_signal(signal.SIGINT)
        process.wait(timeout=100)
    assert time.monotonic() - started < 22


def running(archive: Path) -> bool:
    try:
        with closing(sqlite3.connect(f"file:{archive}?mode=ro", uri=True)) as connection:
            return bool(connection.execute("select 1 from runs").fetchone())
    except sqlite3.Error:
        return False


def test_a_second_interrupt_stops_at_once(serve: Callable[..., Any], tmp_path: Path) -> None:
    archive = tmp_path / "a.db"
    with serve(articles=60, sections=("analytics",), clock=None) as demo:
        process = start("crawl", "--base-url", demo.base_url, "--archive", archive, "--delay", 30)
        while not demo.requests():
            time.sleep(0.05)
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        started = time.monotonic()
        process.wait(timeout=100)
    assert time.monotonic() - started < 15
