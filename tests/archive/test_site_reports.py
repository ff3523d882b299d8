"""The report about the sites of an archive, compared with a plain computation from all rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caliber_crawler.archive import Archive, Entry
from caliber_crawler.archive.core.times import utc_text
from caliber_crawler.archive.reports.alarms import SiteState
from caliber_crawler.archive.reports.site_reports import COLUMNS, SiteReport, flat_row
from caliber_crawler.items import Problem
from caliber_crawler.spiders.caliber import CaliberSpider

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)


class Crawl(NamedTuple):
    site: str
    hours_ago: int
    exit_code: int | None
    new: int
    problems: int
    stored: int

    @property
    def at(self) -> str:
        return utc_text(NOW - timedelta(hours=self.hours_ago))


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with Archive.open(tmp_path_factory.mktemp("sites") / "archive.db", mode="write") as opened:
        yield opened


@pytest.fixture
def empty(archive: Archive) -> Archive:
    for table in ("problems", "field_coverage", "frontier", "runs", "sites"):
        archive.db.execute(f"DELETE FROM {table}")
    return archive


def add(archive: Archive, crawl: Crawl, command: str = "crawl") -> int:
    ended = crawl.exit_code is not None
    row = (command, crawl.site, crawl.at, crawl.at, crawl.exit_code, *(crawl[3:] if ended else (None,) * 3))
    cursor = archive.db.execute(
        """INSERT INTO runs (command, site, started_at, heartbeat_at, exit_code, new_articles, problem_count,
          stored_bytes) VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
        row,
    )
    return int(cursor.lastrowid)


def only(archive: Archive) -> SiteReport:
    (report,) = archive.sites.report(NOW)
    return report


crawls = st.lists(
    st.builds(
        Crawl,
        st.sampled_from("ab"),
        st.integers(0, 24 * 40),
        st.sampled_from([None, 0, 0, 3, 10, 14]),
        st.integers(0, 50),
        st.integers(0, 3),
        st.integers(0, 10**6),
    ),
    max_size=40,
    unique_by=lambda crawl: (crawl.site, crawl.hours_ago),
)


def expected(site: str, crawls: list[Crawl]) -> dict[str, Any]:
    """What the report must say of a site, from all its crawls, newest first."""
    own = sorted((crawl for crawl in crawls if crawl.site == site), key=lambda crawl: crawl.hours_ago)
    ended = [crawl for crawl in own if crawl.exit_code is not None]
    days: list[int | None] = [None] * 30
    for crawl in ended:
        if crawl.hours_ago < 24 * 30:
            place = 29 - crawl.hours_ago // 24
            days[place] = (days[place] or 0) + crawl.new
    usual = [day for day in days[:29] if day is not None]
    state = SiteState(ended[0].exit_code or 0).name if ended else None
    same = [crawl for crawl in ended if SiteState(crawl.exit_code or 0).name != state]
    since = [crawl.at for crawl in ended if not same or crawl.hours_ago < same[0].hours_ago]
    with_problems = [crawl.at for crawl in ended if crawl.problems]
    known_days = min(own[-1].hours_ago / 24, 30)
    recent = sum(crawl.stored for crawl in ended if crawl.hours_ago < 24 * 30)
    return {
        "state": state,
        "state_since": since[-1] if since else None,
        "last_run_at": own[0].at,
        "last_run_exit_code": own[0].exit_code,
        "new_per_day": days,
        "new_articles": days[-1],
        "usual_new_articles": float(median(usual)) if len(usual) >= 3 else None,
        "problems": sum(crawl.problems for crawl in ended),
        "problems_first_at": min(with_problems, default=None),
        "problems_last_at": max(with_problems, default=None),
        "stored_bytes": sum(crawl.stored for crawl in ended),
        "bytes_per_day": round(recent / known_days, 1) if known_days >= 1 else None,
    }


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(crawls)
def test_the_report_is_what_a_plain_count_of_all_crawls_gives(archive: Archive, made: list[Crawl]) -> None:
    archive.db.execute("DELETE FROM runs")
    for crawl in made:
        add(archive, crawl)
    reports = {report["site"]: report for report in archive.sites.report(NOW)}
    assert reports.keys() == {crawl.site for crawl in made}
    for site, report in reports.items():
        wanted = expected(site, made)
        assert {name: report[name] for name in wanted} == wanted  # type: ignore[literal-required]


