"""Facts of a site definition that are wrong, and what a crawl uses instead."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from caliber_crawler.site import Edition, Feed, Listings, Section
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
