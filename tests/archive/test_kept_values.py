"""A page that lost its date or authors does not erase what was known."""

from __future__ import annotations

import itertools
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from caliber_crawler.archive import Archive
from tests.archive.newsroom import Newsroom, minutes, start_run

LOST: dict[str, Any] = {"published_at": None, "authors": ()}
DATE = "2026-01-06T15:13:00Z"


def current(newsroom: Newsroom) -> tuple[str | None, list[str], dict[str, str]]:
    """Date, authors and methods of the current version."""
    (row,) = newsroom.archive.db.query(
        "SELECT v.published_at, v.authors, v.methods FROM articles a JOIN versions v ON v.id = a.current_version_id"
    )
    return row["published_at"], json.loads(row["authors"]), json.loads(row["methods"])


def test_a_page_that_lost_its_date_and_authors_is_unchanged(newsroom: Newsroom) -> None:
    newsroom.save(authors=("A",))
    assert newsroom.save(minutes(1), **LOST).outcome == "unchanged"
    assert current(newsroom) == (DATE, ["A"], {"headline": "selector"})


def test_an_edited_page_without_date_and_authors_keeps_them_and_says_so(newsroom: Newsroom) -> None:
    newsroom.save(authors=("A",))
    assert newsroom.save(minutes(1), headline="Edited", **LOST).outcome == "updated"
    kept = {"headline": "selector", "published_at": "kept", "authors": "kept"}
    assert current(newsroom) == (DATE, ["A"], kept)
    assert newsroom.values("SELECT published_local FROM articles") == ["2026-01-06T19:13:00+04:00"]


def test_a_value_is_kept_through_several_pages_and_replaced_by_a_new_one(newsroom: Newsroom) -> None:
    newsroom.save(authors=("A",))
    newsroom.save(minutes(1), headline="Edited", authors=())
    newsroom.save(minutes(2), headline="Edited again", authors=())
    assert current(newsroom)[1:] == (["A"], {"headline": "selector", "authors": "kept"})
    newsroom.save(minutes(3), headline="Edited again", authors=("B",))
    assert current(newsroom)[1:] == (["B"], {"headline": "selector"})


def test_an_entirely_different_text_keeps_nothing(newsroom: Newsroom) -> None:
    newsroom.save(authors=("A",))
    newsroom.save(minutes(1), headline="Storms", body="Rain fell.", authors=())
    assert current(newsroom)[1] == []


def test_a_date_that_no_page_stated_stays_unknown(newsroom: Newsroom) -> None:
    newsroom.save(**LOST)
    newsroom.save(minutes(1), headline="Edited", **LOST)
    assert current(newsroom) == (None, [], {"headline": "selector"})


@pytest.mark.parametrize("order", itertools.permutations(range(4)))
def test_values_are_kept_in_any_order_of_pages(blank: Path, tmp_path: Path, order: tuple[int, ...]) -> None:
    pages: list[dict[str, Any]] = [
        {"authors": ("A",)},
        {"headline": "Edited", **LOST},
        {"authors": ("B",)},
        {"headline": "Edited", **LOST},
    ]
    with Archive.open(shutil.copy(blank, tmp_path / "a.db"), mode="write") as archive:
        newsroom = Newsroom(archive, start_run(archive))
        for place in order:
            newsroom.save(minutes(place), **pages[place])
        found = newsroom.values("SELECT authors FROM versions WHERE replaced_by IS NULL ORDER BY seen_from")
        assert found == ['["A"]', '["A"]', '["B"]', '["B"]']
        assert newsroom.values("SELECT DISTINCT published_at FROM versions WHERE replaced_by IS NULL") == [DATE]
