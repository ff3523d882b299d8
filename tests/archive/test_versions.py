"""Every text an article ever had, when it stood, and why it changed."""

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
from caliber_crawler.archive.texts.versions import content_digest
from caliber_crawler.errors import NoSuchArticle
from caliber_crawler.items import Image, Link
from tests.archive.newsroom import BAKU, NOON, NUMBER_URL, SLUG_URL, Newsroom, article, capture, minutes, start_run

VERSIONS = "SELECT json_array(number, cause, headline, seen_from, seen_until) FROM versions ORDER BY number"


def versions(newsroom: Newsroom) -> list[list[object]]:
    """Number, cause, headline, and the minutes past noon between which it was seen."""
    rows = [json.loads(row) for row in newsroom.values(VERSIONS)]
    return [[*row[:3], *(minute_of(moment) for moment in row[3:])] for row in rows]


def history(newsroom: Newsroom) -> list[list[object]]:
    """Headline and minutes, in order of time, of the texts that stood."""
    rows = newsroom.values(
        VERSIONS.replace("ORDER BY number", "WHERE replaced_by IS NULL ORDER BY seen_from, seen_until")
    )
    return [[row[2], *(minute_of(moment) for moment in row[3:])] for row in map(json.loads, rows)]


def minute_of(moment: str) -> int:
    return int((datetime.fromisoformat(moment) - NOON).total_seconds() // 60)


def current_headline(newsroom: Newsroom) -> str:
    return str(newsroom.values("SELECT headline FROM article_texts")[0])


def test_a_first_page_is_a_new_article(newsroom: Newsroom) -> None:
    assert newsroom.save() == SavedArticle(article_id=1, version=1, outcome="new")


def test_times_are_utc_and_the_printed_one_keeps_its_offset(newsroom: Newsroom) -> None:
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


def test_an_article_names_the_authors_of_its_current_version(newsroom: Newsroom) -> None:
    newsroom.save(authors=("Əli", "B"))
    assert newsroom.values("SELECT authors FROM articles") == ['["Əli", "B"]']
    newsroom.save(minutes(10), authors=())
    assert newsroom.values("SELECT authors FROM articles") == ["[]"]
    newsroom.save(minutes(5), authors=("Late",))
    assert newsroom.values("SELECT authors FROM articles") == ["[]"]


def test_an_edit_adds_a_version_and_keeps_the_old_text(newsroom: Newsroom) -> None:
    newsroom.save(headline="Before")
    assert newsroom.save(minutes(10), headline="After") == SavedArticle(1, 2, "updated")
    assert versions(newsroom) == [[1, "first", "Before", 0, 0], [2, "edit", "After", 10, 10]]
    assert current_headline(newsroom) == "After"


def test_an_unchanged_page_only_moves_the_time_it_was_last_seen(newsroom: Newsroom) -> None:
    newsroom.save()
    assert newsroom.save(minutes(10)) == SavedArticle(1, 1, "unchanged")
    assert versions(newsroom) == [[1, "first", "Baku’s geopolitical formula", 0, 10]]
    assert newsroom.values("SELECT last_seen_at FROM articles") == [utc_text(minutes(10))]


def test_blanks_and_unicode_forms_are_no_edit(newsroom: Newsroom) -> None:
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
        {"published_at": None},
    ],
)
def test_whatever_the_newspaper_changes_is_an_edit(newsroom: Newsroom, change: dict[str, object]) -> None:
    newsroom.save()
    assert newsroom.save(minutes(1), **change).outcome == "updated"


@pytest.mark.parametrize("change", [{"views": 9}, {"section": "politics"}, {"cover_image": "https://x.az/a.webp"}])
def test_what_stands_around_the_text_is_no_edit(newsroom: Newsroom, change: dict[str, object]) -> None:
    newsroom.save()
    assert newsroom.save(minutes(1), **change).outcome == "unchanged"


def test_the_same_instant_in_another_zone_is_no_edit(newsroom: Newsroom) -> None:
    newsroom.save(published_at=datetime(2026, 1, 6, 19, 13, tzinfo=BAKU))
    assert newsroom.save(minutes(1), published_at=datetime(2026, 1, 6, 15, 13, tzinfo=UTC)).outcome == "unchanged"


def test_a_text_moved_from_one_field_to_another_is_an_edit() -> None:
    assert content_digest(article(headline="A", subtitle="B")) != content_digest(article(headline="A B"))
    assert content_digest(article(authors=("A", "B"))) != content_digest(article(authors=("A B",)))


