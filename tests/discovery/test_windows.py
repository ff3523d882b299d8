"""Crawls of a date range fetch little beyond it, from every discovery source; a second crawl fetches nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from caliber_crawler.demo import Response
from tests.conftest import Result
from tests.discovery.gazette import Gazette, printed, sold

pytestmark = pytest.mark.slow

FROM_75 = ("--since", "2024-03-16", "--json")
"""Stories 75 and later: one story a day since 1 January 2024."""


def numbers(paths: list[str]) -> list[int]:
    return sorted(int(path.removeprefix("/story/")) for path in paths if path.startswith("/story/"))


def test_a_second_crawl_of_a_window_fetches_only_the_first_page(caliber: Callable[..., Result], tmp_path: Path) -> None:
    assert printed(75).startswith("16 March 2024")
    # The first page has stories on both sides of the date.
    with sold(Gazette({"world": list(range(80, 0, -1))}), tmp_path, caliber) as stand:
        first = stand.crawl(*FROM_75)
        assert numbers(stand.asked()) == list(range(75, 81))
        requests = stand.requests()
        second = stand.crawl(*FROM_75)
        assert stand.asked(requests) == ["/world"]
    assert (first.exit_code, second.exit_code) == (0, 0)


def test_a_listing_without_dates_is_crawled_little_beyond_the_window(
    caliber: Callable[..., Result], tmp_path: Path
) -> None:
    gazette = Gazette({"world": list(range(100, 0, -1))}, dated=False)
    with sold(gazette, tmp_path, caliber) as stand:
        first = stand.crawl(*FROM_75)
        lists = [path for path in stand.asked() if path.startswith("/world")]
        fetched = numbers(stand.asked())
        requests = stand.requests()
        gazette.sections["world"].insert(0, 101)
        second = stand.crawl(*FROM_75)
        again = stand.asked(requests)
    # All stories of page 4 are older; the crawl is a page or two ahead by the time that is known.
    assert lists == ["/world", *(f"/world?page={page}" for page in (2, 3, 4, 5, 6))]
    assert fetched == list(range(51, 101))
    assert (first.exit_code, first.json["outcome"]) == (0, "finished")
    assert (second.exit_code, numbers(again)) == (0, [101])
    assert [path for path in again if path.startswith("/world")] == ["/world", "/world?page=2"]


def test_sitemap_entries_last_modified_before_the_window_are_skipped(
    caliber: Callable[..., Result], tmp_path: Path
) -> None:
    gazette = Gazette({"world": list(range(5, 0, -1))})
    days = {5: "2024-03-20", 4: "2024-03-16T08:00:00+01:00", 3: "2024-03-15T23:59:00+01:00", 2: "2024-03-14"}

    def sitemap(base_url: str) -> bytes:
        entries = "".join(f"<url><loc>{base_url}/story/{n}</loc><lastmod>{days[n]}</lastmod></url>" for n in days)
        return f"<urlset>{entries}<url><loc>{base_url}/story/1</loc></url></urlset>".encode()

    xml = (("content-type", "application/xml"),)
    gazette.pages["/map.xml"] = lambda gazette, query: Response(200, xml, sitemap(gazette.base_url))
    facts = 'sources=(Sitemaps(paths=("/map.xml",)),)'
    with sold(gazette, tmp_path, caliber, facts=facts) as stand:
        run = stand.crawl(*FROM_75, "--via", "sitemap")
        asked = numbers(stand.asked())
    assert run.exit_code == 0, run.stdout
    # The sitemap has no date for story 1, so it may be in the window.
    assert asked == [1, 4, 5]


def test_sitemaps_beyond_the_limit_are_fetched_by_later_runs(caliber: Callable[..., Result], tmp_path: Path) -> None:
    gazette = Gazette({"world": list(range(5, 0, -1))})
    xml = (("content-type", "application/xml"),)

    def index(gazette: Gazette, query: dict[str, str]) -> Response:
        maps = "".join(f"<sitemap><loc>/map-{n}.xml</loc></sitemap>" for n in range(1, 6))
        return Response(200, xml, f"<sitemapindex>{maps}</sitemapindex>".encode())

    for number in range(1, 6):
        text = f"<urlset><url><loc>/story/{number}</loc></url></urlset>"
        gazette.pages[f"/map-{number}.xml"] = Response(200, xml, text.encode())
    gazette.pages["/maps.xml"] = index
    with sold(gazette, tmp_path, caliber, facts='sources=(Sitemaps(paths=("/maps.xml",), max_sitemaps=2),)') as stand:
        first = stand.crawl("--via", "sitemap")
        assert "3 further sitemaps" in first.stdout
        assert stand.rows("select count(*) from articles") == [(2,)]
        for _ in range(2):
            assert stand.crawl("--via", "sitemap").exit_code == 0
    assert stand.rows("select count(*) from articles") == [(5,)]


def test_a_backfill_finds_an_article_added_at_the_end_of_a_listing(
    caliber: Callable[..., Result], tmp_path: Path
) -> None:
    gazette = Gazette({"world": list(range(60, 30, -1))})
    with sold(gazette, tmp_path, caliber) as stand:
        stand.crawl()
        # An old article is published today, at its place in the list.
        gazette.sections["world"].append(7)
        assert stand.crawl("--json").json.get("new", 0) == 0
        found = stand.crawl("--backfill", "--json")
    assert (found.exit_code, found.json["new"]) == (0, 1)


def test_a_takedown_does_not_prolong_later_crawls(caliber: Callable[..., Result], tmp_path: Path) -> None:
    with sold(Gazette(), tmp_path, caliber) as stand:
        stand.crawl()
        takedown = caliber(
            "takedown", f"{stand.base_url}/story/25", "--archive", stand.archive, "--reason", "asked for"
        )
        assert takedown.exit_code == 0
        requests = stand.requests()
        stand.crawl()
        assert stand.asked(requests) == ["/world"]
    assert stand.rows("select count(*) from articles") == [(24,)]
