"""A real browser scrolls through listings whose request for more cards is unknown."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from caliber_crawler.errors import SiteError
from tests.browse.chromium import CHROMIUM
from tests.conftest import Result, environment

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def scrolled(tmp_path: Path) -> Callable[..., Result]:
    """Crawl a site with a browser into ``a.db``."""
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("CI has no Chromium: tests in a browser must run there")
        pytest.skip("no Chromium on this machine")

    def run(*arguments: object) -> Result:
        done = subprocess.run(
            [sys.executable, "-m", "tests.roads.scrolling_crawl", *map(str, arguments)],
            cwd=ROOT,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        return Result(done.returncode, done.stdout, done.stderr)

    return run


def rows(archive: Path, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"file:{archive}?mode=ro", uri=True)) as connection:
        return connection.execute(sql).fetchall()


def test_a_browser_scrolls_to_the_last_card(
    serve: Callable[..., Any], scrolled: Callable[..., Result], tmp_path: Path
) -> None:
    archive = tmp_path / "a.db"
    with serve(articles=180, sections=("analytics",)) as demo:
        result = scrolled(demo.base_url, archive)
        truth = demo.truth(language="en")
        requests = demo.requests()
    assert result.exit_code == 0, result.stdout + result.stderr
    assert len(truth) > 40, "a site of several batches"
    assert {slug for (slug,) in rows(archive, "select slug from articles")} == set(truth)
    ((headers,),) = rows(archive, "select headers from captures where kind = 'listing'")
    assert "X-Caliber-Scrolled" in headers
    assert not [request for request in requests if request["path"].startswith("/media/")], "pictures are not asked for"
    assert {request["user_agent"].partition("/")[0] for request in requests} == {"caliber_crawler"}


def test_a_listing_that_goes_on_and_on_is_cut_and_said_to_be(
    serve: Callable[..., Any], scrolled: Callable[..., Result], tmp_path: Path
) -> None:
    archive = tmp_path / "a.db"
    with serve(articles=240, sections=("analytics",)) as demo:
        result = scrolled(demo.base_url, archive, 1)
        truth = demo.truth(language="en")
    assert result.exit_code == 0, result.stdout + result.stderr
    assert 20 < len(rows(archive, "select slug from articles")) < len(truth)
    assert rows(archive, "select reason from problems where stage = 'walk'") == [("listing_cut",)]
    assert rows(archive, "select walked_at from frontier where kind = 'listing'") == [(None,)]


def test_a_browser_that_is_not_there_is_said_in_a_sentence() -> None:
    from caliber_crawler.fetching.scrolling import chromium

    with pytest.raises(SiteError, match="CALIBER_CHROMIUM"):
        chromium("/nowhere/chromium")