def test_only_crawls_count(empty: Archive) -> None:
    add(empty, Crawl("a", 30, 0, 5, 0, 100))
    add(empty, Crawl("a", 2, 1, 70, 9, 10_000), command="ingest")
    report = only(empty)
    assert (report["state"], report["new_articles"], report["problems"], report["stored_bytes"]) == (
        "healthy",
        None,
        0,
        100,
    )


def test_a_site_that_was_never_crawled_is_listed(empty: Archive) -> None:
    empty.sites.store(CaliberSpider.site)
    report = only(empty)
    assert (report["title"], report["state"], report["coverage"]) == ("Caliber.Az", None, None)
    assert report["new_per_day"] == [None] * 30


def test_known_urls_are_counted_by_what_became_of_them(empty: Archive) -> None:
    run = add(empty, Crawl("a", 2, 0, 0, 0, 0))
    for number, (kind, state, due) in enumerate(
        [
            ("article", "done", 9),
            ("article", "failed", -1),
            ("article", "refused", None),
            ("article", "queued", -3),
            ("listing", "done", None),
            ("listing", "failed", -2),
        ]
    ):
        url = f"https://a.example/{number}"
        empty.frontier.add([Entry(url=url, site="a", kind=kind, discovered_via="listing")], run)
        due_at = None if due is None else utc_text(NOW + timedelta(hours=due))
        empty.db.execute("UPDATE frontier SET state = ?, due_at = ? WHERE url = ?", (state, due_at, url))
    report = only(empty)
    names = ("known_urls", "stored_urls", "failed_urls", "refused_urls", "due_urls", "coverage", "next_due_url")
    assert [report[name] for name in names] == [4, 0, 1, 1, 3, 0.0, "https://a.example/3"]  # type: ignore[literal-required]
    assert report["next_due_at"] == utc_text(NOW - timedelta(hours=3))


def test_no_url_is_next_if_none_is_due(empty: Archive) -> None:
    empty.frontier.add([Entry(url="https://a.example/", site="a", kind="listing", discovered_via="listing")], None)
    empty.db.execute("UPDATE frontier SET due_at = NULL")
    assert (only(empty)["next_due_at"], only(empty)["next_due_url"]) == (None, None)


def test_a_field_is_compared_with_the_sites_own_history(empty: Archive) -> None:
    """Two layouts and two methods: each page of a layout counts once."""
    for hours_ago, filled in ((96, 9), (72, 10), (48, 8), (24, 1)):
        run = add(empty, Crawl("a", hours_ago, 0, 1, 0, 0))
        empty.runs.record_coverage(
            run,
            [
                ("a", "new", "authors", "selector", 10, filled - 1),
                ("a", "new", "authors", "generic", 10, 1),
                ("a", "old", "authors", "selector", 10, filled),
                ("a", "new", "headline", "selector", 10, 10),
            ],
        )
    add(empty, Crawl("a", 1, 0, 0, 0, 0))
    assert only(empty)["fields"] == [
        {"field": "authors", "share": 0.1, "usual": 0.9, "is_low": True},
        {"field": "headline", "share": 1.0, "usual": 1.0, "is_low": False},
    ]
    assert flat_row(only(empty))["low_fields"] == "authors"


def test_failed_sites_come_first_then_alarms(empty: Archive) -> None:
    codes = {"healthy": 0, "down": 10, "redesigned": 3, "active": None}
    for site, code in codes.items():
        run = add(empty, Crawl(site, 2, code, 0, 0, 0))
        if site == "redesigned":
            problem = Problem(stage="run", reason="unknown_layout", message="All pages have a new layout.")
            empty.runs.record_problem(run, problem)
    reports = empty.sites.report(NOW)
    assert [report["site"] for report in reports] == ["down", "redesigned", "active", "healthy"]
    assert [alarm["reason"] for alarm in reports[1]["alarms"]] == ["unknown_layout"]
    assert flat_row(reports[1])["alarms"] == "All pages have a new layout."
    assert set(flat_row(reports[1])) == set(COLUMNS)


def test_an_archive_without_sites_has_no_reports(tmp_path: Path) -> None:
    with Archive.open(tmp_path / "archive.db", mode="write") as archive:
        assert archive.sites.report() == []
