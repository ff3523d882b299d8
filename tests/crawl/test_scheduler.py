"""The scheduler returns due frontier entries as requests, within the concurrency."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy import Request

from caliber_crawler.archive.core.checksums import without_triggers
from caliber_crawler.crawling.outcome import Halt
from caliber_crawler.crawling.recovery import resume_stored_pages
from caliber_crawler.crawling.run import CrawlRun
from caliber_crawler.scheduler import FrontierScheduler
from caliber_crawler.spiders.caliber import CaliberSpider
from tests.archive.newsroom import Newsroom
from tests.crawl.runs import add, capture, entry, running_on, url_of


@pytest.fixture
def run(tmp_path: Path) -> Iterator[CrawlRun]:
    with running_on(tmp_path) as started:
        yield started


def scheduler(run: CrawlRun | None, concurrency: int = 1) -> FrontierScheduler:
    instance = FrontierScheduler(run, concurrency)
    instance.open(CaliberSpider())
    return instance


def urls(instance: FrontierScheduler) -> list[str]:
    """The URLs of all requests until the scheduler waits."""
    return [request.url for request in iter(instance.next_request, None)]


def test_the_concurrency_limits_requested_pages_that_are_not_stored(run: CrawlRun) -> None:
    add(run, *(entry(name) for name in "abcdef"))
    instance = scheduler(run, 2)
    assert instance.has_pending_requests()
    assert urls(instance) == [url_of("a"), url_of("b")]
    run.dispatcher.mark_stored(url_of("a"))
    assert urls(instance) == [url_of("c")], "a is in extraction"
    for name in "bc":
        run.dispatcher.mark_stored(url_of(name))
    assert urls(instance) == [], "three are in extraction: nearly twice the concurrency"
    run.dispatcher.release(url_of("a"))
    assert urls(instance) == [url_of("d")]


def test_with_a_concurrency_of_1_a_page_is_processed_before_the_next_request(run: CrawlRun) -> None:
    add(run, entry("a"), entry("b"))
    instance = scheduler(run)
    assert urls(instance) == [url_of("a")]
    run.dispatcher.mark_stored(url_of("a"))
    assert urls(instance) == []
    run.dispatcher.release(url_of("a"))
    assert urls(instance) == [url_of("b")]


def test_requests_returned_by_scrapy_come_first(run: CrawlRun) -> None:
    add(run, entry("a"))
    instance = scheduler(run)
    assert instance.enqueue_request(Request("https://caliber.az/again"))
    assert instance.has_pending_requests()
    assert urls(instance) == ["https://caliber.az/again", url_of("a")]


def test_nothing_is_requested_after_a_halt(run: CrawlRun) -> None:
    add(run, entry("a"))
    instance = scheduler(run)
    instance.enqueue_request(Request("https://caliber.az/again"))
    run.accounts.halt(Halt("busy", "it is busy"))
    assert instance.next_request() is None
    assert not instance.has_pending_requests()


def test_lists_come_first_when_the_frontier_is_almost_empty(run: CrawlRun) -> None:
    add(run, entry("a", priority=60), entry("list", kind="listing", priority=10))
    assert urls(scheduler(run, 2)) == [url_of("list"), url_of("a")]


def test_an_alias_is_not_requested(run: CrawlRun) -> None:
    newsroom = Newsroom(run.archive, run.id)
    add(run, entry("a"))
    saved = newsroom.save(article_urls=(url_of("a"), url_of("5")))
    run.archive.frontier.mark_done(
        url_of("a"), run.started_at, status=200, article_id=saved.article_id, due_at=run.started_at.replace(year=2100)
    )
    add(run, entry("5"), entry("c", priority=10))
    assert urls(scheduler(run)) == [url_of("c")]
    assert run.accounts.counts["not_due"] == 1


def test_without_a_run_only_scrapys_own_requests_are_returned() -> None:
    instance = scheduler(None)
    assert not instance.has_pending_requests()
    instance.enqueue_request(Request("https://caliber.az/a"))
    assert urls(instance) == ["https://caliber.az/a"]


def test_the_concurrency_is_a_scrapy_setting(run: CrawlRun) -> None:
    crawler: Any = SimpleNamespace(
        get_extension=lambda kind: run, settings=SimpleNamespace(getint={"CONCURRENT_REQUESTS_PER_DOMAIN": 3}.get)
    )
    add(run, *(entry(name) for name in "abcdef"))
    instance = FrontierScheduler.from_crawler(crawler)
    instance.open(CaliberSpider())
    assert len(urls(instance)) == 3


def test_stored_pages_of_a_killed_crawl_are_resumed_and_not_requested(tmp_path: Path) -> None:
    with running_on(tmp_path) as killed:
        add(killed, entry("stored"), entry("damaged"), entry("fresh"))
        for name in ("stored", "damaged"):
            killed.archive.captures.store(capture(name, body=f"<p>{name} {'x' * 200}</p>".encode()), killed.id)
        with killed.archive.transaction(), without_triggers(killed.archive.db.conn, "bodies"):
            killed.archive.db.conn.execute(
                "update bodies set data = x'00' where digest = (select body_digest from captures where url = ?)",
                (url_of("damaged"),),
            )
    with running_on(tmp_path) as run:
        assert [page.url for page in resume_stored_pages(run)] == [url_of("stored")]
        assert run.accounts.counts["resumed"] == 1
        assert sorted(urls(scheduler(run, 5))) == [url_of("damaged"), url_of("fresh")]