def test_an_edit_taken_back_is_a_third_version(newsroom: Newsroom) -> None:
    for minute, headline in enumerate(("One", "Two", "One")):
        newsroom.save(minutes(minute), headline=headline)
    assert versions(newsroom) == [[1, "first", "One", 0, 0], [2, "edit", "Two", 1, 1], [3, "edit", "One", 2, 2]]


def test_the_same_page_read_better_is_no_edit(newsroom: Newsroom) -> None:
    page = newsroom.archive.captures.store(capture(), newsroom.run_id)
    newsroom.save(kept=page, headline="Read badly")
    assert newsroom.save(kept=page, headline="Read well", extractor="caliber_crawler 0.2.0") == SavedArticle(
        1, 2, "updated"
    )
    assert [row[1] for row in versions(newsroom)] == ["first", "reextract"]
    assert current_headline(newsroom) == "Read well"
    assert newsroom.values("SELECT count(*) FROM edits") == [0]


def test_the_same_bytes_fetched_again_and_read_better_are_no_edit(newsroom: Newsroom) -> None:
    newsroom.save(page=b"the page", headline="Read badly")
    newsroom.save(minutes(5), page=b"the page", headline="Read well")
    assert [row[1] for row in versions(newsroom)] == ["first", "reextract"]


def test_reading_everything_again_gives_one_better_version(newsroom: Newsroom) -> None:
    pages = [newsroom.archive.captures.store(capture(minutes(m)), newsroom.run_id) for m in (0, 5, 9)]
    for page in pages:
        newsroom.save(kept=page, headline="Read badly")
    for _ in range(2):
        for page in (pages[2], pages[0], pages[1]):
            newsroom.save(kept=page, headline="Read well")
    assert history(newsroom) == [["Read well", 0, 9]]
    assert newsroom.values("SELECT count(*) FROM edits") == [0]
    assert current_headline(newsroom) == "Read well"


def test_a_worse_extractor_can_be_taken_back(newsroom: Newsroom) -> None:
    page = newsroom.archive.captures.store(capture(), newsroom.run_id)
    for headline in ("Good", "Bad", "Good"):
        newsroom.save(kept=page, headline=headline)
    assert current_headline(newsroom) == "Good"


def test_reading_the_same_page_again_gives_nothing_new(newsroom: Newsroom) -> None:
    page = newsroom.archive.captures.store(capture(), newsroom.run_id)
    newsroom.save(kept=page, views=5)
    before = list(newsroom.archive.db.conn.iterdump())
    assert newsroom.save(kept=page, views=5).outcome == "unchanged"
    assert list(newsroom.archive.db.conn.iterdump()) == before


def test_an_old_page_arriving_late_takes_its_place_in_the_past(newsroom: Newsroom) -> None:
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


def test_an_old_page_with_the_same_text_shows_that_it_stood_earlier(newsroom: Newsroom) -> None:
    newsroom.save(minutes(10))
    assert newsroom.save().outcome == "unchanged"
    assert versions(newsroom) == [[1, "first", "Baku’s geopolitical formula", 0, 10]]
    assert newsroom.values("SELECT first_seen_at FROM articles") == [utc_text(NOON)]


def test_an_answer_of_not_modified_shows_that_the_text_still_stands(newsroom: Newsroom) -> None:
    newsroom.save()
    newsroom.archive.articles.record_not_modified(1, minutes(30))
    assert [row[3:] for row in versions(newsroom)] == [[0, 30]]
    with pytest.raises(NoSuchArticle):
        newsroom.archive.articles.record_not_modified(99, minutes(30))


def test_every_reading_of_the_counter_is_kept(newsroom: Newsroom) -> None:
    for minute, views in enumerate((354, 360, 360, 380)):
        newsroom.save(minutes(60 * minute), views=views, views_shown=f"Views: {views}")
    assert newsroom.values("SELECT views FROM view_counts ORDER BY observed_at") == [354, 360, 360, 380]
    assert newsroom.values("SELECT gained FROM view_growth ORDER BY observed_at") == [None, 6, 0, 20]
    assert newsroom.values("SELECT per_hour FROM view_growth ORDER BY observed_at") == [None, 6.0, 0.0, 20.0]
    assert newsroom.values("SELECT views FROM articles") == [380]


def test_a_falling_counter_is_kept_as_it_was_shown(newsroom: Newsroom) -> None:
    newsroom.save(views=400)
    newsroom.save(minutes(60), views=12, views_shown="Views: 12")
    assert newsroom.values("SELECT views FROM articles") == [12]
    assert newsroom.values("SELECT gained FROM view_growth ORDER BY observed_at") == [None, -388]


