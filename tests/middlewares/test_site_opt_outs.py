"""A site's tdmrep.json is fetched once a day, before the first article, and stored."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from scrapy import Request
from scrapy.http import Response

from caliber_crawler.crawling.run import CrawlRun
from caliber_crawler.items import SITE_OPTS_OUT, Capture
from caliber_crawler.middlewares.site_opt_outs import MAX_AGE, SiteOptOutsMiddleware
from caliber_crawler.opt_outs import TDMREP_PATH
from tests.crawl.runs import SITE, entry, running_on, url_of

FILE = f"{SITE.base_url}{TDMREP_PATH}"
RESERVED = b'[{"location": "/en/post/", "tdm-reservation": 1, "tdm-policy": "https://caliber.az/policy.json"}]'


class FakeNetwork:
    """Answers every request with the same response, and records the URLs."""

    def __init__(self, status: int = 200, body: bytes = RESERVED, error: Exception | None = None) -> None:
        self.status, self.body, self.error = status, body, error
        self.requested: list[str] = []

    async def download(self, request: Request) -> Response:
        self.requested.append(request.url)
        await asyncio.sleep(0)
        if self.error is not None:
            raise self.error
        return Response(request.url, status=self.status, body=self.body, headers={"Content-Type": "application/json"})


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 1, 7, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def run(tmp_path: Path) -> Iterator[CrawlRun]:
    with running_on(tmp_path) as started:
        yield started


def middleware_on(run: CrawlRun, network: FakeNetwork, clock: Clock) -> SiteOptOutsMiddleware:
    return SiteOptOutsMiddleware(network.download, run.archive.captures, site=SITE.name, run_id=run.id, clock=clock)


def marks(middleware: SiteOptOutsMiddleware, *requests: Request) -> list[bytes | None]:
    """The reservation header of each response; all pages are requested concurrently."""

    async def one(request: Request) -> bytes | None:
        await middleware.process_request(request)
        response = await middleware.process_response(request, Response(request.url))
        return response.headers.get(SITE_OPTS_OUT)

    async def together() -> list[bytes | None]:
        return await asyncio.gather(*map(one, requests))

    return asyncio.run(together())


def article(slug: str = "a", **fields: str) -> Request:
    return Request(url_of(slug), cb_kwargs={"entry": entry(slug, **fields)})


def stored(run: CrawlRun) -> list[Capture]:
    return [run.archive.captures.get(row["id"]) for row in run.archive.db.query("select id from captures order by id")]


def test_reserved_articles_are_marked_and_tdmrep_json_is_fetched_once(run: CrawlRun) -> None:
    network = FakeNetwork()
    middleware = middleware_on(run, network, Clock())
    assert marks(middleware, *(article(name) for name in "abc")) == [b"1 https://caliber.az/policy.json"] * 3
    assert network.requested == [FILE]
    (capture,) = stored(run)
    assert (capture.url, capture.kind, capture.status, capture.body) == (FILE, "tdmrep", 200, RESERVED)


def test_lists_and_pages_that_are_not_reserved_are_not_marked(run: CrawlRun) -> None:
    network = FakeNetwork(body=RESERVED.replace(b"/en/post/", b"/ru/"))
    assert marks(middleware_on(run, network, Clock()), article()) == [None]
    listing = Request(url_of("list"), cb_kwargs={"entry": entry("list", kind="listing")})
    unused = FakeNetwork()
    assert marks(middleware_on(run, unused, Clock()), listing, Request(url_of("a"))) == [None, None]
    assert unused.requested == []


def test_a_start_page_counts_as_an_article(run: CrawlRun) -> None:
    assert marks(middleware_on(run, FakeNetwork(), Clock()), article(kind="listing", discovered_via="start_page")) != [
        None
    ]


@pytest.mark.parametrize(
    "network", [FakeNetwork(404), FakeNetwork(500), FakeNetwork(204), FakeNetwork(error=TimeoutError())]
)
def test_a_host_without_tdmrep_json_reserves_nothing(run: CrawlRun, network: FakeNetwork) -> None:
    network.requested.clear()
    assert marks(middleware_on(run, network, Clock()), article()) == [None]
    (capture,) = stored(run)
    assert (capture.status, capture.error is None) == ((None, False) if network.error else (network.status, True))


def test_a_stored_tdmrep_json_is_valid_for_a_day_in_later_runs(run: CrawlRun) -> None:
    clock, network = Clock(), FakeNetwork()
    marks(middleware_on(run, network, clock), article())
    clock.now += MAX_AGE - timedelta(seconds=1)
    assert marks(middleware_on(run, network, clock), article()) != [None]
    assert len(network.requested) == 1
    clock.now += timedelta(seconds=1)
    marks(middleware_on(run, network, clock), article())
    assert len(network.requested) == 2


def test_a_tdmrep_json_from_the_future_is_fetched_again(run: CrawlRun) -> None:
    """The clock of the machine was wrong when it was stored."""
    clock, network = Clock(), FakeNetwork()
    clock.now += 400 * MAX_AGE
    marks(middleware_on(run, network, clock), article())
    clock.now -= 400 * MAX_AGE
    assert marks(middleware_on(run, network, clock), article()) != [None]
    assert len(network.requested) == 2


def test_tdmrep_json_is_fetched_again_after_a_day_within_a_run(run: CrawlRun) -> None:
    clock, network = Clock(), FakeNetwork()
    middleware = middleware_on(run, network, clock)
    marks(middleware, article())

    async def later() -> None:
        for seconds, times in ((-1, 1), (0, 2)):
            clock.now = datetime(2026, 1, 7, tzinfo=UTC) + MAX_AGE + timedelta(seconds=seconds)
            await middleware.process_request(article())
            assert len(network.requested) == times

    asyncio.run(later())


def test_a_failed_download_of_tdmrep_json_is_not_cached(run: CrawlRun) -> None:
    clock, network = Clock(), FakeNetwork(error=TimeoutError())
    marks(middleware_on(run, network, clock), article())
    clock.now += timedelta(minutes=1)
    marks(middleware_on(run, network, clock), article())
    assert len(network.requested) == 2


def test_the_newest_capture_of_a_url_is_found(run: CrawlRun) -> None:
    captures = run.archive.captures
    assert captures.latest(FILE) is None
    at = datetime(2026, 1, 7, tzinfo=UTC)
    for hours, body in ((2, b"newest"), (1, b"older")):
        fetched_at = at + timedelta(hours=hours)
        captures.store(
            Capture(site=SITE.name, kind="tdmrep", url=FILE, fetched_at=fetched_at, status=200, body=body), run.id
        )
    captures.store(Capture(site=SITE.name, url=url_of("a"), fetched_at=at + MAX_AGE, status=200), run.id)
    latest = captures.latest(FILE)
    assert latest is not None
    assert latest.body == b"newest"
