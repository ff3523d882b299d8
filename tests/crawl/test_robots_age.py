"""robots.txt is asked for again after a day, and what it says then holds from then on."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from scrapy import Request
from scrapy.http import Response

from caliber_crawler.archive import Archive
from caliber_crawler.crawling.run import CrawlRun
from caliber_crawler.crawling.scope import Scope
from caliber_crawler.demo.hostile import Behaviour, answering, in_turn
from caliber_crawler.fetching.refusals import Refusal
from caliber_crawler.middlewares.robots import RobotsMiddleware
from caliber_crawler.spiders.caliber import CaliberSpider
from tests.conftest import run_module

SITE = CaliberSpider.site
PAGE = Request("https://caliber.az/en/post/a")
ALLOWED, FORBIDDEN = b"User-agent: *\nAllow: /\n", b"User-agent: *\nDisallow: /en/post/\n"


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 7, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def wait(self, **time: float) -> None:
        self.now += timedelta(**time)


class Wire:
    """What the middleware asks through: gives one answer after the other, and remembers when it was asked."""

    def __init__(self, clock: Clock, answers: list[tuple[int, bytes]]) -> None:
        self.clock, self.answers = clock, answers
        self.asked: list[datetime] = []

    async def download(self, request: Request) -> Response:
        self.asked.append(self.clock())
        await asyncio.sleep(0)
        status, body = self.answers.pop(0)
        return Response(request.url, status=status, body=body)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[CrawlRun]:
    scope = Scope(site=SITE, languages=("en",), sections=("analytics",))
    with Archive.open(tmp_path / "a.db", mode="write") as archive:
        yield CrawlRun(archive, scope, user_agent="test", settings={})


def middleware(run: CrawlRun, clock: Clock, *answers: tuple[int, bytes]) -> tuple[RobotsMiddleware, Wire]:
    wire = Wire(clock, list(answers))
    robots = RobotsMiddleware(
        wire.download,
        run.scope.site.base_url,
        hosts=run.archive.hosts,
        throttle=run.throttle,
        halt=run.accounts.halt,
        clock=clock,
    )
    return robots, wire


def test_the_rules_of_a_day_hold_for_a_day_and_no_longer(run: CrawlRun) -> None:
    clock = Clock()
    robots, wire = middleware(run, clock, (200, ALLOWED), (200, FORBIDDEN))

    async def ask() -> None:
        await asyncio.gather(*(robots.process_request(PAGE) for _ in range(5)))
        clock.wait(hours=23, minutes=59)
        await robots.process_request(PAGE)
        assert len(wire.asked) == 1
        clock.wait(minutes=1)
        with pytest.raises(Refusal, match="forbids"):
            await robots.process_request(PAGE)
        assert len(wire.asked) == 2

    asyncio.run(ask())


@pytest.mark.parametrize("status", [500, 503, 429])
def test_rules_that_cannot_be_renewed_end_the_run(run: CrawlRun, status: int) -> None:
    clock = Clock()
    robots, _ = middleware(run, clock, (200, ALLOWED), (status, b""))

    async def ask() -> None:
        await robots.process_request(PAGE)
        clock.wait(days=1)
        with pytest.raises(Refusal):
            await robots.process_request(PAGE)

    asyncio.run(ask())
    assert run.accounts.halted is not None
    assert run.accounts.halted.code == "robots_unavailable"
    assert str(status) in run.accounts.halted.clause


def test_a_longer_crawl_delay_holds_as_soon_as_it_is_read(run: CrawlRun) -> None:
    clock = Clock()
    robots, _ = middleware(run, clock, (200, ALLOWED), (200, b"User-agent: *\nCrawl-delay: 7\n"))

    async def ask() -> None:
        await robots.process_request(PAGE)
        assert run.throttle.acquire("caliber.az", clock()) == run.throttle.acquire("caliber.az", clock()) == 0
        clock.wait(days=1)
        await robots.process_request(PAGE)
        run.throttle.acquire("caliber.az", clock())
        assert run.throttle.acquire("caliber.az", clock()) == 7

    asyncio.run(ask())


def test_all_hosts_of_a_site_share_one_delay(tmp_path: Path) -> None:
    scope, now = Scope(site=SITE, languages=("en",), sections=()), Clock().now
    with Archive.open(tmp_path / "a.db", mode="write") as archive:
        throttle = CrawlRun(archive, scope, user_agent="test", settings={}, delay=5).throttle
        assert [throttle.acquire(host, now) for host in ("caliber.az", "www.caliber.az", "cdn.caliber.az")] == [
            0,
            5,
            10,
        ]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("later", "outcome"),
    [(answering(200, FORBIDDEN), "finished"), (answering(503), "stopped")],
    ids=["forbidden", "503"],
)
def test_a_crawl_that_outlives_its_rules_obeys_the_new_ones(
    misbehave: Callable[..., Any], tmp_path: Path, later: Behaviour, outcome: str
) -> None:
    archive = tmp_path / "a.db"
    with misbehave(instead={"/robots.txt": in_turn(answering(200, ALLOWED), later)}) as site:
        arguments = ("-a", f"base_url={site.base_url}", "-a", "language=en", "-a", "via=listing")
        settings = ("-s", "DOWNLOAD_DELAY=0.4", "-s", "ROBOTSTXT_MAX_AGE=2", "-s", "BACKOFF_MAX=1")
        done = run_module("scrapy", "crawl", "caliber", *arguments, *settings, CALIBER_ARCHIVE=str(archive))
        paths, articles = site.paths(), len(site.truth(language="en"))
    assert done.exit_code == 0, done.stderr
    renewed = paths.index("/robots.txt", 1)
    read = [path for path in paths[:renewed] if path.startswith("/en/post/")]
    assert 0 < len(read) < articles
    assert not [path for path in paths[renewed:] if path.startswith("/en/post/")]
    with closing(sqlite3.connect(archive)) as connection:
        assert connection.execute("select outcome from runs").fetchone() == (outcome,)
        assert connection.execute("select count(*) from articles").fetchone() == (len(read),)
