"""The scheduler returns due entries of the frontier as requests, within the concurrency."""

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
    made = FrontierScheduler(run, concurrency)
    made.open(CaliberSpider())
    return made


def urls(made: FrontierScheduler) -> list[str]:
    """Everything that it returns until it waits."""
    return [request.url for request in iter(made.next_request, None)]


def test_no_more_pages_are_requested_than_the_concurrency_until_they_are_stored(run: CrawlRun) -> None:
    add(run, *(entry(name) for name in "abcdef"))
    made = scheduler(run, 2)
    assert made.has_pending_requests()
    assert urls(made) == [url_of("a"), url_of("b")]
    run.dispatcher.mark_stored(url_of("a"))
    assert urls(made) == [url_of("c")], "a is in extraction"
    for name in "bc":
        run.dispatcher.mark_stored(url_of(name))
    assert urls(made) == [], "three are in extraction: nearly twice the concurrency"
    run.dispatcher.release(url_of("a"))
    assert urls(made) == [url_of("d")]


def test_with_a_concurrency_of_one_a_page_is_finished_before_the_next(run: CrawlRun) -> None:
    add(run, entry("a"), entry("b"))
    made = scheduler(run)
    assert urls(made) == [url_of("a")]
    run.dispatcher.mark_stored(url_of("a"))
    assert urls(made) == []
    run.dispatcher.release(url_of("a"))
    assert urls(made) == [url_of("b")]


def test_what_scrapy_sends_back_comes_first(run: CrawlRun) -> None:
    add(run, entry("a"))
    made = scheduler(run)
    assert made.enqueue_request(Request("https://caliber.az/again"))
    assert made.has_pending_requests()
    assert urls(made) == ["https://caliber.az/again", url_of("a")]


def test_nothing_is_requested_after_a_halt(run: CrawlRun) -> None:
    add(run, entry("a"))
    made = scheduler(run)
    made.enqueue_request(Request("https://caliber.az/again"))
    run.accounts.halt(Halt("busy", "it is busy"))
    assert made.next_request() is None
    assert not made.has_pending_requests()


def test_lists_come_first_where_the_frontier_runs_dry(run: CrawlRun) -> None:
    add(run, entry("a", priority=60), entry("list", kind="listing", priority=10))
    assert urls(scheduler(run, 2)) == [url_of("list"), url_of("a")]


def test_an_alias_is_not_requested(run: CrawlRun) -> None:
    newsroom = Newsroom(run.archive, run.id)
    add(run, entry("a"))
    saved = newsroom.save(article_urls=(url_of("a"), url_of("b")))
    run.archive.frontier.mark_done(
        url_of("a"), run.started_at, status=200, article_id=saved.article_id, due_at=run.started_at.replace(year=2100)
    )
    add(run, entry("b"), entry("c", priority=10))
    assert urls(scheduler(run)) == [url_of("c")]
    assert run.accounts.counts["not_due"] == 1


def test_without_a_run_only_scrapys_own_requests_are_returned() -> None:
    made = scheduler(None)
    assert not made.has_pending_requests()
    made.enqueue_request(Request("https://caliber.az/a"))
    assert urls(made) == ["https://caliber.az/a"]


def test_its_concurrency_is_scrapys_setting(run: CrawlRun) -> None:
    crawler: Any = SimpleNamespace(
        get_extension=lambda kind: run, settings=SimpleNamespace(getint={"CONCURRENT_REQUESTS_PER_DOMAIN": 3}.get)
    )
    add(run, *(entry(name) for name in "abcdef"))
    made = FrontierScheduler.from_crawler(crawler)
    made.open(CaliberSpider())
    assert len(urls(made)) == 3


def test_pages_that_a_killed_crawl_stored_are_resumed_and_not_requested(tmp_path: Path) -> None:
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
