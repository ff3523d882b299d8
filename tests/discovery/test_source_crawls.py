"""Crawls from each discovery source: feeds, sitemaps, post IDs, start pages, links and lists of URLs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from caliber_crawler.crawling.pagination import Window
from caliber_crawler.discovery import Discovery
from caliber_crawler.discovery import cdx_indexes as indexes
from caliber_crawler.discovery.entries import LATER_PAGE, LIST_PAGE
from caliber_crawler.discovery.post_ids import WINDOW
from caliber_crawler.discovery.sources import MAX_DEFERRED_RUNS
from caliber_crawler.items import Capture
from caliber_crawler.lists.cdx_indexes import parse_index
from caliber_crawler.site import Feed, Links, Listings, PostIds, Sitemaps
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

NOW = datetime(2026, 1, 7, tzinfo=UTC)
XML = "application/xml"


def feed_of(stories: list[int], etag: str = "") -> Answer:
    items = "".join(f"<item><title>S</title><link>{BASE_URL}/story/{n}</link></item>" for n in stories)
    text = f'<rss version="2.0"><channel><title>T</title>{items}</channel></rss>'
    return Answer(text, media_type="application/rss+xml", etag=etag)


def map_of(stories: list[int], dates: dict[int, str] | None = None) -> Answer:
    lastmod = {number: f"<lastmod>{date}</lastmod>" for number, date in (dates or {}).items()}
    urls = "".join(f"<url><loc>{BASE_URL}/story/{n}</loc>{lastmod.get(n, '')}</url>" for n in stories)
    return Answer(f"<urlset>{urls}</urlset>", media_type=XML)


def index_of(*urls: str) -> Answer:
    maps = "".join(f"<sitemap><loc>{url}</loc></sitemap>" for url in urls)
    return Answer(f"<sitemapindex>{maps}</sitemapindex>", media_type=XML)


# --- feeds ------------------------------------------------------------------------------------------------------------


def test_each_crawl_fetches_a_feed_and_its_new_stories(tmp_path: Path) -> None:
    paper = paper_of(9)
    paper.pages["/rss.xml"] = feed_of([3, 2], etag='"7"')
    crawler = PaperCrawler(tmp_path / "a.db", paper, site_with(Feed(path="/rss.xml")))
    assert crawler.crawl().requested == ["/rss.xml", "/story/3", "/story/2"]
    feed, story = crawler.entry("/rss.xml"), crawler.entry("/story/3")
    assert feed is not None
    assert story is not None
    assert (feed.state, feed.etag, feed.last_status, feed.due_at) == ("done", '"7"', 200, None)
    assert (story.discovered_via, story.discovered_on, story.priority) == ("feed", feed.url, 42)
    paper.pages["/rss.xml"] = feed_of([4, 3, 2])
    again = crawler.crawl()
    assert again.requested == ["/rss.xml", "/story/4"]
    assert (again.counts["listing_pages_feed"], again.counts["teasers_feed"], again.counts["found"]) == (1, 3, 1)


def test_the_section_of_a_feed_item_decides_whether_it_is_in_scope(tmp_path: Path) -> None:
    labels = {3: "World", 2: "Sport", 1: "Weather"}
    items = "".join(
        f"<item><link>{BASE_URL}/story/{n}</link><category>{label}</category></item>" for n, label in labels.items()
    )
    paper = Paper({"world": [3], "sport": [2], "hidden": [1]})
    paper.pages["/rss.xml"] = Answer(f'<rss version="2.0"><channel><title>T</title>{items}</channel></rss>')
    crawler = PaperCrawler(tmp_path / "a.db", paper, paper_site("world", "sport", sources=(Feed(path="/rss.xml"),)))
    crawl = crawler.crawl(sections=("world",))
    assert (crawl.stories, crawl.counts["out_of_scope"]) == ([1, 3], 1), (
        "a story without a known section may be in scope"
    )
    sections = [(entry.section if (entry := crawler.entry(f"/story/{n}")) else "unknown URL") for n in (1, 2, 3)]
    assert sections == [None, "unknown URL", "world"]


def test_a_feed_that_is_not_one_is_a_problem(tmp_path: Path) -> None:
    paper = Paper(pages={"/rss.xml": Answer("<p>Moved.</p>")})
    crawl = PaperCrawler(tmp_path / "a.db", paper, site_with(Feed(path="/rss.xml"))).crawl()
    # The home page is asked for another feed.
    assert crawl.problems == [("/rss.xml", "not_a_feed"), ("/", "http_404")]


# --- sitemaps ---------------------------------------------------------------------------------------------------------


def test_sitemaps_are_found_through_robots_txt_and_circular_indexes_end(tmp_path: Path) -> None:
    paper = paper_of(9)
    paper.pages |= {
        "/robots.txt": Answer(f"User-agent: *\nSitemap: {BASE_URL}/index.xml\n", media_type="text/plain"),
        "/index.xml": index_of("/a.xml", "/index.xml", "/inner.xml", "https://elsewhere.example/map.xml"),
        "/inner.xml": index_of("/index.xml", "/b.xml", "/a.xml"),
        "/a.xml": map_of([1, 2]),
        "/b.xml": map_of([3]),
    }
    crawler = PaperCrawler(tmp_path / "a.db", paper, site_with(Sitemaps()))
    crawl = crawler.crawl()
    assert sorted(crawl.lists) == ["/a.xml", "/b.xml", "/index.xml", "/inner.xml", "/robots.txt"]
    assert (crawl.stories, crawl.counts["not_articles"]) == ([1, 2, 3], 1)
    inner = crawler.entry("/inner.xml")
    assert inner is not None
    assert (inner.kind, inner.discovered_via, inner.discovered_on, inner.priority) == (
        "sitemap",
        "sitemap",
        f"{BASE_URL}/index.xml",
        LIST_PAGE - 5,
    )
    assert sorted(crawler.crawl().lists) == sorted(crawl.lists), "the next crawl fetches all of them again"


def test_sitemaps_beyond_the_limit_are_fetched_by_later_runs(tmp_path: Path) -> None:
    paper = paper_of(9)
    paper.pages |= {f"/{n}.xml": map_of([n]) for n in range(1, 6)}
    paper.pages["/index.xml"] = index_of(*(f"/{n}.xml" for n in range(1, 6)))
    source = Sitemaps(paths=("/index.xml",), max_sitemaps=2, every=timedelta(days=3))
    crawler = PaperCrawler(tmp_path / "a.db", paper, site_with(source))
    first = crawler.crawl()
    assert (first.stories, first.counts["sitemaps"], first.counts["sitemaps_deferred"]) == ([1, 2], 2, 3)
    waiting = [crawler.entry(f"/{n}.xml") for n in (3, 4, 5)]
    due = [entry.due_at for entry in waiting if entry is not None and entry.due_at]
    assert due[0] == due[1] == due[2] - source.every
    second = crawler.crawl()
    assert (second.stories, second.counts["sitemaps_deferred"]) == ([3, 4], 0)
    third = crawler.crawl()
    assert 5 in third.stories


def test_the_sitemaps_of_several_indexes_are_counted_together(tmp_path: Path) -> None:
    paper = paper_of(9)
    paper.pages |= {f"/{n}.xml": map_of([n]) for n in range(1, 5)}
    paper.pages |= {"/a.xml": index_of("/1.xml", "/2.xml"), "/b.xml": index_of("/3.xml", "/4.xml")}
    crawler = PaperCrawler(tmp_path / "a.db", paper, site_with(Sitemaps(paths=("/a.xml", "/b.xml"), max_sitemaps=3)))
    first = crawler.crawl()
    assert (first.stories, first.counts["sitemaps"], first.counts["sitemaps_deferred"]) == ([1, 2, 3], 3, 1)


def test_the_number_of_deferred_sitemaps_is_limited(tmp_path: Path) -> None:
    paper = Paper(pages={"/index.xml": index_of(*(f"/{n}.xml" for n in range(MAX_DEFERRED_RUNS + 9)))})
    crawler = PaperCrawler(tmp_path / "a.db", paper, site_with(Sitemaps(paths=("/index.xml",), max_sitemaps=1)))
    assert crawler.crawl(stop_after=1).counts["sitemaps_deferred"] == MAX_DEFERRED_RUNS
    assert crawler.rows("SELECT count(*) FROM frontier") == [(MAX_DEFERRED_RUNS + 2,)]


def test_sitemap_entries_last_modified_before_the_window_are_skipped(tmp_path: Path) -> None:
    days = {5: "2024-03-20", 4: "2024-03-16T08:00:00+01:00", 3: "2024-03-15T23:59:00+00:00", 2: "2024-03-14"}
    paper = paper_of(9)
    paper.pages["/map.xml"] = map_of([5, 4, 3, 2, 1], days)
    crawler = PaperCrawler(tmp_path / "a.db", paper, site_with(Sitemaps(paths=("/map.xml",))))
    since = datetime(2024, 3, 16, tzinfo=UTC)
    crawl = crawler.crawl(window=Window(since=since))
    assert (crawl.stories, crawl.counts["out_of_scope"]) == ([1, 4, 5], 2)


# --- post IDs ---------------------------------------------------------------------------------------------------------

POST_IDS = PostIds(paths={"en": "/story/{number}"}, first=3, last=12)


def post_id_crawler(tmp_path: Path, count: int = 20, source: PostIds = POST_IDS) -> PaperCrawler:
    return PaperCrawler(tmp_path / "a.db", paper_of(count), site_with(source))


def test_post_ids_are_requested_from_the_last_to_the_first(tmp_path: Path) -> None:
    crawler = post_id_crawler(tmp_path)
    crawl = crawler.crawl()
    assert crawl.requested == [f"/story/{n}" for n in range(12, 2, -1)]
    story = crawler.entry("/story/7")
    assert story is not None
    assert (story.discovered_via, story.language, story.discovered_on) == (
        "post_ids",
        "en",
        f"{BASE_URL}/story/{{number}}",
    )
    assert crawler.crawl().requested == [], "no post ID is requested twice"


@pytest.mark.parametrize(("post_ids", "requested"), [((5, 8), [5, 6, 7, 8]), ((8, 5), [8, 7, 6, 5]), ((6, 6), [6])])
def test_a_range_of_post_ids_may_ascend_or_descend(
    post_ids: tuple[int, int], requested: list[int], tmp_path: Path
) -> None:
    assert post_id_crawler(tmp_path).crawl(ids=post_ids).requested == [f"/story/{n}" for n in requested]


def test_a_post_id_without_a_post_is_missing_but_not_a_problem(tmp_path: Path) -> None:
    crawl = post_id_crawler(tmp_path, count=10).crawl()
    assert (crawl.counts["missing"], crawl.counts["stored"], crawl.counts["problems"]) == (2, 8, 0)


@pytest.mark.slow
def test_a_killed_enumeration_of_post_ids_is_resumed(tmp_path: Path) -> None:
    source = replace(POST_IDS, first=1, last=WINDOW + 20)
    crawler = post_id_crawler(tmp_path, count=0, source=source)
    first = crawler.crawl(stop_after=WINDOW + 5)
    second = crawler.crawl()
    assert first.requested + second.requested == [f"/story/{n}" for n in range(WINDOW + 20, 0, -1)]


def test_post_ids_are_committed_in_windows_when_nothing_else_is_due(tmp_path: Path) -> None:
    source = replace(POST_IDS, first=1, last=2 * WINDOW + 1)
    crawler = post_id_crawler(tmp_path, source=source)
    run = crawler.run()
    Discovery(run)
    backlog = run.dispatcher.backlog
    assert backlog is not None
    assert (backlog.left, run.dispatcher.due_count("article")) == (2 * WINDOW + 1, 0)
    for left in (WINDOW + 1, 1, 0):
        assert backlog.enqueue()
        assert (backlog.left, run.dispatcher.due_count("article")) == (left, 2 * WINDOW + 1 - left)
    assert not backlog.enqueue()
    run.close("finished")


def test_post_ids_of_other_languages_are_not_requested(tmp_path: Path) -> None:
    source = replace(POST_IDS, paths={"en": "/story/{number}", "ru": "/ru/story/{number}"})
    assert all(path.startswith("/story/") for path in post_id_crawler(tmp_path, source=source).crawl().requested)


# --- start pages and links --------------------------------------------------------------------------------------------


def test_a_start_page_of_a_generic_site_leads_to_its_stories_and_feeds(tmp_path: Path) -> None:
    head = '<head><link rel="alternate" type="application/rss+xml" href="/rss.xml"></head>'
    links = '<a href="/talks-resume-after-winter-1234567">Talks</a><a href="/about">About</a>'
    paper = Paper(pages={"/world": Answer(f"<html>{head}<body>{links}</body></html>")})
    feed = (
        '<rss version="2.0"><channel><title>T</title><item><link>/2026/01/07/other-story</link></item></channel></rss>'
    )
    paper.pages["/rss.xml"] = Answer(feed, media_type="text/xml")
    crawler = PaperCrawler(tmp_path / "a.db", paper, generic_site(f"{BASE_URL}/world"))
    crawl = crawler.crawl(languages=(), sections=())
    assert {"/world", "/rss.xml", "/robots.txt"} <= set(crawl.requested[:6])
    assert {"/talks-resume-after-winter-1234567", "/2026/01/07/other-story"} <= set(crawl.requested)
    start, feed_found = crawler.entry("/world"), crawler.entry("/rss.xml")
    assert start is not None
    assert feed_found is not None
    assert (start.kind, start.discovered_via, start.state) == ("listing", "exploration", "done")
    assert (feed_found.kind, feed_found.discovered_via, feed_found.discovered_on) == ("feed", "feed", start.url)


def chain(length: int) -> Paper:
    """Stories that each link to the next."""
    return Paper({"hidden": list(range(1, length + 1))}, links={n: [f"/story/{n + 1}"] for n in range(1, length)})


@pytest.mark.parametrize(("depth", "stories"), [(0, [1]), (1, [1, 2]), (2, [1, 2, 3]), (5, [1, 2, 3, 4, 5, 6])])
def test_links_are_followed_up_to_the_depth_of_the_definition(depth: int, stories: list[int], tmp_path: Path) -> None:
    paper = chain(8)
    paper.pages["/rss.xml"] = feed_of([1])
    crawler = PaperCrawler(tmp_path / "a.db", paper, site_with(Feed(path="/rss.xml"), Links(depth=depth)))
    assert crawler.crawl(sections=("hidden",)).stories == stories
    if depth:
        linked = crawler.entry("/story/2")
        assert linked is not None
        assert (linked.discovered_via, linked.discovered_on, linked.page_number) == ("links", f"{BASE_URL}/story/1", 2)


def test_links_lead_to_other_stories_of_the_site_without_inheriting_the_section(tmp_path: Path) -> None:
    paper = paper_of(2)
    paper.links = {2: ["/story/2", "https://elsewhere.example/story/9", "/about", "/story/1"]}
    paper.pages["/world"] = lambda query: listing_of([2]) if not query else Answer("")
    crawler = PaperCrawler(tmp_path / "a.db", paper, site_with(Listings(), Links()))
    crawl = crawler.crawl()
    assert crawl.stories == [1, 2]
    linked = crawler.entry("/story/1")
    assert linked is not None
    assert (linked.section, linked.language) == (None, "en")


def test_links_are_not_followed_unless_requested(tmp_path: Path) -> None:
    paper = chain(3)
    paper.pages["/rss.xml"] = feed_of([1])
    feed = Feed(path="/rss.xml")
    assert PaperCrawler(tmp_path / "a.db", paper, site_with(feed, Links())).crawl(sources=(feed,)).stories == [1]


# --- lists of URLs ----------------------------------------------------------------------------------------------------


def test_urls_of_a_list_are_fetched_and_others_than_articles_are_problems(tmp_path: Path) -> None:
    crawler = PaperCrawler(tmp_path / "a.db", paper_of(9))
    urls = [
        f"{BASE_URL}/story/1",
        "# a comment",
        "",
        "/story/2",
        f"{BASE_URL}/about",
        "https://elsewhere.example/story/3",
    ]
    crawl = crawler.crawl(sources=(), lists=url_list(urls))
    assert (crawl.requested, crawl.counts["not_articles"]) == (["/story/1", "/story/2"], 2)
    assert crawler.rows("SELECT reason FROM problems") == [("not_an_article",), ("not_an_article",)]
    story = crawler.entry("/story/1")
    assert story is not None
    assert (story.discovered_via, story.discovered_on) == ("url_list", "urls.txt")


def test_a_url_that_was_gone_is_requested_again_if_a_person_lists_it(tmp_path: Path) -> None:
    paper = paper_of(1)
    crawler = PaperCrawler(tmp_path / "a.db", paper)
    assert crawler.crawl(sources=(), lists=url_list(["/story/7", "/story/1"])).problems == [("/story/7", "http_404")]
    paper.sections["world"].insert(0, 7)
    again = crawler.crawl(sources=(), lists=url_list(["/story/7", "/story/1"]))
    assert again.requested == ["/story/7"]
    assert (again.counts["found"], again.counts["stored"]) == (1, 1)


def test_urls_before_an_invalid_line_of_a_list_are_fetched(tmp_path: Path) -> None:
    crawler = PaperCrawler(tmp_path / "a.db", paper_of(9))
    lines = [
        f'{{"url": "{BASE_URL}/story/1", "status": "200"}}',
        f'{{"url": "{BASE_URL}/story/2", "status": "404"}}',
        "?",
    ]
    crawl = crawler.crawl(sources=(), lists=url_list(lines, "cdx"))
    assert (crawl.requested, crawl.counts["incomplete_lists"]) == (["/story/1"], 1)
    assert crawler.rows("SELECT reason FROM problems") == [("unreadable_list",)]


# --- indexes of web archives ------------------------------------------------------------------------------------------


def test_the_number_of_pages_of_an_index_is_limited(tmp_path: Path) -> None:
    scope = PaperCrawler(tmp_path / "a.db", paper_of(1)).scope()
    start = indexes.index_entry("https://cdx.example/search", {}, scope, NOW)
    assert (start.kind, start.discovered_via, start.priority, start.traversal_started_at) == (
        "sitemap",
        "cdx",
        LATER_PAGE,
        NOW,
    )
    assert indexes.is_index(start)
    rows = f'{{"url": "{BASE_URL}/story/1", "status": "200"}}\n\nkey\n'
    capture = Capture(
        site="paper", kind="sitemap", url=start.url, fetched_at=NOW, status=200, headers=(), body=rows.encode()
    )
    listing = parse_index(capture, scope.site)
    assert [teaser.url for teaser in listing.teasers] == [f"{BASE_URL}/story/1"]
    (second,) = indexes.following(listing, start)
    assert (second.page_number, second.discovered_on, second.traversal_started_at, second.discovered_via) == (
        2,
        start.url,
        NOW,
        "cdx",
    )
    assert "resumeKey=key" in second.url
    assert indexes.following(listing, replace(start, page_number=indexes.MAX_PAGES)) == []
    assert len(indexes.following(listing, replace(start, page_number=indexes.MAX_PAGES - 1))) == 1
