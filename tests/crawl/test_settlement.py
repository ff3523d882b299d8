"""Each outcome of a page changes its frontier entry and one count, in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from caliber_crawler.archive import Entry
from caliber_crawler.archive.times import whole_second
from caliber_crawler.crawling.outcome import Halt
from caliber_crawler.crawling.run import CrawlRun
from caliber_crawler.errors import ArchiveError, ArchiveFull
from caliber_crawler.items import Capture, Problem, Reading
from caliber_crawler.revisit import FIRST_RETRY, FORBIDDEN, SECOND_LOOKS
from tests.archive.newsroom import article
from tests.crawl.runs import AGO, SITE, add, capture, dispatched, entry, problem, running_on, url_of

EMPTY = {"problems": 0, "fetch_errors": 0, "broken_walks": 0, "refused_again": 0}


@pytest.fixture
def run(tmp_path: Path) -> Iterator[CrawlRun]:
    with running_on(tmp_path) as started:
        yield started


def held(run: CrawlRun, slug: str) -> Entry:
    found = run.archive.frontier.get(url_of(slug))
    assert found is not None
    return found


def counts(run: CrawlRun, **expected: int) -> None:
    """Exactly these counts, and accounts that balance once what is left is counted."""
    usual = {"discovered": run.accounts.counts["discovered"], "pages": run.accounts.counts["pages"]}
    assert {name: count for name, count in run.accounts.counts.items() if count and name not in usual} == expected
    run.accounts.counts["left"] = run.dispatcher.due_count("article")
    assert run.accounts.balanced


def reasons(run: CrawlRun) -> list[str]:
    return [row["reason"] for row in run.archive.db.query("select reason from problems order by id")]


def store(run: CrawlRun, page: Capture) -> Capture:
    return asyncio.run(run.settlement.store_capture(page))


def save(run: CrawlRun, page: Capture, also: Any = None, **fields: Any) -> Reading:
    """Store a page and save an article from it."""
    body = page.body or f"<p>{page.url}</p>".encode()
    stored = store(run, replace(page, body=body))
    url = page.final_url or page.url
    text = {"body": f"This is the text at {url}, and at no other.", "url": url, "urls": (url,)}
    reading = Reading(capture=stored, article=article(**text | fields), layout="new", extractor="test 1")
    asyncio.run(run.settlement.save(reading, also) if also else run.settlement.save(reading))
    return reading


# --- storing the page -------------------------------------------------------------------------------------------------


def test_a_stored_page_is_counted_and_stays_in_flight(run: CrawlRun) -> None:
    (page,) = dispatched(run, "a")
    stored = store(run, page)
    assert stored.id is not None
    assert run.archive.captures.get(stored.id).url == page.url
    assert run.accounts.counts["pages"] == 1
    assert (len(run.dispatcher), run.dispatcher.unstored) == (1, 0)


# --- articles ---------------------------------------------------------------------------------------------------------


def test_a_new_article_is_stored_and_due_again(run: CrawlRun) -> None:
    (page,) = dispatched(run, "a")
    page = replace(page, headers=(("ETag", '"1"'), ("Last-Modified", "Tue, 06 Jan 2026 12:00:00 GMT")))
    reading = save(run, page, published_at=page.fetched_at)
    kept = held(run, "a")
    assert (kept.state, kept.last_status, kept.failures, kept.priority) == ("done", 200, 0, 42)
    assert (kept.etag, kept.last_modified) == ('"1"', "Tue, 06 Jan 2026 12:00:00 GMT")
    assert kept.due_at is not None
    assert kept.article_id is not None
    first_age = SITE.revisits.ages[0]
    assert whole_second(reading.capture.fetched_at + first_age) == kept.due_at
    counts(run, stored=1, new=1)
    assert len(run.dispatcher) == 0


def test_the_same_article_again_is_unchanged_and_an_edit_is_stored(run: CrawlRun) -> None:
    (page,) = dispatched(run, "a")
    save(run, page)
    later = replace(page, fetched_at=page.fetched_at + timedelta(hours=1), body=b"<p>again</p>")
    save(run, later)
    assert run.accounts.counts["unchanged"] == run.accounts.counts["visited"] == 1
    assert run.accounts.counts["stored"] == run.accounts.counts["new"] == 1
    save(run, replace(later, fetched_at=later.fetched_at + timedelta(hours=1), body=b"<p>2</p>"), body="It was edited.")
    assert run.accounts.counts["updated"] == 1
    assert (run.accounts.counts["stored"], run.accounts.counts["unchanged"]) == (2, 1)


def test_what_is_written_along_with_an_article_is_part_of_its_transaction(run: CrawlRun) -> None:
    (page,) = dispatched(run, "a")

    def fail(reading: Reading) -> None:
        add(run, entry("linked"))
        raise RuntimeError

    with pytest.raises(RuntimeError):
        save(run, page, fail)
    assert run.archive.frontier.get(url_of("linked")) is None
    assert held(run, "a").state == "todo"
    assert len(run.dispatcher) == 1


def test_remarks_on_an_article_are_problems_and_it_is_stored(run: CrawlRun) -> None:
    (page,) = dispatched(run, "a")
    stored = store(run, replace(page, body=b"<p>a</p>"))
    remark = Problem(stage="check", reason="short_body", message="It is short.")
    reading = Reading(
        capture=stored,
        article=article(url=page.url, urls=(page.url,)),
        layout="new",
        extractor="test 1",
        remarks=(remark,),
    )
    asyncio.run(run.settlement.save(reading))
    assert reasons(run) == ["short_body"]
    counts(run, stored=1, new=1, problems=1)


def test_an_article_is_visited_where_redirects_led(run: CrawlRun) -> None:
    (page,) = dispatched(run, "old-name")
    save(run, replace(page, final_url=url_of("new-name")))
    old, new = held(run, "old-name"), held(run, "new-name")
    assert (old.state, old.due_at) == ("done", None)
    assert old.article_id == new.article_id is not None
    assert new.due_at is not None
    assert (new.discovered_on, new.road) == (old.url, "listing")


def test_an_article_that_redirects_to_a_due_url_is_visited_where_it_was(run: CrawlRun) -> None:
    add(run, entry("new-name", priority=10, due_at=run.started_at - AGO))
    (page,) = dispatched(run, "old-name")
    run.dispatcher.release(url_of("new-name"))
    save(run, replace(page, final_url=url_of("new-name")))
    assert held(run, "old-name").due_at is not None
    assert held(run, "new-name").state == "todo"


def test_a_redirect_that_leaves_the_site_does_not_move_an_article(run: CrawlRun) -> None:
    (page,) = dispatched(run, "a")
    save(run, replace(page, final_url="https://elsewhere.example/en/post/b"), url=page.url, urls=(page.url,))
    assert held(run, "a").due_at is not None


def test_another_url_of_an_article_rests_once_it_is_saved(run: CrawlRun) -> None:
    first, second = dispatched(run, "a", "b")
    save(run, first)
    urls = (url_of("a"), url_of("b"))
    save(run, second, url=url_of("a"), urls=urls, body="This is the text at a, and at no other.")
    assert held(run, "a").due_at is None
    assert held(run, "b").due_at is not None


def test_an_article_under_a_takedown_is_dropped_and_refused(run: CrawlRun) -> None:
    (page,) = dispatched(run, "a")
    save(run, page)
    article_id = held(run, "a").article_id
    assert article_id is not None
    run.archive.takedowns.forget(article_id, "the author asked for it", run.started_at)
    (again,) = dispatched(run, "b")
    save(run, again, url=url_of("a"), urls=(url_of("a"),))
    assert run.accounts.counts["refused"] == 1
    assert list(run.archive.db.query("select id from articles")) == []
    assert len(run.dispatcher) == 0


def test_not_modified_counts_a_visit_and_moves_the_next_one(run: CrawlRun) -> None:
    (page,) = dispatched(run, "a")
    save(run, page, published_at=page.fetched_at)
    before = held(run, "a")
    run.archive.frontier.make_due(page.url, run.started_at - AGO)
    (found,) = run.dispatcher.next_batch(10)
    later = page.fetched_at + timedelta(hours=30)
    run.settlement.not_modified(replace(page, fetched_at=later, status=304))
    after = held(run, "a")
    assert found.article_id == after.article_id == before.article_id
    assert (after.state, after.last_status) == ("done", 304)
    assert after.due_at is not None
    assert after.due_at > later
    assert run.accounts.counts["visited"] == run.accounts.counts["unchanged"] == 1
    (row,) = run.archive.db.query("select last_seen_at from articles")
    assert datetime.fromisoformat(row["last_seen_at"]) == whole_second(later)


def test_a_listing_that_was_not_modified_is_walked(run: CrawlRun) -> None:
    add(run, entry("list", kind="listing", priority=100))
    run.dispatcher.next_batch(10)
    run.settlement.not_modified(capture("list", kind="listing", status=304))
    assert held(run, "list").state == "done"
    counts(run)
    assert len(run.dispatcher) == 0


# --- no article -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "state", "count"),
    [
        ("http_404", "gone", "refused"),
        ("http_410", "gone", "refused"),
        ("redirect_home", "gone", "refused"),
        ("soft_404", "gone", "refused"),
        ("http_500", "failed", "failed"),
        ("http_403", "failed", "failed"),
        ("challenge", "failed", "failed"),
        ("login_wall", "refused", "refused"),
        ("no_headline", "refused", "refused"),
    ],
)
def test_a_page_without_an_article_is_settled_by_its_reason(run: CrawlRun, reason: str, state: str, count: str) -> None:
    (page,) = dispatched(run, "a")
    run.settlement.reject(page, problem(reason))
    kept = held(run, "a")
    assert (kept.state, kept.failures, kept.last_status) == (state, 1, 200)
    assert kept.due_at is not None
    wait = FIRST_RETRY if state == "failed" else SECOND_LOOKS[0]
    assert kept.due_at == whole_second(page.fetched_at + wait)
    assert reasons(run) == [reason]
    challenges = {"challenges": 1} if reason == "challenge" else {}
    counts(run, problems=1, **{count: 1}, **challenges)
    assert len(run.dispatcher) == 0
    assert run.accounts.halted is None


def test_the_second_challenge_ends_the_run(run: CrawlRun) -> None:
    first, second = dispatched(run, "a", "b")
    run.settlement.reject(first, problem("challenge"))
    assert run.accounts.halted is None
    run.settlement.reject(second, problem("challenge"))
    assert run.accounts.halted is not None
    assert run.accounts.halted.code == "challenged"


def test_a_page_without_a_response_is_a_fetch_error_and_retried(run: CrawlRun) -> None:
    (page,) = dispatched(run, "a")
    silent = replace(page, status=None, error="no answer within 30 s", error_code="timeout")
    run.settlement.fail(silent, problem("timeout"))
    assert held(run, "a").due_at == whole_second(page.fetched_at + FIRST_RETRY)
    assert run.accounts.last_error == "no answer within 30 s"
    counts(run, failed=1, problems=1, fetch_errors=1)


def test_each_failure_in_a_row_doubles_the_wait(run: CrawlRun) -> None:
    (page,) = dispatched(run, "a")
    run.settlement.fail(page, problem("http_500"))
    run.archive.frontier.make_due(page.url, run.started_at - AGO)
    run.dispatcher.next_batch(10)
    run.settlement.fail(page, problem("http_500"))
    assert held(run, "a").due_at == whole_second(page.fetched_at + 2 * FIRST_RETRY)


@pytest.mark.parametrize(
    ("code", "wait"),
    [
        ("robots", FORBIDDEN),
        ("offsite", SECOND_LOOKS[0]),
        ("scheme", SECOND_LOOKS[0]),
        ("long_address", SECOND_LOOKS[0]),
        (None, SECOND_LOOKS[0]),
        ("too_large", None),
    ],
)
def test_a_refused_page_is_looked_at_again_where_that_may_help(
    run: CrawlRun, code: str | None, wait: timedelta | None
) -> None:
    (page,) = dispatched(run, "a")
    run.settlement.refuse(replace(page, error_code=code), problem(code or "no_body"))
    kept = held(run, "a")
    assert kept.state == "refused"
    assert kept.due_at == (whole_second(page.fetched_at + wait) if wait else None)
    counts(run, refused=1, problems=1)


def test_a_page_refused_before_counts_as_refused_again_and_waits_longer(run: CrawlRun) -> None:
    (page,) = dispatched(run, "a")
    for _ in SECOND_LOOKS:
        run.settlement.refuse(page, problem("no_body"))
        run.archive.frontier.make_due(page.url, run.started_at - AGO)
        run.dispatcher.next_batch(10)
    assert run.accounts.counts["refused_again"] == 1
    run.settlement.refuse(page, problem("no_body"))
    assert run.accounts.counts["refused_again"] == 2
    assert held(run, "a").due_at is None, "it never was an article"


@pytest.mark.parametrize(
    ("road", "again"), [("listing", True), ("numbers", False), ("cdx", False), ("url_list", False)]
)
def test_a_page_from_a_historical_source_is_not_looked_at_again(
    run: CrawlRun,
    road: str,
    again: bool,
) -> None:
    (page,) = dispatched(run, "a", road=road)
    run.settlement.refuse(page, problem("no_body"))
    assert (held(run, "a").due_at is not None) == again


def test_a_post_id_without_a_page_is_missing_and_no_problem(run: CrawlRun) -> None:
    (page,) = dispatched(run, "7", road="numbers")
    run.settlement.reject(replace(page, status=404), problem("http_404"))
    kept = held(run, "7")
    assert (kept.state, kept.due_at, kept.last_status) == ("gone", None, 404)
    assert reasons(run) == []
    counts(run, missing=1)


def test_an_archived_article_that_is_gone_stays_and_its_other_url_is_tried_in_the_next_run(run: CrawlRun) -> None:
    (page,) = dispatched(run, "a", road="numbers")
    save(run, page, urls=(url_of("a"), url_of("b")))
    run.archive.frontier.make_due(page.url, run.started_at - AGO)
    run.dispatcher.next_batch(10)
    gone = replace(page, fetched_at=page.fetched_at + timedelta(hours=1), status=404)
    run.settlement.mark_gone(gone, problem("http_404"))
    assert held(run, "a").due_at == whole_second(gone.fetched_at + SECOND_LOOKS[0])
    assert held(run, "b").due_at == whole_second(gone.fetched_at + timedelta(seconds=1))
    (row,) = run.archive.db.query("select gone_at from articles")
    assert datetime.fromisoformat(row["gone_at"]) == whole_second(gone.fetched_at)
    assert (run.accounts.counts["refused"], run.accounts.counts["missing"]) == (1, 0)
    assert reasons(run) == ["http_404"]


def test_an_error_of_this_program_is_a_problem_and_the_page_is_retried(run: CrawlRun) -> None:
    (page,) = dispatched(run, "a")
    run.settlement.handle_error(page, ZeroDivisionError("by zero"))
    (row,) = run.archive.db.query("select reason, message, fatal from problems")
    assert (row["reason"], row["fatal"]) == ("crash", 1)
    assert "ZeroDivisionError: by zero" in row["message"]
    assert held(run, "a").state == "failed"
    assert run.accounts.halted is None
    run.settlement.handle_error(page, ZeroDivisionError("by zero"))
    counts(run, failed=1, problems=1)


def test_a_broken_archive_ends_the_run_and_leaves_the_page_due(run: CrawlRun) -> None:
    (page,) = dispatched(run, "a")
    run.settlement.handle_error(page, ArchiveFull("The disk is full."))
    assert run.accounts.halted == Halt("archive", "The disk is full")
    assert held(run, "a").state == "todo"
    assert len(run.dispatcher) == 0
    counts(run, left=0) if run.accounts.counts["left"] else counts(run)


@pytest.mark.parametrize("error", [ArchiveError("It is broken."), ValueError("no")])
def test_only_captures_have_errors_that_are_settled(run: CrawlRun, error: Exception) -> None:
    from twisted.python.failure import Failure

    dispatched(run, "a")
    run.handle_item_error("something else", Failure(error))
    assert run.accounts.halted is None
    assert len(run.dispatcher) == 1
    run.handle_item_error(capture("a"), Failure(error))
    assert len(run.dispatcher) == 0


# --- lists and aliases ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("outcome", "broken"), [("walked", 0), ("refused", 1), ("failed", 1), ("EMPTY", 1)])
def test_a_list_that_is_not_walked_is_a_broken_off_walk(run: CrawlRun, outcome: str, broken: int) -> None:
    add(run, entry("list", kind="listing"))
    run.dispatcher.next_batch(10)
    run.settlement.mark_done(capture("list", kind="listing"), outcome)
    assert run.accounts.counts["broken_walks"] == broken
    assert run.accounts.counts[outcome] == 0
    assert len(run.dispatcher) == 0


def test_another_url_of_an_article_that_is_visited_elsewhere_is_skipped(run: CrawlRun) -> None:
    (page,) = dispatched(run, "a")
    save(run, page, urls=(url_of("a"), url_of("b")))
    add(run, entry("b"), entry("c"), entry("list", kind="listing"))
    alias, other, listing = sorted(run.dispatcher.next_batch(10), key=lambda each: each.url)
    assert run.settlement.skip_alias(alias)
    assert not run.settlement.skip_alias(other)
    assert not run.settlement.skip_alias(listing)
    assert not run.settlement.skip_alias(held(run, "a"))
    kept = held(run, "b")
    assert (kept.state, kept.due_at, kept.article_id) == ("done", None, held(run, "a").article_id)
    assert (run.accounts.counts["unchanged"], run.accounts.counts["held"]) == (1, 1)
    assert alias.url not in run.dispatcher.in_flight
    assert other.url in run.dispatcher.in_flight
