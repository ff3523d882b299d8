"""Which JSON-LD node describes the page's own article."""

import json
from typing import Any

import pytest

from caliber_crawler.extraction.linked_data import extract_linked_article

URL = "https://news.example/politics/road-104522.html"
TITLE = "Mountain road to open again"
OWN = {"@type": "NewsArticle", "headline": TITLE, "author": "Jane Roe"}
RELATED = {
    "@type": "NewsArticle",
    "headline": "Harvest was poor this year",
    "url": "https://news.example/o1",
    "datePublished": "2026-01-02",
}


def choose(*nodes: Any, urls: tuple[str, ...] = (URL,), titles: tuple[str, ...] = (f"{TITLE} | News",)) -> Any:
    return extract_linked_article([json.dumps(node) for node in nodes], urls, titles)


@pytest.mark.parametrize(
    "nodes",
    [
        ({"@type": "ItemList", "itemListElement": [{"@type": "ListItem", "item": RELATED}]}, OWN),
        (RELATED, OWN),
        ([RELATED, RELATED, OWN],),
        ({"@graph": [RELATED, OWN]},),
        ({"@type": "WebPage", "datePublished": "2026-01-03", "mainEntity": OWN},),
        ({**OWN, "comment": [RELATED], "isRelatedTo": [RELATED], "hasPart": RELATED},),
        ({"@type": "WebPage", "hasPart": [RELATED, OWN]},),
        ({"@type": "Review", "name": "A pump", "datePublished": "2026-01-01", "itemReviewed": {"name": "x"}}, OWN),
    ],
)
def test_the_article_of_the_page_wins_over_others(nodes: tuple[Any, ...]) -> None:
    assert choose(*nodes)["author"] == "Jane Roe"


@pytest.mark.parametrize("type_", ["SocialMediaPosting", "schema:SocialMediaPosting", "NewsArticle", "BlogPosting"])
def test_an_article_without_a_headline_is_the_page_s_own_if_its_url_does_not_contradict(type_: str) -> None:
    node = {"@type": type_, "author": "Jane Roe", "datePublished": "2026-01-07"}
    assert choose(node)["author"] == "Jane Roe"
    assert choose({**node, "url": "https://news.example/politics/other-1.html"}) == {}
    assert choose({"@type": "ItemList", "itemListElement": [node]}) == {}
    assert choose({**node, "author": "Somebody Else"}, {**OWN, "@type": type_})["author"] == "Jane Roe"


def test_a_page_without_its_own_article_has_none() -> None:
    assert choose(RELATED) == {}
    assert choose({"@type": "ItemList", "itemListElement": [RELATED]}) == {}
    assert choose({"@type": "Person", "name": "x", "review": RELATED}) == {}


@pytest.mark.parametrize("name", ["url", "mainEntityOfPage", "@id"])
@pytest.mark.parametrize("value", [URL, {"@id": URL}, "http://www.news.example/politics/road-104522.html?utm=1#top"])
def test_the_url_tells_articles_with_the_same_headline_apart(name: str, value: Any) -> None:
    other = {**OWN, "url": "https://news.example/2014/road-7.html", "author": "Somebody Else", "datePublished": "2014"}
    assert choose(other, {**OWN, name: value})["author"] == "Jane Roe"


def test_a_live_blog_wins_over_its_updates_and_begins_with_its_coverage() -> None:
    update = {"@type": "BlogPosting", "headline": "Lorries turn back", "datePublished": "2026-01-08T12:00:00+04:00"}
    blog = {"@type": "LiveBlogPosting", "headline": TITLE, "coverageStartTime": "2026-01-07T14:35:00+04:00"}
    chosen = choose({**blog, "liveBlogUpdate": [update, update]})
    assert (chosen["headline"], chosen["coverageStartTime"]) == (TITLE, blog["coverageStartTime"])
    assert "datePublished" not in chosen


def test_nodes_of_the_same_article_complete_each_other() -> None:
    chosen = choose({**OWN, "@type": "Article", "datePublished": "2026-01-07", "author": None}, OWN)
    assert (chosen["datePublished"], chosen["author"]) == ("2026-01-07", "Jane Roe")


@pytest.mark.parametrize(
    "node",
    [
        {"@Type": "NewsArticle", "Headline": TITLE, "DatePublished": "2026-01-07"},
        {"type": "NewsArticle", "headline": TITLE, "datepublished": "2026-01-07"},
        {"@type": "schema:NewsArticle", "schema:headline": TITLE, "schema:datePublished": "2026-01-07"},
        {
            "@type": "https://schema.org/NewsArticle",
            "headline": {"@value": TITLE},
            "datePublished": {"@value": "2026-01-07"},
        },
        {"@type": ["Thing", "newsarticle"], "headline": TITLE, "datePublished": {"@list": ["2026-01-07"]}},
    ],
)
def test_properties_are_found_in_any_spelling(node: Any) -> None:
    chosen = choose(node)
    assert chosen["headline"] == TITLE
    assert chosen["datePublished"] in ("2026-01-07", ["2026-01-07"])


def test_a_deep_or_endless_graph_has_a_limit() -> None:
    deep: Any = OWN
    for _ in range(40):
        deep = {"@graph": [deep]}
    assert choose(deep) == {}
    assert choose([{"@type": "Thing", "n": number} for number in range(5_000)]) == {}
