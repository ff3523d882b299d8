"""Healed facts in the archive: stored, found again, checked again, and withdrawn."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from caliber_crawler.archive import Archive
from caliber_crawler.discovery.healed_facts import (
    RECHECKED_AFTER,
    HealedFact,
    HealedFacts,
    healed_facts,
    path_of,
)
from tests.discovery.driven import BASE_URL, empty_archive, paper_site

NOW = datetime(2026, 1, 7, tzinfo=UTC)
SITE = paper_site("world")
SECOND = timedelta(seconds=1)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    (tmp_path / "a.db").write_bytes(empty_archive())
    with Archive.open(tmp_path / "a.db", mode="write") as opened:
        yield opened


def test_a_fact_is_stored_with_paths_in_their_own_letters(archive: Archive) -> None:
    facts = HealedFacts(archive, SITE, NOW)
    facts.store("healed_listing", f"{BASE_URL}/мир", f"{BASE_URL}/новости", found=(3, 4))
    fact = HealedFact("healed_listing", "/мир", "/новости")
    assert fact.value == '["/мир", "/новости", ""]'
    assert healed_facts(archive, SITE) == [fact]
    for known in (facts, HealedFacts(archive, SITE, NOW)):
        assert known.find("healed_listing", f"{BASE_URL}/мир") == known.find("healed_listing", "/мир") == fact
        assert known.using(f"{BASE_URL}/новости") == fact
    stored = archive.db.query("SELECT fact, value, pages_confirming AS n, pages_examined AS m FROM site_facts")
    assert list(stored) == [{"fact": "healed_listing", "value": fact.value, "n": 3, "m": 4}]


def test_a_fact_is_found_by_all_it_replaces(archive: Archive) -> None:
    facts = HealedFacts(archive, SITE, NOW)
    facts.store("healed_pagination", "?page={page}", "/more?p={page}", page=f"{BASE_URL}/world", found=(2, 2))
    assert facts.find("healed_pagination", "?page={page}", "/world") is not None
    assert facts.find("healed_pagination", "?page={page}") is None
    assert facts.find("healed_pagination", "?p={page}", "/world") is None
    assert facts.find("healed_listing", "?page={page}", "/world") is None
    assert facts.using("/more?p={page}") is None, "the request of a pagination is no page"


def test_a_later_replacement_ends_the_earlier_one(archive: Archive) -> None:
    facts = HealedFacts(archive, SITE, NOW)
    for used in ("/a.xml", "/b.xml"):
        facts.store("healed_feed", "/rss.xml", used, found=(1, 1))
    assert [fact.used for fact in healed_facts(archive, SITE)] == ["/b.xml"]
    assert (facts.using("/a.xml"), facts.using("/b.xml")) == (None, HealedFact("healed_feed", "/rss.xml", "/b.xml"))


def test_a_withdrawn_fact_does_not_hold_and_others_do(archive: Archive) -> None:
    facts = HealedFacts(archive, SITE, NOW)
    for name in ("a", "b"):
        facts.store("healed_listing", f"/{name}", f"/new-{name}", found=(1, 1))
    facts.withdraw(HealedFact("healed_listing", "/a", "/new-a"))
    assert (facts.find("healed_listing", "/a"), facts.find("healed_listing", "/b")) == (
        None,
        HealedFact("healed_listing", "/b", "/new-b"),
    )
    assert [fact.stated for fact in healed_facts(archive, SITE)] == ["/b"]


def test_the_stated_fact_is_tried_again_after_some_days(archive: Archive) -> None:
    HealedFacts(archive, SITE, NOW).store("healed_feed", "/rss.xml", "/feed", found=(1, 1))
    for age, holds in ((RECHECKED_AFTER, True), (RECHECKED_AFTER + SECOND, False)):
        assert (HealedFacts(archive, SITE, NOW + age).find("healed_feed", "/rss.xml") is not None) is holds


def test_urls_of_the_site_are_stored_without_its_host() -> None:
    assert [path_of(url, SITE) for url in (f"{BASE_URL}/a", "/a", BASE_URL, "https://other.example/a")] == [
        "/a",
        "/a",
        BASE_URL,
        "https://other.example/a",
    ]
