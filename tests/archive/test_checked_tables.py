"""Verification of rows in batches finds exactly what the checks of single rows find."""

from __future__ import annotations

import contextlib
import sqlite3
import sys
import unicodedata
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.archive.core.checksums import PRIMARY_KEYS, checksum
from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.texts.text_columns import plain
from caliber_crawler.archive.upkeep import checked_tables
from caliber_crawler.archive.upkeep.checked_tables import CheckedTables
from caliber_crawler.archive.upkeep.finding import Finding
from caliber_crawler.archive.upkeep.row_batches import text
from caliber_crawler.archive.upkeep.row_content import RowContent
from caliber_crawler.archive.upkeep.row_layout import layouts
from caliber_crawler.archive.upkeep.verification import Verification
from tests.archive.forty_articles import write_forty_articles

TABLES = (*PRIMARY_KEYS, "articles", "bodies", "article_authors", "authors", "dictionaries")
VALUES = ("NULL", "''", "'[]'", "CAST(x'41ff' AS TEXT)", "1", "x'00'")
TIMES = ("'2026-01-07T10:00:00Z'", "'2027-01-07T12:00:00Z'")
CHANGES = {
    "articles": [
        *(f"UPDATE articles SET duplicate_of = {id} WHERE id = 3" for id in (1, 4, 99)),
        """UPDATE articles SET (current_version_id, word_count) = (
          SELECT id, word_count FROM versions WHERE article_id = 3 AND number = 1) WHERE id = 3""",
    ],
    "captures": [
        """UPDATE captures SET version_id = (SELECT id FROM versions WHERE article_id = 4 AND number = 2)
        WHERE article_id = 5""",
    ],
    "article_authors": [
        """INSERT INTO authors (name, site) VALUES ('A', 'another');
        INSERT INTO article_authors SELECT 3, max(id), -1 FROM authors;
        UPDATE versions SET authors = '["A", "A", "B"]' WHERE article_id = 3;
        UPDATE articles SET authors = '["A", "A", "B"]' WHERE id = 3""",
    ],
}
"""Changes of several values that hide each other."""


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """An archive of five articles, one of which is a duplicate, without constraints and triggers."""
    path = tmp_path_factory.mktemp("five") / "archive.db"
    write_forty_articles(path, 5)
    opened = Connection.open(path, "write")
    opened.execute("PRAGMA ignore_check_constraints = ON")
    opened.execute("PRAGMA foreign_keys = OFF")
    for name in opened.values("SELECT name FROM sqlite_schema WHERE type = 'trigger'"):
        opened.execute(f"DROP TRIGGER {name}")
    opened.execute("UPDATE articles SET duplicate_of = 4 WHERE id = 5")
    yield opened
    opened.close()


def changes(table: str) -> Iterator[str]:
    layout = layouts()[table]
    where = f"rowid = (SELECT rowid FROM {table} LIMIT 1 OFFSET 2)"
    if layout.id is None:
        key = ", ".join(layout.primary_key)
        where = f"({key}) = (SELECT {key} FROM {table} LIMIT 1 OFFSET 2)"
    yield f"DELETE FROM {table} WHERE {where}"
    for column in layout.columns:
        others = (f"(SELECT {column} FROM {table} LIMIT 1)", f"{column} + 1", f"{column} || ' '", f"upper({column})")
        times = TIMES if column.endswith(("_at", "_from", "_until")) else ()
        for value in (*VALUES, *others, *times):
            yield f"UPDATE {table} SET {column} = {value} WHERE {where}"
    yield from CHANGES.get(table, ())


def findings(connection: Connection, *tables: str) -> list[Finding]:
    verification = Verification(connection)
    parts = verification.parts()
    names = ("captures", "versions", "articles", *tables)
    return [
        found for name in dict.fromkeys(names) for found in verification.in_snapshot(parts[name]) if found is not None
    ]


