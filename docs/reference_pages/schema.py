"""Tables, views and columns of an archive, from its schema and the descriptions that its pages show."""

from __future__ import annotations

import sqlite3
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from caliber_crawler import browse
from caliber_crawler.archive.core import migrations
from caliber_crawler.archive.core.format import VERSION
from docs.reference_pages.markdown import cell, code, escaped, table

INTRODUCTION = f"""# Schema

The archive is one SQLite file, which any SQLite tool opens; this is version {VERSION} of its schema. Times are ISO 8601
in UTC (`2026-01-06T15:13:00Z`); `published_local` keeps the site's own offset. Bodies are paragraphs separated by one
blank line. Start with the view [`article_texts`](#article_texts): everything about an article in one row. The
[glossary](../glossary.md) defines the terms, and [useful queries](../guides/sql.md) are a start.

![Tables with their keys and references](schema.svg)

The full-text index over every version is `versions_fts` (FTS5: `WHERE versions_fts MATCH 'corridor*'`), whose words
`versions_vocab` lists, and `versions_tokens` with each place. The text of articles is in `versions`:
`articles.current_version_id` names the current one.
"""


@dataclass(frozen=True)
class Column:
    """One column; ``reference`` is the table and column of a foreign key."""

    name: str
    kind: str
    key: bool
    reference: str


@dataclass(frozen=True)
class Relation:
    """A table or view."""

    name: str
    is_view: bool
    columns: tuple[Column, ...]


def empty_archive() -> sqlite3.Connection:
    """A database with the current schema."""
    connection = sqlite3.connect(":memory:")
    connection.executescript((Path(migrations.__file__).parent / "schema" / "current.sql").read_text("utf-8"))
    return connection


def relations() -> Iterator[Relation]:
    """Every table and view that people use, in the order in which pages list them; without those of SQLite."""
    connection = empty_archive()
    kinds = dict(connection.execute("SELECT name, type FROM sqlite_schema WHERE type IN ('table', 'view')"))
    described = descriptions()
    names = [name for name in described if name in kinds]
    names += [name for name in kinds if name not in described and not name.startswith(("sqlite_", "versions_"))]
    for name in names:
        keys = {row[3]: f"{row[2]}.{row[4]}" for row in connection.execute(f"PRAGMA foreign_key_list({name})")}
        columns = tuple(
            Column(row[1], row[2], bool(row[5]), keys.get(row[1], ""))
            for row in connection.execute(f"PRAGMA table_xinfo({name})")
        )
        yield Relation(name, kinds[name] == "view", columns)


def descriptions() -> dict[str, Any]:
    """The descriptions of tables and columns that the pages of an archive show."""
    text = (Path(browse.__file__).parent / "tables.toml").read_text("utf-8")
    found = tomllib.loads(text)
    everywhere = found.pop("everywhere")
    return {
        name: {"description": table["description"], "columns": everywhere | table.get("columns", {})}
        for name, table in found.items()
        if not name.startswith("_")
    }


def schema_page() -> str:
    """Each table with its columns."""
    described = descriptions()
    text = INTRODUCTION
    listed = list(relations())
    for heading, are_views in (("Views", True), ("Tables", False)):
        rows = (
            (f"[`{each.name}`](#{each.name})", cell(described[each.name]["description"]))
            for each in listed
            if each.is_view is are_views
        )
        text += f"\n## {heading}\n\n" + table(("Name", "Rows"), rows)
    for each in listed:
        about = described[each.name]
        text += f"\n### {each.name}\n\n{escaped(about['description'])}\n\n"
        text += table(("Column", "Type", "Meaning"), (_row(column, about["columns"]) for column in each.columns))
    return text


def _row(column: Column, meanings: dict[str, str]) -> tuple[str, str, str]:
    meaning = cell(meanings.get(column.name, ""))
    if column.reference:
        name, _, of = column.reference.partition(".")
        meaning += f" References [`{name}.{of}`](#{name})."
    kind = column.kind.lower() + (", key" if column.key else "")
    return code(column.name), kind, meaning.strip()
