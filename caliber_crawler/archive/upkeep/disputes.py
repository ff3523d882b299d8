"""Disputes: a value of a table and its repetition in an index differ, and no checksum tells which one is damaged.

Neither side wins by itself. What is impossible loses; then the value that more places state is right: the table, each
of its indexes, and other rows that repeat it. An undecided dispute keeps the value in the table and is reported.
"""

from __future__ import annotations

import contextlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from caliber_crawler.archive.core.checksums import EXCLUDED_COLUMNS, PRIMARY_KEYS
from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.format import sqlite3
from caliber_crawler.archive.texts.current_state import CURRENT
from caliber_crawler.archive.upkeep.finding import printable
from caliber_crawler.archive.upkeep.index_rows import MAX_ROWS, Key, entries, indexes_of, key_columns_of
from caliber_crawler.archive.upkeep.row_layout import URL_SCHEMES, Layout, layouts
from caliber_crawler.archive.upkeep.sqlite_pages import Value
from caliber_crawler.archive.upkeep.tree_map import DERIVED, TreeMap

CHECKED = frozenset({"bodies", "dictionaries"})
"""Tables whose rows are checked by the digest of their content."""
WITNESSES: Mapping[tuple[str, str], str] = {
    ("captures", "article_id"): """SELECT article_id FROM versions WHERE capture_id = :id
      UNION ALL SELECT article_id FROM view_counts WHERE capture_id = :id
      UNION ALL SELECT article_id FROM article_urls WHERE url = (SELECT url FROM captures WHERE id = :id)""",
    ("article_urls", "article_id"): """SELECT article_id FROM captures WHERE url = :url AND article_id IS NOT NULL
      UNION ALL SELECT id FROM articles WHERE url = :url""",
    ("frontier", "article_id"): """SELECT article_id FROM article_urls
      WHERE url = (SELECT url FROM frontier WHERE id = :id)""",
    ("frontier", "site"): "SELECT site FROM captures WHERE url = (SELECT url FROM frontier WHERE id = :id)",
    ("versions", "seen_from"): "SELECT min(fetched_at) FROM captures WHERE version_id = :id",
    **{
        ("articles", name): f"SELECT {name} FROM article_urls WHERE article_id = :id"
        for name in ("url", "slug", "post_number", "language")
    },
    ("articles", "site"): "SELECT site FROM captures WHERE article_id = :id",
    ("cold_pages", "digest"): "SELECT body_digest FROM captures WHERE size = :size",
}
"""Rows that repeat a value."""
VOCABULARY = frozenset(
    {"command", "discovered_via", "extractor", "field", "kind", "language", "layout", "method", "outcome"}
    | {"reason", "section", "site", "software", "stage", "state", "timezone", "user_agent"}
)
"""Columns with few values, so that a right one is also in other rows. A damaged one is not."""
YEARS = range(1990, 2100)
"""The years of the web: no page was fetched, and none is due, in another one."""
TIME_ENDINGS = ("_at", "_until", "_since", "_from")
MAX_UNDECIDED = 100
"""Undecided disputes that are listed at most."""


@dataclass(frozen=True, slots=True)
class Dispute:
    """A value of which a table and an index have different copies."""

    table: str
    key: Key
    column: str
    values: tuple[Value, ...]
    """The value in the table, then the others."""

    def __str__(self) -> str:
        key = ", ".join(map(printable, self.key))
        first, *others = (repr(printable(value))[:200] for value in self.values)
        return (
            f"{self.column} of {self.table} ({key}) may be damaged: it is {first} in the table, and {', '.join(others)}"
            " in an index. The value in the table was kept."
        )


def settle_disputes(trees: TreeMap, connection: Connection, table: str) -> tuple[int, list[Dispute]]:
    """Correct the damaged values of a table; return the number of corrected ones, and the undecided disputes."""
    layout, columns = layouts()[table], disputable_columns(table)
    if not columns:
        return 0, []
    where = " AND ".join(f"{name} = :{name}" for name in key_columns_of(layout))
    settled, undecided = 0, list[Dispute]()
    for key, name, votes in disputes_in(trees, connection, layout, columns):
        parameters = dict(zip(key_columns_of(layout), key, strict=True))
        stored, *_ = votes
        right = decision(connection, table, name, votes, parameters)
        if right is None:
            if len(undecided) < MAX_UNDECIDED:
                undecided.append(Dispute(table, key, name, tuple(votes)))
        elif right != (stored,):
            with contextlib.suppress(sqlite3.IntegrityError, UnicodeEncodeError):
                connection.execute(f"UPDATE {table} SET {name} = :new WHERE {where}", parameters | {"new": right[0]})
                settled += 1
    return settled, undecided


