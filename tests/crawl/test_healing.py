"""A redesign over night: the layout is learned again from known articles, and nothing is stored wrongly."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from caliber_crawler.demo import DemoSite, running
from tests.conftest import AT, Result
from tests.crawl.redesigned import RedesignedSite


def rows(path: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


@pytest.mark.slow
def test_a_redesign_between_two_crawls_loses_nothing(caliber: Callable[..., Result], tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    site = RedesignedSite(DemoSite(articles=60, clock=lambda: AT, sections=("analytics",)))
    with running(site) as base_url:
        arguments = ("crawl", "--base-url", base_url, "--language", "en,ru", "--archive", path, "--delay", 0)
        assert "stored 40" in caliber(*arguments, "--limit", 40).stdout
        before = rows(path, "SELECT id, headline, body, published_at, section FROM article_texts ORDER BY id")
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("UPDATE frontier SET due_at = '2024-01-01T00:00:00Z' WHERE article_id IS NOT NULL")
        site.redesigned = True
        time.sleep(1)  # equal view counts of one second are one
        # In one order: with another, the first pages put aside may not show what to drop; the rest wait for a crawl.
        done = caliber(*arguments, "--concurrency", 1)
        doctor = caliber("doctor", "--base-url", base_url, "--archive", path, "--delay", 0)
    assert done.exit_code == 3
    (line,) = [line for line in done.stdout.splitlines() if "Used instead" in line]
    assert line.startswith("  healed: The known layouts of Caliber.Az fit")
    assert "found again on" in line
    assert rows(path, "SELECT id, headline, body, published_at, section FROM article_texts ORDER BY id")[:40] == before
    assert rows(path, "SELECT count(*) FROM edits") == [(0,)]
    assert rows(path, "SELECT count(*) FROM articles WHERE duplicate_of IS NULL AND id <= 40") == [(40,)]
    ((known, counted),) = rows(
        path, "SELECT count(DISTINCT article_id), count(*) FROM view_counts WHERE article_id <= 40"
    )
    assert (known, counted) == (40, 80)
    assert 'body=".story-text"' in doctor.stdout
