"""Comparisons with earlier runs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from caliber_crawler.items import Capture
from tests.archive.newsroom import Newsroom


def run(newsroom: Newsroom, outcome: str = "finished", counts: dict[str, int] | None = None, **started: Any) -> int:
    runs = newsroom.archive.runs
    started = {"site": "caliber", "arguments": {"sections": ["analytics"]}, "settings": {}, "software": {}, **started}
    id = runs.start(started.pop("command", "crawl"), **started)
    runs.finish(id, outcome, None, counts or {})  # type: ignore[arg-type]
    return id


def test_similar_runs_are_finished_runs_with_the_same_arguments_newest_first(newsroom: Newsroom) -> None:
    first, second = run(newsroom), run(newsroom)
    run(newsroom, "stopped")
    run(newsroom, site="other")
    run(newsroom, command="ingest")
    run(newsroom, arguments={"sections": ["politics"]})
    newest = run(newsroom)
    run(newsroom)
    history = newsroom.archive.run_history
    assert [each["id"] for each in history.similar_runs(newest, 9)] == [second, first]
    assert [each["id"] for each in history.similar_runs(newest, 1)] == [second]


def test_only_finished_merges_are_listed(newsroom: Newsroom) -> None:
    run(newsroom, command="merge", arguments={"other": "a.db"})
    run(newsroom, "failed", command="merge", arguments={"other": "b.db"})
    assert newsroom.archive.run_history.merged() == {"a.db"}


def test_coverage_counts_pages_by_field_and_method(newsroom: Newsroom) -> None:
    id = run(newsroom)
    methods = [("headline", "selector", 7), ("headline", "generic", 2), ("views", "", 9)]
    newsroom.archive.runs.record_coverage(
        id, [("caliber", "new", field, method, 10, filled) for field, method, filled in methods]
    )
    history = newsroom.archive.run_history
    assert history.coverage([id]) == {("new", "headline"): (10, 9), ("new", "views"): (10, 0)}
    assert history.coverage([id], "generic")[("new", "headline")] == (10, 2)
    assert history.coverage([]) == {}
    assert history.pages([id, 99]) == {id: 10}


@pytest.mark.parametrize("count", [1, 3])
def test_new_urls_are_counted_for_each_day_before_a_run(newsroom: Newsroom, count: int) -> None:
    last = run(newsroom, counts={"found": 5})
    before = [run(newsroom, counts={"found": found}) for found in (3, 4)]
    unfinished = newsroom.archive.runs.start("crawl", site="caliber", arguments={}, settings={}, software={})
    times = {last: "2026-01-07T12:00:00Z", before[0]: "2026-01-07T01:00:00Z", before[1]: "2026-01-05T11:00:00Z"}
    for id, finished_at in times.items():
        newsroom.archive.db.execute("UPDATE runs SET finished_at = ? WHERE id = ?", (finished_at, id))
    history = newsroom.archive.run_history
    assert history.days(last, count) == [8, 4][:count]
    assert history.days(unfinished, count) == []
    assert history.days(99, count) == []


def test_visits_are_the_pages_of_each_article(newsroom: Newsroom) -> None:
    archive, runs = newsroom.archive, [run(newsroom) for _ in range(3)]
    pages = [("article", "a", 200), ("article", "b", 200), ("article", "c", 404), ("listing", "list", 200)]
    for hour, run_id in enumerate(runs):
        for kind, name, status in pages:
            at = datetime(2026, 1, 7, hour, tzinfo=UTC)
            url = f"https://caliber.az/{name}"
            archive.captures.store(
                Capture(site="caliber", kind=kind, url=url, fetched_at=at, status=status, body=b"."), run_id
            )
    history = archive.run_history
    assert (history.visits(runs[:1]), history.visits(runs), history.visits([])) == (1.0, 3.0, 1.0)
