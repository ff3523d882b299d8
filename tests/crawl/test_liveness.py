"""A crawl without a heartbeat is reported as hanging; other runs are not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from caliber_crawler.archive import Archive
from caliber_crawler.crawling.liveness import MAX_SILENCE, hanging_crawl, last_heartbeat

NOW = datetime(2026, 1, 7, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "age", "silent"),
    [
        ({}, MAX_SILENCE, True),
        ({}, MAX_SILENCE - timedelta(seconds=1), False),
        ({"outcome": "finished"}, MAX_SILENCE, False),
        ({"command": "ingest"}, MAX_SILENCE, False),
    ],
)
def test_a_running_crawl_is_silent_after_five_minutes_without_a_heartbeat(
    changes: dict[str, Any],
    age: timedelta,
    silent: bool,
) -> None:
    run = {"outcome": "running", "command": "crawl", "heartbeat_at": (NOW - age).isoformat(), **changes}
    assert last_heartbeat(run, NOW) == (NOW - age if silent else None)
    assert timedelta(minutes=5) == MAX_SILENCE


def test_a_hanging_crawl_is_reported_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    assert hanging_crawl(path) is None, "there is no archive"
    with Archive.open(path, mode="write") as archive:
        archive.runs.start("crawl", site="caliber", arguments={}, settings={}, software={})
        assert hanging_crawl(path) is None, "it has just started"
        archive.db.execute("update runs set heartbeat_at = '2026-01-07T10:00:00Z'")
        archive.db.conn.commit()
        assert hanging_crawl(path) == (
            "The running crawl has sent no heartbeat since 2026-01-07 10:00 UTC: it seems to hang."
        )
