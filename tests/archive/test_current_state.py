"""The current state of an article is what its versions and view counts give, however it was written."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.archive.newsroom import BAKU, Newsroom, minutes

PAGES: dict[str, dict[str, Any]] = {
    "plain": {},
    "no date": {"published_at": None},
    "a date in UTC before that of the site": {"published_at": datetime(2025, 12, 31, 22, 30, tzinfo=UTC)},
    "a date in the site's zone": {"published_at": datetime(2026, 1, 1, 2, 30, tzinfo=BAKU)},
    "authors, one of them twice": {"authors": ("Vugar B.", "Нигяр Ə.", "Vugar B.")},
    "a subtitle and no section": {"subtitle": "What ёлка means", "section": None, "section_label": None},
    "a view count of zero": {"views": 0, "views_shown": "0"},
    "views and an image": {"views": 1234, "views_shown": "1 234", "cover_image": "https://caliber.az/a.jpg"},
    "a value that an earlier page had": {"methods": {"published_at": "kept", "authors": "kept"}, "authors": ("A.",)},
    "a body of spaces and no words": {"body": " \n\n"},
}


def state(newsroom: Newsroom) -> list[tuple[Any, ...]]:
    tables = ("articles", "article_totals", "article_authors", "authors")
    return [tuple(row) for table in tables for row in newsroom.archive.db.execute(f"SELECT * FROM {table}").fetchall()]


@pytest.mark.parametrize("fields", PAGES.values(), ids=PAGES)
def test_a_new_article_has_the_state_that_a_refresh_computes(newsroom: Newsroom, fields: dict[str, Any]) -> None:
    saved = newsroom.save(**fields)
    before = state(newsroom)
    newsroom.archive.articles.refresh(saved.article_id, authors=True)
    assert state(newsroom) == before


@pytest.mark.parametrize("first", PAGES.values(), ids=PAGES)
def test_a_later_page_gives_the_state_that_a_refresh_computes(newsroom: Newsroom, first: dict[str, Any]) -> None:
    newsroom.save(**first)
    for minute, fields in enumerate(PAGES.values(), start=1):
        saved = newsroom.save(minutes(minute), **fields)
        before = state(newsroom)
        newsroom.archive.articles.refresh(saved.article_id, authors=True)
        assert state(newsroom) == before


def test_what_stays_the_same_is_not_written(newsroom: Newsroom) -> None:
    saved = newsroom.save(views=5, authors=("A.",))
    connection = newsroom.archive.articles._connection
    before = connection.raw.total_changes
    newsroom.archive.articles.refresh(saved.article_id)
    newsroom.archive.absences.apply(saved.article_id)
    assert connection.raw.total_changes == before
