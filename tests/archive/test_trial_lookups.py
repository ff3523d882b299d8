"""Queries of a trial crawl: captures, the latest post ID, the article URLs of the frontier."""

from __future__ import annotations

from pathlib import Path

from caliber_crawler.archive import Archive, Entry
from tests.archive.newsroom import NUMBER_URL, SLUG_URL, Newsroom, capture, minutes, start_run


def test_captures_are_returned_in_order_of_storage(tmp_path: Path) -> None:
    with Archive.open(tmp_path / "a.db", mode="write") as archive:
        run_id = start_run(archive)
        first = archive.captures.store(capture(minutes(5), body=b"<p>first</p>"), run_id)
        failed = archive.captures.store(
            capture(minutes(1), status=None, body=b"", error="the connection was lost"), run_id
        )
        assert list(archive.captures.each()) == [
            archive.captures.get(first.id or 0),
            archive.captures.get(failed.id or 0),
        ]
        assert [stored.body for stored in archive.captures.each()] == [b"<p>first</p>", b""]


def test_the_latest_post_id_is_that_of_an_article_that_is_online(tmp_path: Path) -> None:
    with Archive.open(tmp_path / "a.db", mode="write") as archive:
        newsroom = Newsroom(archive, start_run(archive))
        assert archive.articles.latest_post_number("caliber") is None
        newsroom.save(url=SLUG_URL)
        assert archive.articles.latest_post_number("caliber") is None, "articles without a post ID do not count"
        newsroom.save(minutes(1), url=NUMBER_URL, headline="Another", body="Other words.", language="en")
        newsroom.save(minutes(9), url="https://caliber.az/ru/post/300", headline="Third", body="Third.", language="ru")
        assert archive.articles.latest_post_number("caliber") == ("ru", 300)
        assert archive.articles.latest_post_number("elsewhere") is None
        archive.db.execute("UPDATE articles SET gone_at = last_seen_at WHERE post_number = 300")
        assert archive.articles.latest_post_number("caliber") == ("en", 247893)


def test_article_urls_of_a_site_include_every_state(tmp_path: Path) -> None:
    with Archive.open(tmp_path / "a.db", mode="write") as archive:
        entries = [
            Entry(url="https://caliber.az/en/post/a", site="caliber", kind="article", discovered_via="listing"),
            Entry(url="https://caliber.az/en/category/x", site="caliber", kind="listing", discovered_via="listing"),
            Entry(url="https://elsewhere.example/b", site="elsewhere", kind="article", discovered_via="listing"),
            Entry(url="https://caliber.az/en/post/c", site="caliber", kind="article", discovered_via="listing"),
        ]
        archive.frontier.add(entries, start_run(archive))
        archive.frontier.mark_gone("https://caliber.az/en/post/a", minutes(1), status=404)
        assert archive.frontier.article_urls("caliber") == [entries[0].url, entries[3].url]
