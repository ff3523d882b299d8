"""A takedown holds for every spelling of the article's URL, and for no other article."""

from __future__ import annotations

from hashlib import sha256
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.archive import Entry
from caliber_crawler.archive.core.takedowns import keys_of, spellings_of
from caliber_crawler.site import ArticleURL
from caliber_crawler.site.generic import generic_site
from tests.archive.newsroom import NOON, Newsroom

BASE = "https://news.test"
SITE = generic_site(BASE)
ARTICLE = f"{BASE}/2026/11/20/bridge-rebuilt-town"
NUMBERED = f"{BASE}/news.php?id=5"
COVERED = [
    (ARTICLE, f"{ARTICLE}?sid=4"),
    (ARTICLE, f"{ARTICLE}/?page=2&s=1f"),
    (ARTICLE, f"http://www.news.test:80/x/..{ARTICLE.removeprefix(BASE)}/#top"),
    (ARTICLE, f"{BASE}//2026/11/20/Bridge-Rebuilt-Town/"),
    (ARTICLE, f"{ARTICLE}/amp/?utm_source=x"),
    (ARTICLE, f"{ARTICLE}?{'&'.join(f'p{number}={number}' for number in range(30))}"),
    (f"{ARTICLE}?sid=4", f"{ARTICLE}?sid=5"),
    (f"{ARTICLE}?sid=4", ARTICLE),
    *(
        (ARTICLE, f"{ARTICLE}{ending}")
        for ending in (".html", ".amp.html", "-amp", "/print/", "/feed", "/comment-page-2")
    ),
    *((f"{ARTICLE}.html", f"{ARTICLE}{ending}") for ending in ("", ".php", "/amp", "/page/2")),
    (NUMBERED, f"{NUMBERED}&sid=4"),
    (NUMBERED, f"{BASE}/news.php?sid=4a&id=5"),
    (f"{BASE}/news.php?id=5&s=1f", NUMBERED),
]
OTHERS = [
    (ARTICLE, f"{ARTICLE}-again"),
    (ARTICLE, f"{BASE}/2026/11/21/bridge-rebuilt-town"),
    (NUMBERED, f"{BASE}/news.php?id=6"),
    (NUMBERED, f"{BASE}/news.php"),
    (f"{BASE}/news.php", NUMBERED),
    (f"{BASE}/", f"{BASE}/?p=12348"),
    (f"{BASE}/article.php?sid=4", f"{BASE}/article.php?sid=5"),
    (f"{BASE}/bridge-rebuilt-town.php?12345", f"{BASE}/bridge-rebuilt-town.php?12346"),
    (f"{BASE}/2026/01/07/%EF%F0%E8", f"{BASE}/2026/01/07/%EE%F1%E8"),
]


def is_covered(taken_down: str, url: str) -> bool:
    recorded = keys_of("news.test", ArticleURL(url=SITE.normal_url(taken_down)))
    return not set(recorded).isdisjoint(spellings_of("news.test", ArticleURL(url=SITE.normal_url(url))))


@pytest.mark.parametrize(("taken_down", "url"), COVERED)
def test_another_spelling_is_taken_down_too(taken_down: str, url: str) -> None:
    assert is_covered(taken_down, url)


@pytest.mark.parametrize(("taken_down", "url"), OTHERS)
def test_another_article_is_not(taken_down: str, url: str) -> None:
    assert not is_covered(taken_down, url)


@pytest.mark.slow
@given(st.dictionaries(st.text("abcxyz", min_size=1, max_size=8), st.text(max_size=6), max_size=5))
def test_no_added_parameter_brings_an_article_back(parameters: dict[str, str]) -> None:
    query = "&".join(f"{name}={quote(value)}" for name, value in parameters.items())
    assert is_covered(ARTICLE, f"{ARTICLE}?{query}")
    assert is_covered(NUMBERED, f"{NUMBERED}&{query}")


def test_the_frontier_accepts_no_spelling_and_loses_those_it_has(newsroom: Newsroom) -> None:
    url, frontier = "https://caliber.az/en/post/harvest-gathered-early-now", newsroom.archive.frontier
    saved = newsroom.save(article_urls=(url,))
    spelled = [
        Entry(url=f"{url}{query}", site="caliber", kind="article", discovered_via="feed") for query in ("?sid=4", "?x")
    ]
    assert len(frontier.add(spelled, newsroom.run_id)) == 2
    newsroom.archive.deletion.take_down(saved.article_id, "test", NOON)
    assert [frontier.get(entry.url) for entry in spelled] == [None, None]
    assert frontier.add(spelled, newsroom.run_id) == []


def test_a_takedown_recorded_before_schema_5_holds_for_the_form_of_today(newsroom: Newsroom) -> None:
    takedown = newsroom.archive.deletion.take_down(newsroom.save().article_id, "test", NOON)
    earlier = "caliber url https://caliber.az/en/news?q=a%2Cb&x="
    newsroom.archive.takedowns.record_keys(takedown.id, [sha256(earlier.encode()).hexdigest()])
    for url in ("https://caliber.az/en/news?q=a,b&x", "https://caliber.az/en/news?sid=4&q=a,b&x"):
        assert newsroom.archive.takedowns.covers("caliber", [ArticleURL(url=url)])
    assert not newsroom.archive.takedowns.covers("caliber", [ArticleURL(url="https://caliber.az/en/news?q=a")])
