"""Pagination of listings: the requested pages, the end, and the resumption of a killed crawl."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from caliber_crawler.crawling.pagination import End, Window
from caliber_crawler.crawling.traps import Bounds
from caliber_crawler.discovery import discoveries
from caliber_crawler.site import JsonTeasers, Listings, Search
from tests.discovery.driven import (
    Answer,
    Paper,
    PaperCrawler,
    day,
    listing_of,
    paper_of,
    paper_site,
    teaser,
    url_list,
    with_listing,
)

ALL = list(range(1, 26))
PAGES = ["/world", "/world?page=2", "/world?page=3"]
SIDEBAR = '<aside>Most read: <a href="/story/1">Story 1</a>, <a href="/story/2">Story 2</a></aside>'
AFTER: dict[str, Callable[[Paper], Answer]] = {
    "an empty page": lambda paper: listing_of([]),
    "only a sidebar": lambda paper: listing_of([], SIDEBAR),
    "no page": lambda paper: Answer("<h1>Not found</h1>", 404),
    "a page that is gone": lambda paper: Answer("<h1>Gone</h1>", 410),
    "the last page again": lambda paper: listing_of(paper.part("world", 3)),
    "the first page again": lambda paper: listing_of(paper.part("world", 1)),
    "an empty response": lambda paper: Answer(""),
}


def ending(paper: Paper, after: Callable[[Paper], Answer], sidebar: str = "") -> Paper:
    """A paper whose listing has ``after`` after its last page."""

    def page(query: dict[str, str]) -> Answer:
        part = paper.part("world", int(query.get("page", 1)))
        return listing_of(part, sidebar) if part else after(paper)

    paper.pages["/world"] = page
    return paper


@pytest.mark.parametrize("after", list(AFTER))
def test_a_listing_ends_without_problems_whatever_comes_after_its_last_page(after: str, tmp_path: Path) -> None:
    paper = ending(Paper(), AFTER[after], SIDEBAR if "sidebar" in after else "")
    crawler = PaperCrawler(tmp_path / "a.db", paper)
    first = crawler.crawl()
    assert (first.lists, first.stories) == ([*PAGES, "/world?page=4"], ALL)
    assert (first.left, first.problems) == (0, [])
    assert all(end.complete for end in first.ends.values())
    second = crawler.crawl()
    assert (second.requested, second.ends) == (["/world"], {"/world": End.ALREADY_CRAWLED})


@pytest.mark.slow
def test_a_crawl_continues_until_a_page_without_new_stories(tmp_path: Path) -> None:
    paper = Paper({"world": list(range(60, 0, -1))})
    crawler = PaperCrawler(tmp_path / "a.db", paper)
    crawler.crawl()
    paper.sections["world"] = [*range(72, 60, -1), *paper.sections["world"]]
    again = crawler.crawl()
    assert again.lists == ["/world", "/world?page=2", "/world?page=3"]
    assert again.stories == list(range(61, 73))
    assert again.ends == {"/world?page=3": End.ALREADY_CRAWLED}
    paper.sections["world"].append(999)
    assert crawler.crawl().stories == []
    backfill = crawler.crawl(backfill=True)
    assert backfill.stories == [999]
    assert backfill.ends == {"/world?page=9": End.LAST_PAGE}


def test_frontier_entries_record_their_source(tmp_path: Path) -> None:
    crawler = PaperCrawler(tmp_path / "a.db", Paper())
    crawler.crawl()
    start, second, story = crawler.entry("/world"), crawler.entry("/world?page=2"), crawler.entry("/story/12")
    assert start is not None
    assert second is not None
    assert story is not None
    assert (start.kind, start.discovered_via, start.page_number, start.discovered_on) == ("listing", "listing", 1, None)
    assert (start.language, start.section, start.priority) == ("en", "world", 100)
    assert (second.page_number, second.discovered_on, second.priority) == (2, start.url, 40)
    assert (second.language, second.section, second.traversal_started_at) == ("en", "world", start.traversal_started_at)
    assert (story.kind, story.discovered_via, story.discovered_on) == ("article", "listing", second.url)
    assert (story.language, story.section, story.page_number, story.priority) == ("en", "world", 1, 42)


def test_stories_are_fetched_before_the_later_pages_of_their_listing(tmp_path: Path) -> None:
    requested = PaperCrawler(tmp_path / "a.db", Paper()).crawl().requested
    assert requested.index("/story/16") < requested.index("/world?page=2") < requested.index("/story/6")


@pytest.mark.parametrize("killed_after", [1, 6, 12, 20, 24, 28])
def test_a_killed_crawl_is_resumed_without_gaps(killed_after: int, tmp_path: Path) -> None:
    paper = Paper({"world": list(range(35, 0, -1))})
    crawler = PaperCrawler(tmp_path / "a.db", paper)
    first = crawler.crawl(stop_after=killed_after)
    paper.sections["world"].insert(0, 36)
    second = crawler.crawl()
    assert sorted(first.stories + second.stories) == list(range(1, 37))
    assert second.left == 0
    assert second.lists[0] == "/world"
    assert all(end.complete for end in second.ends.values())
    third = crawler.crawl()
    assert (third.lists, third.stories) == (["/world"], [])


@pytest.mark.slow
def test_a_crawl_stops_where_an_earlier_unfinished_crawl_has_queued_the_rest(tmp_path: Path) -> None:
    crawler = PaperCrawler(tmp_path / "a.db", Paper({"world": list(range(80, 0, -1))}))
    crawler.crawl(stop_after=33)  # three pages of the listing, and their stories
    second = crawler.crawl()
    assert second.ends["/world"] is End.EARLIER_CRAWL
    assert sorted(second.lists) == sorted(["/world", *(f"/world?page={n}" for n in range(4, 10))])


def test_a_backfill_does_not_stop_there(tmp_path: Path) -> None:
    crawler = PaperCrawler(tmp_path / "a.db", Paper({"world": list(range(80, 0, -1))}))
    crawler.crawl(stop_after=33)
    assert "/world?page=2" in crawler.crawl(backfill=True).lists


def test_a_missing_second_page_is_a_problem_if_no_other_listing_has_one(tmp_path: Path) -> None:
    paper = ending(Paper({"world": [3, 2, 1]}), AFTER["no page"])
    paper.pages["/world"] = lambda query: (
        Answer("", 404) if "page" in query else replace(listing_of([3, 2, 1]), etag='"1"')
    )
    crawler = PaperCrawler(tmp_path / "a.db", paper)
    crawl = crawler.crawl()
    assert (crawl.problems, crawl.stories) == ([("/world?page=2", "http_404")], [1, 2, 3])
    start = crawler.entry("/world")
    assert start is not None
    assert start.etag is None, "an incomplete listing is fetched unconditionally"


def test_a_missing_second_page_is_the_end_if_another_listing_has_one(tmp_path: Path) -> None:
    paper = Paper({"long": list(range(125, 100, -1)), "short": [3, 2, 1]})
    for name in ("long", "short"):

        def page(query: dict[str, str], name: str = name) -> Answer:
            part = paper.part(name, int(query.get("page", 1)))
            return listing_of(part) if part else Answer("", 404)

        paper.pages[f"/{name}"] = page
    crawler = PaperCrawler(tmp_path / "a.db", paper)
    assert crawler.crawl().problems == []
    # A page that existed before and is missing now is a problem.
    paper.sections["long"] = list(range(206, 196, -1))
    assert crawler.crawl().problems == [("/long?page=2", "http_404")]


def test_a_missing_first_page_is_a_problem(tmp_path: Path) -> None:
    crawl = PaperCrawler(tmp_path / "a.db", Paper(pages={"/world": Answer("", 404)})).crawl()
    assert (crawl.problems, crawl.requested) == ([("/world", "http_404"), ("/", "http_404")], ["/world", "/"])


def test_a_first_page_without_teasers_is_a_problem(tmp_path: Path) -> None:
    crawl = PaperCrawler(tmp_path / "a.db", Paper(pages={"/world": Answer("<p>Soon.</p>")})).crawl()
    assert crawl.ends == {"/world": End.EMPTY}
    assert not End.EMPTY.complete


def test_a_site_that_ignores_the_page_number_is_a_problem(tmp_path: Path) -> None:
    first = replace(listing_of(list(range(25, 15, -1))), etag='"1"')
    crawler = PaperCrawler(tmp_path / "a.db", Paper(pages={"/world": lambda query: first}))
    crawl = crawler.crawl()
    assert crawl.ends == {"/world?page=2": End.REPEATS}
    start = crawler.entry("/world")
    assert start is not None
    assert start.etag is None
    assert crawler.crawl().ends == {"/world?page=2": End.REPEATS}, "the listing does not count as crawled"


def test_a_repeated_listing_shorter_than_a_page_has_one_page(tmp_path: Path) -> None:
    first = listing_of([3, 2, 1])
    crawler = PaperCrawler(tmp_path / "a.db", Paper(pages={"/world": lambda query: first}))
    assert crawler.crawl().ends == {"/world?page=2": End.LAST_PAGE}
    assert crawler.crawl().requested == ["/world"]


@pytest.mark.parametrize(
    ("stories", "is_end"), [(5, True), (10, False), (20, True), (25, True)], ids=["short", "full", "two", "three"]
)
def test_a_repeated_page_is_the_end_of_a_listing_whose_pagination_has_worked(
    stories: int, is_end: bool, tmp_path: Path
) -> None:
    paper = paper_of(stories)
    last = -(-stories // 10)
    crawl = PaperCrawler(tmp_path / "a.db", ending(paper, lambda paper: listing_of(paper.part("world", last)))).crawl()
    assert crawl.lists[-1] == f"/world?page={last + 1}"
    assert list(crawl.ends.values()) == [End.LAST_PAGE if is_end else End.REPEATS]


def test_an_endless_listing_is_abandoned_after_the_maximum_number_of_pages(tmp_path: Path) -> None:
    endless = Paper({"world": list(range(1000, 0, -1))})
    crawl = PaperCrawler(tmp_path / "a.db", endless).crawl(bounds=Bounds(pages=4))
    assert crawl.lists == [*PAGES, "/world?page=4"]
    assert crawl.ends == {"/world?page=4": End.ENDLESS}
    assert not End.ENDLESS.complete


def test_a_crawl_ends_at_the_first_page_before_the_window(tmp_path: Path) -> None:
    paper = Paper({"world": list(range(100, 0, -1))})
    crawler = PaperCrawler(tmp_path / "a.db", paper)
    window = Window(since=day(75) - timedelta(hours=1))
    crawl = crawler.crawl(window=window)
    assert crawl.stories == list(range(75, 101))
    assert crawl.lists == [*PAGES, "/world?page=4"]
    assert crawl.ends == {"/world?page=4": End.WINDOW}
    assert crawl.counts["out_of_scope"] == 14
    further = crawler.crawl(window=Window(since=day(55)))
    assert further.stories == list(range(55, 75)), "an earlier crawl did not go that far back"
    assert crawler.crawl(window=window).lists == ["/world"]


def test_without_dated_teasers_the_dates_of_stories_end_a_crawl(tmp_path: Path) -> None:
    crawler = PaperCrawler(tmp_path / "a.db", Paper({"world": list(range(100, 0, -1))}, dated=False))
    crawl = crawler.crawl(window=Window(since=day(75)))
    assert set(crawl.ends.values()) == {End.WINDOW}
    assert crawl.lists == [*PAGES, "/world?page=4", "/world?page=5"]
    assert crawl.stories == list(range(61, 101)), "those of the last page are too old"


def test_stories_discovered_elsewhere_do_not_hide_those_between_them(tmp_path: Path) -> None:
    paper = Paper()
    crawler = PaperCrawler(tmp_path / "a.db", paper)
    crawler.crawl()
    paper.sections["world"] = [*range(45, 25, -1), *paper.sections["world"]]
    crawler.crawl(sources=(), lists=url_list([f"/story/{n}" for n in range(36, 46)]))
    crawl = crawler.crawl()
    assert crawl.stories == list(range(26, 36))
    assert crawl.lists == PAGES


def test_a_section_that_was_not_requested_is_not_crawled(tmp_path: Path) -> None:
    paper = Paper({"world": [3, 2, 1], "sport": [6, 5, 4]})
    crawl = PaperCrawler(tmp_path / "a.db", paper).crawl(sections=("sport",))
    assert (crawl.stories, set(crawl.lists)) == ([4, 5, 6], {"/sport", "/sport?page=2"})


def test_the_next_page_may_be_a_link_that_the_last_page_lacks(tmp_path: Path) -> None:
    paper = Paper()

    def page(query: dict[str, str]) -> Answer:
        number = int(query.get("p", 1))
        link = f'<a class="next" href="?p={number + 1}">Older</a>' if number < 3 else ""
        return listing_of(paper.part("world", number), link)

    paper.pages["/world"] = page
    crawl = PaperCrawler(tmp_path / "a.db", paper, paper_site(listing=with_listing(more="", next="a.next"))).crawl()
    assert (crawl.lists, crawl.stories) == (["/world", "/world?p=2", "/world?p=3"], ALL)
    assert crawl.ends == {"/world?p=3": End.LAST_PAGE}


def test_a_link_to_an_earlier_page_ends_a_crawl(tmp_path: Path) -> None:
    paper = Paper()
    links = {1: 2, 2: 3, 3: 2}

    def page(query: dict[str, str]) -> Answer:
        number = int(query.get("p", 1))
        return listing_of(paper.part("world", number), f'<a class="next" href="?p={links[number]}">Older</a>')

    paper.pages["/world"] = page
    crawl = PaperCrawler(tmp_path / "a.db", paper, paper_site(listing=with_listing(more="", next="a.next"))).crawl()
    assert (crawl.lists, crawl.stories) == (["/world", "/world?p=2", "/world?p=3"], ALL)


def test_a_missing_button_marks_the_last_page(tmp_path: Path) -> None:
    paper = Paper()

    def page(query: dict[str, str]) -> Answer:
        number = int(query.get("page", 1))
        return listing_of(paper.part("world", number), '<button class="more">More</button>' if number < 3 else "")

    paper.pages["/world"] = page
    crawl = PaperCrawler(tmp_path / "a.db", paper, paper_site(listing=with_listing(continues="button.more"))).crawl()
    assert (crawl.lists, crawl.stories) == (PAGES, ALL)
    assert crawl.ends == {"/world?page=3": End.LAST_PAGE}


@pytest.mark.parametrize("marked", [True, False])
def test_json_pages_are_parsed_and_may_mark_the_last(marked: bool, tmp_path: Path) -> None:
    paper = Paper()

    def page(query: dict[str, str]) -> Answer:
        number = int(query["page"])
        items = [{"id": story, "title": f"Story {story}"} for story in paper.part("world", number)]
        data = {"data": {"items": items}, **({"more": number < 3} if marked else {})}
        return Answer(json.dumps(data), media_type="application/json")

    paper.pages["/api"] = page
    layout = with_listing(
        more="/api?page={page}",
        json=JsonTeasers(items="data.items", url="id", url_template="/story/{url}", headline="title"),
        last="more" if marked else "",
    )
    crawl = PaperCrawler(tmp_path / "a.db", paper, paper_site(listing=layout)).crawl()
    assert crawl.stories == ALL
    assert crawl.lists == ["/world", "/api?page=2", "/api?page=3", *(() if marked else ("/api?page=4",))]
    assert list(crawl.ends.values()) == [End.LAST_PAGE]


def test_urls_that_look_like_a_trap_are_skipped_and_reported_once(tmp_path: Path) -> None:
    circle = "/world".join([""] * 6) + "/story-17.html"
    site = paper_site(article_path=r"/story/(?P<number>\d+)|/.*story-\d+\.html")
    links = f'<article class="teaser"><a href="{circle}"><h2>A</h2></a></article>'
    both = listing_of([2, 1], links + links.replace("17", "18"))
    paper = Paper(pages={"/world": lambda query: Answer("") if query else both})
    crawler = PaperCrawler(tmp_path / "a.db", paper, site)
    crawl = crawler.crawl()
    assert (crawl.stories, crawl.counts["trapped"]) == ([1, 2], 2)
    assert crawler.rows("SELECT reason FROM problems") == [("trap_circle",)]
    trusted = crawler.crawl(sources=(), lists=url_list([circle]))
    assert circle in trusted.requested, "a URL that a person lists is not skipped"


def search_site(**facts: object) -> object:
    search = Search(path="/search/{query}", **facts)  # type: ignore[arg-type]
    return paper_site(sources=(Listings(is_default=False), search))


def results_of(paper: Paper) -> Callable[[dict[str, str]], Answer]:
    def page(query: dict[str, str]) -> Answer:
        part = paper.part("world", int(query.get("p", 1)))
        return listing_of(part) if part else Answer("", 404)

    return page


def test_results_of_a_search_are_crawled_page_by_page(tmp_path: Path) -> None:
    paper = Paper()
    paper.pages["/search/harbour%20bread"] = results_of(paper)
    site = search_site(more="?p={page}")
    crawler = PaperCrawler(tmp_path / "a.db", paper, site)  # type: ignore[arg-type]
    source = site.sources[1]  # type: ignore[attr-defined]
    first = crawler.crawl(sources=(source,), queries=("harbour bread",))
    start = "/search/harbour%20bread"
    assert (first.lists, first.stories) == ([start, *(f"{start}?p={n}" for n in (2, 3, 4))], ALL)
    assert first.problems == []
    entry = crawler.entry(start)
    assert entry is not None
    assert (entry.kind, entry.discovered_via, entry.priority, entry.language) == ("listing", "search", 100, None)
    # Results are sorted by relevance, so known ones do not end the crawl.
    assert crawler.crawl(sources=(source,), queries=("harbour bread",)).lists == first.lists


def test_results_sorted_newest_first_end_at_known_ones(tmp_path: Path) -> None:
    paper = Paper()
    paper.pages["/search/harbour"] = results_of(paper)
    site = search_site(more="?p={page}", newest_first=True)
    crawler = PaperCrawler(tmp_path / "a.db", paper, site)  # type: ignore[arg-type]
    source = site.sources[1]  # type: ignore[attr-defined]
    crawler.crawl(sources=(source,), queries=("harbour",))
    assert crawler.crawl(sources=(source,), queries=("harbour",)).lists == ["/search/harbour"]


def test_a_search_without_results_and_one_of_a_single_page_are_not_problems(tmp_path: Path) -> None:
    paper = Paper(pages={"/search/one": listing_of([2, 1])})
    site = search_site()
    crawl = PaperCrawler(tmp_path / "a.db", paper, site).crawl(sources=(site.sources[1],), queries=("none", "one"))  # type: ignore[arg-type, attr-defined]
    assert (crawl.lists, crawl.problems, crawl.stories) == (["/search/none", "/search/one"], [], [1, 2])


def test_a_listing_without_search_has_the_pages_of_its_definition(tmp_path: Path) -> None:
    paper = Paper(pages={"/search/harbour": listing_of(list(range(20, 10, -1)))})
    site = search_site()
    crawler = PaperCrawler(tmp_path / "a.db", paper, site)  # type: ignore[arg-type]
    search = crawler.crawl(sources=(site.sources[1],), queries=("harbour",))  # type: ignore[attr-defined]
    assert (search.lists, list(search.ends.values())) == (["/search/harbour"], [End.LAST_PAGE])
    assert crawler.crawl(sources=(site.sources[0],)).lists[:2] == ["/world", "/world?page=2"]  # type: ignore[attr-defined]


@pytest.mark.parametrize("maximum", [0, 1, 2])
def test_the_number_of_reported_traps_is_limited(maximum: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discoveries, "MAX_REPORTED_TRAPS", maximum)
    circles = [f"/{name}" * 6 + "/story-1.html" for name in ("a", "b", "c")]
    links = "".join(f'<article class="teaser"><a href="{url}"><h2>A</h2></a></article>' for url in circles)
    paper = Paper(pages={"/world": lambda query: Answer("") if query else listing_of([1], links)})
    crawler = PaperCrawler(
        tmp_path / "a.db", paper, paper_site(article_path=r"/story/(?P<number>\d+)|/.*story-\d+\.html")
    )
    crawl = crawler.crawl()
    assert (crawl.stories, crawl.counts["trapped"]) == ([1], 3)
    assert crawler.rows("SELECT count(*) FROM problems") == [(maximum,)]


def test_teasers_of_the_tests_have_dates_on_request() -> None:
    assert "<time>" in teaser(1)
    assert "<time>" not in teaser(1, dated=False)