@pytest.mark.slow
@pytest.mark.parametrize("table", TABLES)
def test_batches_find_what_single_checks_find(
    connection: Connection, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    damaged, parts = 0, {*PRIMARY_KEYS, "bodies"}
    for change in changes(table):
        with contextlib.suppress(_Undone), connection.transaction():
            with contextlib.suppress(sqlite3.Error):
                for statement in change.split(";"):
                    connection.execute(statement)
            in_batches = findings(connection, *{table} & parts)
            with monkeypatch.context() as context:
                context.setattr(RowContent, "examine", lambda self, rows: ([False] * len(rows), 0))
                context.setattr(CheckedTables, "_is_body_right", lambda self, *row: False)
                context.setattr(checked_tables, "doubtful_rows", lambda connection, table, ids: set(ids))
                assert in_batches == findings(connection, *{table} & parts), change
            damaged += bool(in_batches)
            raise _Undone
    assert damaged


class _Undone(Exception):
    """Rolls a transaction back."""


VALUE = st.none() | st.text() | st.integers(-(2**63), 2**63 - 1) | st.text(alphabet='"\\\n\t\0\x1f\x7f\u2028ə')


@given(st.data())
def test_checksums_of_stored_rows_are_those_of_written_rows(data: st.DataObject) -> None:
    table = data.draw(st.sampled_from(sorted(PRIMARY_KEYS)))
    columns = layouts()[table].columns
    values = data.draw(st.tuples(*[VALUE] * len(columns)))
    stored = [bytearray(value.encode()) if isinstance(value, str) else value for value in values]
    row = dict(zip(columns, values, strict=True))
    row["checksum"] = stored[columns.index("checksum")] = checksum(table, row)
    content = RowContent(table, columns)
    types = tuple(map(type, stored))
    assert content.contents(types, [stored]) is None or content.examine([stored])[0] == [True]
    assert [text(value) for value in stored] == list(row.values())


@given(st.lists(st.tuples(*[VALUE] * 7, st.booleans()), min_size=1, max_size=6))
def test_rows_are_examined_together_as_each_by_itself(found: list[tuple[object, ...]]) -> None:
    columns = layouts()["links"].columns
    rows = []
    for *values, is_right in found:
        row = dict(zip(columns, values, strict=False)) | {"checksum": 1}
        if is_right:
            row["checksum"] = checksum("links", row)
        rows.append([bytearray(value.encode()) if isinstance(value, str) else value for value in row.values()])
    content = RowContent("links", columns)
    assert content.examine(rows)[0] == [content.examine([row])[0][0] for row in rows]


def test_a_blob_in_place_of_a_text_is_not_taken_for_it() -> None:
    columns = layouts()["links"].columns
    row = {"article_id": 1, "url": "https://a.az/", "position": 0, "host": "a.az", "text": "a", "first_seen_at": "1"}
    values = dict.fromkeys(columns) | row
    values["checksum"] = checksum("links", values)
    stored = [bytearray(value.encode()) if isinstance(value, str) else value for value in values.values()]
    content = RowContent("links", columns)
    blob = [b"a" if name == "text" else value for name, value in zip(columns, stored, strict=True)]
    assert content.examine([stored, blob, stored])[0] == [True, False, True]


@given(st.text(alphabet=st.sampled_from("a é\u0301\n\n \t\u00a0\u2000\u2028ə\x1c\x85")) | st.text())
def test_a_plain_text_has_the_words_of_the_text_and_single_spaces(text: str) -> None:
    assert plain(text) == " ".join(unicodedata.normalize("NFC", text).split())
    assert len(text.split()) == (plain(text).count(" ") + 1 if plain(text) else 0)


def test_no_character_changes_whether_it_is_white_space_when_it_is_composed() -> None:
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        composed = unicodedata.normalize("NFC", character)
        assert composed == character or character.isspace() == all(each.isspace() for each in composed)
        assert not character.isspace() or character == " " or not character.isprintable()
