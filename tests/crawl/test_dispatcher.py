"""The dispatcher returns each due page once and respects the limits of the scope."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from caliber_crawler.archive import Archive, Entry
from caliber_crawler.crawling.dispatcher import REVISIT, Dispatcher
from caliber_crawler.crawling.outcome import Remaining
from tests.archive.newsroom import Newsroom, start_run
from tests.crawl.runs import AGO, SCOPE, SITE, entry, running_on, url_of

NOW = datetime(2026, 1, 7, 12, tzinfo=UTC)


class ListBacklog:
    """A backlog of lists of entries."""

    def __init__(self, archive: Archive, *lists: list[Entry]) -> None:
        self.archive, self.lists = archive, list(lists)

    @property
    def left(self) -> int:
        return sum(map(len, self.lists))

    def enqueue(self) -> bool:
        if not self.lists:
            return False
        self.archive.frontier.add(self.lists.pop(0), None)
        return True


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive.open(tmp_path / "a.db", mode="write") as opened:
        opened.sites.store(SITE)
        yield opened


def slugs(entries: list[Entry]) -> list[str]:
    return [each.url.rpartition("/")[2] for each in entries]


def due(slug: str, **fields: object) -> Entry:
    return entry(slug, **{"due_at": NOW - AGO, **fields})


def add_saved(archive: Archive, *names: str) -> None:
    """Save articles that are due again."""
    newsroom = Newsroom(archive, start_run(archive))
    archive.frontier.add([due(name) for name in names], None)
    for name in names:
        saved = newsroom.save(article_urls=(url_of(name),), body=f"This is the text of {name} and of no other article.")
        archive.frontier.mark_done(
            url_of(name), NOW, status=200, article_id=saved.article_id, due_at=NOW - AGO, priority=REVISIT
        )


def test_each_page_is_dispatched_once_by_priority(archive: Archive) -> None:
    archive.frontier.add([due("low", priority=10), due("high", priority=60), due("middle")], None)
    dispatcher = Dispatcher(archive.frontier, SCOPE, NOW)
    assert slugs(dispatcher.next_batch(2)) == ["high", "middle"]
    assert slugs(dispatcher.next_batch(2)) == ["low"]
    assert dispatcher.next_batch(2) == []
    assert len(dispatcher) == dispatcher.unstored == 3


def test_only_due_pages_in_scope_are_dispatched(archive: Archive) -> None:
    archive.frontier.add(
        [
            due("a"),
            due("unknown", language=None, section=None),
            due("russian", language="ru"),
            due("opinion", section="opinion"),
            due("now", due_at=NOW),
            due("later", due_at=NOW + timedelta(seconds=1)),
        ],
        None,
    )
    dispatcher = Dispatcher(archive.frontier, SCOPE, NOW)
    assert dispatcher.due_count("article") == 3
    assert sorted(slugs(dispatcher.next_batch(10))) == ["a", "now", "unknown"]


def test_a_released_page_that_was_not_requested_is_dispatched_again(archive: Archive) -> None:
    archive.frontier.add([due("a"), due("b")], None)
    dispatcher = Dispatcher(archive.frontier, SCOPE, NOW)
    dispatcher.next_batch(10)
    assert dispatcher.entry(url_of("a")) is not None
    dispatcher.release(url_of("a"))
    assert dispatcher.entry(url_of("a")) is None
    assert list(dispatcher.in_flight) == [url_of("b")]
    assert slugs(dispatcher.next_batch(10)) == ["a"]


def test_a_stored_page_is_in_flight_until_its_outcome_is_committed(archive: Archive) -> None:
    archive.frontier.add([due("a"), due("b")], None)
    dispatcher = Dispatcher(archive.frontier, SCOPE, NOW)
    dispatcher.next_batch(10)
    dispatcher.mark_stored(url_of("a"))
    dispatcher.mark_stored(url_of("never dispatched"))
    assert (len(dispatcher), dispatcher.unstored) == (2, 1)
    dispatcher.release(url_of("a"))
    assert (len(dispatcher), dispatcher.unstored) == (1, 1)


def test_the_limit_counts_only_articles(archive: Archive) -> None:
    archive.frontier.add([due("list", kind="listing", priority=100), *(due(name) for name in "abc")], None)
    dispatcher = Dispatcher(archive.frontier, replace(SCOPE, limit=2), NOW)
    assert slugs(dispatcher.next_batch(10)) == ["list", "a", "b"]
    assert dispatcher.limit_reached
    assert dispatcher.limits_reached
    assert dispatcher.next_batch(10) == []


def test_pages_after_the_last_article_of_a_limit_stay_due(archive: Archive) -> None:
    archive.frontier.add([due("a"), due("b"), due("list", kind="listing", priority=40)], None)
    dispatcher = Dispatcher(archive.frontier, replace(SCOPE, limit=1), NOW)
    assert slugs(dispatcher.next_batch(10)) == ["a"]


def test_below_the_limit_all_pages_are_dispatched(archive: Archive) -> None:
    archive.frontier.add([due("a"), due("list", kind="listing", priority=40)], None)
    dispatcher = Dispatcher(archive.frontier, replace(SCOPE, limit=2), NOW)
    assert slugs(dispatcher.next_batch(10)) == ["a", "list"]
    assert not dispatcher.limit_reached
    assert not dispatcher.limits_reached


def test_a_skipped_alias_does_not_count_towards_the_limit(archive: Archive) -> None:
    archive.frontier.add([due(name) for name in "ab"], None)
    dispatcher = Dispatcher(archive.frontier, replace(SCOPE, limit=1), NOW)
    assert slugs(dispatcher.next_batch(10)) == ["a"]
    dispatcher.skip_alias(url_of("never dispatched"))
    assert dispatcher.limit_reached
    dispatcher.skip_alias(url_of("a"))
    assert not dispatcher.limit_reached
    assert len(dispatcher) == 0
    archive.frontier.make_due(url_of("a"), NOW + timedelta(days=1))
    assert slugs(dispatcher.next_batch(10)) == ["b"]


def test_the_number_of_revisits_is_limited(archive: Archive) -> None:
    add_saved(archive, "old-1", "old-2", "old-3")
    archive.frontier.add([due("new", priority=10)], None)
    dispatcher = Dispatcher(archive.frontier, SCOPE, NOW, revisits=2)
    assert slugs(dispatcher.next_batch(10)) == ["old-1", "old-2", "new"]
    assert dispatcher.revisits_used_up
    assert dispatcher.limits_reached
    assert dispatcher.next_batch(10) == []
    assert not Dispatcher(archive.frontier, SCOPE, NOW).revisits_used_up


def test_zero_revisits_disables_revisits(archive: Archive) -> None:
    add_saved(archive, "old-1")
    archive.frontier.add([due("new", priority=10)], None)
    dispatcher = Dispatcher(archive.frontier, SCOPE, NOW, revisits=0)
    assert slugs(dispatcher.next_batch(10)) == ["new"]


def test_revisits_use_half_of_a_limit_while_there_is_other_work(archive: Archive) -> None:
    add_saved(archive, "old-1", "old-2", "old-3", "old-4")
    archive.frontier.add([due("list", kind="listing", priority=30)], None)
    dispatcher = Dispatcher(archive.frontier, replace(SCOPE, limit=3), NOW)
    assert slugs(dispatcher.next_batch(10)) == ["old-1", "old-2"]
    assert slugs(dispatcher.next_batch(10)) == ["list"]
    assert dispatcher.next_batch(10) == [], "the listing in flight may discover articles"
    dispatcher.release(url_of("list"))
    archive.frontier.mark_done(url_of("list"), NOW, status=200)
    assert slugs(dispatcher.next_batch(10)) == ["old-3"], "nothing else is left"
    assert dispatcher.limit_reached


def test_the_backlog_enters_the_frontier_when_nothing_else_is_due(archive: Archive) -> None:
    archive.frontier.add([due("first")], None)
    dispatcher = Dispatcher(archive.frontier, SCOPE, NOW)
    dispatcher.backlog = ListBacklog(archive, [], [due("second")], [due("third")])
    assert slugs(dispatcher.next_batch(10)) == ["first"]
    assert dispatcher.backlog.left == 2
    assert slugs(dispatcher.next_batch(10)) == ["second"], "an empty list is skipped"
    assert dispatcher.backlog.left == 1
    assert slugs(dispatcher.next_batch(10)) == ["third"]
    assert dispatcher.next_batch(10) == []


def test_stored_pages_are_resumed_if_they_are_due_and_in_scope(archive: Archive) -> None:
    names = {"due": {}, "russian": {"language": "ru"}, "opinion": {"section": "opinion"}, "now": {"due_at": NOW}}
    archive.frontier.add([due(name, **fields) for name, fields in names.items()], None)
    archive.frontier.add([due("later", due_at=NOW + timedelta(seconds=1))], None)
    dispatcher = Dispatcher(archive.frontier, SCOPE, NOW)
    resumed = dispatcher.resume([url_of(name) for name in (*names, "later", "unknown")])
    assert slugs(resumed) == ["due", "now"]
    assert (len(dispatcher), dispatcher.unstored) == (2, 0)
    assert dispatcher.next_batch(10) == []


def test_resumed_pages_count_towards_the_limits(archive: Archive) -> None:
    add_saved(archive, "old")
    archive.frontier.add([due("a"), due("b")], None)
    dispatcher = Dispatcher(archive.frontier, replace(SCOPE, limit=2), NOW, revisits=1)
    assert slugs(dispatcher.resume([url_of(name) for name in ("old", "a", "b")])) == ["old", "a"]
    assert dispatcher.limit_reached
    assert dispatcher.revisits_used_up


def test_remaining_work_is_counted_by_kind_with_the_reached_limits(archive: Archive) -> None:
    add_saved(archive, "old")
    kinds = ("listing", "feed", "sitemap")
    archive.frontier.add([due("a"), *(due(kind, kind=kind) for kind in kinds)], None)
    dispatcher = Dispatcher(archive.frontier, replace(SCOPE, limit=1), NOW, revisits=1)
    assert dispatcher.remaining() == Remaining(articles=2, lists=3)
    dispatcher.backlog = ListBacklog(archive, [due("b")])
    dispatcher.resume([url_of("old")])
    assert dispatcher.remaining() == Remaining(articles=2, lists=3, backlog=1, limit=1, revisits=1)


def test_a_run_counts_due_articles_when_it_starts(tmp_path: Path) -> None:
    with running_on(tmp_path) as first:
        first.archive.frontier.add([entry("a"), entry("b"), entry("list", kind="listing")], first.id)
    with running_on(tmp_path) as run:
        assert run.accounts.counts["discovered"] == 2
