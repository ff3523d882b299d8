"""A small database, and the ways in which the tests change it."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from caliber_crawler.cluster.page_changes import page_digests
from tests.properties import examples

WRITES = {
    "insert": "INSERT INTO words (word) SELECT hex(randomblob(300)) FROM json_each('[1,2,3,4,5,6,7,8]')",
    "update": "UPDATE words SET word = 'x' WHERE id % 5 = 0",
    "delete": "DELETE FROM words WHERE id > (SELECT avg(id) FROM words)",
    "vacuum": "VACUUM",
    "shrink": "PRAGMA incremental_vacuum",
    "index": "CREATE INDEX IF NOT EXISTS words_word ON words (word)",
    "drop": "DROP INDEX IF EXISTS words_word",
}
AUTO_VACUUM = st.sampled_from([0, 1, 2])
JOBS = st.lists(st.lists(st.sampled_from(sorted(WRITES)), max_size=4), max_size=4)
"""The writes of some jobs, in their order."""
few_examples = settings(max_examples=examples(20), deadline=None, suppress_health_check=[HealthCheck.too_slow])


def create(path: Path, auto_vacuum: int = 0) -> Path:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA page_size = 1024")
        connection.execute(f"PRAGMA auto_vacuum = {auto_vacuum}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE words (id INTEGER PRIMARY KEY, word)")
    return path


def write(path: Path, *words: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for word in words:
            connection.execute(WRITES[word])


class Original(NamedTuple):
    """A new database, a copy of it, and the digests of its pages."""

    path: Path
    copy: Path
    before: bytes


def original_in(folder: Path, auto_vacuum: int = 0) -> Original:
    """Create a database and its copy in a folder."""
    path = create(folder / "a.db", auto_vacuum)
    return Original(path, Path(shutil.copy(path, folder / "b.db")), page_digests(path))
