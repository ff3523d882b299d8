"""A page that lost its date or authors does not erase what was known."""

from __future__ import annotations

import itertools
import json
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from caliber_crawler.archive import Archive
from caliber_crawler.items import Extraction
from tests.archive.newsroom import Newsroom, article, capture, minutes, start_run

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


def test_a_page_that_lost_its_subtitle_or_states_only_the_day_is_unchanged(newsroom: Newsroom) -> None:
    newsroom.save(subtitle="Of the region")
    assert newsroom.save(minutes(1), subtitle=None).outcome == "unchanged"
    day = datetime.fromisoformat(DATE).replace(hour=0, minute=0)
    methods = {"headline": "selector", "published_at": "text", "published_at_precision": "day"}
    assert newsroom.save(minutes(2), published_at=day, methods=methods).outcome == "unchanged"
    assert newsroom.save(minutes(3), published_at=day - timedelta(days=3), methods=methods).outcome == "updated"


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


def test_a_re_extraction_of_another_field_leaves_a_kept_value_kept(newsroom: Newsroom) -> None:
    newsroom.save(authors=("A",))
    page = newsroom.archive.captures.store(capture(minutes(1)), newsroom.run_id)
    newsroom.save(kept=page, headline="Edited", authors=())
    again = Extraction(
        capture=page,
        article=article(headline="Corrected"),
        layout="new",
        extractor="2",
        methods={"headline": "selector"},
    )
    assert [change.field for change in newsroom.archive.reextractions.changes(again)] == ["headline"]
    assert newsroom.archive.reextractions.apply([again], newsroom.run_id, "headline")
    assert current(newsroom) == (DATE, ["A"], {"headline": "selector", "authors": "kept"})
    assert newsroom.archive.reextractions.apply([again], newsroom.run_id) is False
    assert current(newsroom)[1:] == (["A"], {"headline": "selector", "authors": "kept"})
    assert newsroom.values("SELECT headline FROM articles") == ["Corrected"]


def test_a_merged_version_without_its_earlier_page_keeps_its_values(newsroom: Newsroom, tmp_path: Path) -> None:
    newsroom.save(authors=("A",))
    newsroom.save(minutes(1), headline="Edited", **LOST)
    before = current(newsroom)
    with Archive.open(tmp_path / "other.db", mode="write") as other:
        Newsroom(other, start_run(other)).save(minutes(1), headline="Edited", **LOST)
        for into, source in ((newsroom.archive, other), (other, newsroom.archive)):
            for _ in into.merge(source, {}):
                pass
        assert before == current(newsroom) == current(Newsroom(other, 1))
        assert before[2] == {"headline": "selector", "published_at": "kept", "authors": "kept"}


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
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


def stated(text: str, zone: str, precision: str = "minute") -> dict[str, Any]:
    methods = {"headline": "selector", "published_at_zone": zone, "published_at_precision": precision}
    return {"published_at": datetime.fromisoformat(text), "methods": methods}


BARE = stated("2026-01-06T00:00+00:00", "site", "day")


@pytest.mark.parametrize(
    ("first", "second", "is_same"),
    [
        (BARE, stated("2026-01-06T10:30+00:00", "page"), True),
        (BARE, stated("2026-01-06T23:30-05:00", "page"), True),
        (BARE, stated("2026-01-09T10:30+00:00", "page"), False),
        (BARE, stated("2026-01-08T00:00+00:00", "site", "day"), False),
        (stated("2026-01-06T10:30+00:00", "page"), BARE, True),
        (stated("2026-01-06T14:30+00:00", "site"), stated("2026-01-06T14:30+04:00", "page"), True),
        (stated("2026-01-06T14:30+00:00", "site"), stated("2026-01-06T10:30:25+00:00", "page"), True),
        (stated("2026-01-06T14:30+04:00", "page"), stated("2026-01-06T14:30+00:00", "site"), True),
        (stated("2026-01-06T14:30+00:00", "site"), stated("2026-01-06T14:37+00:00", "page"), False),
        (stated("2026-01-06T14:30+00:00", "page"), stated("2026-01-06T15:30+00:00", "page"), False),
    ],
)
def test_a_date_in_another_notation_is_the_same_date(
    newsroom: Newsroom, first: dict[str, Any], second: dict[str, Any], is_same: bool
) -> None:
    newsroom.save(**first)
    newsroom.save(minutes(1), **second)
    assert newsroom.values("SELECT count(*) FROM edits") == [not is_same]
    # The first notation again changes nothing either.
    newsroom.save(minutes(2), **(first if is_same else second))
    assert newsroom.values("SELECT count(*) FROM edits") == [not is_same]
