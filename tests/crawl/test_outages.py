"""Weeks of daily crawls of a newspaper with news, deletions and every kind of outage: nothing is lost."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from caliber_crawler.demo import Response
from tests.conftest import Result
from tests.discovery.gazette import Answer, Gazette, html, sold

pytestmark = pytest.mark.slow

DAY, WEEK = 24, 7 * 24
"""Hours."""


def wait(archive: Path, hours: int) -> None:
    """Let time pass: move all dates of an archive's URLs and hosts into the past."""
    ago = f"-{hours} hours"
    with closing(sqlite3.connect(archive)) as connection, connection:
        for name in ("due_at", "visited_at"):
            connection.execute(f"UPDATE frontier SET {name} = strftime('%Y-%m-%dT%H:%M:%SZ', {name}, ?)", (ago,))
        for name in ("discovered_at", "traversal_started_at", "crawled_at"):
            earlier = f"strftime('%Y-%m-%dT%H:%M:%f', {name}, ?) || '000Z'"
            connection.execute(f"UPDATE frontier SET {name} = {earlier}", (ago,))
        connection.execute("UPDATE hosts SET robots_at = strftime('%Y-%m-%dT%H:%M:%SZ', robots_at, ?)", (ago,))


MISSING, MAINTENANCE = html("<h1>Not found</h1>", 404), html("<h1>We are updating our site</h1>")
FORBIDDEN = Response(200, (("content-type", "text/plain"),), b"User-agent: *\nDisallow: /story/\n")
OUTAGES: list[Callable[[list[int]], dict[str, Answer]]] = [
    lambda newest: {},
    lambda newest: {f"/story/{number}": MISSING for number in newest},
    lambda newest: {f"/story/{number}": MAINTENANCE for number in newest},
    lambda newest: {"/robots.txt": FORBIDDEN},
    lambda newest: {"/world": MISSING},
    lambda newest: {"/world": html("<p>Nothing here</p>")},
    lambda newest: {"/world": html("<h1>Error</h1>", 500)},
]


def test_outages_of_a_site_lose_nothing(caliber: Callable[..., Result], tmp_path: Path) -> None:
    gazette = Gazette({"world": list(range(40, 0, -1))})
    stories = gazette.sections["world"]
    with sold(gazette, tmp_path, caliber) as stand:
        stand.crawl("--limit", 15)
        for day, outage in enumerate(OUTAGES):
            wait(stand.archive, DAY)
            stories[:0] = range(stories[0] + 12, stories[0], -1)
            if day == 4:
                stories.remove(30)
            gazette.pages = outage(stories[:6])
            stand.crawl(*(("--limit", 15) if day % 2 else ()))
        gazette.pages = {}
        stand.make_due()
        for _ in range(3):
            wait(stand.archive, WEEK)
            last = stand.crawl("--json")
    archived = dict(stand.rows("select post_number, gone_at is null from articles where duplicate_of is null"))
    assert (last.exit_code, last.json["outcome"], last.json["remaining"]) == (0, "finished", 0)
    assert archived == dict.fromkeys(stories, 1) | {30: 0}
    assert stand.rows("select count(*) from versions") == [(len(archived),)]
