"""robots.txt is obeyed, fetched again after a day, and required for any other request."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from scrapy import Request
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadTimeoutError,
    StopDownload,
)
from scrapy.http import Response

from caliber_crawler.archive import Archive
from caliber_crawler.crawling.run import CrawlRun
from caliber_crawler.crawling.scope import Scope
from caliber_crawler.discovery.cdx_indexes import index_entry
from caliber_crawler.fetching.refusals import Refusal
from caliber_crawler.middlewares.robots import MAX_ROBOTS_BYTES, RobotsMiddleware
from caliber_crawler.robots_groups import BEGINNING, MAX_LINE_LENGTH
from caliber_crawler.spiders.caliber import CaliberSpider

SITE = CaliberSpider.site
PAGE = Request("https://caliber.az/en/post/a")
ALLOWED, DISALLOWED = b"User-agent: *\nAllow: /\n", b"User-agent: *\nDisallow: /en/post/\n"


class Clock:
    """A manual clock."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 7, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def wait(self, **time: float) -> None:
        self.now += timedelta(**time)


class FakeNetwork:
    """A download function with prepared responses that records the time of each request."""

    def __init__(self, clock: Clock, answers: list[tuple[int, bytes]]) -> None:
        self.clock, self.answers = clock, answers
        self.requested_at: list[datetime] = []

    async def download(self, request: Request) -> Response:
        self.requested_at.append(self.clock())
        await asyncio.sleep(0)
        status, body = self.answers.pop(0)
        return Response(request.url, status=status, body=body)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[CrawlRun]:
    scope = Scope(site=SITE, languages=("en",), sections=("analytics",))
    with Archive.open(tmp_path / "a.db", mode="write") as archive:
        yield CrawlRun(archive, scope, user_agent="test", settings={})


def middleware(run: CrawlRun, clock: Clock, *answers: tuple[int, bytes]) -> tuple[RobotsMiddleware, FakeNetwork]:
    network = FakeNetwork(clock, list(answers))
    robots = RobotsMiddleware(
        network.download,
        run.scope.site.base_url,
        hosts=run.archive.hosts,
        throttle=run.throttle,
        halt=run.accounts.halt,
        clock=clock,
    )
    return robots, network


def test_rules_are_cached_for_a_day(run: CrawlRun) -> None:
    clock = Clock()
    robots, network = middleware(run, clock, (200, ALLOWED), (200, DISALLOWED))

    async def check() -> None:
        await asyncio.gather(*(robots.process_request(PAGE) for _ in range(5)))
        clock.wait(hours=23, minutes=59)
        await robots.process_request(PAGE)
        assert len(network.requested_at) == 1
        clock.wait(minutes=1)
        with pytest.raises(Refusal, match="disallows"):
            await robots.process_request(PAGE)
        assert len(network.requested_at) == 2

    asyncio.run(check())


@pytest.mark.parametrize(
    "named", ["caliber_crawler/1.0", "Caliber_Crawler", "Mozilla/5.0 (compatible; caliber_crawler/2)"]
)
def test_a_group_for_this_crawler_may_name_a_version(run: CrawlRun, named: str) -> None:
    rules = f"User-agent: *\nAllow: /\n\nUser-agent: {named}\nDisallow: /en/post/\n".encode()
    robots, _ = middleware(run, Clock(), (200, rules))
    with pytest.raises(Refusal, match="disallows"):
        asyncio.run(robots.process_request(PAGE))


@pytest.mark.parametrize("named", ["my_caliber_crawler", "caliber_crawler2", "caliber_crawler-images"])
def test_a_group_for_another_crawler_is_not_obeyed(run: CrawlRun, named: str) -> None:
    robots, _ = middleware(run, Clock(), (200, f"User-agent: {named}\nDisallow: /\n".encode()))
    asyncio.run(robots.process_request(PAGE))


