"""What is to be fetched, in which order, and what is remembered of it."""

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


def take(newsroom: Newsroom, limit: int = 10, **filters: Any) -> list[str]:
    return names(newsroom.archive.frontier.due_entries("caliber", NOON, limit, **filters))


def test_only_what_is_new_is_added_and_given_back_in_order(newsroom: Newsroom) -> None:
    assert add(newsroom, entry("b"), entry("a"), entry("b")) == ["b", "a"]
    assert add(newsroom, entry("c"), entry("a")) == ["c"]


def test_an_entry_comes_back_as_it_was_added(newsroom: Newsroom) -> None:
    wanted = entry(discovered_on=LISTING, priority=3, traversal_started_at=minutes(-5), page_number=2)
    (added,) = newsroom.archive.frontier.add([wanted], newsroom.run_id)
    assert added == replace(wanted, id=1)
    assert newsroom.archive.frontier.get(wanted.url) == added
    assert newsroom.archive.frontier.get("https://caliber.az/en/post/unknown") is None


def test_an_entry_is_due_at_once_when_nothing_else_is_said(newsroom: Newsroom) -> None:
    (added,) = newsroom.archive.frontier.add([entry(due_at=None, discovered_at=None)], newsroom.run_id)
    assert added.discovered_at is not None
    assert added.due_at == added.discovered_at.replace(microsecond=0)


def test_nothing_is_added_when_one_entry_is_bad(newsroom: Newsroom) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        add(newsroom, entry("a"), entry("b", due_at=datetime(2026, 1, 1)))  # noqa: DTZ001
    assert take(newsroom) == []


def test_the_most_urgent_come_first_then_the_longest_due_then_the_first_found(newsroom: Newsroom) -> None:
    add(
        newsroom,
        entry("late"),
        entry("early", due_at=minutes(-60)),
        entry("urgent", priority=9, language="ru"),
        entry("also-early", due_at=minutes(-60), section="politics"),
        entry("no-hurry", priority=-1, due_at=minutes(-999)),
    )
    assert take(newsroom) == ["urgent", "early", "also-early", "late", "no-hurry"]
    assert take(newsroom, limit=3) == ["urgent", "early", "also-early"]


def test_what_is_not_due_yet_is_not_taken(newsroom: Newsroom) -> None:
    add(newsroom, entry("now"), entry("tomorrow", due_at=minutes(1440)))
    assert take(newsroom) == ["now"]
    assert newsroom.archive.frontier.due_count("caliber", NOON) == 1


def test_what_is_being_fetched_is_left_out(newsroom: Newsroom) -> None:
    add(newsroom, entry("a"), entry("b"), entry("c"))
    assert take(newsroom, limit=2, exclude=[1]) == ["b", "c"]


def test_taking_marks_nothing(newsroom: Newsroom) -> None:
    add(newsroom, entry("a"))
    assert take(newsroom) == take(newsroom) == ["a"]


def test_sites_editions_and_sections_can_be_taken_apart(newsroom: Newsroom) -> None:
    add(
        newsroom,
        entry("en"),
        entry("ru", language="ru"),
        entry("politics", section="politics"),
        entry("unknown", language=None, section=None),
        entry("elsewhere", site="other"),
        listing(),
    )
    assert take(newsroom, languages=["en"]) == ["en", "politics", "analytics"]
    assert take(newsroom, languages=["en", "ru"], sections=["analytics"]) == ["en", "ru", "analytics"]
    assert take(newsroom, languages=[]) == []
    count = newsroom.archive.frontier.due_count
    assert count("caliber", NOON) == 5
    assert count("caliber", NOON, kind="listing") == 1
    assert count("caliber", NOON, languages=["en"], sections=["analytics"], kind="article") == 1


def test_another_processs_reader_sees_what_was_added_since(newsroom: Newsroom) -> None:
    with Archive.open(newsroom.archive.path) as reader:
        assert reader.frontier.due_entries("caliber", NOON, 10) == []
        add(newsroom, entry("a"))
        assert names(reader.frontier.due_entries("caliber", NOON, 10)) == ["a"]


def test_a_page_that_was_done_is_not_fetched_before_its_next_visit(newsroom: Newsroom) -> None:
    add(newsroom, entry("a"))
    frontier, url = newsroom.archive.frontier, entry("a").url
    frontier.mark_done(url, NOON, status=200, due_at=minutes(60), etag='"1"', last_modified="today")
    assert take(newsroom) == []
    assert names(frontier.due_entries("caliber", minutes(60), 10)) == ["a"]
    known = frontier.get(url)
    assert (known.state, known.etag, known.last_modified, known.visited_at) == ("done", '"1"', "today", NOON)
    frontier.mark_done(url, minutes(60), status=200)
    assert frontier.due_entries("caliber", minutes(10**6), 10) == []


def test_validators_outlive_a_304_and_nothing_else(newsroom: Newsroom) -> None:
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


def test_what_was_refused_is_never_taken_again(newsroom: Newsroom) -> None:
    add(newsroom, entry("a"))
    newsroom.archive.frontier.mark_refused(entry("a").url, NOON, status=None, reason="robots_txt")
    assert add(newsroom, entry("a")) == []
    assert take(newsroom) == []


def test_an_article_taken_down_is_marked_as_gone(newsroom: Newsroom) -> None:
    url = entry("baku-s-formula").url
    newsroom.save(minutes(-10))
    add(newsroom, entry("baku-s-formula"))
    newsroom.archive.frontier.mark_gone(url, NOON, status=410)
    assert newsroom.archive.frontier.get(url).state == "gone"
    assert newsroom.archive.articles.show(1)["gone_at"] == "2026-01-07T12:00:00Z"


