"""The frontier: which URLs are due, in which order, and their state."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from caliber_crawler.archive import BEGINNING, Archive, Entry
from caliber_crawler.archive.queue.frontier import COUNT, DUE
from tests.archive.newsroom import NOON, Newsroom, minutes

LISTING = "https://caliber.az/en/category/analytics"


def entry(name: str = "a", **fields: Any) -> Entry:
    return Entry(
        **{
            "url": f"https://caliber.az/en/post/{name}",
            "site": "caliber",
            "kind": "article",
            "language": "en",
            "section": "analytics",
            "discovered_via": "listing",
            "due_at": NOON,
            "discovered_at": NOON,
            **fields,
        }
    )


def listing(traversal_started_at: datetime | None = NOON, **fields: Any) -> Entry:
    return entry(**{"url": LISTING, "kind": "listing", "traversal_started_at": traversal_started_at, **fields})


def names(entries: list[Entry]) -> list[str]:
    return [entry.url.rpartition("/")[2] for entry in entries]


def add(newsroom: Newsroom, *entries: Entry) -> list[str]:
    return names(newsroom.archive.frontier.add(entries, newsroom.run_id))


def due(newsroom: Newsroom, limit: int = 10, **filters: Any) -> list[str]:
    return names(newsroom.archive.frontier.due_entries("caliber", NOON, limit, **filters))


def test_only_new_entries_are_added_and_returned_in_order(newsroom: Newsroom) -> None:
    assert add(newsroom, entry("b"), entry("a"), entry("b")) == ["b", "a"]
    assert add(newsroom, entry("c"), entry("a")) == ["c"]


def test_an_entry_is_returned_as_added(newsroom: Newsroom) -> None:
    wanted = entry(discovered_on=LISTING, priority=3, traversal_started_at=minutes(-5), page_number=2)
    (added,) = newsroom.archive.frontier.add([wanted], newsroom.run_id)
    assert added == replace(wanted, id=1)
    assert newsroom.archive.frontier.get(wanted.url) == added
    assert newsroom.archive.frontier.get("https://caliber.az/en/post/unknown") is None


def test_an_entry_is_due_at_once_by_default(newsroom: Newsroom) -> None:
    (added,) = newsroom.archive.frontier.add([entry(due_at=None, discovered_at=None)], newsroom.run_id)
    assert added.discovered_at is not None
    assert added.due_at == added.discovered_at.replace(microsecond=0)


def test_nothing_is_added_if_one_entry_is_invalid(newsroom: Newsroom) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        add(newsroom, entry("a"), entry("b", due_at=datetime(2026, 1, 1)))  # noqa: DTZ001
    assert due(newsroom) == []


def test_entries_are_ordered_by_priority_then_due_time_then_discovery(newsroom: Newsroom) -> None:
    add(
        newsroom,
        entry("late"),
        entry("early", due_at=minutes(-60)),
        entry("urgent", priority=9, language="ru"),
        entry("also-early", due_at=minutes(-60), section="politics"),
        entry("no-hurry", priority=-1, due_at=minutes(-999)),
    )
    assert due(newsroom) == ["urgent", "early", "also-early", "late", "no-hurry"]
    assert due(newsroom, limit=3) == ["urgent", "early", "also-early"]


def test_entries_not_yet_due_are_left_out(newsroom: Newsroom) -> None:
    add(newsroom, entry("now"), entry("tomorrow", due_at=minutes(1440)))
    assert due(newsroom) == ["now"]
    assert newsroom.archive.frontier.due_count("caliber", NOON) == 1


def test_entries_in_flight_are_left_out(newsroom: Newsroom) -> None:
    add(newsroom, entry("a"), entry("b"), entry("c"))
    assert due(newsroom, limit=2, exclude=[1]) == ["b", "c"]


def test_querying_due_entries_changes_nothing(newsroom: Newsroom) -> None:
    add(newsroom, entry("a"))
    assert due(newsroom) == due(newsroom) == ["a"]


def test_due_entries_can_be_filtered_by_site_edition_and_section(newsroom: Newsroom) -> None:
    add(
        newsroom,
        entry("en"),
        entry("ru", language="ru"),
        entry("politics", section="politics"),
        entry("unknown", language=None, section=None),
        entry("elsewhere", site="other"),
        listing(),
    )
    assert due(newsroom, languages=["en"]) == ["en", "politics", "analytics"]
    assert due(newsroom, languages=["en", "ru"], sections=["analytics"]) == ["en", "ru", "analytics"]
    assert due(newsroom, languages=[]) == []
    count = newsroom.archive.frontier.due_count
    assert count("caliber", NOON) == 5
    assert count("caliber", NOON, kind="listing") == 1
    assert count("caliber", NOON, languages=["en"], sections=["analytics"], kind="article") == 1


def test_a_reader_sees_entries_added_later(newsroom: Newsroom) -> None:
    with Archive.open(newsroom.archive.path) as reader:
        assert reader.frontier.due_entries("caliber", NOON, 10) == []
        add(newsroom, entry("a"))
        assert names(reader.frontier.due_entries("caliber", NOON, 10)) == ["a"]


def test_a_done_page_is_not_due_before_its_next_visit(newsroom: Newsroom) -> None:
    add(newsroom, entry("a"))
    frontier, url = newsroom.archive.frontier, entry("a").url
    frontier.mark_done(url, NOON, status=200, due_at=minutes(60), etag='"1"', last_modified="today")
    assert due(newsroom) == []
    assert names(frontier.due_entries("caliber", minutes(60), 10)) == ["a"]
    known = frontier.get(url)
    assert (known.state, known.etag, known.last_modified, known.visited_at) == ("done", '"1"', "today", NOON)
    frontier.mark_done(url, minutes(60), status=200)
    assert frontier.due_entries("caliber", minutes(10**6), 10) == []


def test_validators_survive_only_a_304(newsroom: Newsroom) -> None:
    add(newsroom, entry("a"))
    frontier, url = newsroom.archive.frontier, entry("a").url
    frontier.mark_done(url, NOON, status=200, etag='"1"', last_modified="today")
    frontier.mark_done(url, NOON, status=304)
    assert (frontier.get(url).etag, frontier.get(url).last_modified) == ('"1"', "today")
    frontier.mark_done(url, NOON, status=200)
    assert (frontier.get(url).etag, frontier.get(url).last_modified) == (None, None)


def test_failures_are_counted_until_the_next_success(newsroom: Newsroom) -> None:
    add(newsroom, entry("a"))
    frontier, url = newsroom.archive.frontier, entry("a").url
    for _ in range(2):
        frontier.mark_failed(url, NOON, status=503, reason="http_503", due_at=minutes(10))
    assert (frontier.get(url).state, frontier.get(url).failures, frontier.get(url).last_status) == ("failed", 2, 503)
    assert names(frontier.due_entries("caliber", minutes(10), 10)) == ["a"]
    frontier.mark_done(url, minutes(10), status=200)
    assert frontier.get(url).failures == 0


def test_a_refused_url_is_never_due_again(newsroom: Newsroom) -> None:
    add(newsroom, entry("a"))
    newsroom.archive.frontier.mark_refused(entry("a").url, NOON, status=None, reason="robots_txt")
    assert add(newsroom, entry("a")) == []
    assert due(newsroom) == []


def test_an_article_removed_by_its_site_is_marked_as_gone(newsroom: Newsroom) -> None:
    url = entry("baku-s-formula").url
    newsroom.save(minutes(-10))
    add(newsroom, entry("baku-s-formula"))
    newsroom.archive.frontier.mark_gone(url, NOON, status=410)
    assert newsroom.archive.frontier.get(url).state == "gone"
    assert newsroom.archive.articles.show(1)["gone_at"] == "2026-01-07T12:00:00Z"


def test_changing_an_unknown_url_raises_key_error(newsroom: Newsroom) -> None:
    frontier = newsroom.archive.frontier
    with pytest.raises(KeyError):
        frontier.mark_done("https://caliber.az/en/post/unknown", NOON, status=200)
    with pytest.raises(KeyError):
        frontier.set_crawled_since("https://caliber.az/en/category/unknown", NOON)


def test_known_urls_can_be_limited_by_discovery_time(newsroom: Newsroom) -> None:
    add(newsroom, entry("old", discovered_at=minutes(-1)), entry("new"))
    urls = [entry(name).url for name in ("old", "new", "unknown")]
    assert newsroom.archive.frontier.known_urls(urls) == set(urls[:2])
    assert newsroom.archive.frontier.known_urls(urls, before=NOON) == {urls[0]}
    assert newsroom.archive.frontier.known_urls([]) == set()


def test_a_queued_listing_keeps_the_earlier_traversal(newsroom: Newsroom) -> None:
    add(newsroom, listing(traversal_started_at=NOON))
    assert add(newsroom, listing(traversal_started_at=minutes(10))) == []
    assert newsroom.archive.frontier.get(LISTING).traversal_started_at == NOON


def test_a_failed_listing_keeps_the_earlier_traversal_and_is_due_again(newsroom: Newsroom) -> None:
    add(newsroom, listing(traversal_started_at=minutes(-10)))
    newsroom.archive.frontier.mark_failed(LISTING, NOON, status=500, reason="http_500", due_at=minutes(60))
    add(newsroom, listing(traversal_started_at=NOON))
    again = newsroom.archive.frontier.get(LISTING)
    assert (again.state, again.traversal_started_at, again.due_at) == ("queued", minutes(-10), NOON)


def test_a_done_listing_starts_a_new_traversal(newsroom: Newsroom) -> None:
    add(newsroom, listing(traversal_started_at=minutes(-10)))
    newsroom.archive.frontier.mark_done(LISTING, minutes(-5), status=200)
    assert due(newsroom) == []
    add(newsroom, listing(traversal_started_at=NOON))
    again = newsroom.archive.frontier.get(LISTING)
    assert (again.state, again.traversal_started_at, again.due_at) == ("queued", NOON, NOON)


def test_two_runs_within_a_second_have_separate_traversals(newsroom: Newsroom) -> None:
    soon = NOON.replace(microsecond=500_000)
    add(newsroom, listing(traversal_started_at=NOON), entry("a", discovered_at=NOON.replace(microsecond=200_000)))
    newsroom.archive.frontier.mark_done(LISTING, NOON, status=200)
    add(newsroom, listing(traversal_started_at=soon))
    assert newsroom.archive.frontier.get(LISTING).traversal_started_at == soon
    assert due(newsroom) == ["analytics", "a"]
    assert newsroom.archive.frontier.known_urls([entry("a").url], before=soon) == {entry("a").url}
    assert newsroom.archive.frontier.known_urls([entry("a").url], before=NOON) == set()


def test_a_listing_that_links_to_itself_ends(newsroom: Newsroom) -> None:
    add(newsroom, listing())
    newsroom.archive.frontier.mark_done(LISTING, NOON, status=200)
    add(newsroom, listing())
    assert due(newsroom) == []


def test_adding_a_known_article_changes_nothing(newsroom: Newsroom) -> None:
    add(newsroom, entry("a"))
    newsroom.archive.frontier.mark_done(entry("a").url, NOON, status=200, due_at=minutes(60))
    before = newsroom.archive.frontier.get(entry("a").url)
    add(newsroom, entry("a", priority=99, section="politics"))
    assert newsroom.archive.frontier.get(entry("a").url) == before


def test_crawled_since_keeps_the_earliest_date(newsroom: Newsroom) -> None:
    add(newsroom, listing())
    frontier = newsroom.archive.frontier
    assert frontier.crawled_since(LISTING) is None
    frontier.set_crawled_since(LISTING, minutes(-60))
    frontier.set_crawled_since(LISTING, minutes(-30))
    assert frontier.crawled_since(LISTING) == minutes(-60)
    frontier.set_crawled_since(LISTING, BEGINNING)
    assert frontier.crawled_since(LISTING) == BEGINNING


def test_due_entries_are_read_from_the_index_without_sorting(newsroom: Newsroom) -> None:
    key = ("caliber", "article", "en", "analytics", 0, "2026-01-07T12:00:00Z")
    for sql, parameters in ((DUE, (*key, "[]", 50)), (COUNT, key)):
        plan = [row[3] for row in newsroom.archive.db.execute(f"EXPLAIN QUERY PLAN {sql}", parameters)]
        assert any(
            "INDEX frontier_due (site=? AND kind=? AND language=? AND section=? AND priority=? AND due_at<?)" in step
            for step in plan
        ), plan
        assert not any("TEMP B-TREE" in step or step.startswith("SCAN frontier") for step in plan), plan


@pytest.mark.slow
def test_due_entries_of_a_frontier_of_fifty_thousand_are_correct(newsroom: Newsroom) -> None:
    languages = ("en", "ru", "hy")
    newsroom.archive.frontier.add(
        (entry(str(n), language=languages[n % 3], priority=n % 2, due_at=minutes(-(n % 97))) for n in range(50_000)),
        newsroom.run_id,
    )
    expected = sorted(range(50_000), key=lambda n: (-(n % 2), -(n % 97), n))
    assert due(newsroom, limit=64) == [str(n) for n in expected[:64]]
    armenian = [n for n in expected if n % 3 == 2]
    assert due(newsroom, limit=64, languages=["hy"]) == [str(n) for n in armenian[:64]]
    assert newsroom.archive.frontier.due_count("caliber", NOON, languages=["hy"]) == len(armenian)
