"""A crawl fetches robots.txt again after a day and obeys the new rules."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import run_module
from tests.hostile.site import Behaviour, answering, in_turn

ALLOWED, FORBIDDEN = b"User-agent: *\nAllow: /\n", b"User-agent: *\nDisallow: /en/post/\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("later", "outcome"),
    [(answering(200, FORBIDDEN), "finished"), (answering(503), "stopped")],
    ids=["forbidden", "503"],
)
def test_a_long_crawl_obeys_new_rules(
    misbehave: Callable[..., Any], tmp_path: Path, later: Behaviour, outcome: str
) -> None:
    archive = tmp_path / "a.db"
    with misbehave(articles=90, instead={"/robots.txt": in_turn(answering(200, ALLOWED), later)}) as site:
        arguments = ("-a", f"base_url={site.base_url}", "-a", "language=en", "-a", "via=listing")
        settings = ("-s", "DOWNLOAD_DELAY=0.4", "-s", "ROBOTSTXT_MAX_AGE=6", "-s", "BACKOFF_MAX=1")
        done = run_module("scrapy", "crawl", "caliber", *arguments, *settings, CALIBER_ARCHIVE=str(archive))
        paths, articles = site.paths(), len(site.truth(language="en"))
    assert done.exit_code == 0, done.stderr
    renewed = paths.index("/robots.txt", 1)
    fetched = [path for path in paths[:renewed] if path.startswith("/en/post/")]
    assert 0 < len(fetched) < articles
    assert not [path for path in paths[renewed:] if path.startswith("/en/post/")]
    with closing(sqlite3.connect(archive)) as connection:
        assert connection.execute("select outcome from runs").fetchone() == (outcome,)
        assert connection.execute("select count(*) from articles").fetchone() == (len(fetched),)
