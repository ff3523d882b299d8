"""The first run after a site's redesign reports it, and what it used instead."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from caliber_crawler.demo import DemoSite, Response, running
from tests.conftest import AT, Result


class Redesigned(DemoSite):
    """A demo site whose class names can be changed."""

    def __init__(self) -> None:
        super().__init__(articles=60, clock=lambda: AT, sections=("analytics",))
        self.renamed: dict[str, str] = {}

    def respond(self, target: str, now: datetime | None = None) -> Response:
        answer = super().respond(target, now)
        body = answer.body
        for old, new in self.renamed.items():
            body = body.replace(f'class="{old}"'.encode(), f'class="{new}"'.encode())
        return replace(answer, body=body)


def make_due(archive: Path) -> None:
    with closing(sqlite3.connect(archive)) as connection, connection:
        connection.execute("update frontier set due_at = '2024-01-01T00:00:00Z' where article_id is not null")


def rows(archive: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(archive)) as connection:
        return connection.execute(sql).fetchall()


@pytest.mark.slow
def test_the_first_run_after_a_redesign_reports_it(caliber: Callable[..., Result], tmp_path: Path) -> None:
    archive, site = tmp_path / "a.db", Redesigned()
    with running(site) as base_url:
        arguments = ("crawl", "--base-url", base_url, "--archive", archive, "--delay", 0, "--concurrency", 8)
        usual = caliber(*arguments)
        assert (usual.exit_code, "unusual" in usual.stdout) == (0, False)
        site.renamed = {"float_block": "card"}
        listing = caliber(*arguments)
        make_due(archive)
        site.renamed = {"post_hits": "post_counter", "post_time": "post_when"}
        fields = caliber(*arguments)
        facts = rows(archive, "SELECT fact, value FROM site_facts WHERE fact LIKE '%selector' ORDER BY fact")
        make_due(archive)
        site.renamed = {"post": "story", "post_title": "story_title", "post_body": "story_body"}
        everything = caliber(*arguments)
    assert listing.exit_code == 3, "though all articles are known and none is due"
    assert "The selector of teasers matched nothing on 3 listings; usual: on 0% of them." in listing.stdout
    assert fields.exit_code == everything.exit_code == 3
    assert "healed: The selector of `views` of Caliber.Az fits" in fields.stdout
    assert facts == [("date_selector", ".post_when"), ("views_selector", ".post_counter")]
    assert rows(archive, "SELECT count(*) FROM edits") == [(0,)]
    assert "Used instead: headline .story_title" in everything.stdout
    assert "stored 0 + unchanged 59" in everything.stdout
