"""Facts of a site definition that are wrong, and what a crawl uses instead."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from caliber_crawler.archive import Archive
from caliber_crawler.crawling.options import CrawlOptions
from caliber_crawler.discovery import healed_facts
from caliber_crawler.site import Edition, Feed, Listings, Section, Sitemaps
from tests.discovery.driven import Answer, Paper, PaperCrawler, listing_of, paper_site, teaser

ALL = list(range(1, 26))
MENU = '<nav><a href="/about">About</a><a href="/topics/{path}">{label}</a></nav>'


def moved_paper(path: str = "world-affairs", label: str = "World", *, further: str = "") -> Paper:
    """A newspaper whose section World is at another path than the definition says, as its home page shows."""
    paper = Paper(sections={"hidden": list(range(25, 0, -1))})

    def page(query: dict[str, str]) -> Answer:
        number = 1 if further else int(query.get("page", 1))  # a page that ignores the query, if there is another way
        return listing_of(paper.part("hidden", number), further)

    paper.pages["/"] = Answer(MENU.format(path=path, label=label))
    paper.pages[f"/topics/{path}"] = page
    return paper


def sentences(crawler: PaperCrawler) -> list[str]:
    return [message for (message,) in crawler.rows("SELECT message FROM problems WHERE reason = 'fact_replaced'")]


@pytest.mark.parametrize(
    ("path", "label"), [("world-affairs", "World"), ("world-affairs", "WORLD"), ("world", "Abroad"), ("123", "Welt")]
)
def test_a_section_that_moved_is_found_by_its_label_or_key(path: str, label: str, tmp_path: Path) -> None:
    editions = (
        Edition(language="en", name="en", sections={"world": Section(path="/world", labels=("World",))}),
        Edition(
            language="de", name="de", prefixes=("/de",), sections={"world": Section(path="/de/w", labels=("Welt",))}
        ),
    )
    crawler = PaperCrawler(tmp_path / "a.db", moved_paper(path, label), paper_site("world", editions=editions))
    crawl = crawler.crawl()
    assert crawl.stories == ALL
    assert crawl.requested[:3] == ["/world", "/", f"/topics/{path}"]
    (sentence,) = sentences(crawler)
    assert "as the listing of section world instead of https://paper.example/world" in sentence


def test_a_section_that_no_page_names_stays_missing(tmp_path: Path) -> None:
    crawler = PaperCrawler(tmp_path / "a.db", moved_paper("garden", "Garden"), paper_site("world"))
    crawl = crawler.crawl()
    assert (crawl.stories, crawl.requested) == ([], ["/world", "/"])
    assert sentences(crawler) == []


@pytest.mark.parametrize(
    ("further", "path", "posted"),
    [
        ('<button class="more" data-url="/ajax/news" data-page="2">More</button>', "/ajax/news", False),
        ('<div data-next-url="/ajax/news?part=b&page=2"></div>', "/ajax/news", False),
        ("<script>load('/ajax/more', {kind: 'b', page: n})</script>", "/ajax/more", False),
        ("<script>$.post('/ajax/more', {kind: 'b', page: n})</script>", "/ajax/more", True),
    ],
)
@pytest.mark.parametrize("is_json", [True, False])
def test_a_pagination_that_repeats_is_replaced_by_what_the_listing_contains(
    further: str, path: str, posted: bool, is_json: bool, tmp_path: Path
) -> None:
    paper = moved_paper(further=further)

    def more(query: dict[str, str]) -> Answer:
        if posted != ("#posted" in query):
            return Answer("", 404)
        cards = "".join(map(teaser, paper.part("hidden", int(query["page"]))))
        return Answer(json.dumps({"html": cards}), media_type="application/json") if is_json else Answer(cards)

    paper.pages[path] = more
    crawler = PaperCrawler(tmp_path / "a.db", paper, paper_site("world"))
    assert crawler.crawl().stories == ALL
    assert any(f"Used {path}" in sentence for sentence in sentences(crawler))


def test_a_listing_that_is_right_is_never_replaced(tmp_path: Path) -> None:
    paper = Paper()
    paper.pages["/"] = Answer(MENU.format(path="world-affairs", label="World"))
    crawler = PaperCrawler(tmp_path / "a.db", paper)
    crawl = crawler.crawl()
    assert (crawl.stories, crawl.lists) == (ALL, ["/world", "/world?page=2", "/world?page=3", "/world?page=4"])
    assert sentences(crawler) == []


def test_a_feed_that_is_gone_is_replaced_by_the_one_of_the_home_page(tmp_path: Path) -> None:
    paper = Paper(sections={"hidden": [1, 2, 3]})
    paper.pages["/"] = Answer('<head><link rel="alternate" type="application/rss+xml" href="/new.xml"></head><p>Hello.')
    items = "".join(f"<item><link>/story/{number}</link></item>" for number in (1, 2, 3))
    paper.pages["/new.xml"] = Answer(f'<rss version="2.0"><channel>{items}</channel></rss>', media_type="text/xml")
    site = paper_site("world", sources=(Feed(path="/rss.xml"),))
    crawler = PaperCrawler(tmp_path / "a.db", paper, site)
    assert crawler.crawl().stories == [1, 2, 3]
    assert sentences(crawler) == ["Used the feed https://paper.example/new.xml, which https://paper.example/ states."]


def test_a_wrong_article_path_is_named_with_an_example(tmp_path: Path) -> None:
    site = paper_site("world", article_path=r"/news/(?P<slug>[^/]+)", sources=(Listings(),))
    crawler = PaperCrawler(tmp_path / "a.db", Paper(), site)
    crawl = crawler.crawl()
    (message,) = (row[0] for row in crawler.rows("SELECT message FROM problems WHERE reason = 'article_path_unlike'"))
    assert "https://paper.example/story/25" in message
    assert "/news/" in message
    assert crawl.requested == ["/world"]


# --- later runs -------------------------------------------------------------------------------------------------------


def forget_revisits(crawler: PaperCrawler) -> None:
    """Make every page that is not a seed wait, so that the next run requests only what discovery asks for."""
    with Archive.open(crawler.path, mode="write") as archive:
        archive.db.execute("UPDATE frontier SET due_at = NULL")


def test_a_later_run_begins_with_the_listing_that_replaced_another(tmp_path: Path) -> None:
    crawler = PaperCrawler(tmp_path / "a.db", moved_paper(), paper_site("world"))
    crawler.crawl()
    crawl = crawler.crawl(backfill=True)
    assert crawl.lists[0] == "/topics/world-affairs"
    assert "/world" not in crawl.requested
    assert "/" not in crawl.requested
    assert "Used /topics/world-affairs instead of /world, as an earlier run found" in sentences(crawler)[-1]
    assert len(sentences(crawler)) == 2


def test_a_corrected_definition_does_not_use_healed_facts(tmp_path: Path) -> None:
    paper = moved_paper()
    crawler = PaperCrawler(tmp_path / "a.db", paper, paper_site("world"))
    crawler.crawl()
    right = Edition(language="en", name="en", sections={"world": Section(path="/topics/world-affairs")})
    crawler.site = paper_site("world", editions=(right,))
    crawler.crawl()
    assert len(sentences(crawler)) == 1


def test_a_replacement_that_fails_is_given_up_for_the_stated_fact(tmp_path: Path) -> None:
    paper = moved_paper()
    crawler = PaperCrawler(tmp_path / "a.db", paper, paper_site("world"))
    crawler.crawl()
    paper.sections["world"] = list(range(27, 0, -1))  # the section is back at its place
    del paper.pages["/topics/world-affairs"]
    crawl = crawler.crawl()
    assert crawl.lists[:2] == ["/topics/world-affairs", "/world"]
    assert {26, 27} <= set(crawl.stories)
    assert crawler.crawl().lists[0] == "/world"


def test_a_stated_fact_is_tried_again_after_a_week(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    crawler = PaperCrawler(tmp_path / "a.db", moved_paper(), paper_site("world"))
    crawler.crawl()
    monkeypatch.setattr(healed_facts, "RECHECKED_AFTER", -healed_facts.RECHECKED_AFTER)
    forget_revisits(crawler)
    assert crawler.crawl().lists[0] == "/world"


def test_a_later_run_begins_with_the_pagination_that_replaced_another(tmp_path: Path) -> None:
    paper = moved_paper(further='<button class="more" data-url="/ajax/news" data-page="2">More</button>')

    def more(query: dict[str, str]) -> Answer:
        return Answer("".join(map(teaser, paper.part("hidden", int(query["page"])))))

    paper.pages["/ajax/news"] = more
    crawler = PaperCrawler(tmp_path / "a.db", paper, paper_site("world"))
    assert crawler.crawl().stories == ALL
    before = len(sentences(crawler))
    crawl = crawler.crawl(backfill=True)
    assert crawl.lists == ["/topics/world-affairs", *(f"/ajax/news?page={page}" for page in (2, 3, 4))]
    assert len(sentences(crawler)) == before + 2


def test_a_later_run_begins_with_the_feed_that_replaced_another(tmp_path: Path) -> None:
    paper = Paper(sections={"hidden": [1, 2, 3]})
    paper.pages["/"] = Answer('<head><link rel="alternate" type="application/rss+xml" href="/new.xml"></head><p>Hello.')
    items = "".join(f"<item><link>/story/{number}</link></item>" for number in (1, 2, 3))
    paper.pages["/new.xml"] = Answer(f'<rss version="2.0"><channel>{items}</channel></rss>', media_type="text/xml")
    crawler = PaperCrawler(tmp_path / "a.db", paper, paper_site("world", sources=(Feed(path="/rss.xml"),)))
    crawler.crawl()
    assert crawler.crawl().lists == ["/new.xml"]


# --- sitemaps ---------------------------------------------------------------------------------------------------------


def sitemap_of(*numbers: int) -> Answer:
    urls = "".join(f"<url><loc>https://paper.example/story/{number}</loc></url>" for number in numbers)
    namespace = "http://www.sitemaps.org/schemas/sitemap/0.9"
    return Answer(f'<urlset xmlns="{namespace}">{urls}</urlset>', media_type="application/xml")


@pytest.mark.parametrize(
    ("robots", "place"),
    [
        ("User-agent: *\nSitemap: https://paper.example/maps/news.xml", "/maps/news.xml"),
        ("User-agent: *", "/sitemap.xml"),
        ("User-agent: *", "/wp-sitemap.xml"),
        (None, "/sitemap_index.xml"),
    ],
)
def test_a_sitemap_that_is_gone_is_replaced(robots: str | None, place: str, tmp_path: Path) -> None:
    paper = Paper(sections={"hidden": [1, 2, 3]})
    if robots is not None:
        paper.pages["/robots.txt"] = Answer(robots, media_type="text/plain")
    paper.pages[place] = sitemap_of(1, 2, 3)
    crawler = PaperCrawler(
        tmp_path / "a.db", paper, paper_site("world", sources=(Sitemaps(paths=("/map.xml",), is_default=True),))
    )
    assert crawler.crawl().stories == [1, 2, 3]
    (sentence,) = sentences(crawler)
    assert "for sitemaps instead of https://paper.example/map.xml" in sentence
    forget_revisits(crawler)
    assert "/map.xml" not in crawler.crawl().lists


def test_a_definition_with_only_sitemaps_crawls_them(tmp_path: Path) -> None:
    paper = Paper(sections={"hidden": [1, 2, 3]})
    paper.pages["/sitemap.xml"] = sitemap_of(1, 2, 3)
    site = paper_site("world", sources=(Sitemaps(paths=("/sitemap.xml",)),), listing=None, default_sections=())
    crawler = PaperCrawler(tmp_path / "a.db", paper, site)
    crawl = crawler.crawl(sources=CrawlOptions().scope(site).sources)
    assert (crawl.stories, crawl.lists) == ([1, 2, 3], ["/sitemap.xml"])
