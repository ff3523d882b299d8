"""The lists of a site that the frontier knows."""

from __future__ import annotations

from datetime import UTC, datetime

from caliber_crawler.archive import Entry
from tests.archive.newsroom import Newsroom

NOW = datetime(2026, 11, 1, tzinfo=UTC)
BASE = "https://news.example"


def test_only_lists_that_answered_are_known_with_the_articles_they_named_first(newsroom: Newsroom) -> None:
    frontier = newsroom.archive.frontier
    lists = {"/world": ("listing", 200), "/rss.xml": ("feed", 200), "/old.xml": ("feed", 404)}
    for path, (kind, _) in lists.items():
        entry = Entry(url=BASE + path, site="news.example", kind=kind, language=None, discovered_via="exploration")
        frontier.add([entry], newsroom.run_id)
    for path, (_, status) in lists.items():
        frontier.mark_done(BASE + path, NOW, status=status)
    story = Entry(
        url=f"{BASE}/story", site="news.example", kind="article", discovered_via="feed", discovered_on=f"{BASE}/rss.xml"
    )
    frontier.add([story], newsroom.run_id)
    article_id = newsroom.save(site="news.example", article_urls=(story.url,)).article_id
    frontier.mark_done(story.url, NOW, status=200, article_id=article_id)
    known = newsroom.archive.candidates
    assert known.lists("news.example", "listing") == [(f"{BASE}/world", 0)]
    assert known.lists("news.example", "feed") == [(f"{BASE}/rss.xml", 1)]
