"""Attention over time against an independent count over the same rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import product

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from caliber_crawler.archive import Archive
from caliber_crawler.archive.analysis.attention import counts
from caliber_crawler.archive.analysis.attention.periods import following, last_day_of, period_of, periods_between
from caliber_crawler.archive.reports.state import state_digest
from caliber_crawler.commands.attention import attention
from caliber_crawler.errors import QueryError
from tests.archive.newsroom import BAKU, Newsroom, minutes, start_run
from tests.properties import examples

ARTICLES = [
    # number, published (local time in Baku), language, section, authors, words
    (0, datetime(2026, 1, 1, 1, 30, tzinfo=BAKU), "en", "politics", ("Ada",), "gas oil"),
    (1, datetime(2026, 1, 4, 12, tzinfo=BAKU), "en", "politics", ("Ada", "Bob"), "gas"),
    (2, datetime(2026, 1, 5, 12, tzinfo=BAKU), "ru", "politics", (), "gas gas"),
    (3, datetime(2026, 2, 28, 23, tzinfo=BAKU), "ru", "economics", ("Bob",), "oil"),
    (4, datetime(2026, 4, 1, 3, tzinfo=BAKU), "en", "economics", (), "gas water"),
    (5, None, "en", "economics", (), "gas"),
]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with Archive.open(tmp_path_factory.mktemp("library") / "archive.db", mode="write") as archive:
        newsroom = Newsroom(archive, start_run(archive))
        for number, published_at, language, section, authors, body in ARTICLES:
            url = f"https://caliber.az/{language}/post/a{number}"
            newsroom.save(
                article_urls=(url,),
                page=url.encode(),
                headline=f"Headline {number}",
                body=f"{body} text {number}",
                language=language,
                section=section,
                authors=authors,
                published_at=published_at,
            )
        yield archive


def counted(archive: Archive, *queries: str, **options: object) -> list[tuple[str, str | None, str, int, int]]:
    rows = archive.attention(queries, **options)  # type: ignore[arg-type]
    return [(row["query"], row["group"], row["period"], row["articles"], row["of_all"]) for row in rows]


def test_articles_are_counted_per_month_with_zeros(library: Archive) -> None:
    assert counted(library, "gas") == [
        ("gas", None, "2026-01-01", 3, 3),
        ("gas", None, "2026-02-01", 0, 1),
        ("gas", None, "2026-03-01", 0, 0),
        ("gas", None, "2026-04-01", 1, 1),
    ]
    found = library.attention("gas")
    assert [row["share"] for row in found] == [1.0, 0.0, None, 1.0]
    assert found.undated == {"gas": 1}


def test_days_are_those_of_the_site(library: Archive) -> None:
    # 1:30 on 1 January in Baku is 31 December in UTC.
    first = counted(library, "oil", by="day")[0]
    assert first == ("oil", None, "2026-01-01", 1, 1)
    assert counted(library, "oil", first_day="2026-01-01", last_day="2026-01-01") == [("oil", None, "2026-01-01", 1, 1)]


def test_a_week_begins_on_monday(library: Archive) -> None:
    weeks = counted(library, "gas", by="week", last_day="2026-01-31")
    assert weeks == [("gas", None, "2025-12-29", 2, 2), ("gas", None, "2026-01-05", 1, 1)]


@pytest.mark.parametrize("by", ["day", "week", "month"])
@pytest.mark.parametrize("breakdown", [None, "section", "language", "site", "author"])
def test_every_count_is_that_of_a_slow_loop(library: Archive, by: str, breakdown: str | None) -> None:
    queries = {"gas": lambda body: "gas" in body, "gas NOT oil": lambda body: "gas" in body and "oil" not in body}
    expected: dict[tuple[str, str | None, str], list[int]] = defaultdict(lambda: [0, 0])
    for (query, is_found), article in product(queries.items(), ARTICLES):
        _, published_at, language, section, authors, body = article
        if published_at is None:
            continue
        day = published_at.date()
        period = {"day": day, "week": day - timedelta(days=day.weekday()), "month": day.replace(day=1)}[by]
        groups = {
            None: [None], "section": [section], "language": [language], "site": ["caliber"],
            "author": authors or ["none"],
        }  # fmt: skip
        for group in groups[breakdown]:
            expected[query, group, period.isoformat()][0] += is_found(body.split())
            expected[query, group, period.isoformat()][1] += 1
    rows = counted(library, *queries, by=by, breakdown=breakdown)
    assert {(query, group, period): [n, of_all] for query, group, period, n, of_all in rows if of_all} == expected
    assert all(not articles for _, _, _, articles, of_all in rows if not of_all)


def test_filters_apply_to_counts_and_to_all_articles(library: Archive) -> None:
    assert counted(library, "gas", language="en", by="month")[0] == ("gas", None, "2026-01-01", 2, 2)
    assert counted(library, "water", search="gas", section="economics") == [("water", None, "2026-04-01", 1, 1)]
    assert counted(library, "gas", language="hy") == []


def test_an_article_whose_texts_are_lost_is_not_counted(newsroom: Newsroom) -> None:
    for number in (1001, 1002):
        newsroom.save(
            article_urls=(f"https://caliber.az/en/post/{number}",), headline=f"Gas {number}", page=b"%d" % number
        )
    assert [row[3:] for row in counted(newsroom.archive, "gas")] == [(2, 2)]
    # As a repair leaves it.
    newsroom.archive.db.execute("UPDATE articles SET current_version_id = NULL, version_count = 0 WHERE id = 2")
    assert [row[3:] for row in counted(newsroom.archive, "gas")] == [(1, 1)]


def test_an_impossible_question_is_refused(library: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(QueryError):
        library.attention("gas AND")
    with pytest.raises(ValueError, match="At most"):
        library.attention([f"w{n}" for n in range(counts.MAX_QUERIES + 1)])
    with pytest.raises(ValueError, match="by is one of"):
        library.attention("gas", by="year")  # type: ignore[arg-type]
    monkeypatch.setattr(counts, "MAX_ROWS", 3)
    with pytest.raises(ValueError, match="Choose weeks or months"):
        library.attention("gas")


def test_only_the_most_frequent_groups_are_shown_and_the_others_counted(
    library: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counts, "MAX_GROUPS", 1)
    found = library.attention("gas", breakdown="author")
    assert ({row["group"] for row in found}, found.groups_left_out) == ({"none"}, 2)


def test_the_state_changes_with_the_archive(newsroom: Newsroom) -> None:
    empty = state_digest(newsroom.archive._connection)
    newsroom.save()
    stored = state_digest(newsroom.archive._connection)
    newsroom.save(minutes(1), views=5)
    seen_again = state_digest(newsroom.archive._connection)
    assert len({empty, stored, seen_again}) == 3
    newsroom.archive.db.execute("UPDATE versions SET replaced_by = id")
    replaced = state_digest(newsroom.archive._connection)
    assert replaced != seen_again
    newsroom.archive.db.execute("UPDATE versions SET replaced_by = NULL")
    assert newsroom.archive.attention("gas").state == seen_again == state_digest(newsroom.archive._connection)


@given(st.dates(date(1, 2, 1), date(9998, 1, 1)), st.sampled_from(["day", "week", "month"]), st.integers(0, 20))
@settings(max_examples=examples(100))
def test_periods_follow_each_other(day: date, by: str, count: int) -> None:
    first = period_of(day.isoformat(), by)  # type: ignore[arg-type]
    last = first
    for _ in range(count):
        last = following(date.fromisoformat(last), by).isoformat()  # type: ignore[arg-type]
    periods = periods_between(first, last, by)  # type: ignore[arg-type]
    assert (len(periods), periods[0], periods[-1]) == (count + 1, first, last)
    assert first <= day.isoformat() <= last_day_of(first, by)  # type: ignore[arg-type]
    assert all(period_of(last_day_of(period, by), by) == period for period in periods)  # type: ignore[arg-type]


def test_the_command_prints_text_csv_and_json(library: Archive) -> None:
    def run(*arguments: str) -> tuple[str, str, int]:
        result = CliRunner().invoke(attention, [*arguments, "--archive", str(library.path)])
        return result.stdout, result.stderr, result.exit_code

    text, about, _ = run("gas", "oil -gas")
    assert text.startswith("gas: 3 articles".replace("3", "4"))
    assert "oil NOT gas" not in text
    assert "oil -gas: 1 article," in text
    assert "gas: 1 more without a date." in about
    csv, _, _ = run("gas", "--csv", "--breakdown", "language")
    assert csv.splitlines()[:2] == [
        '"query","group","period","articles","of_all","share"',
        '"gas","en","2026-01-01",2,2,1.0',
    ]
    json, _, _ = run("gas", "--json", "--by", "week", "--to", "2026-01-04")
    assert '"period": "2025-12-29"' in json
    assert run("gas", "--language", "xx")[2] != 0


def test_a_data_frame_of_it_has_a_row_for_each_count(library: Archive) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(library.attention(["gas", "oil"]))
    assert list(frame.columns) == ["query", "group", "period", "articles", "of_all", "share"]
    assert frame.groupby("query").articles.sum().to_dict() == {"gas": 4, "oil": 2}
