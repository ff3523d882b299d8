"""Rows for exports: articles with every field, their published versions, and their view counts.

Rows are fetched a few hundred at a time, like those of :mod:`caliber_crawler.archive.search.selection`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Literal, NotRequired, cast

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.search.code_columns import (
    PREFIX,
    SEPARATOR,
    code_columns,
    codes_of_articles,
    codes_of_texts,
    variables,
)
from caliber_crawler.archive.search.selection import (
    BATCH_SIZE,
    COLUMNS,
    EXTRA_COLUMNS,
    ArticleRow,
    Selection,
    article_ids,
    view_rows,
)

ExportRow = dict[str, str | int | float | list[str] | None]
"""Column name to value."""
RowKind = Literal["articles", "versions", "view_counts"]

MORE_COLUMNS: dict[str, type[str] | type[int]] = {"signature": str, "body_markdown": str}
"""Further columns of articles and versions, which an export contains only if they are asked for."""
VERSION_COLUMNS: dict[str, type[str] | type[int]] = {
    "version_id": int,
    "version": int,
    "cause": str,
    "seen_from": str,
    "seen_until": str,
}
"""Further columns of versions."""
VIEW_COLUMNS: dict[str, type[str] | type[int] | type[float]] = {
    "article_id": int,
    "headline": str,
    "url": str,
    "language": str,
    "section": str,
    "published_at": str,
    "observed_at": str,
    "views": int,
    "gained": int,
    "hours": float,
    "per_hour": float,
}
"""The columns of view counts."""
OF_VERSION = frozenset(
    {
        *("headline", "subtitle", "published_at", "published_local", "word_count", "retrieved_at", "content_digest"),
        *("body", "signature", "body_markdown"),
    }
)
"""The columns that belong to a version, and not to its article."""


class TextRow(ArticleRow):
    """An article in its current version, or one of its published versions, with every field."""

    author_names: list[str]
    codes: dict[str, list[str]]
    """The codes of the article or of the version's text, for each variable of the codebook."""
    signature: str | None
    body_markdown: str
    version_id: NotRequired[int]
    version: NotRequired[int]
    """Number of the version among those of its article, from 1."""
    cause: NotRequired[str]
    seen_from: NotRequired[str]
    seen_until: NotRequired[str]


def _column(name: str) -> str:
    if name in EXTRA_COLUMNS:
        return EXTRA_COLUMNS[name]
    return f"v.{name}" if name in OF_VERSION else f"t.{name}"


SELECTED = ", ".join(f"{_column(name)} AS {name}" for name in (*COLUMNS, *MORE_COLUMNS))
SOURCES = """
JOIN captures c ON c.id = v.capture_id
LEFT JOIN sites s ON s.site = t.site"""
CURRENT = f"""
SELECT {SELECTED}, v.authors AS author_names
FROM json_each(?) j JOIN article_texts t ON t.id = j.value JOIN versions v ON v.id = t.current_version_id {SOURCES}
ORDER BY j.key"""
VERSIONS = f"""
SELECT {SELECTED}, v.authors AS author_names, v.id AS version_id,
  row_number() OVER (PARTITION BY t.id ORDER BY v.seen_from, v.seen_until, v.content_digest) AS version,
  v.cause, v.seen_from, v.seen_until
FROM json_each(?) j JOIN article_texts t ON t.id = j.value
JOIN articles f ON f.id = t.id OR f.duplicate_of = t.id
JOIN versions v ON v.article_id = f.id AND v.replaced_by IS NULL {SOURCES}
ORDER BY j.key, version"""


def text_rows(
    connection: Connection, selection: Selection, *, versions: bool = False, limit: int | None = None
) -> Iterator[TextRow]:
    """A row for each selected article, or for each version that its site published, in order of publication."""
    ids = article_ids(connection, selection, limit=limit)
    coded = variables(connection)
    for start in range(0, len(ids), BATCH_SIZE):
        batch = ids[start : start + BATCH_SIZE]
        of_texts = codes_of_texts(connection, batch) if coded else {}
        of_articles = codes_of_articles(of_texts)
        for row in connection.rows_of(TextRow, VERSIONS if versions else CURRENT, (json.dumps(batch),)):
            names: Any = row["author_names"]
            row["author_names"] = json.loads(names)
            given = of_texts.get((row["id"], row["content_digest"])) if versions else of_articles.get(row["id"])
            row["codes"] = {variable: (given or {}).get(variable, []) for variable in coded}
            if versions:
                row["authors"] = "; ".join(row["author_names"]) or None
            yield row


def view_count_rows(connection: Connection, selection: Selection, *, limit: int | None = None) -> Iterator[ExportRow]:
    """A row for each view count of the selected articles."""
    ids = article_ids(connection, selection, limit=limit)
    for start in range(0, len(ids), BATCH_SIZE):
        for row in view_rows(connection, ids[start : start + BATCH_SIZE]):
            yield cast(ExportRow, row)


def rows_of_kind(
    connection: Connection, selection: Selection, kind: RowKind, *, limit: int | None = None
) -> Iterator[ExportRow]:
    """Rows of a kind, with all their columns."""
    if kind == "view_counts":
        yield from view_count_rows(connection, selection, limit=limit)
        return
    for row in text_rows(connection, selection, versions=kind == "versions", limit=limit):
        joined = {f"{PREFIX}{variable}": SEPARATOR.join(codes) or None for variable, codes in row["codes"].items()}
        yield {**cast(ExportRow, row), **joined}


def columns_of(connection: Connection, kind: RowKind) -> dict[str, type[str] | type[int] | type[float]]:
    """The columns of a kind of rows that an export contains by default, in order, with the type of their values."""
    if kind == "view_counts":
        return dict(VIEW_COLUMNS)
    if kind == "articles":
        return {**COLUMNS, **code_columns(connection)}
    places = list(COLUMNS.items())
    return {"id": int, **VERSION_COLUMNS, **dict(places[1:]), **code_columns(connection)}


def optional_columns_of(kind: RowKind) -> dict[str, type[str] | type[int]]:
    """Further columns, by name."""
    return {} if kind == "view_counts" else dict(MORE_COLUMNS)