@pytest.mark.parametrize("rule", ["/en/post/a/", "/*/$", "/*?print$", "/en/post/*?id=", "/en/a%2Fb"])
def test_rules_are_matched_against_the_url_as_printed(run: CrawlRun, rule: str) -> None:
    robots, _ = middleware(run, Clock(), (200, f"User-agent: *\nDisallow: {rule}\n".encode()))
    printed = ("/en/post/a/", "/en/post/b/", "/en/post/c?print", "/en/post/d?id=", "/en/a%2Fb")
    refused = []
    for url in printed:
        try:
            asyncio.run(robots.process_request(Request(replace(SITE, trailing_slash=None).requested_url(url))))
        except Refusal:
            refused.append(url)
    place = ["/en/post/a/", "/*/$", "/*?print$", "/en/post/*?id=", "/en/a%2Fb"].index(rule)
    assert refused == (list(printed[:2]) if rule == "/*/$" else [printed[place]])


def test_one_robots_txt_of_a_site_is_enough_if_it_has_two(run: CrawlRun) -> None:
    robots, _ = middleware(run, Clock(), (200, ALLOWED), (503, b""))

    async def check() -> None:
        await robots.process_request(PAGE)
        with pytest.raises(Refusal):
            await robots.process_request(Request("http://www.caliber.az/en/post/a"))

    asyncio.run(check())
    assert run.accounts.halted is None


@pytest.mark.parametrize("status", [500, 503, 429])
def test_rules_that_cannot_be_refreshed_end_the_run(run: CrawlRun, status: int) -> None:
    clock = Clock()
    robots, _ = middleware(run, clock, (200, ALLOWED), (status, b""))

    async def check() -> None:
        await robots.process_request(PAGE)
        clock.wait(days=1)
        with pytest.raises(Refusal):
            await robots.process_request(PAGE)

    asyncio.run(check())
    assert run.accounts.halted is not None
    assert run.accounts.halted.code == "robots_unavailable"
    assert str(status) in run.accounts.halted.clause


def test_a_longer_crawl_delay_applies_as_soon_as_it_is_fetched(run: CrawlRun) -> None:
    clock = Clock()
    robots, _ = middleware(run, clock, (200, ALLOWED), (200, b"User-agent: *\nCrawl-delay: 7\n"))

    async def check() -> None:
        await robots.process_request(PAGE)
        assert run.throttle.acquire("caliber.az", clock()) == run.throttle.acquire("caliber.az", clock()) == 0
        clock.wait(days=1)
        await robots.process_request(PAGE)
        run.throttle.acquire("caliber.az", clock())
        assert run.throttle.acquire("caliber.az", clock()) == 7

    asyncio.run(check())


def test_all_hosts_of_a_site_share_one_delay(tmp_path: Path) -> None:
    scope, now = Scope(site=SITE, languages=("en",), sections=()), Clock().now
    with Archive.open(tmp_path / "a.db", mode="write") as archive:
        throttle = CrawlRun(archive, scope, user_agent="test", settings={}, delay=5).throttle
        assert [throttle.acquire(host, now) for host in ("caliber.az", "www.caliber.az", "cdn.caliber.az")] == [
            0,
            5,
            10,
        ]


class BrokenNetwork(FakeNetwork):
    """A network on which every request fails with the same error."""

    def __init__(self, clock: Clock, error: Exception) -> None:
        super().__init__(clock, [])
        self.error = error

    async def download(self, request: Request) -> Response:
        raise self.error


def refusal(robots: RobotsMiddleware, request: Request) -> str | None:
    """The reason code of a refused request; ``None`` for one that passes."""
    try:
        asyncio.run(robots.process_request(request))
    except Refusal as refused:
        return refused.code
    return None