def test_an_unknown_count_is_not_zero(newsroom: Newsroom) -> None:
    newsroom.save(views=None)
    assert newsroom.values("SELECT views FROM articles") == [None]
    assert newsroom.values("SELECT count(*) FROM view_counts") == [0]


def test_two_counts_of_one_second_are_both_kept(newsroom: Newsroom) -> None:
    newsroom.save(article_urls=(SLUG_URL, NUMBER_URL), views=354)
    newsroom.save(article_urls=(NUMBER_URL, SLUG_URL), views=355)
    assert newsroom.values("SELECT views FROM view_counts ORDER BY views") == [354, 355]


def test_an_article_that_comes_back_is_no_longer_gone(newsroom: Newsroom) -> None:
    newsroom.save()
    newsroom.archive.db.execute("UPDATE articles SET gone_at = ?", (utc_text(minutes(5)),))
    newsroom.save(minutes(1))
    assert newsroom.values("SELECT gone_at FROM articles") == [utc_text(minutes(5))]
    newsroom.save(minutes(9))
    assert newsroom.values("SELECT gone_at FROM articles") == [None]


def test_the_authors_are_those_of_the_current_version(newsroom: Newsroom) -> None:
    newsroom.save(authors=("Vugar Bakhturov", "Vugar Bakhturov", "Jeffrey Lewis"))
    assert newsroom.values("SELECT authors FROM article_texts") == ["Vugar Bakhturov; Jeffrey Lewis"]
    newsroom.save(minutes(1), authors=("Jeffrey Lewis",))
    newsroom.save(minutes(-1), authors=("Somebody Else",))
    assert newsroom.values("SELECT authors FROM article_texts") == ["Jeffrey Lewis"]
    assert newsroom.archive.articles.show(1)["authors"] == ["Jeffrey Lewis"]


def test_pictures_and_links_are_those_of_today_and_earlier_ones_are_kept(newsroom: Newsroom) -> None:
    old, new = Image(url="https://x.az/old.webp"), Image(url="https://x.az/new.webp", alt="Shusha")
    newsroom.save(images=(old,), links=(Link(url="https://president.az/a", text="speech"),))
    newsroom.save(minutes(1), images=(new,), links=())
    shown = newsroom.archive.articles.show(1)
    assert shown["images"] == [{"url": new.url, "alt": "Shusha"}]
    assert shown["links"] == []
    assert newsroom.values("SELECT url FROM images ORDER BY first_seen_at") == [old.url, new.url]
    assert newsroom.values("SELECT host FROM links") == ["president.az"]


def test_a_section_keeps_the_label_of_its_edition(newsroom: Newsroom) -> None:
    newsroom.save(section_label=None)
    newsroom.save(minutes(1), section_label="ANALYTICS")
    newsroom.save(article_urls=("https://caliber.az/post/x",), language="ru", section_label="АНАЛИТИКА")
    assert newsroom.values("SELECT section_label FROM article_texts ORDER BY language") == ["ANALYTICS", "АНАЛИТИКА"]


def test_show_gives_everything_in_the_archives_own_names(newsroom: Newsroom) -> None:
    newsroom.save(views=354, views_shown="Views: 354", subtitle="How it works", authors=("A",))
    shown = newsroom.archive.articles.show(1)
    assert {
        name: shown[name]
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
    assert shown["body"] == "On January 5 the president spoke.\n\nThis course is right."
    assert shown["methods"] == {"headline": "selector"}
    assert shown["view_counts"] == [{"observed_at": "2026-01-07T12:00:00Z", "views": 354, "shown": "Views: 354"}]
    assert [version["cause"] for version in shown["versions"]] == ["first"]
    assert [kept["url"] for kept in shown["captures"]] == [SLUG_URL]
    json.dumps(shown)


def test_an_article_nobody_saved_is_one_sentence(newsroom: Newsroom) -> None:
    with pytest.raises(NoSuchArticle, match="holds no article 5"):
        newsroom.archive.articles.show(5)


def test_a_page_must_be_kept_before_what_was_read_on_it(newsroom: Newsroom) -> None:
    with pytest.raises(ValueError, match="keep the capture first"):
        newsroom.save(kept=capture())


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.integers(0, 8), st.sampled_from("ABC"), st.integers(0, 3)), min_size=1, max_size=12))
def test_whatever_the_order_pages_arrive_in(
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
