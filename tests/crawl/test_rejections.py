"""A page without an article is failed, refused or gone, depending on its reason, and checked again later if useful."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from caliber_crawler.archive.core.times import whole_second
from caliber_crawler.crawling.outcome import Halt
from caliber_crawler.crawling.run import CrawlRun
from caliber_crawler.errors import ArchiveError, ArchiveFull
from caliber_crawler.revisit import MIN_RETRY_DELAY, RECHECK_DELAYS, ROBOTS_RECHECK_DELAY
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
    url_of,
)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[CrawlRun]:
    with running_on(tmp_path) as started:
        yield started


@pytest.mark.parametrize(
    ("reason", "state", "count"),
    [
        ("http_404", "gone", "refused"),
        ("http_410", "gone", "refused"),
        ("redirect_home", "gone", "refused"),
        ("soft_404", "gone", "refused"),
        ("http_500", "failed", "failed"),
        ("http_403", "failed", "failed"),
        ("bot_challenge", "failed", "failed"),
        ("login_wall", "refused", "refused"),
        ("no_headline", "refused", "refused"),
    ],
)
def test_the_reason_decides_the_state_of_a_page_without_an_article(
    run: CrawlRun, reason: str, state: str, count: str
) -> None:
    (page,) = dispatched(run, "a")
    run.settlement.reject(page, problem(reason))
    after = frontier_entry(run, "a")
    assert (after.state, after.failures, after.last_status) == (state, 1, 200)
    assert after.due_at is not None
    wait = MIN_RETRY_DELAY if state == "failed" else RECHECK_DELAYS[0]
    assert after.due_at == whole_second(page.fetched_at + wait)
    assert reasons(run) == [reason]
    challenges = {"challenges": 1} if reason == "bot_challenge" else {}
    expect_counts(run, problems=1, **{count: 1}, **challenges)
    assert len(run.dispatcher) == 0
    assert run.accounts.halted is None


def test_the_second_challenge_ends_the_run(run: CrawlRun) -> None:
    first, second = dispatched(run, "a", "b")
    run.settlement.reject(first, problem("bot_challenge"))
    assert run.accounts.halted is None
    run.settlement.reject(second, problem("bot_challenge"))
    assert run.accounts.halted is not None
    assert run.accounts.halted.code == "challenged"


def test_a_page_without_a_response_counts_as_a_fetch_error_and_is_retried(run: CrawlRun) -> None:
    (page,) = dispatched(run, "a")
    silent = replace(page, status=None, error="no response within 30 s", error_code="timeout")
    run.settlement.fail(silent, problem("timeout"))
    assert frontier_entry(run, "a").due_at == whole_second(page.fetched_at + MIN_RETRY_DELAY)
    assert run.accounts.last_error == "no response within 30 s"
    expect_counts(run, failed=1, problems=1, fetch_errors=1)


def test_each_consecutive_failure_doubles_the_delay(run: CrawlRun) -> None:
    (page,) = dispatched(run, "a")
    run.settlement.fail(page, problem("http_500"))
    run.archive.frontier.make_due(page.url, run.started_at - AGO)
    run.dispatcher.next_batch(10)
    run.settlement.fail(page, problem("http_500"))
    assert frontier_entry(run, "a").due_at == whole_second(page.fetched_at + 2 * MIN_RETRY_DELAY)


@pytest.mark.parametrize(
    ("code", "wait"),
    [
        ("robots", ROBOTS_RECHECK_DELAY),
        ("offsite", RECHECK_DELAYS[0]),
        ("scheme", RECHECK_DELAYS[0]),
        ("url_too_long", RECHECK_DELAYS[0]),
        (None, RECHECK_DELAYS[0]),
        ("too_large", None),
    ],
)
def test_a_refused_page_is_checked_again_if_its_code_allows(
    run: CrawlRun, code: str | None, wait: timedelta | None
) -> None:
    (page,) = dispatched(run, "a")
    run.settlement.refuse(replace(page, error_code=code), problem(code or "no_body"))
    after = frontier_entry(run, "a")
    assert after.state == "refused"
    assert after.due_at == (whole_second(page.fetched_at + wait) if wait else None)
    expect_counts(run, refused=1, problems=1)


def test_a_page_that_is_refused_again_is_counted_separately_and_waits_longer(run: CrawlRun) -> None:
    (page,) = dispatched(run, "a")
    for _ in RECHECK_DELAYS:
        run.settlement.refuse(page, problem("no_body"))
        run.archive.frontier.make_due(page.url, run.started_at - AGO)
        run.dispatcher.next_batch(10)
    assert run.accounts.counts["refused_again"] == 1
    run.settlement.refuse(page, problem("no_body"))
    assert run.accounts.counts["refused_again"] == 2
    assert frontier_entry(run, "a").due_at is None, "it was never an article"


def test_a_page_that_is_put_aside_for_days_is_checked_every_day(run: CrawlRun) -> None:
    (page,) = dispatched(run, "a")
    for _ in range(4):
        run.settlement.reject(page, problem("layout_changed"))
        assert frontier_entry(run, "a").due_at == whole_second(page.fetched_at + RECHECK_DELAYS[0])
        run.archive.frontier.make_due(page.url, run.started_at - AGO)
        run.dispatcher.next_batch(10)
    assert run.accounts.counts["refused_again"] == 3


@pytest.mark.parametrize(
    ("via", "again"), [("listing", True), ("post_ids", False), ("cdx", False), ("url_list", False)]
)
def test_a_page_from_a_historical_source_is_not_checked_again(
    run: CrawlRun,
    via: str,
    again: bool,
) -> None:
    (page,) = dispatched(run, "a", discovered_via=via)
    run.settlement.refuse(page, problem("no_body"))
    assert (frontier_entry(run, "a").due_at is not None) == again


def test_a_post_id_without_a_page_is_missing_and_not_a_problem(run: CrawlRun) -> None:
    (page,) = dispatched(run, "7", discovered_via="post_ids")
    run.settlement.reject(replace(page, status=404), problem("http_404"))
    after = frontier_entry(run, "7")
    assert (after.state, after.due_at, after.last_status) == ("gone", None, 404)
    assert reasons(run) == []
    expect_counts(run, missing=1)


def test_a_gone_article_stays_archived_and_its_alias_is_tried_in_the_next_run(run: CrawlRun) -> None:
    (page,) = dispatched(run, "a", discovered_via="post_ids")
    save(run, page, urls=(url_of("a"), url_of("b")))
    run.archive.frontier.make_due(page.url, run.started_at - AGO)
    run.dispatcher.next_batch(10)
    gone = replace(page, fetched_at=page.fetched_at + timedelta(hours=1), status=404)
    run.settlement.mark_gone(gone, problem("http_404"))
    assert frontier_entry(run, "a").due_at == whole_second(gone.fetched_at + RECHECK_DELAYS[0])
    assert frontier_entry(run, "b").due_at == whole_second(gone.fetched_at + timedelta(seconds=1))
    (row,) = run.archive.db.query("select gone_at from articles")
    assert datetime.fromisoformat(row["gone_at"]) == whole_second(gone.fetched_at)
    assert (run.accounts.counts["refused"], run.accounts.counts["missing"]) == (1, 0)
    assert reasons(run) == ["http_404"]


def test_an_internal_error_is_a_problem_and_the_page_is_retried(run: CrawlRun) -> None:
    (page,) = dispatched(run, "a")
    run.settlement.handle_error(page, ZeroDivisionError("by zero"))
    (row,) = run.archive.db.query("select reason, message, fatal from problems")
    assert (row["reason"], row["fatal"]) == ("internal_error", 1)
    assert "ZeroDivisionError: by zero" in row["message"]
    assert frontier_entry(run, "a").state == "failed"
    assert run.accounts.halted is None
    run.settlement.handle_error(page, ZeroDivisionError("by zero"))
    expect_counts(run, failed=1, problems=1)


@pytest.mark.parametrize("reason", ["worker_killed", "internal_error"])
def test_a_page_on_which_this_program_failed_is_due_in_the_next_run_then_less_often(run: CrawlRun, reason: str) -> None:
    (page,) = dispatched(run, "a")
    stored_earlier = replace(page, fetched_at=run.started_at - AGO)
    run.settlement.reject(stored_earlier, problem(reason))
    after = frontier_entry(run, "a")
    assert (after.state, after.due_at) == ("failed", run.started_at + timedelta(seconds=1))
    assert reasons(run) == [reason]
    assert run.dispatcher.next_batch(10) == []
    expect_counts(run, problems=1, failed=1)
    run.archive.frontier.make_due(url_of("a"), run.started_at)
    run.dispatcher.next_batch(10)
    run.settlement.reject(page, problem(reason))
    assert frontier_entry(run, "a").due_at == whole_second(page.fetched_at + 2 * MIN_RETRY_DELAY)


@pytest.mark.parametrize(
    ("page_number", "reason", "broken"),
    [
        (1, "worker_killed", 1),
        (1, "timeout", 1),
        (3, "worker_crashed", 1),
        (3, "http_500", 1),
        (1, "too_slow", 1),
        (1, "not_a_feed", 0),
    ],
)
def test_a_run_with_a_broken_list_behind_it_is_not_finished(
    tmp_path: Path, page_number: int, reason: str, broken: int
) -> None:
    with running_on(tmp_path, sources=SITE.sources) as run:
        _check_broken_list(run, page_number, reason, broken)


def _check_broken_list(run: CrawlRun, page_number: int, reason: str, broken: int) -> None:
    add(run, entry("list", kind="listing", page_number=page_number))
    run.dispatcher.next_batch(10)
    page = capture("list", kind="listing")
    (run.settlement.fail if reason == "timeout" else run.settlement.reject)(page, problem(reason))
    remaining = run.dispatcher.remaining()
    assert (remaining.lists, remaining.broken_lists) == (0, broken)
    run.accounts.counts["pages"] += 1
    run.accounts.finish("finished", remaining)
    assert run.accounts.outcome == ("failed" if broken else "finished")
    assert not run.accounts.checks_passed(due_only=False)


def test_an_archive_error_ends_the_run_and_leaves_the_page_due(run: CrawlRun) -> None:
    (page,) = dispatched(run, "a")
    run.settlement.handle_error(page, ArchiveFull("The disk is full."))
    assert run.accounts.halted == Halt("archive", "The disk is full")
    assert frontier_entry(run, "a").state == "queued"
    assert len(run.dispatcher) == 0
    expect_counts(run)


@pytest.mark.parametrize("error", [ArchiveError("It is broken."), ValueError("no")])
def test_only_errors_of_captures_are_handled(run: CrawlRun, error: Exception) -> None:
    from twisted.python.failure import Failure

    dispatched(run, "a")
    run.handle_item_error("something else", Failure(error))
    assert run.accounts.halted is None
    assert len(run.dispatcher) == 1
    run.handle_item_error(capture("a"), Failure(error))
    assert len(run.dispatcher) == 0
