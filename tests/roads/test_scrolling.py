"""A real browser scrolls through listings whose request for more cards is unknown."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from caliber_crawler.errors import SiteError
from tests.browse.chromium import CHROMIUM
from tests.conftest import Result, run_module

pytestmark = pytest.mark.slow


@pytest.fixture
def scrolled(tmp_path: Path) -> Callable[..., Result]:
    """Crawl a site with a browser into ``a.db``."""
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("CI has no Chromium: tests in a browser must run there")
        pytest.skip("no Chromium on this machine")

    return partial(run_module, "tests.roads.scrolling_crawl")


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
        again = scrolled(demo.base_url, archive)
        second = [request["path"] for request in demo.requests()[len(requests) :]]
    assert again.exit_code == 0, again.stdout + again.stderr
    assert [path for path in second if "page=" in path] == [], "known ground is not scrolled through again"
    assert "/en/category/analytics" in second
    assert result.exit_code == 0, result.stdout + result.stderr
    assert len(truth) > 40, "a site of several batches"
    assert {slug for (slug,) in rows(archive, "select slug from articles")} == set(truth)
    (headers, told) = (text for (text,) in rows(archive, "select headers from captures where kind = 'listing'"))
    assert "; known" in told
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
    from caliber_crawler.fetching.browser import chromium

    with pytest.raises(SiteError, match="CALIBER_CHROMIUM"):
        chromium("/nowhere/chromium")
