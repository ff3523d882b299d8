"""The queries of docs/guides/sql.md run on an archive."""

from __future__ import annotations

import re
import sqlite3

import pytest

from docs.reference_pages.schema import empty_archive
from tests.tooling.repository import ROOT

QUERIES = re.findall(r"```sql\n(.*?)```", (ROOT / "docs/guides/sql.md").read_text("utf-8"), re.DOTALL)


@pytest.fixture(scope="module")
def archive() -> sqlite3.Connection:
    return empty_archive()


def test_there_are_queries() -> None:
    assert len(QUERIES) >= 5


@pytest.mark.parametrize("query", QUERIES)
def test_every_query_runs(archive: sqlite3.Connection, query: str) -> None:
    assert archive.execute(query).description
