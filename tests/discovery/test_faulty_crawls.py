"""Crawls of lists with faults: what they find, what they report, and whether they succeed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from caliber_crawler.crawling.health import nothing_found
from caliber_crawler.crawling.pagination import End, Window
from caliber_crawler.site import Feed, Listings, Search, Site, Sitemaps, StartPage
from caliber_crawler.site.generic import generic_site
from tests.discovery.driven import (
    BASE_URL,
    Answer,
    Paper,
    PaperCrawler,
    listing_of,
    paper_of,
    paper_site,
    site_with,
    url_list,
)

XML = "application/xml"
STORY = "/2024/01/07/talks-resume"


def sitemap(*entries: str) -> Answer:
    return Answer(f"<urlset>{''.join(f'<url>{entry}</url>' for entry in entries)}</urlset>", media_type=XML)


def generic(*sources: object) -> Site:
    site = generic_site(f"{BASE_URL}/world")
    start = StartPage(url=f"{BASE_URL}/world", is_default=not sources)
    return replace(site, sources=(start, *(replace(source, is_default=True) for source in sources)))  # type: ignore[type-var]


class GenericCrawler(PaperCrawler):
    def scope(self, **options: object):  # type: ignore[no-untyped-def]
        return super().scope(**{"languages": (), "sections": (), **options})


def problems(crawler: PaperCrawler) -> list[str]:
    return [reason for (reason,) in crawler.rows("SELECT reason FROM problems ORDER BY id")]


# --- invalid entries --------------------------------------------------------------------------------------------------


def test_an_invalid_entry_is_reported_and_does_not_fail_the_crawl(tmp_path: Path) -> None:
    paper = paper_of(9)
    paper.pages["/map.xml"] = sitemap(f"<loc>{BASE_URL}/story/3</loc>", "<loc>http://[bad</loc>", "<loc>/story/4</loc>")
    crawler = PaperCrawler(tmp_path / "a.db", paper, site_with(Sitemaps(paths=("/map.xml",))))
    crawl = crawler.crawl()
    assert (crawl.stories, crawl.counts["invalid_entries"], crawl.counts["incomplete_lists"]) == ([3, 4], 1, 0)
    (row,) = crawler.rows("SELECT reason, url, message FROM problems")
    assert row[:2] == ("invalid_entries", f"{BASE_URL}/map.xml")
    assert "'http://[bad'" in row[2]


def test_a_list_without_an_end_is_incomplete(tmp_path: Path) -> None:
    paper = paper_of(9)
    paper.pages["/rss.xml"] = Answer(
        f"<rss><channel><item><link>{BASE_URL}/story/3</link></item><item><link>", etag="7"
    )
    crawler = PaperCrawler(tmp_path / "a.db", paper, site_with(Feed(path="/rss.xml")))
    crawl = crawler.crawl()
    assert (crawl.stories, crawl.counts["incomplete_lists"], problems(crawler)) == ([3], 1, ["list_incomplete"])
    feed = crawler.entry("/rss.xml")
    assert feed is not None
    assert (feed.state, feed.etag) == ("done", None), "the next crawl fetches it again, even if it is unchanged"


def test_a_listing_whose_next_page_is_invalid_is_incomplete(tmp_path: Path) -> None:
    site = paper_site("world")
    assert site.listing is not None
    site = replace(site, listing=replace(site.listing, more="", next="a.next"))
    paper = Paper(
        pages={
            "/world": Answer('<article class="teaser"><a href="/story/3">S</a></article><a class="next" href="//[">')
        }
    )
    paper.sections["hidden"] = [3]
    crawler = PaperCrawler(tmp_path / "a.db", paper, site)
    crawl = crawler.crawl()
    assert (crawl.stories, crawl.ends, crawl.counts["incomplete_lists"]) == ([3], {"/world": End.CUT}, 1)
    assert problems(crawler) == ["invalid_entries"]


@pytest.mark.parametrize("kind", ["url_list", "cdx"])
def test_the_invalid_lines_of_a_list_are_counted(kind: str, tmp_path: Path) -> None:
    crawler = PaperCrawler(tmp_path / "a.db", paper_of(9))
    row = '{{"url": "{}", "status": "200"}}'.format if kind == "cdx" else str
    lines = [
        row(f"{BASE_URL}/story/1"),
        *["http://[bad" if kind == "url_list" else "?"] * 70,
        row(f"{BASE_URL}/story/2"),
    ]
    crawl = crawler.crawl(sources=(), lists=url_list(lines, kind))  # type: ignore[arg-type]
    assert crawl.stories == [1, 2]
    messages = [message for (message,) in crawler.rows("SELECT message FROM problems")]
    assert (len(messages), crawl.counts["incomplete_lists"]) == ((51, 0) if kind == "url_list" else (1, 1))
    assert ("20 further URLs" if kind == "url_list" else "70 lines were skipped. Line 2 ") in messages[-1]


@pytest.mark.parametrize("date", ["Thu, 01 Jan 1970 00:00:00 GMT", "Mon, 31 Dec 9999 23:59:59 GMT"])
def test_an_impossible_date_does_not_decide_whether_an_article_is_in_scope(date: str, tmp_path: Path) -> None:
    paper = paper_of(9)
    item = f"<item><link>{BASE_URL}/story/3</link><pubDate>{date}</pubDate></item>"
    paper.pages["/rss.xml"] = Answer(f"<rss><channel>{item}</channel></rss>")
    crawler = PaperCrawler(tmp_path / "a.db", paper, site_with(Feed(path="/rss.xml")))
    window = Window(since=datetime(2024, 1, 1, tzinfo=UTC), until=datetime(2024, 2, 1, tzinfo=UTC))
    assert crawler.crawl(window=window).stories == [3]


# --- sitemaps that robots.txt does not name ---------------------------------------------------------------------------

ROBOTS: dict[str, Answer] = {
    "none": Answer("", 404),
    "forbidden": Answer("", 403),
    "empty": Answer("User-agent: *\nAllow: /\n", media_type="text/plain"),
    "a page": Answer("<html><body>Not found</body></html>"),
}


@pytest.mark.parametrize(
    ("path", "robots"),
    [*(("/sitemap.xml", robots) for robots in ROBOTS), ("/sitemap_index.xml", "none"), ("/wp-sitemap.xml", "empty")],
)
def test_the_usual_sitemaps_of_a_generic_site_are_tried(path: str, robots: str, tmp_path: Path) -> None:
    pages = {"/robots.txt": ROBOTS[robots], path: sitemap(f"<loc>{BASE_URL}{STORY}</loc>")}
    if path != "/sitemap.xml":
        pages["/sitemap.xml"] = Answer("<html><body>Not found</body></html>")
    crawler = GenericCrawler(tmp_path / "a.db", Paper(pages=pages), generic(Sitemaps()))
    crawl = crawler.crawl()
    usual = ["/sitemap.xml", "/sitemap_index.xml", "/wp-sitemap.xml"]
    # One after the other, until one exists.
    assert crawl.requested == ["/robots.txt", *usual[: usual.index(path) + 1], STORY]
    assert (crawl.counts["incomplete_lists"], crawl.problems) == (0, [(STORY, "http_404")])


def test_sitemaps_that_robots_txt_names_must_exist(tmp_path: Path) -> None:
    robots = Answer(f"Sitemap: {BASE_URL}/sitemap.xml\n", media_type="text/plain")
    crawler = GenericCrawler(tmp_path / "a.db", Paper(pages={"/robots.txt": robots}), generic(Sitemaps()))
    crawl = crawler.crawl()
    assert crawl.requested == ["/robots.txt", "/sitemap.xml"]
    assert (crawl.problems, crawl.counts["incomplete_lists"]) == ([("/sitemap.xml", "http_404")], 1)


def test_the_sitemaps_of_a_site_with_a_definition_are_not_tried(tmp_path: Path) -> None:
    pages = {"/robots.txt": Answer("User-agent: *\n", media_type="text/plain"), "/sitemap.xml": sitemap()}
    crawler = PaperCrawler(tmp_path / "a.db", Paper(pages=pages), site_with(Sitemaps()))
    assert crawler.crawl().requested == ["/robots.txt"]
    assert problems(crawler) == ["nothing_found"]


# --- nothing found ----------------------------------------------------------------------------------------------------


def crawl_of_generic(tmp_path: Path, pages: dict[str, Answer], *sources: object) -> PaperCrawler:
    crawler = GenericCrawler(tmp_path / "a.db", Paper(pages=pages), generic(*sources))
    crawler.crawl()
    return crawler


NOTHING: dict[str, Callable[[Path], PaperCrawler]] = {
    "links": lambda path: crawl_of_generic(path, {"/world": Answer('<p><a href="/a">A</a><a href="/b?c=1">B</a></p>')}),
    "no sitemap": lambda path: crawl_of_generic(path, {}, Sitemaps()),
    "an empty sitemap": lambda path: crawl_of_generic(path, {"/sitemap.xml": sitemap()}, Sitemaps()),
}


@pytest.mark.parametrize("case", NOTHING)
def test_a_crawl_that_finds_no_article_reports_it(case: str, tmp_path: Path) -> None:
    crawler = NOTHING[case](tmp_path)
    (message,) = [text for (text,) in crawler.rows("SELECT message FROM problems WHERE reason = 'nothing_found'")]
    assert "name no article" in message
    assert message.endswith("Start at another page of the site, try --via sitemap, or write a site definition.")
    assert ("none of 2 URLs on them" in message) == (case == "links")


def test_an_empty_feed_and_an_empty_search_find_nothing(tmp_path: Path) -> None:
    for number, source in enumerate((Feed(path="/rss.xml"), Search(path="/search/{query}"))):
        paper = Paper(pages={"/rss.xml": Answer("<rss><channel/></rss>"), "/search/x": Answer("<p>No results.</p>")})
        crawler = PaperCrawler(tmp_path / f"{number}.db", paper, site_with(source))
        crawler.crawl(queries=("x",))
        assert "nothing_found" in problems(crawler)


def test_a_crawl_with_known_or_skipped_articles_finds_something(tmp_path: Path) -> None:
    crawler = PaperCrawler(tmp_path / "a.db", paper_of(3), site_with(Listings()))
    for options in ({}, {}, {"window": Window(until=datetime(2020, 1, 1, tzinfo=UTC))}, {"due_only": True}):
        crawler.crawl(**options)
    assert "nothing_found" not in problems(crawler)


@pytest.mark.parametrize(
    ("counts", "is_reported"),
    [
        ({}, False),
        ({"listing_pages": 1}, True),
        ({"url_lists": 1, "not_articles": 7}, True),
        ({"listing_pages": 1, "teasers": 1}, False),
        ({"listing_pages": 1, "articles_on_lists": 1}, False),
        ({"missing": 100}, False),
        # An exploration, whose links lead to no article, to one that was not requested, to a failed or a skipped one.
        ({"listing_pages": 1, "teasers": 3, "site_size": 0}, True),
        ({"listing_pages": 1, "teasers": 3, "site_size": 1}, False),
        ({"listing_pages": 1, "teasers": 3, "site_size": 0, "discovered": 1, "failed": 1}, False),
        ({"listing_pages": 1, "teasers": 3, "site_size": 0, "out_of_scope": 3}, False),
    ],
)
def test_only_a_run_with_lists_but_without_articles_found_nothing(counts: dict[str, int], is_reported: bool) -> None:
    assert [problem.reason for problem in nothing_found(counts)] == ["nothing_found"] * is_reported


def test_invalid_links_of_a_listing_are_counted(tmp_path: Path) -> None:
    paper = Paper(sections={"world": [1, 2, 3]})
    links = '<a href="http://[bad/x">A</a><a href="//[bad/x">B</a><a href="mailto:a@b.example">C</a><a href="/[x">D</a>'
    page = listing_of([3, 2, 1], links + f'<a href="/{"x" * 9000}">E</a>')
    paper.pages["/world"] = lambda query: listing_of([]) if "page" in query else page
    crawl = PaperCrawler(tmp_path / "a.db", paper).crawl()
    assert (crawl.stories, crawl.counts["invalid_entries"]) == ([1, 2, 3], 3)
