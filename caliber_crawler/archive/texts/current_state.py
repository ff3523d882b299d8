"""The current state of an article, computed from its versions and view counts. Nothing else writes these columns."""

from __future__ import annotations

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.family import FAMILY
from caliber_crawler.archive.texts.text_columns import ExtractedColumns

FROM_VERSIONS = f"FROM versions WHERE article_id IN ({FAMILY}) AND replaced_by IS NULL"
FROM_CURRENT_VERSION = f"""{FROM_VERSIONS}
ORDER BY seen_until DESC, seen_from DESC, content_digest DESC LIMIT 1"""
TEXT = {
    **{name: name for name in ("headline", "subtitle", "published_at", "published_local", "word_count", "layout")},
    "published_date": "substr(published_local, 1, 10)",
    "published_month": "substr(published_local, 1, 7)",
    "published_year": "substr(published_local, 1, 4)",
    # The authors of a damaged version may be invalid JSON; `verify` reports it.
    "authors": "CASE WHEN json_valid(authors) THEN authors ELSE '[]' END",
    "current_version_id": "id",
}
CHANGES = {"version_count": "count(*)", "changed_at": "CASE WHEN count(*) > 1 THEN max(seen_from) END"}
VIEWS = {
    # The unary plus keeps SQLite from scanning all view counts in order of time.
    "views": f"""SELECT max(views) FROM view_counts WHERE article_id IN ({FAMILY})
      GROUP BY +observed_at ORDER BY +observed_at DESC LIMIT 1""",
    "views_at": f"SELECT max(observed_at) FROM view_counts WHERE article_id IN ({FAMILY})",
}
CURRENT = {
    **{name: f"SELECT {sql} {FROM_CURRENT_VERSION}" for name, sql in TEXT.items()},
    **{name: f"SELECT {sql} {FROM_VERSIONS}" for name, sql in CHANGES.items()},
    **VIEWS,
}
CURRENT_TEXT = f"SELECT {', '.join(f'{sql} AS {name}' for name, sql in TEXT.items())} {FROM_CURRENT_VERSION}"
"""All columns of ``TEXT`` in one row, or no row. A search for each takes ten times as long."""
# Nearly every visit finds the known text. What stays the same is not written: five indexes contain these columns.
REFRESH_TEXT = f"""UPDATE articles SET
  ({", ".join(TEXT)}) = (SELECT {", ".join(TEXT.values())} {FROM_CURRENT_VERSION})
WHERE id = :article_id AND ({", ".join(TEXT)}) IS NOT (SELECT {", ".join(TEXT.values())} {FROM_CURRENT_VERSION})"""
REFRESH_CHANGES = f"""UPDATE articles SET
  ({", ".join(CHANGES)}) = (SELECT {", ".join(CHANGES.values())} {FROM_VERSIONS})
WHERE id = :article_id AND ({", ".join(CHANGES)}) IS NOT (SELECT {", ".join(CHANGES.values())} {FROM_VERSIONS})"""
REFRESH_VIEWS = f"""UPDATE articles SET views = ({VIEWS["views"]}), views_at = ({VIEWS["views_at"]})
WHERE id = :article_id AND (views, views_at) IS NOT (({VIEWS["views"]}), ({VIEWS["views_at"]}))"""

ADD_AUTHORS = """INSERT INTO authors (name, site)
SELECT DISTINCT j.value, a.site FROM articles a JOIN versions v ON v.id = a.current_version_id, json_each(v.authors) j
WHERE a.id = ? ON CONFLICT (site, name) DO NOTHING"""

CURRENT_VERSION = "SELECT current_version_id, authors FROM articles WHERE id = :article_id"
LINK_AUTHORS = """INSERT INTO article_authors (article_id, author_id, position)
SELECT a.id, p.id, min(j.key) FROM articles a JOIN versions v ON v.id = a.current_version_id, json_each(v.authors) j
JOIN authors p ON p.site = a.site AND p.name = j.value WHERE a.id = ? GROUP BY p.id"""


def first_state(columns: ExtractedColumns) -> dict[str, object]:
    """The state of an article with one version, of which these are the columns; without ``current_version_id``."""
    local = columns["published_local"]
    return {
        **{name: columns[name] for name in TEXT if name in columns},  # type: ignore[literal-required]
        "published_date": local and local[:10],
        "published_month": local and local[:7],
        "published_year": local and local[:4],
        "version_count": 1,
    }


def refresh(connection: Connection, article_id: int, *, authors: bool = False) -> None:
    """Recompute the current state of an article; its authors only with ``authors`` or if the version changed.

    Runs inside the caller's transaction.
    """
    key = {"article_id": article_id}
    before = connection.value(CURRENT_VERSION, key)
    for statement in (REFRESH_TEXT, REFRESH_CHANGES, REFRESH_VIEWS):
        connection.execute(statement, key)
    row = connection.row(CURRENT_VERSION, key)
    if authors or before != (None if row is None else row["current_version_id"]):
        if before is not None:
            connection.execute("DELETE FROM article_authors WHERE article_id = ?", (article_id,))
        if row is None or row["authors"] != "[]":
            link_authors(connection, article_id)


def link_authors(connection: Connection, article_id: int) -> None:
    """Record the authors of an article that has none yet. Runs inside the caller's transaction."""
    connection.execute(ADD_AUTHORS, (article_id,))
    connection.execute(LINK_AUTHORS, (article_id,))
