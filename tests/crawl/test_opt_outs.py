"""The rights reservations of a site are fetched once a day, stored, and recorded on every article they cover."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Result
from tests.hostile.site import Behaviour, answering

pytestmark = pytest.mark.slow

FAST = ("--delay", 0, "--language", "en", "--via", "listing")
FILE = "/.well-known/tdmrep.json"


def reservation_of(location: str) -> Behaviour:
    rules = [{"location": location, "tdm-reservation": 1, "tdm-policy": "https://caliber.az/mining"}]
    return answering(200, json.dumps(rules).encode(), Content_Type="application/json")


def rows(archive: Path, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(archive)) as connection:
        return connection.execute(sql).fetchall()


def test_articles_that_tdmrep_json_reserves_are_not_exported(
    misbehave: Callable[..., Any], caliber: Callable[..., Result], tmp_path: Path
) -> None:
    archive = tmp_path / "a.db"
    with misbehave(articles=9, instead={FILE: reservation_of("/en/post/")}) as site:
        crawl = ("crawl", "--base-url", site.base_url, "--archive", archive, *FAST)
        assert caliber(*crawl).exit_code == 0
        paths = site.paths()
        with closing(sqlite3.connect(archive)) as connection, connection:
            connection.execute("update frontier set due_at = '2024-01-01T00:00:00Z' where kind = 'article'")
        assert caliber(*crawl).exit_code == 0
        assert site.paths().count(FILE) == 1
        articles = len(site.truth(language="en"))
    assert paths[0] == "/robots.txt"
    assert next(path for path in paths if path == FILE or path.startswith("/en/post/")) == FILE
    opted_out = rows(archive, "select distinct opt_outs from captures where kind = 'article'")
    assert [json.loads(value) for (value,) in opted_out] == [{"tdm": "site", "tdm_policy": "https://caliber.az/mining"}]
    assert rows(archive, "select status, count(*) from captures where kind = 'tdmrep'") == [(200, 1)]
    assert caliber("export", "jsonl", "--archive", archive).stdout == ""
    assert caliber("export", "jsonl", "--archive", archive, "--include-opted-out").stdout.count("\n") == articles


@pytest.mark.parametrize(
    "behave", [answering(500), answering(302, Location="http://10.0.0.1/")], ids=["500", "private"]
)
def test_without_tdmrep_json_nothing_is_reserved(
    misbehave: Callable[..., Any], caliber: Callable[..., Result], tmp_path: Path, behave: Behaviour
) -> None:
    archive = tmp_path / "a.db"
    with misbehave(articles=6, instead={FILE: behave}) as site:
        result = caliber("crawl", "--base-url", site.base_url, "--archive", archive, *FAST, "--json")
        assert (result.exit_code, result.json["new"]) == (0, len(site.truth(language="en"))), result.stderr
    assert rows(archive, "select count(*) from captures where opt_outs is not null") == [(0,)]
    assert rows(archive, "select count(*) from problems") == [(0,)]
