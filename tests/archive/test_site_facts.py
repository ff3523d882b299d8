"""Facts that were learned about sites: what holds, what was replaced, and merging."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caliber_crawler.archive import Archive, SiteFact
from caliber_crawler.archive.reports.site_facts import MAX_VALUE
from caliber_crawler.commands.merge import merge_one
from tests.archive.newsroom import Newsroom, minutes
from tests.properties import examples

HEADLINE = SiteFact("headline_selector", "h1.title", 9, 10)
OTHER = SiteFact("headline_selector", ".heading", 10, 10)
LINES = [SiteFact("boilerplate_line", line, 5, 10) for line in ("Share", "Read more")]

kept = st.lists(
    st.tuples(
        st.sampled_from([HEADLINE, OTHER, *LINES, SiteFact("headline_selector", "h1.title", 3, 10)]),
        st.integers(0, 3),
        st.booleans(),
    ),
    max_size=5,
)
"""A fact, the minute of its confirmation, and whether it replaces the others of its name."""


def rows(path: Path) -> list[tuple[object, ...]]:
    with Archive.open(path) as archive:
        return [tuple(row.values()) for row in archive.db.query("SELECT * FROM site_facts ORDER BY site, fact, value")]


def test_confirmed_facts_are_current_those_with_most_evidence_first(newsroom: Newsroom) -> None:
    facts = newsroom.archive.site_facts
    facts.confirm("example.org", [HEADLINE, OTHER, *LINES], minutes(0))
    assert facts.values("example.org", "headline_selector") == [".heading", "h1.title"]
    assert [row["value"] for row in facts.current("example.org", "boilerplate_line")] == ["Read more", "Share"]
    assert facts.current("example.net") == []
    assert facts.sites() == ["example.org"]


def test_a_new_confirmation_changes_the_evidence_not_the_first_time(newsroom: Newsroom) -> None:
    facts = newsroom.archive.site_facts
    facts.confirm("example.org", [HEADLINE], minutes(0))
    facts.confirm("example.org", [SiteFact("headline_selector", "h1.title", 19, 20)], minutes(9))
    (row,) = facts.current("example.org")
    assert (row["pages_confirming"], row["pages_examined"]) == (19, 20)
    assert (row["first_confirmed_at"], row["last_confirmed_at"]) == ("2026-01-07T12:00:00Z", "2026-01-07T12:09:00Z")


def test_a_replaced_fact_stays_in_the_history_and_may_return(newsroom: Newsroom) -> None:
    facts = newsroom.archive.site_facts
    facts.confirm("example.org", [HEADLINE, *LINES], minutes(0))
    facts.replace("example.org", ["headline_selector"], [OTHER], minutes(5))
    assert facts.values("example.org", "headline_selector") == [".heading"]
    assert len(facts.values("example.org", "boilerplate_line")) == 2
    replaced = {row["value"]: row["replaced_at"] for row in facts.history("example.org")}
    assert (replaced["h1.title"], replaced[".heading"]) == ("2026-01-07T12:05:00Z", None)
    facts.replace("example.org", ["headline_selector"], [HEADLINE], minutes(6))
    assert facts.values("example.org", "headline_selector") == ["h1.title"]


def test_nothing_is_replaced_by_a_transaction_that_fails(newsroom: Newsroom) -> None:
    facts = newsroom.archive.site_facts
    facts.confirm("example.org", [HEADLINE], minutes(0))
    with newsroom.rolled_back():
        facts.replace("example.org", ["headline_selector"], [OTHER], minutes(5))
    assert facts.values("example.org", "headline_selector") == ["h1.title"]


def test_a_value_of_unbounded_length_is_not_stored(newsroom: Newsroom) -> None:
    facts = newsroom.archive.site_facts
    lines = [SiteFact("boilerplate_line", "x" * size, 5, 5) for size in (MAX_VALUE, MAX_VALUE + 1)]
    facts.confirm("example.org", lines, minutes(0))
    assert [len(value) for value in facts.values("example.org", "boilerplate_line")] == [MAX_VALUE]


def test_an_unknown_name_or_impossible_evidence_is_refused() -> None:
    with pytest.raises(ValueError, match="not the name"):
        SiteFact("headlin_selector", "h1", 1, 1)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="3 of 2 pages"):
        SiteFact("headline_selector", "h1", 3, 2)


@pytest.mark.slow
@settings(max_examples=examples(10), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(kept, kept)
def test_merging_facts_is_commutative_and_idempotent(
    tmp_path_factory: pytest.TempPathFactory,
    blank: Path,
    a: list[tuple[SiteFact, int, bool]],
    b: list[tuple[SiteFact, int, bool]],
) -> None:
    folder = tmp_path_factory.mktemp("facts")
    for name, confirmed in (("a", a), ("b", b)):
        with Archive.open(Path(shutil.copy(blank, folder / name)), mode="write") as archive:
            for fact, minute, replaces in sorted(confirmed, key=lambda kept: kept[1]):
                archive.site_facts.replace("example.org", [fact.fact] if replaces else [], [fact], minutes(minute))
    for into, other in ("ab", "ba", "aa"):
        target = Path(shutil.copy(folder / into, folder / f"{into}{other}"))
        with Archive.open(target, mode="write") as here, Archive.open(folder / other) as there:
            merge_one(here, there)
    assert rows(folder / "ab") == rows(folder / "ba")
    assert rows(folder / "aa") == rows(folder / "a")
