"""Single cells of Datasette's tables: addresses as links, articles named in views as links, long texts kept short."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from markupsafe import Markup

from caliber_crawler.browse.addresses import is_web_address, readable
from caliber_crawler.browse.authors import ARGUMENT

if TYPE_CHECKING:
    from datasette.app import Datasette

LONGEST_ADDRESS = 90
"""Characters of an address that a cell shows."""

ADDRESSES = frozenset({"url", "final_url", "discovered_on", "cover_image"})
TEXTS = frozenset({"body", "old_body", "new_body"})

ARTICLES = frozenset({"articles", "article_texts"})
NAMED = frozenset({"articles", "versions"})
"""Tables whose `authors` is a JSON list."""

# Views have no foreign keys that Datasette could follow.
REFERENCES = {
    ("article_texts", "id"): "articles",
    ("article_texts", "current_version_id"): "versions",
    ("edits", "article_id"): "articles",
    ("edits", "old_version_id"): "versions",
    ("edits", "new_version_id"): "versions",
    ("view_growth", "article_id"): "articles",
    ("run_health", "id"): "runs",
}


def cell(
    datasette: Datasette, database: str, table: str | None, row: Mapping[str, object], column: str, value: object
) -> Markup | None:
    """The cell as HTML, or ``None`` where Datasette's own way of showing it is right."""
    if column == "headline" and table in ARTICLES and "id" in row.keys():  # noqa: SIM118 (rows of SQLite look among values)
        return Markup('<a href="{}">{}</a>').format(datasette.urls.row(database, "articles", str(row["id"])), value)
    if isinstance(value, int) and (target := reference(table, column)):
        return Markup('<a href="{}">{}</a>').format(datasette.urls.row(database, target, str(value)), value)
    if not isinstance(value, str):
        return None
    if column == "authors" and table in NAMED and (names := names_in(value)) is not None:
        # For an empty text Datasette would show the brackets.
        return authors(datasette, database, names) if names else Markup("&nbsp;")
    if column in TEXTS:
        return Markup('<div class="long-text">{}</div>').format(value)
    if column in ADDRESSES and is_web_address(value):
        return link(value, longest=LONGEST_ADDRESS)
    return None


def names_in(value: str) -> list[str] | None:
    """The names in a JSON list; ``None`` when it is no such list."""
    try:
        names = json.loads(value)
    except ValueError:
        return None
    return names if isinstance(names, list) and all(isinstance(name, str) for name in names) else None


def authors(datasette: Datasette, database: str, names: list[str]) -> Markup:
    """Names, each leading to the articles that name it."""
    articles = datasette.urls.table(database, "articles")
    return Markup(", ").join(
        Markup('<a href="{}?{}">{}</a>').format(articles, urlencode({ARGUMENT: name}), name) for name in names
    )


def reference(table: str | None, column: str) -> str | None:
    """Whose row's number stands in this column; a table of ``None`` is the answer to a query."""
    if table is None:
        return "articles" if column == "article_id" else None
    return REFERENCES.get((table, column))


def link(url: str, *, longest: int | None = None) -> Markup:
    """A link out of the archive, which tells the other side nothing about this one."""
    shown = readable(url)
    if longest is not None and len(shown) > longest:
        shown = shown[: longest - 1] + "…"
    return Markup('<a href="{}" rel="noopener noreferrer">{}</a>').format(url, shown)
