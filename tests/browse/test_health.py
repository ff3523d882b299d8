from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parsel import Selector

from caliber_crawler.archive import Archive, Entry
from caliber_crawler.browse.health_page import duration_text, judged, usual
from caliber_crawler.items import Problem
from tests.browse.conftest import Get, browsing

START = datetime(2026, 1, 6, tzinfo=UTC)


def text(selector: Selector) -> str:
    return " ".join(selector.xpath("string()").get("").split())


def test_the_health_page_shows_runs_problems_and_coverage(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    with Archive.open(path, mode="write") as archive:
        run = archive.runs.start("crawl", site="caliber", arguments={}, settings={}, software={})
        for page in range(3):
            problem = Problem(stage="extract", reason="no_headline", message=f"Page {page} has none.", fatal=page == 0)
            archive.runs.record_problem(run, problem, url=f"https://caliber.az/{page}")
        for method, filled in (("selector", 7), ("structured_data", 2)):
            archive.runs.record_coverage(run, [("caliber", "new", "headline", method, 10, filled)])
        archive.runs.finish(run, "failed", "nobody answered", {"discovered": 12, "stored": 9, "refused": 1})
    with browsing(path) as get:
        shown = Selector(get("/archive/-/health").text)
        run_row, problem_row, coverage_row = (text(row) for row in shown.css("tbody tr")[:3])
        assert "failed nobody answered" in run_row
        assert "no_headline" in problem_row
        assert [each.get() for each in shown.css("tbody tr")[1].css(".number::text")] == ["3", "1"]
        assert "90%" in coverage_row


def test_the_first_page_of_a_listing_is_due_in_every_run(tmp_path: Path) -> None:
    path, start = tmp_path / "archive.db", "https://caliber.az/en/category/analytics"
    with Archive.open(path, mode="write") as archive:
        run = archive.runs.start("crawl", site="caliber", arguments={}, settings={}, software={})
        for batch, url in enumerate((start, f"{start}?page=2", f"{start}?page=3"), 1):
            archive.frontier.add(
                [Entry(url=url, site="caliber", kind="listing", discovered_via="listing", page_number=batch)], run
            )
            archive.frontier.mark_done(url, START, status=200)
    with browsing(path) as get:
        shown = Selector(get("/archive/-/health").text)
    table = shown.css('[aria-label="Crawl queue"]')
    values = dict(zip(table.css("th::text").getall(), table.css("td::text").getall(), strict=True))
    assert (values["Known URLs"], values["Every run"], values["Not due again"]) == ("3", "1", "2")


@pytest.mark.slow
def test_all_internal_links_of_the_health_page_work(get: Get) -> None:
    shown = Selector(get("/archive/-/health").text)
    inside = [link for link in shown.css("a::attr(href)").getall() if link.startswith("/")]
    assert {link: get(link).status_code for link in inside} == dict.fromkeys(inside, 200)


@given(st.integers(0, 10**7))
def test_the_duration_of_a_run_has_at_most_two_units(seconds: int) -> None:
    end = START + timedelta(seconds=seconds)
    said = duration_text(
        {"started_at": START.isoformat(), "finished_at": end.isoformat(), "outcome": "finished"}, START
    )
    if seconds < 60:
        assert said == f"{seconds} s"
    elif seconds < 3600:
        assert said == f"{seconds // 60} min"
    else:
        hours, minutes = said.split(" h ")
        assert int(hours) * 60 + int(minutes.split()[0]) == seconds // 60


def test_a_share_is_low_compared_with_its_own_history() -> None:
    steady = judged([0.05, 0.04, 0.06, 0.05])
    assert [each and each.is_low for each in steady] == [False] * 4
    dropped = judged([0.9, 1.0, 0.95, None, 0.5])
    assert [each and each.is_low for each in dropped] == [False, False, False, None, True]
    assert usual([0.9, None, 1.0]) is None


def test_results_come_first_among_the_counts_of_runs(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    counts = {
        "discovered": 12,
        "pages": 12,
        "teasers": 9,
        "stored": 9,
        "failed": 2,
        "refused": 1,
        "found": 3,
        "listings": 1,
    }
    with Archive.open(path, mode="write") as archive:
        run = archive.runs.start("crawl", site="caliber", arguments={}, settings={}, software={})
        archive.runs.finish(run, "finished", None, {**counts, "not_due": 4})
    with browsing(path) as get:
        shown = Selector(get("/archive/-/health").text)
    columns = shown.css('[aria-label="Runs"] th.number::text').getall()
    assert columns[:3] == ["stored", "failed", "refused"]
    assert len(columns) == 8
    assert len(shown.css('[aria-label="All counts"] th.number')) == 9
