"""Pages of an SQLite file are read as SQLite reads them; damaged ones raise one error and end."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caliber_crawler.archive.upkeep.sqlite_pages import Cell, DamagedPage, SQLiteFile
from caliber_crawler.archive.upkeep.tree_map import TreeMap
from tests.properties import examples

VALUES = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.text(max_size=300),
    st.binary(max_size=3_000),
)


def cells(file: SQLiteFile, number: int) -> Iterator[Cell]:
    """The rows of a table in order."""
    page = file.page(number)
    if page.kind == "table_leaf":
        yield from page.cells
    for child in page.children:
        yield from cells(file, child)


@given(st.lists(st.tuples(VALUES, VALUES), max_size=40), st.sampled_from([512, 4096, 8192]))
@settings(max_examples=examples(30), deadline=None)
def test_rows_are_read_as_sqlite_reads_them(rows: list[tuple[object, object]], page_size: int) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "rows.db"
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute(f"PRAGMA page_size = {page_size}")
            connection.execute("CREATE TABLE t (a, b)")
            connection.executemany("INSERT INTO t VALUES (?, ?)", rows)
            expected = connection.execute("SELECT rowid, a, b FROM t ORDER BY rowid").fetchall()
        with SQLiteFile(path) as file:
            found = [(cell.key, *(cell.values or ())) for cell in cells(file, 2)]
    assert repr(found) == repr(expected)


@pytest.mark.slow
@given(st.integers(0, 2**32))
@settings(max_examples=examples(15), deadline=None)
def test_a_file_of_noise_is_read_to_its_end(seed: int) -> None:
    """Pages with the kind of a table, an index or anything else, and numbers without sense."""
    chance = random.Random(seed)
    pages = [bytes([chance.choice((2, 5, 10, 13, 0))]) + chance.randbytes(8191) for _ in range(6)]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "noise.db"
        path.write_bytes(b"".join(pages))
        Path(f"{path}-wal").write_bytes(chance.randbytes(20_000))
        with SQLiteFile(path) as file:
            for number in range(9):
                with suppress(DamagedPage):
                    file.page(number)
            assert not TreeMap(file).has_sound_rows()
