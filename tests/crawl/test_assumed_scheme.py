"""A host without a scheme is asked over HTTPS, and over HTTP if it does not connect."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import run_module

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("as_job", [(), ("job",)])
def test_a_site_without_tls_is_crawled_over_http(
    as_job: tuple[str, ...], tmp_path: Path, serve: Callable[..., Any]
) -> None:
    with serve(articles=8) as site:
        host = site.base_url.removeprefix("http://")
        crawls = [run_module("tests.crawl.assumed_scheme", host, tmp_path / "a.db", *as_job) for _ in range(2)]
        asked = [request["path"] for request in site.requests()]
    assert [crawl.stderr for crawl in crawls] == ["", ""]
    first, again = (crawl.json for crawl in crawls)
    assert (first["outcome"], first["new"] > 0) == ("finished", True)
    assert first["remark"] == f"https://{host} does not connect: http://{host} is crawled instead."
    assert (again["outcome"], again["remark"]) == ("finished", "")
    assert asked.count("/robots.txt") == 2 + 2, "both crawls fetch it as rules, and as a list of sitemaps"
    with closing(sqlite3.connect(tmp_path / "a.db")) as archive:
        assert archive.execute("SELECT url FROM sites").fetchall() == [(f"http://{host}",)]
        assert archive.execute("SELECT count(*) FROM frontier WHERE url LIKE 'https:%'").fetchone() == (0,)
        assert [outcome for (outcome,) in archive.execute("SELECT outcome FROM runs ORDER BY id")] == [
            "failed",
            "finished",
            "finished",
        ]
