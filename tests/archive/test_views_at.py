"""Views at one age against an independent interpolation."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from caliber_crawler.archive import Archive
from caliber_crawler.commands.views import views
from caliber_crawler.errors import ArchiveError
from tests.archive.newsroom import NOON, Newsroom, start_run
from tests.properties import examples

AGES = (1, 6, 24, 72, 168)
Counts = list[tuple[float, int]]
numbers = iter(range(1_000_000))


def save(newsroom: Newsroom, counts: Counts, *, published_at: datetime | None = NOON, slug: str = "") -> int:
    """Save an article with view counts at some hours after noon; return its ID."""
    slug = f"a{next(numbers)}"
    for hours, count in counts:
        at = NOON + timedelta(seconds=round(hours * 3600))
        saved = newsroom.save(
            at, article_urls=(f"https://caliber.az/en/post/{slug}",), page=f"{slug} {hours} {count}".encode(),
            headline=f"Headline {slug}", body=f"Text of {slug}", published_at=published_at,
            views=count, views_shown="x",
        )  # fmt: skip
    return saved.article_id


def slow(counts: Counts, age: float) -> tuple[int | None, str | None]:
    """The views at an age and the reason without one, computed from the hours of each count."""
    before = [each for each in counts if each[0] <= age]
    after = [each for each in counts if each[0] >= age]
    if not counts:
        return None, "no view count"
    if not before:
        return None, "no earlier view count"
    if not after:
        return None, "no later view count"
    (h1, v1), (h2, v2) = max(before), min(after, key=lambda each: (each[0], -each[1]))
    if h2 - h1 > 3 * age:
        return None, "view counts too far apart"
    return (v2 if h1 == h2 else round(v1 + (v2 - v1) * (age - h1) / (h2 - h1))), None


def known(archive: Archive, hours: float) -> dict[int, tuple[int | None, str | None]]:
    found = archive.views_at(hours)
    return {row["article_id"]: (row["views"], row["reason"]) for row in [*found.rows, *found.not_known]}


@pytest.mark.parametrize(
    ("counts", "views", "reason"),
    [
        ([(12, 100), (36, 300)], 200, None),
        ([(24, 150)], 150, None),
        ([(20, 100), (24, 150), (30, 900)], 150, None),
        ([(1, 10), (74, 1000)], None, "view counts too far apart"),
        ([(2, 10), (74, 1000)], 312, None),
        ([(25, 10)], None, "no earlier view count"),
        ([(2, 10)], None, "no later view count"),
        ([(12, 300), (36, 100)], 200, None),
    ],
)
def test_views_are_interpolated_between_the_counts_around(
    newsroom: Newsroom, counts: Counts, views: int | None, reason: str | None
) -> None:
    id = save(newsroom, counts)
    assert known(newsroom.archive, 24) == {id: (views, reason)}


def test_an_article_without_a_date_has_a_reason(newsroom: Newsroom) -> None:
    id = save(newsroom, [(1, 5), (30, 9)], published_at=None)
    assert known(newsroom.archive, 24) == {id: (None, "no date")}
    other = newsroom.save(
        article_urls=("https://caliber.az/en/post/uncounted",), headline="Uncounted", page=b"u"
    ).article_id
    assert known(newsroom.archive, 24)[other] == (None, "no view count")


def test_the_counts_of_joined_articles_count_together(newsroom: Newsroom) -> None:
    number, slug = "https://caliber.az/en/post/5", "https://caliber.az/en/post/five"
    newsroom.save(NOON + timedelta(hours=12), article_urls=(number,), published_at=NOON, views=100, page=b"1")
    newsroom.save(NOON + timedelta(hours=36), article_urls=(slug,), published_at=NOON, views=300, page=b"2")
    newsroom.save(NOON + timedelta(hours=40), article_urls=(slug, number), published_at=NOON, views=310, page=b"3")
    assert [views for views, _ in known(newsroom.archive, 24).values()] == [200]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    with Archive.open(tmp_path_factory.mktemp("views") / "archive.db", mode="write") as opened:
        yield Newsroom(opened, start_run(opened))


@pytest.mark.slow
@settings(max_examples=examples(60), deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 400), st.integers(0, 5000)), min_size=1, max_size=5, unique_by=lambda each: each[0]
    )
)
def test_any_counts_are_interpolated_as_a_slow_loop_does(archive: Newsroom, counts: list[tuple[int, int]]) -> None:
    # In quarters of an hour, so that counts lie at and around each age.
    hours = sorted((quarters / 4, count) for quarters, count in counts)
    id = save(archive, hours)
    rows = archive.archive.db.execute("SELECT hours, views, reason FROM views_at WHERE article_id = ?", [id]).fetchall()
    in_view = {age: (views, reason) for age, views, reason in rows}
    for age in AGES:
        expected, reason = slow(hours, age)
        found, found_reason = in_view[age]
        assert found_reason == reason
        # SQLite rounds halves up, Python to even.
        assert found == expected or (found is not None and expected is not None and abs(found - expected) <= 1)
        assert known(archive.archive, age)[id] == in_view[age]


def test_the_most_viewed_come_first_and_the_coverage_is_said(newsroom: Newsroom) -> None:
    for counts in ([(12, 100), (36, 300)], [(12, 500), (36, 700)], [(30, 9000)]):
        save(newsroom, counts)  # type: ignore[arg-type]
    found = newsroom.archive.views_at(24)
    assert [row["views"] for row in found] == [600, 200]
    assert found.coverage() == "Known for 2 of 3 articles (1 no earlier view count)."
    result = CliRunner().invoke(views, ["--archive", str(newsroom.archive.path), "--at", "1d"])
    assert "  600 views" in result.stdout.splitlines()[1]
    assert result.stderr == "Known for 2 of 3 articles (1 no earlier view count).\n"
    csv = CliRunner().invoke(views, ["--archive", str(newsroom.archive.path), "--csv"]).stdout
    assert len(csv.splitlines()) == 4
    wrong = CliRunner().invoke(views, ["--archive", str(newsroom.archive.path), "--at", "soon"])
    assert (wrong.exit_code, "write it as 24h" in wrong.stderr) == (2, True)


def test_a_foreign_view_is_not_taken_for_the_one_of_this_program(newsroom: Newsroom) -> None:
    newsroom.archive.db.execute("DROP VIEW views_at")
    newsroom.archive.db.execute("CREATE VIEW views_at AS SELECT 1 AS article_id")
    with pytest.raises(ArchiveError, match="is not the one of this program"):
        newsroom.archive.views_at(24)