def disputable_columns(table: str) -> set[str]:
    """The columns of a table for which no checksum, digest or computation tells what is right."""
    layout = layouts()[table]
    if table in DERIVED or table in CHECKED:
        return set()
    columns = set(EXCLUDED_COLUMNS[table]) if table in PRIMARY_KEYS else {*layout.columns}
    computed = {*CURRENT, "first_seen_at", "last_seen_at"} if table == "articles" else set()
    return columns - computed - set(key_columns_of(layout))


def disputes_in(
    trees: TreeMap, connection: Connection, layout: Layout, columns: set[str]
) -> Iterator[tuple[Key, str, Counter[Value]]]:
    """Key, column and values of each dispute, with the number of places that have a value; the table's comes first."""
    key_columns = key_columns_of(layout)
    where = " AND ".join(f"{name} = ?" for name in key_columns)
    stated: defaultdict[Key, defaultdict[str, list[Value]]] = defaultdict(lambda: defaultdict(list))
    stored: dict[Key, dict[str, Value]] = {}
    for is_counting in (False, True):
        for index in indexes_of(layout.name):
            if not (names := [name for name in index.columns if name in columns]):
                continue
            sql = f"SELECT {', '.join(names)} FROM {layout.name} NOT INDEXED WHERE {where}"
            for entry in entries(trees, index):
                key = tuple(entry[name] for name in key_columns)
                if is_counting:
                    for name in names if key in stored else ():
                        stated[key][name].append(entry[name])
                    continue
                row = None
                with contextlib.suppress(UnicodeEncodeError, OverflowError):
                    row = connection.row(sql, key)
                if row is not None and len(stored) < MAX_ROWS and any(row[name] != entry[name] for name in names):
                    stored[key] = stored.get(key, {}) | row
        if not stored:
            return
    for key, row in stored.items():
        for name, values in stated[key].items():
            if name in row and any(value != row[name] for value in values):
                yield key, name, Counter([row[name], *values])


def decision(
    connection: Connection, table: str, column: str, votes: Counter[Value], key: Mapping[str, Value]
) -> tuple[Value] | None:
    """The right one of several values, as a tuple; ``None`` if that is unknown."""
    possible = [value for value in votes if is_possible(column, value)]
    if len(possible) <= 1:
        return (possible[0],) if possible else None
    if (table, column) in WITNESSES:
        votes = votes + Counter(
            value for value in set(connection.values(WITNESSES[table, column], key)) if value in possible
        )
    (first, most), (_, next_most) = Counter({value: votes[value] for value in possible}).most_common(2)
    if most > next_most:
        return (first,)
    existing = [value for value in possible if has_parent(connection, table, column, value)]
    if len(existing) == 1:
        return (existing[0],)
    if column == "url":
        known = [value for value in possible if is_confirmed(connection, value)]
    elif column in VOCABULARY:
        known = [value for value in possible if is_common(connection, table, column, value, key)]
    else:
        known = []
    return (known[0],) if len(known) == 1 else None


def is_possible(column: str, value: Value) -> bool:
    """May a column have this value?"""
    if not isinstance(value, str):
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    if any(ord(letter) < 32 and letter not in "\n\r\t" for letter in value):
        return False
    if column.endswith(TIME_ENDINGS):
        try:
            return datetime.fromisoformat(value).year in YEARS
        except ValueError:
            return False
    return column != "url" or value.startswith(URL_SCHEMES)


def has_parent(connection: Connection, table: str, column: str, value: Value) -> bool:
    """Does a value refer to a row that exists, in a column that refers to another table?"""
    parents = connection.rows(
        'SELECT "table" AS parent, "to" AS name FROM pragma_foreign_key_list(?) WHERE "from" = ?', (table, column)
    )
    return any(
        connection.value(f"SELECT 1 FROM {row['parent']} WHERE {row['name']} = ?", (value,)) is not None
        for row in parents
    )


def is_confirmed(connection: Connection, url: Value) -> bool:
    """Was a URL fetched, or does it belong to an article?"""
    return any(
        connection.value(f"SELECT 1 FROM {table} WHERE url = ?", (url,)) is not None
        for table in ("captures", "article_urls")
    )


def is_common(connection: Connection, table: str, column: str, value: Value, key: Mapping[str, Value]) -> bool:
    """Do other rows of a table have the same value?"""
    same = " AND ".join(f"{name} = :{name}" for name in key)
    sql = f"SELECT 1 FROM {table} NOT INDEXED WHERE {column} = :value AND NOT ({same}) LIMIT 1"
    return connection.value(sql, {**key, "value": value}) is not None
