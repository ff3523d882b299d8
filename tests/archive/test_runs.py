"""Runs, problems, sites and status reports."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from caliber_crawler.archive import Entry
from caliber_crawler.archive.core.run_results import SET_RESULTS
from caliber_crawler.archive.reports.status import sqlite_warning
from caliber_crawler.items import Problem
from caliber_crawler.site import Site
from tests.archive.newsroom import NUMBER_URL, SLUG_URL, Newsroom, capture, minutes


def test_a_run_records_arguments_settings_and_outcome(newsroom: Newsroom) -> None:
    runs = newsroom.archive.runs
    run_id = runs.start(
        "crawl",
        site="caliber",
        arguments={"section": "analytics", "since": None},
        settings={"DOWNLOAD_DELAY": 1.0, "ARCHIVE": Path("data/archive.db")},
        software={"scrapy": "2.19"},
        user_agent="caliber_crawler/0.1",
    )
    runs.heartbeat(run_id, {"pages": 3})
    alive = runs.get(run_id)
    assert (alive["outcome"], alive["counts"], alive["finished_at"]) == ("running", {"pages": 3}, None)
    runs.finish(run_id, "stopped", "the limit of 5 articles was reached", {"pages": 5})
    run = runs.get(run_id)
    assert (run["outcome"], run["reason"], run["counts"]) == (
        "stopped",
        "the limit of 5 articles was reached",
        {"pages": 5},
    )
    assert run["settings"] == {"DOWNLOAD_DELAY": 1.0, "ARCHIVE": "data/archive.db"}
    assert run["finished_at"] >= run["started_at"]


def results(newsroom: Newsroom) -> dict[int, tuple[int | None, int | None, int | None]]:
    rows = newsroom.archive.db.query("SELECT id, new_articles, problem_count, stored_bytes FROM runs")
    return {row["id"]: (row["new_articles"], row["problem_count"], row["stored_bytes"]) for row in rows}


def start(newsroom: Newsroom) -> int:
    return newsroom.archive.runs.start("crawl", site="caliber", arguments={}, settings={}, software={})


def test_a_run_that_ended_says_what_it_added(newsroom: Newsroom) -> None:
    """A page that was stored before adds nothing, even if it was stored for another run."""
    archive, first = newsroom.archive, newsroom.run_id
    archive.captures.store(capture(), first)
    archive.captures.store(capture(minutes(1), body=capture().body), first)
    assert results(newsroom)[first] == (None, None, None), "the run is active"
    archive.runs.finish(first, "finished", None, {"new": 1, "stored": 2})
    second = start(newsroom)
    archive.captures.store(capture(minutes(60), body=capture().body), second)
    archive.captures.store(capture(minutes(61)), second)
    archive.runs.record_problem(second, Problem(stage="check", reason="no_headline", message="It has none."))
    archive.runs.finish(second, "finished", None, {})
    archive.runs.record_problem(second, Problem(stage="run", reason="unknown_layout", message="All are new."))
    archive.runs.record_exit_code(second, 3)
    sizes = [row["stored"] for row in archive.db.query("SELECT stored FROM bodies")]
    assert len(sizes) == 2
    stored = {id: size for id, (_, _, size) in results(newsroom).items()}
    assert (results(newsroom)[first][:2], results(newsroom)[second][:2]) == ((1, 0), (0, 2))
    assert sum(filter(None, stored.values())) == sum(sizes)
    assert all(stored.values())


def test_a_killed_run_says_what_it_added(newsroom: Newsroom) -> None:
    newsroom.archive.captures.store(capture(), newsroom.run_id)
    newsroom.archive.runs.heartbeat(newsroom.run_id, {"new": 7})
    newsroom.archive.runs.interrupt_dead()
    new, problems, stored = results(newsroom)[newsroom.run_id]
    assert (new, problems) == (7, 0)
    assert stored


def test_runs_of_an_earlier_schema_say_what_they_added(newsroom: Newsroom) -> None:
    newsroom.archive.captures.store(capture(), newsroom.run_id)
    newsroom.archive.runs.finish(newsroom.run_id, "finished", None, {"new": 3})
    expected = results(newsroom)
    newsroom.archive.db.execute("UPDATE runs SET new_articles = NULL, problem_count = NULL, stored_bytes = NULL")
    newsroom.archive.db.execute(f"{SET_RESULTS} WHERE outcome <> 'running'")
    assert results(newsroom) == expected


def test_a_problem_is_stored_with_its_page(newsroom: Newsroom) -> None:
    stored = newsroom.archive.captures.store(capture(), newsroom.run_id)
    problem = Problem(
        stage="check", reason="no_headline", message="The page has no headline.", field="headline", fatal=True
    )
    newsroom.archive.runs.record_problem(newsroom.run_id, problem, url=SLUG_URL, capture_id=stored.id)
    (row,) = newsroom.archive.db.query("SELECT stage, reason, message, field, fatal, url, capture_id FROM problems")
    assert row == {
        "stage": "check",
        "reason": "no_headline",
        "message": "The page has no headline.",
        "field": "headline",
        "fatal": 1,
        "url": SLUG_URL,
        "capture_id": stored.id,
    }


def test_newer_coverage_of_a_run_replaces_the_earlier_one(newsroom: Newsroom) -> None:
    for pages in (10, 20):
        newsroom.archive.runs.record_coverage(
            newsroom.run_id, [("caliber", "new", "headline", "selector", pages, pages - 1)]
        )
    assert newsroom.archive.db.execute("SELECT pages, filled FROM field_coverage").fetchall() == [(20, 19)]


def test_a_site_is_stored_once(newsroom: Newsroom) -> None:
    site = Site(
        name="caliber",
        title="Caliber",
        base_url="https://caliber.az",
        timezone="Asia/Baku",
        editions=(),
        article_path="",
        reuse="With a hyperlink",
    )
    newsroom.archive.sites.store(site)
    newsroom.archive.sites.store(site)
    assert newsroom.archive.sites.get("caliber") == {
        "site": "caliber",
        "title": "Caliber",
        "url": "https://caliber.az",
        "timezone": "Asia/Baku",
        "reuse": "With a hyperlink",
    }
    assert newsroom.archive.sites.get("unknown") is None


def test_status_counts_the_edits_of_the_view(newsroom: Newsroom) -> None:
    for minute, urls, headline in (
        (0, (NUMBER_URL,), "Then"),
        (1, (SLUG_URL,), "Now"),
        # Only this page shows that the two are one article.
        (2, (NUMBER_URL, SLUG_URL), "Then"),
        (3, ("https://caliber.az/en/post/another",), "Never edited"),
    ):
        newsroom.save(minutes(minute), article_urls=urls, headline=headline)
    for extractor, headline in (("1", "Extracted badly"), ("2", "Extracted well")):
        newsroom.save(
            minutes(4), article_urls=("https://caliber.az/en/post/4",), extractor=extractor, headline=headline
        )
    assert newsroom.values("SELECT count(*) FROM versions WHERE replaced_by IS NOT NULL") == [1]
    assert newsroom.values("SELECT count(*) FROM edits") == [2]
    assert newsroom.archive.status()["edits"] == 2


def test_status_counts_the_contents(newsroom: Newsroom) -> None:
    newsroom.save(headline="Before", views=1)
    newsroom.save(minutes(5), headline="After", views=2)
    newsroom.save(article_urls=("https://caliber.az/post/x",), language="ru", published_at=None)
    newsroom.archive.captures.store(capture(status=None, error="timed out", body=b""), newsroom.run_id)
    newsroom.archive.captures.store(capture(status=404), newsroom.run_id)
    newsroom.archive.frontier.add(
        [Entry(url=SLUG_URL, site="caliber", kind="article", discovered_via="seed")], newsroom.run_id
    )
    for reason in ("slow", "slow", "odd"):
        problem = Problem(stage="check", reason=reason, message="…", fatal=reason == "odd")
        newsroom.archive.runs.record_problem(newsroom.run_id, problem)

    status = newsroom.archive.status()

    assert (status["articles"], status["versions"], status["edits"], status["view_counts"]) == (2, 3, 1, 2)
    english = next(edition for edition in status["editions"] if edition["language"] == "en")
    assert english == {
        "site": "caliber",
        "language": "en",
        "section": "analytics",
        "articles": 1,
        "versions": 2,
        "edits": 1,
        "views": 2,
        "first_published_at": "2026-01-06T15:13:00Z",
        "last_published_at": "2026-01-06T15:13:00Z",
    }
    captures = status["captures"]
    assert (captures["total"], captures["ok"], captures["http_errors"], captures["no_answer"]) == (5, 3, 1, 1)
    assert status["frontier"] == {"queued": 1, "due": 1}
    assert [(row["reason"], row["total"], row["refused"]) for row in status["problems"]["all"]] == [
        ("slow", 2, 0),
        ("odd", 1, 1),
    ]
    assert status["problems"]["last_run"] == status["problems"]["all"]
    assert [run["outcome"] for run in status["runs"]] == ["running"]
    assert status["size"] >= newsroom.archive.path.stat().st_size
    json.dumps(status)


def test_days_of_publication_are_in_the_sites_time_zone(newsroom: Newsroom) -> None:
    newsroom.save()
    (day,) = newsroom.archive.db.query("SELECT day, language, section, articles, words FROM coverage_by_day")
    assert day == {"day": "2026-01-06", "language": "en", "section": "analytics", "articles": 1, "words": 10}


def test_the_health_of_a_run_is_one_row(newsroom: Newsroom) -> None:
    newsroom.save()
    newsroom.archive.captures.store(capture(status=None, error="timed out", body=b""), newsroom.run_id)
    newsroom.archive.captures.store(capture(status=503), newsroom.run_id)
    (row,) = newsroom.archive.db.query(
        "SELECT captures, answered, http_errors, failures, versions, problems, refused FROM run_health"
    )
    assert row == {
        "captures": 3,
        "answered": 1,
        "http_errors": 1,
        "failures": 1,
        "versions": 1,
        "problems": 0,
        "refused": 0,
    }


@pytest.mark.parametrize("version", [(3, 40, 1), (3, 44, 5), (3, 51, 2), (3, 50, 4)])
def test_a_sqlite_version_with_the_wal_reset_bug_is_reported(version: tuple[int, ...]) -> None:
    assert ".".join(map(str, version)) in (sqlite_warning(version) or "")


@pytest.mark.parametrize("version", [(3, 51, 3), (3, 53, 4), (3, 44, 6), (3, 50, 7), (4, 0, 0)])
def test_a_sqlite_version_without_the_bug_is_not_reported(version: tuple[int, ...]) -> None:
    assert sqlite_warning(version) is None
