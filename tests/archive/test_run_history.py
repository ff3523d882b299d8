"""Comparisons with earlier runs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
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


@pytest.mark.parametrize("quiet_days", [0, 1, 9, 60, 390])
def test_usual_days_are_found_however_long_the_pause(newsroom: Newsroom, quiet_days: int) -> None:
    last = run(newsroom, counts={"found": 5})
    before = [run(newsroom, counts={"found": found}) for found in (6, 7)]
    end = datetime(2026, 1, 7, 12, tzinfo=UTC)
    days = {last: 0, before[0]: quiet_days + 1, before[1]: quiet_days + 2}
    for id, day in days.items():
        at = f"{end - timedelta(days=day):%Y-%m-%dT%H:%M:%SZ}"
        newsroom.archive.db.execute("UPDATE runs SET started_at = ?, finished_at = ? WHERE id = ?", (at, at, id))
    assert newsroom.archive.run_history.days(last, 3) == [5, 6, 7]
    assert newsroom.archive.run_history.days(last, 2) == [5, 6]


def test_the_cost_of_the_history_does_not_grow_with_its_length(newsroom: Newsroom) -> None:
    """SQLite executes as many instructions after 3,000 further runs as before."""
    archive = newsroom.archive
    steps = []
    first = datetime(2025, 1, 1, tzinfo=UTC)
    archive.runs.start("crawl", site="caliber", arguments={"sources": ["feed"]}, settings={}, software={})
    for length in (600, 3_000):
        with archive.transaction():
            ids = [run(newsroom, counts={"found": 1}, arguments={"due_only": True}) for _ in range(length)]
            for hour, id in enumerate(ids):
                at = f"{first + timedelta(hours=id if hour else id - 1):%Y-%m-%dT%H:%M:%SZ}"
                archive.db.execute("UPDATE runs SET started_at = ?, finished_at = ? WHERE id = ?", (at, at, id))
                archive.runs.record_exit_code(id, 0)
        count = 0

        def step() -> int:
            nonlocal count
            count += 1
            return 0

        archive.db.conn.set_progress_handler(step, 100)
        history = archive.run_history
        assert len(history.similar_runs(ids[-1], 200)) == 200
        assert history.days(ids[-1], 8)[1:] == [24] * 7
        assert len(history.requested_scopes("caliber")) == 2
        state = archive.alarms.state("caliber")
        assert state is not None
        assert state.name == "healthy"
        archive.db.conn.set_progress_handler(None, 0)
        steps.append(count)
    assert steps[1] < 1.1 * steps[0], steps


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
