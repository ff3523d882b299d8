"""Crawls obey the site's rules for crawlers, verified by the site's log."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Result, start
from tests.hostile.site import Behaviour, Exchange, answering, in_turn
from tests.hostile.tricks import redirecting

pytestmark = pytest.mark.slow

FAST = ("--delay", 0, "--language", "en", "--via", "listing")


def gaps(requests: list[dict[str, Any]]) -> list[float]:
    times = [datetime.fromisoformat(request["time"]).timestamp() for request in requests]
    return [later - earlier for earlier, later in pairwise(times)]


async def reset(exchange: Exchange) -> None:
    exchange.reset()


async def loop(exchange: Exchange) -> None:
    await exchange.answer(302, headers=[("Location", exchange.target)])


@pytest.mark.parametrize(
    "robots",
    [
        answering(500),
        answering(503, Retry_After="86400"),
        reset,
        loop,
        answering(302, Location="http://169.254.169.254/robots.txt"),
    ],
    ids=["500", "503", "reset", "loop", "metadata"],
)
def test_nothing_is_fetched_while_robots_txt_is_unavailable(
    misbehave: Callable[..., Any], caliber: Callable[..., Result], tmp_path: Path, robots: Behaviour
) -> None:
    archive = tmp_path / "a.db"
    with misbehave(instead={"/robots.txt": robots}) as site:
        result = caliber("crawl", "--base-url", site.base_url, "--archive", archive, *FAST)
        assert set(site.paths()) == {"/robots.txt"}
        assert len(site.paths()) <= 6
    assert result.exit_code in (13, 14), result.stderr
    assert "robots.txt" in result.stderr + result.stdout
    assert "Traceback" not in result.stderr
    with closing(sqlite3.connect(archive)) as connection:
        assert connection.execute("select outcome from runs").fetchone() == ("stopped",)
        assert connection.execute("select count(*) from frontier where state = 'queued'").fetchone() == (1,)


@pytest.mark.parametrize("status", [404, 403])
def test_a_site_without_a_robots_txt_allows_everything(
    misbehave: Callable[..., Any], caliber: Callable[..., Result], tmp_path: Path, status: int
) -> None:
    with misbehave(instead={"/robots.txt": answering(status)}) as site:
        result = caliber("crawl", "--base-url", site.base_url, "--archive", tmp_path / "a.db", *FAST, "--json")
        assert result.exit_code == 0, result.stderr
        assert result.json["stored"] == len(site.truth(language="en"))


def test_only_the_first_500_kib_of_a_robots_txt_are_parsed(
    misbehave: Callable[..., Any], caliber: Callable[..., Result], tmp_path: Path
) -> None:
    endless = b"User-agent: *\nDisallow: /en/post\n" + b"# and so on\n" * 3_000_000
    with misbehave(instead={"/robots.txt": answering(200, endless, Content_Type="text/plain")}) as site:
        result = caliber("crawl", "--base-url", site.base_url, "--archive", tmp_path / "a.db", *FAST, "--json")
        assert not [path for path in site.paths() if path.startswith("/en/post")]
        assert "/en/category/analytics" in site.paths()
    assert result.json["refused"] == result.json["discovered"] > 0


@pytest.mark.parametrize("rule", ["Crawl-delay: 1", "Request-rate: 10/10s"])
def test_a_crawl_delay_is_kept_through_kills_and_restarts(
    misbehave: Callable[..., Any], tmp_path: Path, rule: str
) -> None:
    robots = f"User-agent: *\n{rule}\n".encode()
    with misbehave(instead={"/robots.txt": answering(200, robots, Content_Type="text/plain")}) as site:
        arguments = (
            "crawl",
            "--base-url",
            site.base_url,
            "--archive",
            tmp_path / "a.db",
            "--delay",
            0.2,
            "--via",
            "listing",
        )
        for requests in (3, 6):
            process = start(*arguments, "--concurrency", 4)
            deadline = time.monotonic() + 120
            while len(site.paths()) < requests and time.monotonic() < deadline:
                time.sleep(0.02)
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
        requests = site.requests()
    assert len(requests) >= 6
    robots_at = {place for place, request in enumerate(requests) if request["path"] == "/robots.txt"}
    assert len(robots_at) == 2
    # One second, minus the time by which a busy server may log the previous request late.
    assert [delay for delay in gaps(requests) if delay < 0.8] == []


def test_redirects_and_retries_are_throttled_too(
    misbehave: Callable[..., Any], caliber: Callable[..., Result], tmp_path: Path
) -> None:
    tricks = {"/en/post/loop": loop, "/en/post/broken": answering(500), "/en/post/reset": reset}
    with misbehave(articles=3, tricks=tricks) as site:
        arguments = ("--base-url", site.base_url, "--archive", tmp_path / "a.db", *FAST[2:])
        caliber("crawl", *arguments, "--delay", 0.3, "--concurrency", 4)
        requested = site.paths()
        assert [requested.count(path) for path in tricks] == [6, 3, 3]
        # A busy server may log a request late: check a small minimum, and the sum of all delays.
        between = gaps(site.requests())
        assert min(between) > 0.05
        assert sum(between) > 0.9 * 0.3 * len(between)


def test_requests_never_overlap_by_default(
    misbehave: Callable[..., Any], caliber: Callable[..., Result], tmp_path: Path
) -> None:
    with misbehave() as site:
        caliber("crawl", "--base-url", site.base_url, "--archive", tmp_path / "a.db", *FAST)
        assert {request["in_flight"] for request in site.requests()} == {1}
        assert not any(request["referer"] or request["cookie"] for request in site.requests())


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_a_retry_after_is_obeyed(
    misbehave: Callable[..., Any], caliber: Callable[..., Result], tmp_path: Path, form: str
) -> None:
    async def answer_busy(exchange: Exchange) -> None:
        value = "2" if form == "seconds" else format_datetime(datetime.now(UTC) + timedelta(seconds=3), usegmt=True)
        await exchange.answer(503, headers=[("Retry-After", value)])

    async def answer_page(exchange: Exchange) -> None:
        response = exchange.site.respond(exchange.target)
        await exchange.answer(response.status, response.body, response.headers)

    listing = "/en/category/analytics"
    with misbehave(instead={listing: in_turn(answer_busy, answer_page)}) as site:
        result = caliber("crawl", "--base-url", site.base_url, "--archive", tmp_path / "a.db", *FAST, "--json")
        requested = [place for place, path in enumerate(site.paths()) if path == listing]
        assert len(requested) == 2
        assert gaps(site.requests())[requested[0]] >= 1.9
    assert result.exit_code == 0, result.stderr
    assert result.json["stored"] > 0


@pytest.mark.parametrize("value", ["-5", "soon", "999999999999999999999"])
def test_a_busy_host_is_requested_at_most_three_times(
    misbehave: Callable[..., Any], caliber: Callable[..., Result], tmp_path: Path, value: str
) -> None:
    with misbehave(instead={"*": answering(429, Retry_After=value), "/robots.txt": answering(404)}) as site:
        result = caliber("crawl", "--base-url", site.base_url, "--archive", tmp_path / "a.db", *FAST)
        assert len([path for path in site.paths() if path != "/robots.txt"]) <= 3
    assert result.exit_code == 14, result.stderr
    assert "Traceback" not in result.stderr


def test_a_retry_after_is_remembered(
    misbehave: Callable[..., Any], caliber: Callable[..., Result], tmp_path: Path
) -> None:
    archive = tmp_path / "a.db"
    with misbehave(instead={"/en/category/analytics": answering(503, Retry_After="7200")}) as site:
        arguments = ("crawl", "--base-url", site.base_url, "--archive", archive, *FAST)
        first = caliber(*arguments)
        requested = site.paths()
        second = caliber(*arguments)
        doctor = caliber("doctor", "--base-url", site.base_url, "--archive", archive, "--delay", 0)
        explained = caliber("explain", f"{site.base_url}/en/post/a", "--archive", archive)
        assert site.paths() == requested == ["/robots.txt", "/en/category/analytics"]
    assert first.exit_code == second.exit_code == 14
    assert "until" in first.stderr
    assert "until" in second.stderr
    assert doctor.exit_code == 14
    assert "accepts no requests until" in doctor.stderr
    assert "no requests to the site until" in explained.stdout


def test_redirects_to_another_host_end_the_run_and_keep_the_urls_due(
    misbehave: Callable[..., Any], caliber: Callable[..., Result], tmp_path: Path
) -> None:
    archive = tmp_path / "a.db"
    moved = {f"/en/post/moved-{number}": redirecting("https://new.example/") for number in range(30)}
    with misbehave(articles=9, tricks=moved) as site:
        result = caliber("crawl", "--base-url", site.base_url, "--archive", archive, *FAST)
        assert len([path for path in site.paths() if "moved" in path]) == 12
    assert result.exit_code == 14
    assert "led to new.example 12 times in a row" in result.stderr
    with closing(sqlite3.connect(archive)) as connection:
        assert connection.execute(
            "select count(*) from frontier where url like '%moved%' and due_at is null"
        ).fetchone() == (0,)


def test_repeated_server_errors_end_the_run(
    misbehave: Callable[..., Any], caliber: Callable[..., Result], tmp_path: Path
) -> None:
    async def broken(exchange: Exchange) -> None:
        listed = exchange.target.startswith(("/en/category", "/robots"))
        if listed:
            response = exchange.site.respond(exchange.target)
            await exchange.answer(response.status, response.body, response.headers)
        else:
            await exchange.answer(500)

    with misbehave(instead={"*": broken}) as site:
        result = caliber("crawl", "--base-url", site.base_url, "--archive", tmp_path / "a.db", *FAST, "--json")
        assert len([path for path in site.paths() if "/post/" in path]) <= 12
    assert result.exit_code == 14
    assert result.json["remaining"] + result.json["failed"] == result.json["discovered"]
    assert result.json["remaining"] > 0
