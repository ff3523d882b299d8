"""Each outcome of a page updates its frontier entry and one count in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from caliber_crawler.archive.core.times import whole_second
from caliber_crawler.crawling.run import CrawlRun
from caliber_crawler.items import Capture, Extraction, Problem
from tests.archive.newsroom import article
from tests.crawl.runs import (
    AGO,
    SITE,
    add,
    capture,
    dispatched,
    entry,
    expect_counts,
    frontier_entry,
    problem,
    reasons,
    running_on,
    save,
    store,
    url_of,
)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[CrawlRun]:
    with running_on(tmp_path) as started:
        yield started


# --- storing the page -------------------------------------------------------------------------------------------------


def test_a_stored_page_is_counted_and_stays_in_flight(run: CrawlRun) -> None:
    (page,) = dispatched(run, "a")
    stored = store(run, page)
    assert stored.id is not None
    assert run.archive.captures.get(stored.id).url == page.url
    assert run.accounts.counts["pages"] == 1
    assert (len(run.dispatcher), run.dispatcher.unstored) == (1, 0)


def test_long_pages_are_stored_as_served(run: CrawlRun) -> None:
    shell = "".join(f'<div class="c{number}"></div>' for number in range(2_000))
    pages = [replace(page, body=f"{shell}<p>{page.url}</p>".encode()) for page in dispatched(run, *"abcd")]

    async def store_all() -> list[Capture]:
        return await asyncio.gather(*map(run.settlement.store_capture, pages))

    stored = [store(run, pages[0]), *asyncio.run(store_all())]
    assert [run.archive.captures.get(one.id or 0).body for one in stored[1:]] == [page.body for page in pages]


# --- articles ---------------------------------------------------------------------------------------------------------


def test_a_new_article_is_stored_and_due_again(run: CrawlRun) -> None:
    (page,) = dispatched(run, "a")
    page = replace(page, headers=(("ETag", '"1"'), ("Last-Modified", "Tue, 06 Jan 2026 12:00:00 GMT")))
    extraction = save(run, page, published_at=page.fetched_at)
    after = frontier_entry(run, "a")
    assert (after.state, after.last_status, after.failures, after.priority) == ("done", 200, 0, 42)
    assert (after.etag, after.last_modified) == ('"1"', "Tue, 06 Jan 2026 12:00:00 GMT")
    assert after.due_at is not None
    assert after.article_id is not None
    first_age = SITE.revisits.ages[0]
    assert whole_second(extraction.capture.fetched_at + first_age) == after.due_at
    expect_counts(run, stored=1, new=1)
    assert len(run.dispatcher) == 0


def test_the_same_article_again_is_unchanged_and_an_edit_is_stored(run: CrawlRun) -> None:
    (page,) = dispatched(run, "a")
    save(run, page)
    later = replace(page, fetched_at=page.fetched_at + timedelta(hours=1), body=b"<p>again</p>")
    save(run, later)
    assert run.accounts.counts["unchanged"] == run.accounts.counts["revisited"] == 1
    assert run.accounts.counts["stored"] == run.accounts.counts["new"] == 1
    save(run, replace(later, fetched_at=later.fetched_at + timedelta(hours=1), body=b"<p>2</p>"), body="It was edited.")
    assert run.accounts.counts["updated"] == 1
    assert (run.accounts.counts["stored"], run.accounts.counts["unchanged"]) == (2, 1)


def test_a_page_of_an_earlier_extractor_is_extracted_again_outside_of_the_transaction(run: CrawlRun) -> None:
    (page,) = dispatched(run, "a")
    first = save(run, page, body="As an earlier extractor extracted it.")
    again: list[tuple[int | None, bool]] = []
    linked: list[str] = []

    async def extract(stored: Capture) -> Extraction:
        again.append((stored.id, run.archive.db.conn.in_transaction))
        return replace(found, capture=stored)

    run.settlement.reextract = extract
    later = store(run, replace(page, fetched_at=page.fetched_at + timedelta(hours=1), body=b"<p>again</p>"))
    text = article(url=page.url, urls=(page.url,), body="As the current extractor extracts it.")
    found = Extraction(capture=later, article=text, layout="new", extractor="test 2")
    asyncio.run(run.settlement.save(found, lambda extraction: linked.append(extraction.article.url)))
    assert again == [(first.capture.id, False)]
    assert linked == [page.url]
    rows = run.archive.db.execute("SELECT cause, extractor, replaced_by IS NULL FROM versions ORDER BY id").fetchall()
    assert rows == [("first", "test 1", 0), ("reextract", "test 2", 1)]
    assert (run.accounts.counts["stored"], run.accounts.counts["updated"]) == (2, 1)


def test_additional_writes_are_part_of_the_transaction_of_an_article(run: CrawlRun) -> None:
    (page,) = dispatched(run, "a")

    def fail(extraction: Extraction) -> None:
        add(run, entry("linked"))
        raise RuntimeError

    with pytest.raises(RuntimeError):
        save(run, page, fail)
    assert run.archive.frontier.get(url_of("linked")) is None
    assert frontier_entry(run, "a").state == "queued"
    assert len(run.dispatcher) == 1


def test_an_article_with_warnings_is_stored_and_the_warnings_are_problems(run: CrawlRun) -> None:
    (page,) = dispatched(run, "a")
    stored = store(run, replace(page, body=b"<p>a</p>"))
    warning = Problem(stage="check", reason="short_body", message="It is short.")
    extraction = Extraction(
        capture=stored,
        article=article(url=page.url, urls=(page.url,)),
        layout="new",
        extractor="test 1",
        warnings=(warning,),
    )
    asyncio.run(run.settlement.save(extraction))
    assert reasons(run) == ["short_body"]
    expect_counts(run, stored=1, new=1, problems=1)


def test_an_article_is_visited_at_the_target_of_redirects(run: CrawlRun) -> None:
    (page,) = dispatched(run, "old-name")
    save(run, replace(page, final_url=url_of("new-name")))
    old, new = frontier_entry(run, "old-name"), frontier_entry(run, "new-name")
    assert (old.state, old.due_at) == ("done", None)
    assert old.article_id == new.article_id is not None
    assert new.due_at is not None
    assert (new.discovered_on, new.discovered_via) == (old.url, "listing")


def test_an_article_that_redirects_to_a_due_url_keeps_its_url(run: CrawlRun) -> None:
    add(run, entry("new-name", priority=10, due_at=run.started_at - AGO))
    (page,) = dispatched(run, "old-name")
    run.dispatcher.release(url_of("new-name"))
    save(run, replace(page, final_url=url_of("new-name")))
    assert frontier_entry(run, "old-name").due_at is not None
    assert frontier_entry(run, "new-name").state == "queued"


def test_an_offsite_redirect_does_not_change_the_url_of_an_article(run: CrawlRun) -> None:
    (page,) = dispatched(run, "a")
    save(run, replace(page, final_url="https://elsewhere.example/en/post/b"), url=page.url, urls=(page.url,))
    assert frontier_entry(run, "a").due_at is not None


def test_an_alias_is_suspended_when_its_article_is_saved(run: CrawlRun) -> None:
    first, second = dispatched(run, "a", "b")
    save(run, first)
    urls = (url_of("a"), url_of("b"))
    save(run, second, url=url_of("a"), urls=urls, body="This is the text at a and at no other URL.")
    assert frontier_entry(run, "a").due_at is None
    assert frontier_entry(run, "b").due_at is not None


def test_an_alias_in_flight_is_not_suspended(run: CrawlRun) -> None:
    first, second = dispatched(run, "a", "b")
    text = "This is the text at a and at no other URL."
    save(run, first)
    save(run, second, url=url_of("a"), urls=(url_of("a"), url_of("b")), body=text)
    for page in (first, second):
        run.archive.frontier.make_due(page.url, run.started_at - AGO)
    assert len(run.dispatcher.next_batch(10)) == 2
    again = replace(second, fetched_at=second.fetched_at + timedelta(hours=1), body=b"<p>again</p>")
    save(run, again, url=url_of("a"), urls=(url_of("a"), url_of("b")), body=text)
    assert frontier_entry(run, "a").due_at == whole_second(run.started_at - AGO)


def test_an_article_under_a_takedown_is_dropped_and_refused(run: CrawlRun) -> None:
    (page,) = dispatched(run, "a")
    save(run, page)
    article_id = frontier_entry(run, "a").article_id
    assert article_id is not None
    run.archive.deletion.take_down(article_id, "the author asked for it", run.started_at)
    (again,) = dispatched(run, "b")
    save(run, again, url=url_of("a"), urls=(url_of("a"),))
    assert run.accounts.counts["refused"] == 1
    assert list(run.archive.db.query("select id from articles")) == []
    assert len(run.dispatcher) == 0


def test_not_modified_counts_a_visit_and_schedules_the_next(run: CrawlRun) -> None:
    (page,) = dispatched(run, "a")
    save(run, page, published_at=page.fetched_at)
    before = frontier_entry(run, "a")
    run.archive.frontier.make_due(page.url, run.started_at - AGO)
    (found,) = run.dispatcher.next_batch(10)
    later = page.fetched_at + timedelta(hours=30)
    run.settlement.not_modified(replace(page, fetched_at=later, status=304))
    after = frontier_entry(run, "a")
    assert found.article_id == after.article_id == before.article_id
    assert (after.state, after.last_status) == ("done", 304)
    assert after.due_at is not None
    assert after.due_at > later
    assert run.accounts.counts["revisited"] == run.accounts.counts["unchanged"] == 1
    (row,) = run.archive.db.query("select last_seen_at from articles")
    assert datetime.fromisoformat(row["last_seen_at"]) == whole_second(later)


def test_a_listing_that_was_not_modified_is_traversed(run: CrawlRun) -> None:
    add(run, entry("list", kind="listing", priority=100))
    run.dispatcher.next_batch(10)
    run.settlement.not_modified(capture("list", kind="listing", status=304))
    assert frontier_entry(run, "list").state == "done"
    expect_counts(run)
    assert len(run.dispatcher) == 0


# --- lists and aliases ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("outcome", "broken"), [("traversed", 0), ("refused", 1), ("failed", 1), ("EMPTY", 1)])
def test_a_list_that_is_not_traversed_is_incomplete(run: CrawlRun, outcome: str, broken: int) -> None:
    add(run, entry("list", kind="listing"))
    run.dispatcher.next_batch(10)
    run.settlement.mark_done(capture("list", kind="listing"), outcome)
    assert run.accounts.counts["incomplete_lists"] == broken
    assert run.accounts.counts[outcome] == 0
    assert len(run.dispatcher) == 0


def test_an_alias_of_an_article_that_is_visited_elsewhere_is_skipped(run: CrawlRun) -> None:
    (page,) = dispatched(run, "247893")
    save(run, page, urls=(url_of("247893"), url_of("b")))
    add(run, entry("b"), entry("c"), entry("list", kind="listing"))
    alias, other, listing = sorted(run.dispatcher.next_batch(10), key=lambda each: each.url)
    assert run.settlement.skip_alias(alias)
    assert not run.settlement.skip_alias(other)
    assert not run.settlement.skip_alias(listing)
    assert not run.settlement.skip_alias(frontier_entry(run, "247893"))
    after = frontier_entry(run, "b")
    assert (after.state, after.due_at, after.article_id) == ("done", None, frontier_entry(run, "247893").article_id)
    assert (run.accounts.counts["unchanged"], run.accounts.counts["not_due"]) == (1, 1)
    assert alias.url not in run.dispatcher.in_flight
    assert other.url in run.dispatcher.in_flight


def test_a_url_that_another_article_only_claims_is_requested(run: CrawlRun) -> None:
    (page,) = dispatched(run, "a")
    save(run, page, urls=(url_of("a"), url_of("b")))
    add(run, entry("b"))
    (claimed,) = run.dispatcher.next_batch(10)
    assert not run.settlement.skip_alias(claimed)


def test_an_article_that_redirects_to_another_is_gone(run: CrawlRun) -> None:
    first, other = dispatched(run, "a", "b")
    save(run, first, headline="Bridge rebuilt", body="The council agreed.")
    save(run, other, headline="Harvest gathered", body="Farmers brought in wheat.")
    run.archive.frontier.make_due(first.url, run.started_at - AGO)
    run.dispatcher.next_batch(10)
    moved = replace(first, fetched_at=first.fetched_at + timedelta(hours=1), final_url=other.url, body=b"<p>moved</p>")
    save(run, moved, headline="Harvest gathered", body="Farmers brought in wheat.", urls=(other.url, first.url))
    assert reasons(run) == ["redirected_to_another"]
    assert frontier_entry(run, "a").state == "gone"
    rows = run.archive.db.execute("SELECT headline, gone_at IS NULL FROM articles ORDER BY id").fetchall()
    assert [tuple(row) for row in rows] == [("Bridge rebuilt", 0), ("Harvest gathered", 1)]
    assert (run.accounts.counts["stored"], run.accounts.counts["refused"]) == (2, 1)


def test_a_page_unlike_its_article_is_refused_and_checked_again(run: CrawlRun) -> None:
    (page,) = dispatched(run, "a")
    save(run, page)
    wall = replace(page, fetched_at=page.fetched_at + timedelta(hours=1), body=b"<p>wall</p>")
    save(run, wall, headline="Back soon", body="Planned maintenance, please wait.", published_at=None)
    assert reasons(run) == ["unlike_before"]
    after = frontier_entry(run, "a")
    assert (after.state, after.due_at) == ("refused", whole_second(wall.fetched_at + timedelta(days=1)))
    assert run.archive.db.execute("SELECT count(*) FROM versions").fetchone()[0] == 1


def test_an_alias_that_failed_before_is_requested(run: CrawlRun) -> None:
    page, other = dispatched(run, "a", "b")
    run.settlement.fail(other, problem("http_500"))
    save(run, page, urls=(url_of("a"), url_of("b")))
    run.archive.frontier.make_due(other.url, run.started_at - AGO)
    (failed,) = run.dispatcher.next_batch(10)
    assert (failed.url, failed.state, failed.article_id) == (other.url, "failed", None)
    assert not run.settlement.skip_alias(failed)