def middleware_on(run: CrawlRun, network: FakeNetwork) -> RobotsMiddleware:
    return RobotsMiddleware(
        network.download,
        run.scope.site.base_url,
        hosts=run.archive.hosts,
        throttle=run.throttle,
        halt=run.accounts.halt,
        clock=network.clock,
    )


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ((200, ALLOWED), None),
        ((204, b""), None),
        ((299, DISALLOWED), "robots"),
        ((300, ALLOWED), "robots_unavailable"),
        ((199, ALLOWED), "robots_unavailable"),
        ((200, DISALLOWED), "robots"),
        ((200, b"User-agent: caliber_crawler\nDisallow: /en/\n"), "robots"),
        ((200, b"User-agent: other\nDisallow: /\n"), None),
        ((200, b"User-agent: *\nDisallow: /" + b"x" * MAX_LINE_LENGTH + b"\nDisallow: /en/post/\n"), "robots"),
        ((200, b"User-agent: *\nDisallow: /en/post/a" + b"*" * MAX_LINE_LENGTH), None),
        ((200, b"User-agent: *\nDisallow: /en/post/a" + b"*" * 1_900), "robots"),
        ((200, b"#" * MAX_ROBOTS_BYTES + b"\n" + DISALLOWED), None),
        ((400, b""), None),
        ((404, b""), None),
        ((499, b""), None),
        ((429, b""), "robots_unavailable"),
        ((500, b""), "robots_unavailable"),
        ((302, b""), "robots_unavailable"),
    ],
)
def test_a_page_is_requested_as_the_rules_allow(run: CrawlRun, answer: tuple[int, bytes], code: str | None) -> None:
    clock = Clock()
    robots, network = middleware(run, clock, answer)
    assert refusal(robots, PAGE) == code
    assert len(network.requested_at) == 1
    halted = run.accounts.halted.code if run.accounts.halted else None
    assert halted == (code if code == "robots_unavailable" else None)
    stored = run.archive.hosts.get("caliber.az")
    assert stored is not None
    assert stored["robots_status"] == answer[0]
    assert (stored["robots"] is not None) == (200 <= answer[0] < 300)


def test_unavailable_rules_of_another_host_fail_only_its_page(run: CrawlRun) -> None:
    robots, _ = middleware(run, Clock(), (503, b""))
    assert refusal(robots, Request("https://cdn.caliber.az/a.html")) == "no_robots"
    assert run.accounts.halted is None


@pytest.mark.parametrize(
    ("error", "halt", "code"),
    [
        (DownloadConnectionRefusedError(), "unreachable", "refused"),
        (CannotResolveHostError(), "unreachable", "dns"),
        (Refusal("private_address", "it resolves to 10.0.0.1"), "unreachable", "private_address"),
        (DownloadTimeoutError(), "robots_unavailable", "no_robots"),
    ],
)
def test_a_robots_txt_that_cannot_be_fetched_ends_the_run(
    run: CrawlRun, error: Exception, halt: str, code: str
) -> None:
    robots = middleware_on(run, BrokenNetwork(Clock(), error))
    assert refusal(robots, Request("https://cdn.caliber.az/a.html")) == code
    assert run.accounts.halted is None
    assert refusal(robots, PAGE) == halt
    assert run.accounts.halted is not None
    assert run.accounts.halted.code == halt
    assert "https://caliber.az/robots.txt could not be fetched" in run.accounts.halted.clause


def test_a_crawl_that_stops_during_the_download_of_robots_txt_records_nothing(run: CrawlRun) -> None:
    robots = middleware_on(run, BrokenNetwork(Clock(), Refusal("stopped", "the crawl was stopped")))
    assert refusal(robots, PAGE) == "stopped"
    assert run.accounts.halted is None
    assert run.archive.hosts.get("caliber.az") is None


def test_robots_txt_itself_and_the_index_of_a_web_archive_are_not_checked(run: CrawlRun) -> None:
    robots, network = middleware(run, Clock())
    index = index_entry("wayback", {"wayback": "https://index.example/cdx"}, run.scope, run.started_at)
    assert refusal(robots, Request("https://caliber.az/robots.txt", meta={"robots": True})) is None
    assert refusal(robots, Request(index.url, cb_kwargs={"entry": index})) is None
    assert network.requested_at == []


def test_the_download_of_a_robots_txt_ends_at_its_limit(run: CrawlRun) -> None:
    robots, _ = middleware(run, Clock())
    request = Request("https://caliber.az/robots.txt", meta=dict(BEGINNING))
    robots.stop_at_the_limit(b"x" * MAX_ROBOTS_BYTES, request)
    with pytest.raises(StopDownload):
        robots.stop_at_the_limit(b"x", request)
    robots.stop_at_the_limit(b"x" * 2 * MAX_ROBOTS_BYTES, PAGE)
