"""Identity: one article with several URLs."""

from __future__ import annotations

import pytest

from caliber_crawler.archive import Entry
from tests.archive.newsroom import NUMBER_URL, SLUG_URL, Newsroom, minutes

OTHER_URL = "https://caliber.az/en/post/another"


def survivors(newsroom: Newsroom) -> list[int]:
    """The IDs of articles that are not duplicates."""
    return newsroom.values("SELECT id FROM articles WHERE duplicate_of IS NULL ORDER BY id")


def test_an_article_is_found_by_its_id_and_by_every_url(newsroom: Newsroom) -> None:
    newsroom.save(article_urls=(SLUG_URL, NUMBER_URL))
    find = newsroom.archive.articles.find
    for reference in ("1", " 1 ", SLUG_URL, SLUG_URL + "/", NUMBER_URL, NUMBER_URL + "/"):
        assert find(reference) == 1
    for reference in ("2", "", "https://caliber.az/en/post/nothing", "9" * 30, "²", "-1"):
        assert find(reference) is None


def test_an_article_with_number_and_slug_urls_is_one_row(newsroom: Newsroom) -> None:
    newsroom.save(article_urls=(NUMBER_URL,))
    assert newsroom.save(minutes(1), article_urls=(SLUG_URL, NUMBER_URL)).article_id == 1
    assert newsroom.save(minutes(2), article_urls=(SLUG_URL,)).article_id == 1
    (row,) = newsroom.archive.db.query("SELECT url, post_number, slug FROM articles")
    assert row == {"url": SLUG_URL, "post_number": 247893, "slug": "baku-s-formula"}
    urls = newsroom.archive.articles.show(1)["urls"]
    assert [(row["url"], row["kind"]) for row in urls] == [(NUMBER_URL, "number"), (SLUG_URL, "slug")]


def test_a_post_number_identifies_an_article_under_every_prefix(newsroom: Newsroom) -> None:
    newsroom.save(article_urls=(NUMBER_URL,))
    assert newsroom.save(minutes(1), article_urls=("https://caliber.az/post/247893",)).article_id == 1


def test_a_slug_identifies_an_article_only_in_its_edition(newsroom: Newsroom) -> None:
    russian = "https://caliber.az/post/baku-s-formula"
    newsroom.save(article_urls=(SLUG_URL,))
    assert newsroom.save(article_urls=(russian,), language="ru").outcome == "new"
    assert newsroom.save(article_urls=(russian.replace("/post/", "/ru/post/"),), language="ru").article_id == 2


def test_post_numbers_and_slugs_belong_to_one_site(newsroom: Newsroom) -> None:
    newsroom.save(article_urls=(NUMBER_URL,))
    assert newsroom.save(article_urls=("https://news.example/en/post/247893",), site="other").outcome == "new"


def test_merging_two_rows_of_one_article_loses_nothing(newsroom: Newsroom) -> None:
    newsroom.save(article_urls=(NUMBER_URL,), headline="Then", views=100, authors=("A",))
    newsroom.save(minutes(10), article_urls=(SLUG_URL,), headline="Now", views=200, authors=("A",))
    newsroom.archive.frontier.add(
        [Entry(url=SLUG_URL, site="caliber", kind="article", discovered_via="listing")], newsroom.run_id
    )
    newsroom.archive.frontier.mark_done(SLUG_URL, minutes(10), status=200, article_id=2)
    assert survivors(newsroom) == [1, 2]

    saved = newsroom.save(minutes(20), article_urls=(SLUG_URL, NUMBER_URL), headline="Now", views=300, authors=("A",))

    assert (saved.article_id, saved.outcome) == (1, "unchanged")
    assert survivors(newsroom) == [1]
    assert newsroom.values("SELECT duplicate_of FROM articles WHERE id = 2") == [1]
    assert newsroom.values("SELECT DISTINCT article_id FROM article_urls") == [1]
    assert newsroom.archive.frontier.get(SLUG_URL).article_id == 1
    assert newsroom.archive.articles.find("2") == 1
    assert newsroom.values("SELECT count(*) FROM versions") == [2]
    assert newsroom.values("SELECT views FROM view_growth WHERE article_id = 1 ORDER BY observed_at") == [100, 200, 300]
    record = newsroom.archive.articles.show(2)
    assert (record["id"], record["headline"], record["views"], record["version_count"]) == (1, "Now", 300, 2)
    assert (record["post_number"], record["slug"]) == (247893, "baku-s-formula")
    assert [version["headline"] for version in record["versions"]] == ["Then", "Now"]
    assert [count["views"] for count in record["view_counts"]] == [100, 200, 300]
    assert len(record["captures"]) == 3
    assert newsroom.values("SELECT old_headline || ' → ' || new_headline FROM edits") == ["Then → Now"]


def test_a_merge_caused_by_an_old_page_keeps_the_newest_text(newsroom: Newsroom) -> None:
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


def test_articles_with_different_post_numbers_are_never_merged(newsroom: Newsroom) -> None:
    newsroom.save(article_urls=(NUMBER_URL,))
    newsroom.save(article_urls=("https://caliber.az/en/post/5",))
    newsroom.save(minutes(1), article_urls=(NUMBER_URL, "https://caliber.az/en/post/5"))
    assert survivors(newsroom) == [1, 2]


def test_a_start_page_as_canonical_url_does_not_merge_articles(newsroom: Newsroom) -> None:
    front_page = "https://caliber.az/"
    newsroom.save(article_urls=(SLUG_URL,), urls=(SLUG_URL, front_page))
    newsroom.save(article_urls=(OTHER_URL,), urls=(OTHER_URL, front_page))
    assert survivors(newsroom) == [1, 2]


@pytest.mark.parametrize("first", [0, 1])
def test_the_order_of_the_urls_does_not_matter(newsroom: Newsroom, first: int) -> None:
    urls = (SLUG_URL, NUMBER_URL)
    newsroom.save(article_urls=(urls[first],))
    newsroom.save(minutes(1), article_urls=(urls[1 - first], urls[first]))
    assert survivors(newsroom) == [1]
