"""Cells of Datasette's tables: URLs and IDs as links, long texts in a scrollable box."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from markupsafe import Markup

from caliber_crawler.browse.pages import url_of
from caliber_crawler.browse.urls import is_web_url, readable_url

if TYPE_CHECKING:
    from datasette.app import Datasette

MAX_URL_LENGTH = 90
"""Maximum length of a URL in a cell, in characters."""

ADDRESSES = frozenset({"url", "final_url", "discovered_on", "cover_image"})
TEXTS = frozenset({"body", "old_body", "new_body"})

ARTICLES = frozenset({"articles", "article_texts"})
NAMED = frozenset({"articles", "versions"})
"""Tables whose column `authors` is a JSON list."""

# Views have no foreign keys from which Datasette could make links.
REFERENCES = {
    ("article_texts", "id"): "articles",
    ("article_texts", "current_version_id"): "versions",
    ("edits", "article_id"): "articles",
    ("edits", "old_version_id"): "versions",
    ("edits", "new_version_id"): "versions",
    ("view_growth", "article_id"): "articles",
    ("views_at", "article_id"): "articles",
    ("run_health", "id"): "runs",
}


def cell(
    datasette: Datasette, database: str, table: str | None, row: Mapping[str, object], column: str, value: object
) -> Markup | None:
    """Return the cell as HTML, or ``None`` for Datasette's default."""
    if column == "headline" and table in ARTICLES and "id" in row.keys():  # noqa: SIM118 (`in` searches the values of a SQLite row)
        return Markup('<a href="{}">{}</a>').format(datasette.urls.row(database, "articles", str(row["id"])), value)
    if isinstance(value, int) and (target := reference(table, column)):
        return Markup('<a href="{}">{}</a>').format(datasette.urls.row(database, target, str(value)), value)
    if not isinstance(value, str):
        return None
    if column == "authors" and table in NAMED and (names := names_in(value)) is not None:
        # For an empty string Datasette would show the brackets of the list.
        return authors(datasette, database, names) if names else Markup("&nbsp;")
    if column in TEXTS:
        return Markup('<div class="long-text">{}</div>').format(value)
    if column in ADDRESSES and is_web_url(value):
        return link(value, longest=MAX_URL_LENGTH)
    return None


def names_in(value: str) -> list[str] | None:
    """Return the names in a JSON list; ``None`` if the value is not a list of strings."""
    try:
        names = json.loads(value)
    except ValueError:
        return None
    return names if isinstance(names, list) and all(isinstance(name, str) for name in names) else None


def authors(datasette: Datasette, database: str, names: list[str]) -> Markup:
    """Return the names, each linked to the articles of that author."""
    return Markup(", ").join(
        Markup('<a href="{}">{}</a>').format(url_of(datasette, database, "search", q=author_query(name)), name)
        for name in names
    )


def author_query(name: str) -> str:
    """Return the search for an author's articles."""
    name = name.replace('"', " ")
    return f'author:"{name}"'


def reference(table: str | None, column: str) -> str | None:
    """Return the table whose row IDs this column contains; ``table`` is ``None`` for the results of a query."""
    if table is None:
        return "articles" if column == "article_id" else None
    return REFERENCES.get((table, column))


def link(url: str, *, longest: int | None = None) -> Markup:
    """Return a link to an external URL, without a referrer."""
    shown = readable_url(url)
    if longest is not None and len(shown) > longest:
        shown = shown[: longest - 1] + "…"
    return Markup('<a href="{}" rel="noopener noreferrer">{}</a>').format(url, shown)
