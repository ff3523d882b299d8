"""A site's file of rights reservations is fetched once a day, before its first article, and stored."""

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
from caliber_crawler.middlewares.site_opt_outs import MAX_AGE, SiteReservationsMiddleware
from caliber_crawler.opt_outs import SITE_FILE
from tests.crawl.runs import SITE, entry, running_on, url_of

FILE = f"{SITE.base_url}{SITE_FILE}"
RESERVED = b'[{"location": "/en/post/", "tdm-reservation": 1, "tdm-policy": "https://caliber.az/policy.json"}]'


class Wire:
    """Answers every request alike, and counts them."""

    def __init__(self, status: int = 200, body: bytes = RESERVED, error: Exception | None = None) -> None:
        self.status, self.body, self.error = status, body, error
        self.asked: list[str] = []

    async def download(self, request: Request) -> Response:
        self.asked.append(request.url)
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


def over(run: CrawlRun, wire: Wire, clock: Clock) -> SiteReservationsMiddleware:
    return SiteReservationsMiddleware(wire.download, run.archive.captures, site=SITE.name, run_id=run.id, clock=clock)


def marks(middleware: SiteReservationsMiddleware, *requests: Request) -> list[bytes | None]:
    """The reservation with which each page comes back; all are requested at once."""

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


def test_articles_that_the_file_reserves_are_marked_and_it_is_fetched_once(run: CrawlRun) -> None:
    wire = Wire()
    middleware = over(run, wire, Clock())
    assert marks(middleware, *(article(name) for name in "abc")) == [b"1 https://caliber.az/policy.json"] * 3
    assert wire.asked == [FILE]
    (capture,) = stored(run)
    assert (capture.url, capture.kind, capture.status, capture.body) == (FILE, "tdmrep", 200, RESERVED)


def test_pages_that_it_does_not_reserve_and_lists_are_not_marked(run: CrawlRun) -> None:
    wire = Wire(body=RESERVED.replace(b"/en/post/", b"/ru/"))
    assert marks(over(run, wire, Clock()), article()) == [None]
    listing = Request(url_of("list"), cb_kwargs={"entry": entry("list", kind="listing")})
    quiet = Wire()
    assert marks(over(run, quiet, Clock()), listing, Request(url_of("a"))) == [None, None]
    assert quiet.asked == []


def test_a_page_that_a_person_named_is_an_article_here(run: CrawlRun) -> None:
    assert marks(over(run, Wire(), Clock()), article(kind="listing", discovered_via="start_page")) != [None]


@pytest.mark.parametrize("wire", [Wire(404), Wire(500), Wire(204), Wire(error=TimeoutError())])
def test_a_host_without_the_file_reserves_nothing(run: CrawlRun, wire: Wire) -> None:
    wire.asked.clear()
    assert marks(over(run, wire, Clock()), article()) == [None]
    (capture,) = stored(run)
    assert (capture.status, capture.error is None) == ((None, False) if wire.error else (wire.status, True))


def test_a_stored_file_holds_for_a_day_in_later_runs(run: CrawlRun) -> None:
    clock, wire = Clock(), Wire()
    marks(over(run, wire, clock), article())
    clock.now += MAX_AGE - timedelta(seconds=1)
    assert marks(over(run, wire, clock), article()) != [None]
    assert len(wire.asked) == 1
    clock.now += timedelta(seconds=1)
    marks(over(run, wire, clock), article())
    assert len(wire.asked) == 2


def test_the_file_is_fetched_again_after_a_day_within_a_run(run: CrawlRun) -> None:
    clock, wire = Clock(), Wire()
    middleware = over(run, wire, clock)
    marks(middleware, article())

    async def later() -> None:
        for seconds, times in ((-1, 1), (0, 2)):
            clock.now = datetime(2026, 1, 7, tzinfo=UTC) + MAX_AGE + timedelta(seconds=seconds)
            await middleware.process_request(article())
            assert len(wire.asked) == times

    asyncio.run(later())


def test_a_failure_to_fetch_the_file_does_not_hold(run: CrawlRun) -> None:
    clock, wire = Clock(), Wire(error=TimeoutError())
    marks(over(run, wire, clock), article())
    clock.now += timedelta(minutes=1)
    marks(over(run, wire, clock), article())
    assert len(wire.asked) == 2


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
