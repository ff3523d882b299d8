"""Articles of two editions are never merged: a translation is a separate article."""

from __future__ import annotations

from pathlib import Path

import pytest

from caliber_crawler.archive import Archive
from caliber_crawler.extraction import extract_page
from caliber_crawler.spiders.caliber import CaliberSpider
from tests.archive.newsroom import NUMBER_URL, SLUG_URL, Newsroom, minutes
from tests.extraction.pages import capture_of

RUSSIAN_URL = "https://caliber.az/post/formula-baku"


def editions(newsroom: Newsroom) -> list[tuple[str, str]]:
    rows = newsroom.archive.db.execute("SELECT language, url FROM articles WHERE duplicate_of IS NULL ORDER BY id")
    return [tuple(row) for row in rows]


@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_page_with_the_urls_of_two_editions_does_not_merge_them(newsroom: Newsroom, language: str) -> None:
    newsroom.save(article_urls=(SLUG_URL,))
    newsroom.save(minutes(1), article_urls=(RUSSIAN_URL,), language="ru")
    both = (SLUG_URL, RUSSIAN_URL) if language == "en" else (RUSSIAN_URL, SLUG_URL)
    newsroom.save(minutes(2), article_urls=both, language=language)
    assert editions(newsroom) == [("en", SLUG_URL), ("ru", RUSSIAN_URL)]


def test_a_post_number_that_two_editions_share_does_not_merge_them(newsroom: Newsroom) -> None:
    newsroom.save(article_urls=(SLUG_URL, NUMBER_URL))
    newsroom.save(minutes(1), article_urls=(RUSSIAN_URL,), language="ru")
    newsroom.save(minutes(2), article_urls=(RUSSIAN_URL, NUMBER_URL), language="ru")
    assert editions(newsroom) == [("en", SLUG_URL), ("ru", RUSSIAN_URL)]


def test_merging_archives_keeps_two_editions_with_one_slug_apart(newsroom: Newsroom, tmp_path: Path) -> None:
    russian = SLUG_URL.replace("/en/", "/")
    newsroom.save(article_urls=(SLUG_URL,))
    with Archive.open(tmp_path / "other.db", mode="write") as other:
        run_id = other.runs.start("crawl", site="caliber", arguments={}, settings={}, software={})
        Newsroom(other, run_id).save(article_urls=(russian,), language="ru")
        for _ in newsroom.archive.merge(other, {}):
            pass
    assert editions(newsroom) == [("en", SLUG_URL), ("ru", russian)]


def test_a_canonical_link_to_another_edition_is_ignored() -> None:
    page = (
        f'<html><head><link rel="canonical" href="{RUSSIAN_URL}"><meta property="og:url" content="{RUSSIAN_URL}">'
        '<title>A title</title></head><body><div class="post"><h1 class="post_title">A title</h1>'
        '<div class="post_time">07 January 2026 10:00</div><div class="post_body"><p>One.</p></div></div></body></html>'
    )
    article = extract_page(capture_of(page, url=SLUG_URL), CaliberSpider.site).article
    assert (article.language, article.url, article.urls) == ("en", SLUG_URL, (SLUG_URL,))
