"""Versions of an article: their texts, times and causes."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caliber_crawler.archive import Archive, SavedArticle
from caliber_crawler.archive.core.times import utc_text
from caliber_crawler.archive.texts.text_columns import content_digest
from caliber_crawler.errors import NoSuchArticle
from caliber_crawler.items import Image, Link
from tests.archive.newsroom import BAKU, NOON, NUMBER_URL, SLUG_URL, Newsroom, article, capture, minutes, start_run
from tests.properties import examples

VERSIONS = "SELECT json_array(number, cause, headline, seen_from, seen_until) FROM versions ORDER BY number"


def versions(newsroom: Newsroom) -> list[list[object]]:
    """Number, cause, headline, and the minutes past noon at which it was first and last seen."""
    rows = [json.loads(row) for row in newsroom.values(VERSIONS)]
    return [[*row[:3], *(minute_of(time) for time in row[3:])] for row in rows]


def history(newsroom: Newsroom) -> list[list[object]]:
    """Headline and minutes of the versions that are not replaced, in order of time."""
    rows = newsroom.values(
        VERSIONS.replace("ORDER BY number", "WHERE replaced_by IS NULL ORDER BY seen_from, seen_until")
    )
    return [[row[2], *(minute_of(time) for time in row[3:])] for row in map(json.loads, rows)]


def minute_of(time: str) -> int:
    return int((datetime.fromisoformat(time) - NOON).total_seconds() // 60)


def current_headline(newsroom: Newsroom) -> str:
    return str(newsroom.values("SELECT headline FROM article_texts")[0])


def test_a_first_page_is_a_new_article(newsroom: Newsroom) -> None:
    assert newsroom.save() == SavedArticle(article_id=1, version=1, outcome="new")


def test_times_are_utc_and_the_local_one_keeps_its_offset(newsroom: Newsroom) -> None:
    newsroom.save(published_at=datetime(2026, 1, 1, 0, 1, tzinfo=BAKU))
    (row,) = newsroom.archive.db.query(
        "SELECT published_at, published_local, published_date, published_month, published_year FROM articles"
    )
    assert row == {
        "published_at": "2025-12-31T20:01:00Z",
        "published_local": "2026-01-01T00:01:00+04:00",
        "published_date": "2026-01-01",
        "published_month": "2026-01",
        "published_year": "2026",
    }


def test_the_authors_of_an_article_are_those_of_its_current_version(newsroom: Newsroom) -> None:
    newsroom.save(authors=("Əli", "B"))
    assert newsroom.values("SELECT authors FROM articles") == ['["Əli", "B"]']
    newsroom.save(minutes(10), authors=("C",))
    assert newsroom.values("SELECT authors FROM articles") == ['["C"]']
    newsroom.save(minutes(5), authors=("Late",))
    assert newsroom.values("SELECT authors FROM articles") == ['["C"]']


def test_an_edit_adds_a_version_and_keeps_the_old_text(newsroom: Newsroom) -> None:
    newsroom.save(headline="Before")
    assert newsroom.save(minutes(10), headline="After") == SavedArticle(1, 2, "updated")
    assert versions(newsroom) == [[1, "first", "Before", 0, 0], [2, "edit", "After", 10, 10]]
    assert current_headline(newsroom) == "After"


def test_an_unchanged_page_only_updates_the_time_last_seen(newsroom: Newsroom) -> None:
    newsroom.save()
    assert newsroom.save(minutes(10)) == SavedArticle(1, 1, "unchanged")
    assert versions(newsroom) == [[1, "first", "Baku’s geopolitical formula", 0, 10]]
    assert newsroom.values("SELECT last_seen_at FROM articles") == [utc_text(minutes(10))]


def test_white_space_and_unicode_normalization_do_not_make_an_edit(newsroom: Newsroom) -> None:
    newsroom.save(headline="Café  society", body="One.\n\nTwo.")
    assert newsroom.save(minutes(1), headline="Cafe\u0301 society ", body="One. Two.").outcome == "unchanged"


@pytest.mark.parametrize(
    "change",
    [
        {"headline": "Another"},
        {"subtitle": "Another"},
        {"body": "Another"},
        {"authors": ("Another",)},
        {"published_at": datetime(2026, 1, 6, 19, 14, tzinfo=BAKU)},
    ],
)
def test_a_change_of_any_text_field_is_an_edit(newsroom: Newsroom, change: dict[str, object]) -> None:
    newsroom.save()
    assert newsroom.save(minutes(1), **change).outcome == "updated"


@pytest.mark.parametrize("change", [{"views": 9}, {"section": "politics"}, {"cover_image": "https://x.az/a.webp"}])
def test_a_change_outside_the_text_is_not_an_edit(newsroom: Newsroom, change: dict[str, object]) -> None:
    newsroom.save()
    assert newsroom.save(minutes(1), **change).outcome == "unchanged"


def test_the_same_time_in_another_zone_is_not_an_edit(newsroom: Newsroom) -> None:
    newsroom.save(published_at=datetime(2026, 1, 6, 19, 13, tzinfo=BAKU))
    assert newsroom.save(minutes(1), published_at=datetime(2026, 1, 6, 15, 13, tzinfo=UTC)).outcome == "unchanged"


def test_a_text_moved_from_one_field_to_another_is_an_edit() -> None:
    assert content_digest(article(headline="A", subtitle="B")) != content_digest(article(headline="A B"))
    assert content_digest(article(authors=("A", "B"))) != content_digest(article(authors=("A B",)))


def test_a_reverted_edit_is_a_third_version(newsroom: Newsroom) -> None:
    for minute, headline in enumerate(("One", "Two", "One")):
        newsroom.save(minutes(minute), headline=headline)
    assert versions(newsroom) == [[1, "first", "One", 0, 0], [2, "edit", "Two", 1, 1], [3, "edit", "One", 2, 2]]


def test_a_better_extraction_of_the_same_page_is_not_an_edit(newsroom: Newsroom) -> None:
    page = newsroom.archive.captures.store(capture(), newsroom.run_id)
    newsroom.save(kept=page, headline="Old text")
    assert newsroom.save(kept=page, headline="New text", extractor="caliber_crawler 0.2.0") == SavedArticle(
        1, 2, "updated"
    )
    assert [row[1] for row in versions(newsroom)] == ["first", "reextract"]
    assert current_headline(newsroom) == "New text"
    assert newsroom.values("SELECT count(*) FROM edits") == [0]


def test_a_better_extraction_of_the_same_bytes_is_not_an_edit(newsroom: Newsroom) -> None:
    newsroom.save(page=b"the page", headline="Old text")
    newsroom.save(minutes(5), page=b"the page", headline="New text")
    assert [row[1] for row in versions(newsroom)] == ["first", "reextract"]


def test_re_extracting_all_pages_gives_one_better_version(newsroom: Newsroom) -> None:
    pages = [newsroom.archive.captures.store(capture(minutes(m)), newsroom.run_id) for m in (0, 5, 9)]
    for page in pages:
        newsroom.save(kept=page, headline="Old text")
    for _ in range(2):
        for page in (pages[2], pages[0], pages[1]):
            newsroom.save(kept=page, headline="New text")
    assert history(newsroom) == [["New text", 0, 9]]
    assert newsroom.values("SELECT count(*) FROM edits") == [0]
    assert current_headline(newsroom) == "New text"


def test_a_worse_extraction_can_be_reverted(newsroom: Newsroom) -> None:
    page = newsroom.archive.captures.store(capture(), newsroom.run_id)
    for headline in ("Good", "Bad", "Good"):
        newsroom.save(kept=page, headline=headline)
    assert current_headline(newsroom) == "Good"


def test_saving_the_same_page_again_changes_nothing(newsroom: Newsroom) -> None:
    page = newsroom.archive.captures.store(capture(), newsroom.run_id)
    newsroom.save(kept=page, views=5)
    before = list(newsroom.archive.db.conn.iterdump())
    assert newsroom.save(kept=page, views=5).outcome == "unchanged"
    assert list(newsroom.archive.db.conn.iterdump()) == before


def test_an_old_page_that_arrives_late_becomes_an_earlier_version(newsroom: Newsroom) -> None:
    newsroom.save(minutes(10), headline="New", section="politics", views=900, cover_image="https://x.az/new.webp")
    newsroom.save(headline="Old", section="analytics", views=100, cover_image="https://x.az/old.webp")
    assert versions(newsroom) == [[1, "first", "New", 10, 10], [2, "edit", "Old", 0, 0]]
    (row,) = newsroom.archive.db.query("SELECT headline, section, views, cover_image FROM articles")
    assert row == {"headline": "New", "section": "politics", "views": 900, "cover_image": "https://x.az/new.webp"}
    (edit,) = newsroom.archive.db.query("SELECT old_headline, new_headline, seen_before, seen_after FROM edits")
    assert edit == {
        "old_headline": "Old",
        "new_headline": "New",
        "seen_before": utc_text(NOON),
        "seen_after": utc_text(minutes(10)),
    }


def test_an_old_page_with_the_same_text_extends_the_version_backwards(newsroom: Newsroom) -> None:
    newsroom.save(minutes(10))
    assert newsroom.save().outcome == "unchanged"
    assert versions(newsroom) == [[1, "first", "Baku’s geopolitical formula", 0, 10]]
    assert newsroom.values("SELECT first_seen_at FROM articles") == [utc_text(NOON)]


def test_a_304_response_extends_the_version(newsroom: Newsroom) -> None:
    newsroom.save()
    newsroom.archive.articles.record_not_modified(1, minutes(30))
    assert [row[3:] for row in versions(newsroom)] == [[0, 30]]
    with pytest.raises(NoSuchArticle):
        newsroom.archive.articles.record_not_modified(99, minutes(30))


def test_every_view_count_is_stored(newsroom: Newsroom) -> None:
    for minute, views in enumerate((354, 360, 360, 380)):
        newsroom.save(minutes(60 * minute), views=views, views_shown=f"Views: {views}")
    assert newsroom.values("SELECT views FROM view_counts ORDER BY observed_at") == [354, 360, 360, 380]
    assert newsroom.values("SELECT gained FROM view_growth ORDER BY observed_at") == [None, 6, 0, 20]
    assert newsroom.values("SELECT per_hour FROM view_growth ORDER BY observed_at") == [None, 6.0, 0.0, 20.0]
    assert newsroom.values("SELECT views FROM articles") == [380]


def test_a_falling_view_count_is_stored_as_shown(newsroom: Newsroom) -> None:
    newsroom.save(views=400)
    newsroom.save(minutes(60), views=12, views_shown="Views: 12")
    assert newsroom.values("SELECT views FROM articles") == [12]
    assert newsroom.values("SELECT gained FROM view_growth ORDER BY observed_at") == [None, -388]


def test_an_unknown_view_count_is_null(newsroom: Newsroom) -> None:
    newsroom.save(views=None)
    assert newsroom.values("SELECT views FROM articles") == [None]
    assert newsroom.values("SELECT count(*) FROM view_counts") == [0]


def test_two_view_counts_in_one_second_are_both_stored(newsroom: Newsroom) -> None:
    newsroom.save(article_urls=(SLUG_URL, NUMBER_URL), views=354)
    newsroom.save(article_urls=(NUMBER_URL, SLUG_URL), views=355)
    assert newsroom.values("SELECT views FROM view_counts ORDER BY views") == [354, 355]


def test_an_article_that_reappears_is_no_longer_gone(newsroom: Newsroom) -> None:
    newsroom.save()
    newsroom.archive.db.execute("UPDATE articles SET gone_at = ?", (utc_text(minutes(5)),))
    newsroom.save(minutes(1))
    assert newsroom.values("SELECT gone_at FROM articles") == [utc_text(minutes(5))]
    newsroom.save(minutes(9))
    assert newsroom.values("SELECT gone_at FROM articles") == [None]


def test_the_authors_in_reports_are_those_of_the_current_version(newsroom: Newsroom) -> None:
    newsroom.save(authors=("Vugar Bakhturov", "Vugar Bakhturov", "Jeffrey Lewis"))
    assert newsroom.values("SELECT authors FROM article_texts") == ["Vugar Bakhturov; Jeffrey Lewis"]
    newsroom.save(minutes(1), authors=("Jeffrey Lewis",))
    newsroom.save(minutes(-1), authors=("Somebody Else",))
    assert newsroom.values("SELECT authors FROM article_texts") == ["Jeffrey Lewis"]
    assert newsroom.archive.articles.show(1)["authors"] == ["Jeffrey Lewis"]


def test_images_and_links_are_those_of_the_newest_page_and_earlier_ones_are_kept(newsroom: Newsroom) -> None:
    old, new = Image(url="https://x.az/old.webp"), Image(url="https://x.az/new.webp", alt="Shusha")
    newsroom.save(images=(old,), links=(Link(url="https://president.az/a", text="speech"),))
    newsroom.save(minutes(1), images=(new,), links=())
    record = newsroom.archive.articles.show(1)
    assert record["images"] == [{"url": new.url, "alt": "Shusha"}]
    assert record["links"] == []
    assert newsroom.values("SELECT url FROM images ORDER BY first_seen_at") == [old.url, new.url]
    assert newsroom.values("SELECT host FROM links") == ["president.az"]


def test_a_section_keeps_the_label_of_its_edition(newsroom: Newsroom) -> None:
    newsroom.save(section_label=None)
    newsroom.save(minutes(1), section_label="ANALYTICS")
    newsroom.save(article_urls=("https://caliber.az/post/x",), language="ru", section_label="АНАЛИТИКА")
    assert newsroom.values("SELECT section_label FROM article_texts ORDER BY language") == ["ANALYTICS", "АНАЛИТИКА"]


def test_a_record_has_every_field_under_its_column_name(newsroom: Newsroom) -> None:
    newsroom.save(views=354, views_shown="Views: 354", subtitle="How it works", authors=("A",))
    record = newsroom.archive.articles.show(1)
    assert {
        name: record[name]
        for name in (
            "headline",
            "subtitle",
            "published_at",
            "section",
            "language",
            "authors",
            "views",
            "url",
            "word_count",
        )
    } == {
        "headline": "Baku’s geopolitical formula",
        "subtitle": "How it works",
        "published_at": "2026-01-06T15:13:00Z",
        "section": "analytics",
        "language": "en",
        "authors": ["A"],
        "views": 354,
        "url": SLUG_URL,
        "word_count": 10,
    }
    assert record["body"] == "On January 5 the president spoke.\n\nThis course is right."
    assert record["methods"] == {"headline": "selector"}
    assert record["view_counts"] == [{"observed_at": "2026-01-07T12:00:00Z", "views": 354, "shown": "Views: 354"}]
    assert [version["cause"] for version in record["versions"]] == ["first"]
    assert [capture["url"] for capture in record["captures"]] == [SLUG_URL]
    json.dumps(record)


def test_an_unknown_article_raises_an_error(newsroom: Newsroom) -> None:
    with pytest.raises(NoSuchArticle, match="contains no article 5"):
        newsroom.archive.articles.show(5)


def test_a_capture_must_be_stored_before_its_extraction(newsroom: Newsroom) -> None:
    with pytest.raises(ValueError, match="store the capture first"):
        newsroom.save(kept=capture())


@settings(max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.integers(0, 8), st.sampled_from("ABC"), st.integers(0, 3)), min_size=1, max_size=12))
def test_the_order_in_which_pages_arrive_does_not_matter(
    tmp_path_factory: pytest.TempPathFactory, blank: Path, sightings: list[tuple[int, str, int]]
) -> None:
    path = shutil.copy(blank, tmp_path_factory.mktemp("orders"))
    with Archive.open(path, mode="write") as archive:
        newsroom = Newsroom(archive, start_run(archive))
        for minute, headline, views in sightings:
            newsroom.save(minutes(minute), page=f"{minute}{headline}{views}".encode(), headline=headline, views=views)
        last = max(minute for minute, _, _ in sightings)
        newest = [headline for minute, headline, _ in sightings if minute == last]
        assert current_headline(newsroom) in newest
        for minute, headline, _ in sightings:
            assert any(row[0] == headline and row[1] <= minute <= row[2] for row in history(newsroom))
        if len({minute for minute, *_ in sightings}) == len({(minute, headline) for minute, headline, _ in sightings}):
            in_order = [list(run) for _, run in groupby(sorted(sightings), key=lambda sighting: sighting[1])]
            assert history(newsroom) == [[run[0][1], run[0][0], run[-1][0]] for run in in_order]
        counts = {(utc_text(minutes(minute)), views) for minute, _, views in sightings}
        assert newsroom.values("SELECT count(*) FROM view_counts") == [len(counts)]
        (row,) = archive.db.query("SELECT first_seen_at, last_seen_at, version_count FROM articles")
        assert minute_of(row["first_seen_at"]) == min(minute for minute, _, _ in sightings)
        assert minute_of(row["last_seen_at"]) == last
        assert row["version_count"] == len(history(newsroom))
        changed_at = "SELECT max(seen_from) FROM versions HAVING count(*) > 1"
        assert archive.db.execute("SELECT changed_at FROM articles WHERE version_count > 1").fetchall() == (
            archive.db.execute(changed_at).fetchall()
        )
