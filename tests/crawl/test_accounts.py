"""The accounts of a run: counts, checks, and the record at its end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from caliber_crawler.archive import Archive
from caliber_crawler.commands.crawl import exit_code, summary
from caliber_crawler.crawling.accounts import Accounts
from caliber_crawler.crawling.outcome import Halt, Remaining
from caliber_crawler.crawling.run import CrawlRun
from caliber_crawler.errors import ArchiveFull
from tests.crawl.runs import add, capture, dispatched, entry, problem, running_on, url_of

BUSY, FAILING = Halt("busy", "the site is busy"), Halt("failing", "the site fails")


@pytest.fixture
def run(tmp_path: Path) -> Iterator[CrawlRun]:
    with running_on(tmp_path) as started:
        yield started


def accounts_with(run: CrawlRun, **counts: int) -> Accounts:
    run.accounts.counts.clear()
    run.accounts.counts.update(counts)
    return run.accounts


def test_the_first_reason_to_halt_counts(run: CrawlRun) -> None:
    assert run.accounts.halted is None
    run.accounts.halt(BUSY)
    run.accounts.halt(FAILING)
    assert run.accounts.halted == BUSY


def test_a_problem_is_recorded_with_its_page_or_url(run: CrawlRun) -> None:
    stored = run.archive.captures.store(capture("a"), run.id)
    run.accounts.record_problem(problem("no_body"), stored)
    run.accounts.record_problem(problem("trap_deep"), url=url_of("b"))
    run.accounts.record_problem(problem("unreadable_list"))
    rows = run.archive.db.query("select run_id, reason, url, capture_id from problems order by id")
    assert [tuple(row.values()) for row in rows] == [
        (run.id, "no_body", url_of("a"), stored.id),
        (run.id, "trap_deep", url_of("b"), None),
        (run.id, "unreadable_list", None, None),
    ]
    assert run.accounts.counts["problems"] == 3


@pytest.mark.parametrize(
    ("counts", "halted", "unreachable"),
    [
        ({}, None, False),
        ({"pages": 2, "fetch_errors": 2}, None, True),
        ({"pages": 2, "fetch_errors": 1}, None, False),
        ({"pages": 1}, None, False),
        ({}, Halt("unreachable", "no server"), True),
        ({}, BUSY, False),
    ],
)
def test_a_site_is_unreachable_when_no_attempt_got_a_response(
    run: CrawlRun,
    counts: dict[str, int],
    halted: Halt | None,
    unreachable: bool,
) -> None:
    accounts = accounts_with(run, **counts)
    accounts.halted = halted
    assert accounts.unreachable == unreachable


def test_visited_counts_requested_pages(run: CrawlRun) -> None:
    kinds = {"stored": 1, "revisited": 2, "refused": 4, "failed": 8, "missing": 16}
    assert accounts_with(run, **kinds, resumed=1, unchanged=100, remaining=100).visited == 30


@pytest.mark.parametrize(
    ("counts", "due_only", "passed"),
    [
        ({"stored": 19, "refused": 1}, False, True),
        ({"stored": 18, "refused": 1}, False, False),
        ({"stored": 18, "failed": 1}, False, False),
        ({"stored": 9, "refused": 1, "failed": 1}, True, True),
        ({"stored": 9, "refused": 2, "failed": 1}, True, False),
        ({"stored": 9, "refused": 3, "refused_again": 3}, False, True),
        ({"stored": 9, "incomplete_lists": 1}, False, False),
        ({}, False, True),
    ],
)
def test_checks_tolerate_a_few_failures(
    run: CrawlRun,
    counts: dict[str, int],
    due_only: bool,
    passed: bool,
) -> None:
    total = sum(counts.get(name, 0) for name in ("stored", "refused", "failed"))
    accounts = accounts_with(run, **counts, discovered=total)
    assert accounts.checks_passed(due_only=due_only) == passed
    assert bool(accounts.failed_checks(due_only=due_only)) == (not passed), "a failed check is explained"


def test_checks_fail_on_anomalies_and_on_unbalanced_counts(run: CrawlRun) -> None:
    accounts = accounts_with(run, stored=1, discovered=1)
    assert accounts.checks_passed(due_only=False)
    accounts.anomalies = [problem("fewer_articles")]
    assert not accounts.checks_passed(due_only=False)
    assert not accounts_with(run, stored=1, discovered=2).checks_passed(due_only=False)


def test_every_failed_check_is_named(run: CrawlRun) -> None:
    accounts = accounts_with(run, stored=1, failed=3, incomplete_lists=2, discovered=5)
    accounts.anomalies = [replace(problem("fewer_articles"), message="Fewer articles than usual.")]
    accounts.replaced = ["The feed failed; the listing was used."]
    assert accounts.failed_checks(due_only=False) == [
        "Fewer articles than usual",
        "The feed failed; the listing was used",
        "3 of 4 pages were refused or failed",
        "2 lists could not be read to the end; articles on them may be missing",
        "The counts of the run do not add up; please report it",
    ]


def test_the_final_accounts_are_written(run: CrawlRun) -> None:
    run.accounts.counts.update(stored=2, discovered=3)
    run.accounts.finish("finished", Remaining(articles=1, limit=2))
    row = run.archive.runs.get(run.id)
    assert row is not None
    assert (row["outcome"], row["reason"]) == ("stopped", "the limit of 2 articles was reached")
    assert (run.accounts.outcome, run.accounts.why) == (row["outcome"], row["reason"])
    assert row["counts"] == {"stored": 2, "discovered": 3, "remaining": 1}
    assert row["finished_at"] is not None


def test_zeros_are_not_stored_except_the_size_of_an_explored_site(run: CrawlRun) -> None:
    run.accounts.counts.update(stored=0, discovered=3, unchanged=3, sitemaps=0, site_size=0)
    run.accounts.finish("finished", Remaining())
    row = run.archive.runs.get(run.id)
    assert row is not None
    assert row["counts"] == {"discovered": 3, "unchanged": 3, "site_size": 0}
    assert run.accounts.balanced


def test_an_unreachable_site_is_reported_with_the_last_error(run: CrawlRun) -> None:
    run.accounts.counts.update(pages=1, fetch_errors=1)
    run.accounts.last_error = "the connection was refused"
    run.accounts.finish("finished", Remaining())
    assert run.accounts.outcome == "failed"
    assert run.accounts.why == f"no page of {run.scope.site.base_url} could be fetched: the connection was refused"


def test_a_finished_run_records_anomalies(run: CrawlRun) -> None:
    run.accounts.counts.update(stored=20, refused=30, discovered=50)
    run.accounts.finish("finished", Remaining())
    assert [each.reason for each in run.accounts.anomalies] == ["more_refused"]
    assert [row["reason"] for row in run.archive.db.query("select reason from problems")] == ["more_refused"]


def test_a_heartbeat_writes_the_current_counts(run: CrawlRun) -> None:
    run.accounts.counts["pages"] = 7
    run.accounts.heartbeat()
    (row,) = run.archive.db.query("select counts, heartbeat_at, outcome from runs")
    assert json.loads(row["counts"])["pages"] == 7
    assert (row["outcome"], row["heartbeat_at"] is not None) == ("running", True)


def test_a_closed_run_counts_the_remaining_pages_of_the_dispatcher(run: CrawlRun) -> None:
    add(run, entry("a"), entry("list", kind="listing"))
    run.close("finished")
    assert (run.accounts.outcome, run.accounts.counts["remaining"]) == ("failed", 1)
    assert run.accounts.why == "1 article and 1 listing page were not processed"


def test_a_run_closes_only_an_archive_that_it_opened(run: CrawlRun, tmp_path: Path) -> None:
    own = CrawlRun(
        Archive.open(tmp_path / "own.db", mode="write"), run.scope, user_agent="test", settings={}, owns_archive=True
    )
    own.close("finished")
    Archive.open(tmp_path / "own.db", mode="write").close()
    shared = CrawlRun(run.archive, run.scope, user_agent="test", settings={}, owns_archive=False)
    shared.close("finished")
    assert run.archive.runs.get(shared.id) is not None


def test_a_run_fails_when_its_archive_cannot_be_written(run: CrawlRun) -> None:
    run.accounts.fail(ArchiveFull("The disk is full."))
    assert (run.accounts.outcome, run.accounts.why) == ("failed", "The disk is full")
    assert run.accounts.halted == Halt("archive", "The disk is full")


def test_the_summary_lists_nonzero_counts_and_reports_an_imbalance(run: CrawlRun) -> None:
    dispatched(run, "a", "b")
    run.accounts.counts.update(stored=1, new=1, pages=3, out_of_scope=24, missing=0)
    run.accounts.finish("finished", run.dispatcher.remaining())
    text = "\n".join(summary(run))
    assert "discovered 2 = stored 1 + unchanged 0 + refused 0 + failed 0 + remaining 2" in text
    assert "requests: 1 article, 2 listing pages" in text
    assert "skipped: 24 out-of-scope links" in text
    assert "missing" not in text
    assert "do not add up" in text
    assert "Run the same command again" in text


@pytest.mark.parametrize(
    ("remaining", "reason", "code"),
    [(Remaining(), "finished", 0), (Remaining(), "shutdown", 1), (Remaining(lists=1), "finished", 1)],
)
def test_the_exit_code_depends_on_the_outcome(run: CrawlRun, remaining: Remaining, reason: str, code: int) -> None:
    run.accounts.finish(reason, remaining)
    assert exit_code(run) == code


def test_a_reached_limit_exits_with_0_and_failed_checks_with_3(tmp_path: Path) -> None:
    with running_on(tmp_path, limit=1) as run:
        add(run, entry("a"), entry("b"))
        (first,) = run.dispatcher.next_batch(10)
        run.settlement.mark_done(capture("a"), "stored")
        run.archive.frontier.mark_done(first.url, run.began_at, status=200)
        run.accounts.finish("finished", run.dispatcher.remaining())
        assert (run.accounts.outcome, exit_code(run)) == ("stopped", 0)
        run.accounts.counts["incomplete_lists"] = 1
        assert exit_code(run) == 3
