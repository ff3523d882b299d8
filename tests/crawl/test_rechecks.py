"""Temporary outages: gone, disallowed and unusable pages are checked again, and nothing is lost."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from caliber_crawler.demo import Response
from tests.conftest import Result
from tests.discovery.gazette import Gazette, html, sold

pytestmark = pytest.mark.slow

DAY = "(julianday(due_at) - julianday(visited_at))"
ARTICLES = "from frontier where kind = 'article'"


def test_an_article_that_was_gone_for_a_day_is_restored(caliber: Callable[..., Result], tmp_path: Path) -> None:
    gazette = Gazette(sections={"world": [7]})
    with sold(gazette, tmp_path, caliber, listing="") as stand:
        stand.crawl()
        gazette.pages["/story/7"] = html("<h1>Not found</h1>", 404)
        stand.make_due()
        stand.crawl()
        assert stand.rows("select gone_at is null from articles") == [(0,)]
        assert stand.rows(f"select state, round({DAY}) {ARTICLES}") == [("gone", 1.0)]
        del gazette.pages["/story/7"]
        stand.make_due()
        assert stand.crawl("--json").json["revisited"] == 1
    assert stand.rows("select gone_at is null, version_count from articles") == [(1, 1)]
    assert stand.rows(f"select state, failures {ARTICLES}") == [("done", 0)]
    assert stand.rows("select count(*) from view_counts") == [(2,)]


def test_a_gone_page_is_checked_twice_more_and_fails_no_later_run(
    caliber: Callable[..., Result], tmp_path: Path
) -> None:
    gazette = Gazette(sections={"world": [7, 6, 5]}, pages={"/story/6": html("<h1>Not found</h1>", 404)})
    with sold(gazette, tmp_path, caliber, listing="") as stand:
        codes = []
        for _ in range(4):
            codes.append(stand.crawl().exit_code)
            stand.make_due()
        requested = stand.asked().count("/story/6")
    assert codes == [3, 0, 0, 0]
    assert requested == 3
    assert stand.rows(f"select state, due_at {ARTICLES} and state = 'gone'") == [("gone", None)]


def test_a_page_that_was_under_maintenance_is_extracted_later(caliber: Callable[..., Result], tmp_path: Path) -> None:
    gazette = Gazette(sections={"world": [7]}, pages={"/story/7": html("<h1>We are updating our site</h1>")})
    with sold(gazette, tmp_path, caliber, listing="") as stand:
        assert stand.crawl().exit_code == 3
        assert stand.rows(f"select state, round({DAY}) {ARTICLES}") == [("refused", 1.0)]
        del gazette.pages["/story/7"]
        stand.make_due()
        assert stand.crawl("--json").json["new"] == 1
    assert stand.rows("select count(*) from articles") == [(1,)]


def test_a_temporarily_disallowed_page_is_fetched_when_it_is_allowed(
    caliber: Callable[..., Result], tmp_path: Path
) -> None:
    plain = (("content-type", "text/plain"),)
    gazette = Gazette(sections={"world": [7]})
    with sold(gazette, tmp_path, caliber, listing="") as stand:
        gazette.pages["/robots.txt"] = Response(200, plain, b"User-agent: *\nDisallow: /story/\n")
        assert stand.crawl().exit_code == 3
        assert stand.rows(f"select state, reason, round({DAY}) {ARTICLES}") == [("refused", "robots", 7.0)]
        del gazette.pages["/robots.txt"]
        stand.rows("UPDATE hosts SET robots_at = '2024-01-01T00:00:00Z'")
        stand.make_due()
        assert stand.crawl("--json").json["new"] == 1


def test_a_listed_url_is_requested_although_it_was_gone(caliber: Callable[..., Result], tmp_path: Path) -> None:
    gazette = Gazette(sections={"world": [7, 6]}, pages={"/story/7": html("<h1>Not found</h1>", 404)})
    with sold(gazette, tmp_path, caliber, listing="") as stand:
        stand.crawl()
        del gazette.pages["/story/7"]
        time.sleep(1.0)  # a visit within the second in which a run begins may be the run's own
        (tmp_path / "urls.txt").write_text(f"{stand.base_url}/story/7\n{stand.base_url}/story/6\n")
        requests = stand.requests()
        run = stand.crawl("--urls", tmp_path / "urls.txt", "--json").json
        requested = stand.asked(requests)
    assert requested == ["/story/7"]
    assert (run["new"], run["not_due"], run["discovered"]) == (1, 1, 2)


def test_a_gone_page_from_a_url_list_is_not_checked_again(caliber: Callable[..., Result], tmp_path: Path) -> None:
    with sold(Gazette(sections={"world": [7]}), tmp_path, caliber, listing="") as stand:
        (tmp_path / "urls.txt").write_text(f"{stand.base_url}/story/7\n{stand.base_url}/story/8\n")
        stand.crawl("--urls", tmp_path / "urls.txt")
    assert stand.rows(f"select state, due_at is null {ARTICLES} order by url") == [("done", 0), ("gone", 1)]


def test_an_article_that_redirects_to_its_section_is_gone(caliber: Callable[..., Result], tmp_path: Path) -> None:
    gazette = Gazette(sections={"world": [7]})
    with sold(gazette, tmp_path, caliber, listing="") as stand:
        stand.crawl()
        gazette.pages["/story/7"] = html("", 302, location="/world/")
        stand.make_due()
        stand.crawl()
    assert stand.rows("select gone_at is null, headline from articles") == [(0, "Story 7 of the town")]
    assert stand.rows("select reason from problems") == [("redirect_home",)]


def test_the_age_of_an_undated_article_counts_from_its_first_visit(
    caliber: Callable[..., Result], tmp_path: Path
) -> None:
    page = Gazette().story(7)
    undated = Response(200, page.headers, page.body.replace(b"<time>08 January 2024, 10:00</time>", b""))
    gazette = Gazette(sections={"world": [7]}, pages={"/story/7": undated})
    with sold(gazette, tmp_path, caliber, listing="") as stand:
        stand.crawl()
        assert stand.rows(f"select round(24 * {DAY}) {ARTICLES}") == [(1.0,)]
        stand.rows("UPDATE articles SET first_seen_at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-20 days')")
        stand.make_due()
        stand.crawl()
    assert stand.rows(f"select round({DAY}) {ARTICLES}") == [(10.0,)]
