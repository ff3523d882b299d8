"""A crawl that is killed again and again loses nothing, doubles nothing, and never says it is finished too early."""

from __future__ import annotations

import asyncio
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
from urllib.parse import urlsplit

import pytest

from tests.conftest import Result, command, environment
from tests.hostile.site import Exchange

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

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
    deadline = time.monotonic() + 240
    while process.poll() is None and kept(archive) < captures and time.monotonic() < deadline:
        time.sleep(0.01)
    assert process.poll() is None, "the crawl ended before it could be killed"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


def unread(archive: Path) -> set[str]:
    """Paths of the articles whose pages are kept, and of which nothing is read yet."""
    with closing(sqlite3.connect(archive)) as connection:
        rows = connection.execute(
            """select f.url from frontier f join captures c on c.url = f.url
            where c.kind = 'article' and c.version_id is null and f.state = 'queued'"""
        )
        return {urlsplit(url).path for (url,) in rows}


def test_ten_kills_in_a_row_lose_nothing(
    serve: Callable[..., Any], caliber: Callable[..., Result], tmp_path: Path
) -> None:
    archive = tmp_path / "a.db"
    points = sorted(random.Random(4).sample(range(1, ARTICLES - 200), KILLS))  # the same points each time
    with serve(articles=ARTICLES, sections=("analytics",)) as demo:
        arguments = ("crawl", "--base-url", demo.base_url, "--archive", archive, "--delay", 0, "--concurrency", AT_ONCE)
        had: dict[str, int] = {}
        for point in points:
            kill_at(archive, point, arguments)
            asked = Counter(request["path"] for request in demo.requests())
            had |= {path: asked[path] for path in unread(archive)}
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
    assert had, "no kill met a page between its capture and its reading"
    assert {path: fetched[path] for path in had} == had, "a page that was kept already was fetched again"
    assert sum(fetched.values()) - len(fetched) <= KILLS * AT_ONCE, "more extra fetches than were in flight"
    # Each begins with the first pages of the three listings; from there on, the walks that were cut short go on.
    assert sum(lists.values()) - len(lists) <= KILLS * (3 + AT_ONCE), "listings were walked again and again"


def test_the_accounts_tell_what_came_from_the_archive(
    serve: Callable[..., Any], caliber: Callable[..., Result], tmp_path: Path
) -> None:
    archive, left = tmp_path / "a.db", set[str]()
    with serve(articles=400, sections=("analytics",)) as demo:
        arguments = ("crawl", "--base-url", demo.base_url, "--archive", archive, "--delay", 0, "--concurrency", AT_ONCE)
        for point in range(50, 300, 50):
            kill_at(archive, point, arguments)
            if left := unread(archive):
                break
        before = len(demo.requests())
        last = caliber(*arguments)
        asked = [request for request in demo.requests()[before:] if "/post/" in request["path"]]
    assert f"from the archive: {len(left)} articles" in last.stdout
    assert f"requests: {len(asked)} articles" in last.stdout


def interrupted(process: subprocess.Popen[bytes], archive: Path) -> tuple[float, str]:
    """Ctrl-C, once: how many seconds it takes to stop, and what the run says of itself."""
    started = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=100) == 1
    with closing(sqlite3.connect(archive)) as connection:
        ((outcome,),) = connection.execute("select outcome from runs").fetchall()
    return time.monotonic() - started, outcome


def test_an_interrupt_does_not_wait_for_the_next_turn(serve: Callable[..., Any], tmp_path: Path) -> None:
    archive = tmp_path / "a.db"
    with serve(articles=60, sections=("analytics",)) as demo:
        arguments = ("--base-url", demo.base_url, "--archive", archive, "--delay", 60)
        process = subprocess.Popen(command("crawl", *arguments), env=environment(), stdout=subprocess.DEVNULL)
        while not demo.requests():
            time.sleep(0.05)
        time.sleep(1)
        seconds, outcome = interrupted(process, archive)
    assert (seconds < 40, outcome) == (True, "stopped")


def test_an_interrupt_waits_for_one_answer_of_a_site_that_hangs_and_not_for_three(
    misbehave: Callable[..., Any], tmp_path: Path
) -> None:
    archive = tmp_path / "a.db"

    async def hang(exchange: Exchange) -> None:
        await asyncio.sleep(50)

    with misbehave(instead={"/robots.txt": hang}) as site:
        scrapy = [*command()[:1], "-m", "scrapy", "crawl", "caliber", "-a", f"base_url={site.base_url}"]
        settings = ("-s", "DOWNLOAD_TIMEOUT=8", "-s", "DOWNLOAD_DELAY=0", "-s", f"ARCHIVE={archive}")
        process = subprocess.Popen(
            [*scrapy, *settings], env=environment(), cwd=Path(__file__).parents[2], stdout=subprocess.DEVNULL
        )
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
        process.wait(timeout=100)
    assert time.monotonic() - started < 15
