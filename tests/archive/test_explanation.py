"""Explanations: everything known about one URL."""

from __future__ import annotations

from caliber_crawler.archive import Entry
from tests.archive.newsroom import NUMBER_URL, SLUG_URL, Newsroom, capture, minutes

ELSEWHERE = "https://caliber.az/en/post/nothing"


def test_the_explanation_of_an_unknown_url_is_empty(newsroom: Newsroom) -> None:
    known = newsroom.archive.explain([ELSEWHERE])
    assert known == {"frontier": None, "captures": [], "problems": [], "article": None}


def test_an_article_is_explained_under_each_of_its_urls(newsroom: Newsroom) -> None:
    newsroom.save(article_urls=(NUMBER_URL,))
    newsroom.save(minutes(1), article_urls=(NUMBER_URL, SLUG_URL), headline="A new headline", views=7)
    entry = Entry(url=SLUG_URL, site="caliber", kind="article", discovered_via="listing")
    newsroom.archive.frontier.add([entry], newsroom.run_id)
    newsroom.archive.frontier.mark_done(SLUG_URL, minutes(1), status=200, article_id=1, due_at=minutes(90))
    newsroom.archive.captures.store(capture(minutes(2), url=SLUG_URL, status=304, body=b""), newsroom.run_id)
    for url in (SLUG_URL, NUMBER_URL):
        article = newsroom.archive.explain([url])["article"]
        assert (article["id"], article["headline"], article["version_count"]) == (1, "A new headline", 2)
        assert (article["view_count_observations"], article["methods"]) == (1, {"headline": "selector"})
        assert article["due"] == [{"url": SLUG_URL, "due_at": "2026-01-07T13:30:00Z"}]
    known = newsroom.archive.explain([ELSEWHERE, SLUG_URL])
    assert known["frontier"]["url"] == SLUG_URL
    assert [(row["fetched_at"], row["status"]) for row in known["captures"]] == [("2026-01-07T12:02:00Z", 304)]
    assert known["captures"][0]["opt_outs"] == {}


def test_a_url_linked_to_its_article_by_the_frontier_alone_is_explained(newsroom: Newsroom) -> None:
    newsroom.save(article_urls=(NUMBER_URL,))
    newsroom.archive.frontier.add(
        [Entry(url=ELSEWHERE, site="caliber", kind="article", discovered_via="listing")], newsroom.run_id
    )
    newsroom.archive.frontier.mark_done(ELSEWHERE, minutes(1), status=200, article_id=1)
    assert newsroom.archive.explain([ELSEWHERE])["article"]["url"] == NUMBER_URL
