"""The pages of a sample: the start of every list, then articles in as many languages as possible."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from caliber_crawler.archive import Entry
from caliber_crawler.doctor.sampling import MAX_ARTICLES, Sampling, sample_spider
from caliber_crawler.site import Feed, Links, Listings, PostIds, Search, Sitemaps
from caliber_crawler.spiders.caliber import CaliberSpider
from caliber_crawler.trial_crawl import GivenPages

NOW = datetime(2026, 1, 7, tzinfo=UTC)


def entry(name: str, kind: Any = "article", via: str = "listing", **more: Any) -> Entry:
    return Entry(url=f"https://caliber.az/{name}", site="caliber", kind=kind, discovered_via=via, due_at=NOW, **more)


def names(entries: list[Entry]) -> list[str]:
    return [each.url.rpartition("/")[2] for each in entries]


def test_lists_come_first_with_one_second_page_per_source() -> None:
    plan = Sampling(known=None)
    due = [entry("a"), entry("one", "listing"), entry("two", "listing"), entry("map", "sitemap", "sitemap")]
    assert names(plan.choose(due)) == ["one", "two", "map"]
    further = [entry("one-2", "listing", page_number=2), entry("two-2", "listing", page_number=2), entry("a")]
    assert names(plan.choose(further)) == ["one-2"]
    assert names(plan.choose([entry("one-3", "listing", page_number=3), entry("a")])) == ["a"], (
        "a third page is never fetched"
    )


def test_articles_are_chosen_in_as_many_languages_as_possible() -> None:
    plan = Sampling(known=None)
    english = [entry(f"en-{number}", language="en") for number in range(5)]
    chosen = plan.choose([*english, entry("ru", language="ru"), entry("hy", language="hy")])
    assert names(chosen) == ["en-0", "ru", "hy"]
    assert plan.choose(english) == [], f"{MAX_ARTICLES} articles are enough"


def test_a_new_language_goes_before_a_known_one() -> None:
    plan = Sampling(known=None)
    assert names(plan.choose([entry("en-0", language="en")])) == ["en-0"]
    assert names(plan.choose([entry("en-1", language="en"), entry("ru", language="ru")])) == ["ru", "en-1"]


def test_every_source_with_a_start_page_is_enabled_and_sitemaps_are_limited() -> None:
    sources = {type(source): source for source in sample_spider(CaliberSpider).site.sources}
    assert {kind for kind, source in sources.items() if source.is_default} == {Listings, Feed, Sitemaps}
    assert {kind for kind, source in sources.items() if not source.is_default} == {Search, PostIds, Links}
    sitemaps = sources[Sitemaps]
    assert isinstance(sitemaps, Sitemaps)
    assert sitemaps.max_sitemaps == 2
    assert CaliberSpider.site.sources != sample_spider(CaliberSpider).site.sources, "the spider's own site is unchanged"


def test_only_the_given_pages_are_fetched() -> None:
    plan = GivenPages([entry("a"), entry("b")])
    assert names(plan.choose([entry("c"), entry("b"), entry("d"), entry("a")])) == ["b", "a"]
    assert plan.choose([entry("c")]) == []
