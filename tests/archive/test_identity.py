"""One article, many addresses."""

from __future__ import annotations

import pytest

from caliber_crawler.archive import Entry
from tests.archive.newsroom import NUMBER_URL, SLUG_URL, Newsroom, minutes

OTHER_URL = "https://caliber.az/en/post/another"


def standing(newsroom: Newsroom) -> list[int]:
    """The articles that are nobody's duplicate."""
    return newsroom.values("SELECT id FROM articles WHERE duplicate_of IS NULL ORDER BY id")


def test_an_article_is_found_by_its_id_and_by_every_address(newsroom: Newsroom) -> None:
    newsroom.save(article_urls=(SLUG_URL, NUMBER_URL))
    find = newsroom.archive.articles.find
    for reference in ("1", " 1 ", SLUG_URL, SLUG_URL + "/", NUMBER_URL, NUMBER_URL + "/"):
        assert find(reference) == 1
    for reference in ("2", "", "https://caliber.az/en/post/nothing", "9" * 30, "²", "-1"):
        assert find(reference) is None


def test_the_same_article_under_number_and_slug_is_one_row(newsroom: Newsroom) -> None:
    newsroom.save(article_urls=(NUMBER_URL,))
    assert newsroom.save(minutes(1), article_urls=(SLUG_URL, NUMBER_URL)).article_id == 1
    assert newsroom.save(minutes(2), article_urls=(SLUG_URL,)).article_id == 1
    (row,) = newsroom.archive.db.query("SELECT url, post_number, slug FROM articles")
    assert row == {"url": SLUG_URL, "post_number": 247893, "slug": "baku-s-formula"}
    urls = newsroom.archive.articles.show(1)["urls"]
    assert [(row["url"], row["kind"]) for row in urls] == [(NUMBER_URL, "number"), (SLUG_URL, "slug")]


def test_a_number_is_the_same_article_under_every_prefix(newsroom: Newsroom) -> None:
    newsroom.save(article_urls=(NUMBER_URL,))
    assert newsroom.save(minutes(1), article_urls=("https://caliber.az/post/247893",)).article_id == 1


def test_a_slug_is_the_same_article_only_in_its_own_edition(newsroom: Newsroom) -> None:
    russian = "https://caliber.az/post/baku-s-formula"
    newsroom.save(article_urls=(SLUG_URL,))
    assert newsroom.save(article_urls=(russian,), language="ru").outcome == "new"
    assert newsroom.save(article_urls=(russian.replace("/post/", "/ru/post/"),), language="ru").article_id == 2


def test_numbers_and_slugs_are_a_sites_own(newsroom: Newsroom) -> None:
    newsroom.save(article_urls=(NUMBER_URL,))
    assert newsroom.save(article_urls=("https://news.example/en/post/247893",), site="other").outcome == "new"


def test_two_rows_found_to_be_one_article_are_merged_and_nothing_is_lost(newsroom: Newsroom) -> None:
    newsroom.save(article_urls=(NUMBER_URL,), headline="Then", views=100, authors=("A",))
    newsroom.save(minutes(10), article_urls=(SLUG_URL,), headline="Now", views=200)
    newsroom.archive.frontier.add(
        [Entry(url=SLUG_URL, site="caliber", kind="article", discovered_via="listing")], newsroom.run_id
    )
    newsroom.archive.frontier.mark_done(SLUG_URL, minutes(10), status=200, article_id=2)
    assert standing(newsroom) == [1, 2]

    saved = newsroom.save(minutes(20), article_urls=(SLUG_URL, NUMBER_URL), headline="Now", views=300)

    assert (saved.article_id, saved.outcome) == (1, "unchanged")
    assert standing(newsroom) == [1]
    assert newsroom.values("SELECT duplicate_of FROM articles WHERE id = 2") == [1]
    assert newsroom.values("SELECT DISTINCT article_id FROM article_urls") == [1]
    assert newsroom.archive.frontier.get(SLUG_URL).article_id == 1
    assert newsroom.archive.articles.find("2") == 1
    assert newsroom.values("SELECT count(*) FROM versions") == [2]
    assert newsroom.values("SELECT views FROM view_growth WHERE article_id = 1 ORDER BY observed_at") == [100, 200, 300]
    shown = newsroom.archive.articles.show(2)
    assert (shown["id"], shown["headline"], shown["views"], shown["version_count"]) == (1, "Now", 300, 2)
    assert (shown["post_number"], shown["slug"]) == (247893, "baku-s-formula")
    assert [version["headline"] for version in shown["versions"]] == ["Then", "Now"]
    assert [count["views"] for count in shown["view_counts"]] == [100, 200, 300]
    assert len(shown["captures"]) == 3
    assert newsroom.values("SELECT old_headline || ' → ' || new_headline FROM edits") == ["Then → Now"]


def test_a_merge_by_an_old_page_keeps_the_newest_text(newsroom: Newsroom) -> None:
    newsroom.save(minutes(5), article_urls=(NUMBER_URL,), headline="Then")
    newsroom.save(minutes(10), article_urls=(SLUG_URL,), headline="Now", views=7)
    newsroom.save(article_urls=(SLUG_URL, NUMBER_URL), headline="Then")
    assert newsroom.values("SELECT headline FROM article_texts") == ["Now"]
    assert newsroom.values("SELECT views FROM article_texts") == [7]


def test_three_rows_merge_into_the_oldest(newsroom: Newsroom) -> None:
    newsroom.save(article_urls=(NUMBER_URL,))
    newsroom.save(article_urls=(SLUG_URL,))
    newsroom.save(article_urls=(OTHER_URL,))
    newsroom.save(minutes(1), article_urls=(OTHER_URL, SLUG_URL))
    newsroom.save(minutes(2), article_urls=(SLUG_URL, NUMBER_URL))
    assert newsroom.values("SELECT duplicate_of FROM articles ORDER BY id") == [None, 1, 1]
    assert newsroom.values("SELECT slug FROM articles WHERE id = 1") == ["baku-s-formula"]
    assert newsroom.values("SELECT count(*) FROM article_urls WHERE article_id = 1") == [3]


def test_two_post_numbers_are_never_one_article(newsroom: Newsroom) -> None:
    newsroom.save(article_urls=(NUMBER_URL,))
    newsroom.save(article_urls=("https://caliber.az/en/post/5",))
    newsroom.save(minutes(1), article_urls=(NUMBER_URL, "https://caliber.az/en/post/5"))
    assert standing(newsroom) == [1, 2]


def test_a_page_that_names_the_front_page_as_its_own_joins_nothing(newsroom: Newsroom) -> None:
    front_page = "https://caliber.az/"
    newsroom.save(article_urls=(SLUG_URL,), urls=(SLUG_URL, front_page))
    newsroom.save(article_urls=(OTHER_URL,), urls=(OTHER_URL, front_page))
    assert standing(newsroom) == [1, 2]


@pytest.mark.parametrize("first", [0, 1])
def test_it_does_not_matter_which_address_was_known_first(newsroom: Newsroom, first: int) -> None:
    urls = (SLUG_URL, NUMBER_URL)
    newsroom.save(article_urls=(urls[first],))
    newsroom.save(minutes(1), article_urls=(urls[1 - first], urls[first]))
    assert standing(newsroom) == [1]
