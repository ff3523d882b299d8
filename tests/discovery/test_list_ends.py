"""Lists end in many ways. A crawl must distinguish the end of a list from a list that cannot be crawled."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from caliber_crawler.demo import Response
from tests.conftest import Result
from tests.discovery.gazette import Answer, Gazette, Query, html, sold

pytestmark = pytest.mark.slow

ASIDE = '<aside>Most read: <a href="/story/1">Story 1</a>, <a href="/story/2">Story 2</a></aside>'


def listing_that_ends(section: str, end: Callable[[Gazette], Response], sidebar: str = "") -> Answer:
    """A listing with the pages of a section, and ``end`` after the last one."""

    def answer(gazette: Gazette, query: Query) -> Response:
        part = gazette.part(section, int(query.get("page", "1")))
        return gazette.listing(part, sidebar) if part else end(gazette)

    return answer


ENDS: dict[str, tuple[Callable[[Gazette], Response], str]] = {
    "empty": (lambda gazette: gazette.listing([]), ""),
    "sidebar": (lambda gazette: gazette.listing([], ASIDE), ASIDE),
    "missing": (lambda gazette: html("<h1>Not found</h1>", 404), ""),
    "over": (lambda gazette: html("<h1>Gone</h1>", 410), ""),
    "last": (lambda gazette: gazette.listing(gazette.part("last", 3)), ""),
    "first": (lambda gazette: gazette.listing(gazette.part("first", 1)), ""),
    "back": (lambda gazette: html("", 301, location="/back"), ""),
}
"""Responses after the last page of a list."""


def test_a_list_is_crawled_to_its_end_whatever_comes_after_it(caliber: Callable[..., Result], tmp_path: Path) -> None:
    sections = {name: list(range(100 * n + 25, 100 * n, -1)) for n, name in enumerate(ENDS)}
    pages = {f"/{name}": listing_that_ends(name, end, sidebar) for name, (end, sidebar) in ENDS.items()}
    with sold(Gazette(sections=sections, pages=pages), tmp_path, caliber) as stand:
        first = stand.crawl("--concurrency", 4, "--json")
        asked = stand.requests()
        second = stand.crawl("--json")
        again = stand.asked(asked)
    assert (first.exit_code, first.json["outcome"], first.json["stored"]) == (0, "finished", 25 * len(ENDS))
    assert stand.rows("select count(*) from problems") == [(0,)]
    assert (second.exit_code, second.json.get("new", 0)) == (0, 0)
    assert sorted(again) == sorted(f"/{name}" for name in ENDS)


def test_a_missing_second_page_is_reported_unless_other_lists_have_one(
    caliber: Callable[..., Result], tmp_path: Path
) -> None:
    alone = Gazette(sections={"short": [3, 2, 1]}, pages={"/short": listing_that_ends("short", ENDS["missing"][0])})
    with sold(alone, tmp_path, caliber) as stand:
        # It is not known yet whether "?page=2" works on this site.
        assert stand.crawl().exit_code == 3
        assert stand.rows("select reason from problems") == [("http_404",)]
    (tmp_path / "b").mkdir()
    both = Gazette(
        sections={"long": list(range(125, 100, -1)), "short": [3, 2, 1]},
        pages={name: listing_that_ends(name[1:], ENDS["missing"][0]) for name in ("/long", "/short")},
    )
    with sold(both, tmp_path / "b", caliber) as stand:
        assert stand.crawl().exit_code == 0
        # Page 2 existed before and is missing now: the site has changed, and that is reported once.
        both.sections["long"] = list(range(206, 196, -1))
        assert stand.crawl().exit_code == 3
        assert stand.rows("select reason from problems") == [("http_404",)]


def test_a_site_that_ignores_the_page_number_is_reported(caliber: Callable[..., Result], tmp_path: Path) -> None:
    same_page: Answer = lambda gazette, query: gazette.listing(gazette.part("world", 1))  # noqa: E731
    with sold(Gazette(pages={"/world": same_page}), tmp_path, caliber) as stand:
        for _ in range(2):
            assert stand.crawl().exit_code == 3
    assert stand.rows("select distinct reason from problems") == [("listing_repeats",)]


def test_a_failed_traversal_is_not_skipped_as_unchanged(caliber: Callable[..., Result], tmp_path: Path) -> None:
    gazette = Gazette()

    def world(gazette: Gazette, query: Query) -> Response:
        page = gazette.listing(gazette.part("world", int(query.get("page", "1"))))
        return Response(page.status, (*page.headers, ("etag", f'"{len(gazette.sections["world"])}"')), page.body)

    gazette.pages["/world"] = world
    with sold(gazette, tmp_path, caliber) as stand:
        assert stand.crawl().exit_code == 0
        gazette.sections["world"] = list(range(45, 0, -1))
        # The site is being rebuilt: every page of the list is page 1.
        gazette.pages["/world"] = lambda gazette, query: world(gazette, {})
        assert stand.crawl().exit_code == 3
        gazette.pages["/world"] = world
        assert stand.crawl().exit_code == 0
    assert stand.rows("select count(*) from articles") == [(45,)]


def test_a_list_crawled_in_many_runs_is_fetched_little_more_than_once(
    caliber: Callable[..., Result], tmp_path: Path
) -> None:
    gazette = Gazette({"world": list(range(120, 0, -1))})
    with sold(gazette, tmp_path, caliber) as stand:
        for run in range(4):
            stand.crawl("--limit", 25)
            # A new article is published between two runs.
            gazette.sections["world"].insert(0, 121 + run)
        last = stand.crawl("--json")
        requests = stand.requests()
        again = stand.crawl("--json")
        second = stand.asked(requests)
    lists = [path for path in stand.asked() if path.startswith("/world")]
    assert (last.exit_code, last.json["outcome"], last.json["remaining"]) == (0, "finished", 0)
    assert stand.rows("select count(*) from articles") == [(124,)]
    # Thirteen pages and an empty one. A run also fetches the first pages with new articles, and one more.
    assert len(lists) <= 14 + 5 * 2 + 1
    assert (again.exit_code, second) == (0, ["/world"])
    assert not stand.rows("select crawled_at from frontier where url like '%/world' and crawled_at is null")
