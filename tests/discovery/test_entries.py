"""The seed entries of each discovery source, and the fields of entries for lists and articles."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from caliber_crawler.discovery import due_seeds, seeds
from caliber_crawler.discovery.entries import LATER_PAGE, LIST_PAGE, PRIORITIES, article_entry, list_entry, next_page
from caliber_crawler.discovery.sources import DUE_TOLERANCE
from caliber_crawler.site import Feed, Links, Listings, PostIds, Search, Sitemaps, StartPage
from tests.discovery.driven import BASE_URL, Paper, PaperCrawler, paper_of, paper_site, site_with

NOW = datetime(2026, 1, 7, tzinfo=UTC)


def test_each_source_has_its_own_seed_entries(tmp_path: Path) -> None:
    site = site_with(
        Listings(every=timedelta(hours=1)),
        Feed(path="/rss.xml", every=timedelta(minutes=5)),
        Sitemaps(paths=("/robots.txt", "/news.xml")),
        Search(path="/search/{query}"),
        StartPage(url="/about"),
        PostIds(paths={"en": "/story/{number}"}, last=9),
        Links(),
    )
    scope = PaperCrawler(tmp_path / "a.db", paper_of(1), site).scope(queries=("bread", "a&b?"))
    found = list(seeds(scope, NOW))
    assert [
        (entry.url.removeprefix(BASE_URL), entry.kind, entry.discovered_via, entry.priority, every)
        for entry, every in found
    ] == [
        ("/world", "listing", "listing", LIST_PAGE, timedelta(hours=1)),
        ("/rss.xml", "feed", "feed", LIST_PAGE, timedelta(minutes=5)),
        ("/robots.txt", "sitemap", "sitemap", LIST_PAGE - 5, timedelta(days=1)),
        ("/news.xml", "sitemap", "sitemap", LIST_PAGE - 5, timedelta(days=1)),
        ("/search/bread", "listing", "search", LIST_PAGE, timedelta()),
        ("/search/a&b%3F", "listing", "search", LIST_PAGE, timedelta()),
        ("/about", "listing", "start_page", LIST_PAGE, timedelta()),
    ]
    for entry, _ in found:
        assert (entry.site, entry.due_at, entry.traversal_started_at, entry.page_number) == ("paper", NOW, NOW, 1)
        assert entry.discovered_on is None


def test_seeds_are_the_requested_sections_of_an_edition(tmp_path: Path) -> None:
    site = paper_site("world", "sport")
    crawler = PaperCrawler(tmp_path / "a.db", Paper({"world": [1], "sport": [2]}), site)
    found = [entry.url for entry, _ in seeds(crawler.scope(sections=("sport", "weather")), NOW)]
    assert found == [f"{BASE_URL}/sport"]
    assert list(seeds(crawler.scope(languages=()), NOW)) == []


def test_a_list_is_due_again_shortly_before_its_interval_ends(tmp_path: Path) -> None:
    crawler = PaperCrawler(tmp_path / "a.db", paper_of(3), site_with(Listings(every=timedelta(hours=10))))
    crawler.crawl()
    visited_at = (crawler.entry("/world") or pytest.fail("it is not in the frontier")).visited_at
    assert visited_at is not None
    run = crawler.run(due_only=True)
    for hours, due in (
        (0.0, False),
        (10 * DUE_TOLERANCE - 0.1, False),
        (10 * DUE_TOLERANCE, True),
        (11.0, True),
        (-0.1, True),  # the clock was ahead when the list was visited
        (-24 * 400.0, True),
    ):
        run.started_at = visited_at + timedelta(hours=hours)
        assert bool(due_seeds(run)) is due, hours
    run.close("finished")
    everything = crawler.run()
    assert due_seeds(everything), "without due_only, all lists are seeds"
    everything.close("finished")


@pytest.mark.parametrize("kind", ["listing", "feed", "sitemap", "post_ids"])
def test_an_entry_of_a_list_has_all_fields(kind: str) -> None:
    entry = list_entry("u", paper_site(), kind, "feed", NOW, found_on="f", language="en", section="s", priority=7)  # type: ignore[arg-type]
    assert (entry.url, entry.site, entry.kind, entry.discovered_via, entry.priority) == ("u", "paper", kind, "feed", 7)
    assert (entry.discovered_on, entry.language, entry.section) == ("f", "en", "s")
    assert (entry.due_at, entry.traversal_started_at, entry.page_number, entry.id) == (NOW, NOW, 1, None)
    following = next_page(replace(entry, id=5, discovered_at=NOW), "v", found_on="u")
    assert (following.url, following.discovered_on, following.page_number, following.id) == ("v", "u", 2, None)
    assert (following.priority, following.due_at, following.traversal_started_at) == (LATER_PAGE, NOW, NOW)
    assert following.discovered_at is None


@pytest.mark.parametrize("source", list(PRIORITIES))
def test_an_entry_of_an_article_has_the_priority_of_its_source(source: str) -> None:
    entry = article_entry(f"{BASE_URL}/story/1", paper_site(), source, NOW, found_on="f", section="s", depth=2)
    assert (entry.kind, entry.discovered_via, entry.priority, entry.page_number) == (
        "article",
        source,
        PRIORITIES[source],
        2,
    )
    assert (entry.language, entry.section, entry.discovered_on, entry.due_at) == ("en", "s", "f", NOW)
    assert entry.traversal_started_at is None
    elsewhere = article_entry("https://example.org/x", paper_site(), source, NOW, found_on="f")
    assert (elsewhere.language, elsewhere.page_number) == (None, 1), "beside a list"
    assert (
        article_entry("https://example.org/x", paper_site(), source, NOW, found_on="f", language="ru").language == "ru"
    )


def test_news_come_before_a_backfill() -> None:
    order = sorted(PRIORITIES, key=lambda source: -PRIORITIES[source])
    assert order.index("feed") < order.index("sitemap") < order.index("cdx") < order.index("post_ids")
    assert LIST_PAGE > max(PRIORITIES.values()) > LATER_PAGE > PRIORITIES["post_ids"]


def test_the_next_page_is_due_with_its_list_or_later() -> None:
    first = list_entry("u", paper_site(), "listing", "listing", NOW)
    later = NOW + timedelta(hours=1)
    second = next_page(first, "v", found_on="u", due_at=later)
    assert (second.due_at, second.page_number) == (later, 2)
    assert (next_page(second, "w", found_on="u").due_at, next_page(second, "w", found_on="u").page_number) == (later, 3)
