"""Caliber.Az gets its other layout between two crawls: the known one from 2022 comes back, or is replaced."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

import pytest

from caliber_crawler.demo import DemoSite, pages
from caliber_crawler.spiders.caliber import CaliberSpider
from tests.archive.newsroom import Newsroom
from tests.conftest import AT
from tests.learning.rehearsal import Rehearsal

COUNT = 12
DEMO = DemoSite(articles=40, clock=lambda: AT, base_url=CaliberSpider.site.base_url)


def served(layout: str, minutes: int = 0) -> list[tuple[str, str]]:
    """The newest articles in a layout, some minutes later."""
    at = AT + timedelta(minutes=minutes)
    return [
        (f"{DEMO.base_url}{quote(each.path)}", pages.article_page(each, DEMO.newsroom, DEMO.base_url, at, layout))
        for each in list(DEMO.visible(AT))[:COUNT]
    ]


@pytest.mark.slow
@pytest.mark.parametrize(("first", "second"), [("new", "old"), ("old", "new")])
def test_the_other_layout_loses_no_article_and_makes_no_edit(newsroom: Newsroom, first: str, second: str) -> None:
    crawls = Rehearsal(newsroom.archive, CaliberSpider.site)
    assert crawls.crawl(served(first)) == {"new": COUNT}
    texts = "SELECT id, headline, subtitle, authors, body, published_at, section FROM article_texts ORDER BY id"
    before = newsroom.archive.db.execute(texts).fetchall()
    outcomes = crawls.crawl(served(second, 10))
    assert crawls.edits == 0
    assert set(outcomes) == {"unchanged"}
    assert newsroom.archive.db.execute(texts).fetchall() == before
    replaced = [report.message for report in crawls.reports]
    # The layout of 2022 is known by its lines of text, and the one of today by its selectors.
    assert len(replaced) == (second == "old")
    assert all("Used instead: headline .material-name" in message for message in replaced)


def test_a_third_crawl_in_the_layout_before_the_redesign_makes_no_edit(newsroom: Newsroom) -> None:
    crawls = Rehearsal(newsroom.archive, CaliberSpider.site)
    for number, layout in enumerate(("new", "old", "new")):
        crawls.crawl(served(layout, 10 * number))
    assert crawls.edits == 0
    views = newsroom.archive.db.execute("SELECT article_id, views FROM view_counts ORDER BY article_id, observed_at")
    curves: dict[int, list[int]] = {}
    for article, count in views:
        curves.setdefault(article, []).append(count)
    assert len(curves) == COUNT
    assert all(counts == sorted(counts) for counts in curves.values())
    assert any(len(counts) == 2 for counts in curves.values())