def test_an_address_never_added_cannot_be_done(newsroom: Newsroom) -> None:
    frontier = newsroom.archive.frontier
    with pytest.raises(KeyError):
        frontier.mark_done("https://caliber.az/en/post/unknown", NOON, status=200)
    with pytest.raises(KeyError):
        frontier.set_crawled_since("https://caliber.az/en/category/unknown", NOON)


def test_which_addresses_are_known_and_since_when(newsroom: Newsroom) -> None:
    add(newsroom, entry("old", discovered_at=minutes(-1)), entry("new"))
    urls = [entry(name).url for name in ("old", "new", "unknown")]
    assert newsroom.archive.frontier.known_urls(urls) == set(urls[:2])
    assert newsroom.archive.frontier.known_urls(urls, before=NOON) == {urls[0]}
    assert newsroom.archive.frontier.known_urls([]) == set()


def test_a_listing_under_way_keeps_the_earlier_walk(newsroom: Newsroom) -> None:
    add(newsroom, listing(traversal_started_at=NOON))
    assert add(newsroom, listing(traversal_started_at=minutes(10))) == []
    assert newsroom.archive.frontier.get(LISTING).traversal_started_at == NOON


def test_a_listing_that_failed_keeps_the_earlier_walk_and_is_due_again(newsroom: Newsroom) -> None:
    add(newsroom, listing(traversal_started_at=minutes(-10)))
    newsroom.archive.frontier.mark_failed(LISTING, NOON, status=500, reason="http_500", due_at=minutes(60))
    add(newsroom, listing(traversal_started_at=NOON))
    again = newsroom.archive.frontier.get(LISTING)
    assert (again.state, again.traversal_started_at, again.due_at) == ("queued", minutes(-10), NOON)


def test_a_listing_that_was_done_is_walked_again_with_a_new_walk(newsroom: Newsroom) -> None:
    add(newsroom, listing(traversal_started_at=minutes(-10)))
    newsroom.archive.frontier.mark_done(LISTING, minutes(-5), status=200)
    assert take(newsroom) == []
    add(newsroom, listing(traversal_started_at=NOON))
    again = newsroom.archive.frontier.get(LISTING)
    assert (again.state, again.traversal_started_at, again.due_at) == ("queued", NOON, NOON)


def test_runs_that_follow_each_other_within_a_second_walk_separately(newsroom: Newsroom) -> None:
    soon = NOON.replace(microsecond=500_000)
    add(newsroom, listing(traversal_started_at=NOON), entry("a", discovered_at=NOON.replace(microsecond=200_000)))
    newsroom.archive.frontier.mark_done(LISTING, NOON, status=200)
    add(newsroom, listing(traversal_started_at=soon))
    assert newsroom.archive.frontier.get(LISTING).traversal_started_at == soon
    assert take(newsroom) == ["analytics", "a"]
    assert newsroom.archive.frontier.known_urls([entry("a").url], before=soon) == {entry("a").url}
    assert newsroom.archive.frontier.known_urls([entry("a").url], before=NOON) == set()


def test_a_list_that_leads_back_to_itself_ends(newsroom: Newsroom) -> None:
    add(newsroom, listing())
    newsroom.archive.frontier.mark_done(LISTING, NOON, status=200)
    add(newsroom, listing())
    assert take(newsroom) == []


def test_a_known_article_stays_as_it_is(newsroom: Newsroom) -> None:
    add(newsroom, entry("a"))
    newsroom.archive.frontier.mark_done(entry("a").url, NOON, status=200, due_at=minutes(60))
    before = newsroom.archive.frontier.get(entry("a").url)
    add(newsroom, entry("a", priority=99, section="politics"))
    assert newsroom.archive.frontier.get(entry("a").url) == before


def test_how_far_back_a_listing_was_walked_only_grows(newsroom: Newsroom) -> None:
    add(newsroom, listing())
    frontier = newsroom.archive.frontier
    assert frontier.crawled_since(LISTING) is None
    frontier.set_crawled_since(LISTING, minutes(-60))
    frontier.set_crawled_since(LISTING, minutes(-30))
    assert frontier.crawled_since(LISTING) == minutes(-60)
    frontier.set_crawled_since(LISTING, BEGINNING)
    assert frontier.crawled_since(LISTING) == BEGINNING


def test_taking_reads_no_more_of_the_index_than_it_takes(newsroom: Newsroom) -> None:
    key = ("caliber", "article", "en", "analytics", 0, "2026-01-07T12:00:00Z")
    for sql, parameters in ((DUE, (*key, "[]", 50)), (COUNT, key)):
        plan = [row[3] for row in newsroom.archive.db.execute(f"EXPLAIN QUERY PLAN {sql}", parameters)]
        assert any(
            "INDEX frontier_due (site=? AND kind=? AND language=? AND section=? AND priority=? AND due_at<?)" in step
            for step in plan
        ), plan
        assert not any("TEMP B-TREE" in step or step.startswith("SCAN frontier") for step in plan), plan


def test_a_frontier_of_fifty_thousand_still_gives_the_right_ones(newsroom: Newsroom) -> None:
    languages = ("en", "ru", "hy")
    newsroom.archive.frontier.add(
        (entry(str(n), language=languages[n % 3], priority=n % 2, due_at=minutes(-(n % 97))) for n in range(50_000)),
        newsroom.run_id,
    )
    expected = sorted(range(50_000), key=lambda n: (-(n % 2), -(n % 97), n))
    assert take(newsroom, limit=64) == [str(n) for n in expected[:64]]
    armenian = [n for n in expected if n % 3 == 2]
    assert take(newsroom, limit=64, languages=["hy"]) == [str(n) for n in armenian[:64]]
    assert newsroom.archive.frontier.due_count("caliber", NOON, languages=["hy"]) == len(armenian)
