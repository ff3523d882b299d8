"""Templates of the plugin's pages, under the names that Datasette looks for.

Datasette looks for ``row-<database>-<table>.html`` before ``row.html``. The name of the database comes from the file,
so a fixed template name cannot match. Overriding ``row.html`` would change the rows of all other databases and conflict
with other plugins. A template loader resolves the names that belong to an archive instead. It comes last, so templates
in the user's ``--template-dir`` take precedence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qsl, urlencode

from datasette.utils import to_css_class
from jinja2 import BaseLoader, ChoiceLoader, Environment, TemplateNotFound

from caliber_crawler.browse.cells import authors, link
from caliber_crawler.browse.citations import citation_links, wayback_url
from caliber_crawler.browse.datasette_versions import name_in, table_settings
from caliber_crawler.browse.dates import brief_local_moment, brief_moment, day, local_moment, utc_moment
from caliber_crawler.browse.detection import Tables, archives
from caliber_crawler.browse.pages import url_of
from caliber_crawler.browse.public import PLUGIN, is_public
from caliber_crawler.browse.sql_rows import count_rows
from caliber_crawler.browse.urls import is_web_url, readable_url
from caliber_crawler.quantity import quantity, size_text

if TYPE_CHECKING:
    from datasette.app import Datasette

ARTICLE = "archive_article.html"
TABLE = "archive_table.html"
DATABASE = "archive_database.html"
QUERY = "archive_query.html"
ROW = "archive_row.html"

READING = (ARTICLE, "archive_changes.html", "archive_compare.html", "archive_version.html")
"""Templates of pages with a text to read."""
OTHERS = tuple(
    f"archive_{name}.html"
    for name in (
        *(
            "alerts",
            "attention",
            "capture",
            "charts",
            "coding",
            "copies",
            "edits",
            "health",
            "home",
            "names",
            "queries",
            "query_rows",
            "search",
        ),
    )
)
SHEETS: dict[str | None, tuple[str, ...]] = {
    **dict.fromkeys(READING, ("theme.css", "page.css", "article.css")),
    **dict.fromkeys(OTHERS, ("theme.css", "page.css", "archive.css", "attention.css")),
    "archive_sites.html": ("theme.css", "page.css", "archive.css", "sites.css"),
    "archive_words.html": ("theme.css", "page.css", "archive.css", "words.css"),
}
"""Style sheets of the plugin's own pages, by template."""
DATASETTE_SHEETS = ("theme.css", "tables.css")
"""Style sheets of Datasette's own pages."""

PERIODS = frozenset({"published_year", "published_month", "published_date", "day"})
KINDS_NOT_SHOWN = frozenset({"array", "author"})
"""Kinds of facets that Datasette would show after the name of the column; the name is sufficient."""

Facet = dict[str, Any]
"""A facet in Datasette's format."""
Named = TypeVar("Named")


class ArchiveTemplates(BaseLoader):
    """Resolves Datasette's template names of every archive to the plugin's templates."""

    def __init__(self, datasette: Datasette) -> None:
        self.datasette = datasette

    def get_source(self, environment: Environment, template: str) -> tuple[str, str | None, Callable[[], bool] | None]:
        for database, tables in archives(self.datasette):
            ours = _names(database, tables).get(template)
            if ours and environment.loader:
                return environment.loader.get_source(environment, ours)
        raise TemplateNotFound(template)

    def list_templates(self) -> list[str]:
        return [name for database, tables in archives(self.datasette) for name in _names(database, tables)]


def article_template(database: str) -> str:
    """Return the template name that Datasette looks for on the page of an article."""
    return f"row-{to_css_class(database)}-articles.html"


def _names(database: str, tables: Tables) -> dict[str, str]:
    name = to_css_class(database)
    rows = {f"row-{name}-{to_css_class(table)}.html": ROW for table in tables}
    of_tables = {f"table-{name}-{to_css_class(table)}.html": TABLE for table in tables}
    return {
        **rows,
        **of_tables,
        article_template(database): ARTICLE,
        f"database-{name}.html": DATABASE,
        f"query-{name}.html": QUERY,
    }


def install(environment: Environment, datasette: Datasette) -> None:
    """Add the plugin's templates and filters to Datasette's environment."""
    loaders = [loader for loader in (environment.loader, ArchiveTemplates(datasette)) if loader]
    environment.loader = ChoiceLoader(loaders)
    environment.filters |= {
        "citation_links": citation_links,
        "count_rows": lambda sql, database, values: count_rows(sql, datasette, database, values),
        "all_rows": all_rows,
        "authors": lambda names, database: authors(datasette, database, names),
        "brief_local_moment": brief_local_moment,
        "brief_moment": brief_moment,
        "day": day,
        "facets_in_order": facets_in_order,
        "first_cells": first_cells,
        "in_display_order": in_display_order,
        "link_out": link,
        "local_moment": local_moment,
        "page": partial(url_of, datasette),
        "more_places": partial(more_places, datasette),
        "places": partial(places, datasette),
        "quantity": quantity,
        "readable_url": readable_url,
        "table_settings": partial(table_settings, datasette),
        "size_text": size_text,
        "static_file": partial(datasette.urls.static_plugins, PLUGIN),
        "utc_moment": utc_moment,
        "wayback_url": wayback_url,
    }
    environment.tests["web_url"] = is_web_url
    # Datasette 1.0 gives the settings to the templates of tables only.
    environment.globals["max_returned_rows"] = partial(datasette.setting, "max_returned_rows")


def places(datasette: Datasette, database: str) -> list[tuple[str, str]]:
    """Return the navigation of an archive: names and URLs."""
    pages = ("Attention", "Words", "Edits", "Charts", "Coding")
    own = [(name, url_of(datasette, database, name.lower())) for name in pages]
    return [("Articles", url_of(datasette, database, "search")), *own]


def more_places(datasette: Datasette, database: str) -> list[tuple[str, str]]:
    """Return the second part of the navigation, which a menu hides."""
    pages = ("Names", "Copies", "Queries", *(() if is_public(datasette) else ("Alerts", "Sites", "Health")))
    own = [(name, url_of(datasette, database, name.lower())) for name in pages]
    return [*own, ("Data", datasette.urls.database(database))]


def all_rows(url: str, key: str | None) -> str:
    """Return the URL of a table's CSV file with every row, instead of the first ones; ``key`` is that of a table.

    Datasette fetches the rows page by page. Where several rows have the same value of a sorted column, it may leave
    out some between two pages; the order of the primary key has no such values.
    """
    path, _, query = url.partition("?")
    arguments = [(name, value) for name, value in parse_qsl(query, keep_blank_values=True) if name != "_next"]
    if key is not None:
        sorts = ("_sort", "_sort_desc", "_sort_by_desc")
        arguments = [*((name, value) for name, value in arguments if name not in sorts), ("_sort", key)]
    return f"{path}?{urlencode([*arguments, ('_stream', 'on')])}"


def first_cells(rows: Iterable[Any], count: int) -> list[Any]:
    """Return the rows of a Datasette table, each cut to its first cells."""
    return [type(row)(row.cells[:count]) for row in rows]


def facets_in_order(facets: Iterable[Facet], order: Sequence[str | dict[str, str]]) -> list[Facet]:
    """Return Datasette's facets in the order of the table's metadata, then those of the visitor; periods newest first.

    The metadata names a facet of another kind as ``{kind: column}``; the page does not show the kind.
    """
    names = [name if isinstance(name, str) else next(iter(name.values())) for name in order]
    arranged = in_display_order(facets, names)
    for facet in arranged:
        if facet["name"] in PERIODS:
            facet["results"].sort(key=lambda result: str(result["value"]), reverse=True)
    return [facet | {"type": "column"} if facet["type"] in KINDS_NOT_SHOWN else facet for facet in arranged]


def in_display_order(named: Iterable[Named], tables: Iterable[str]) -> list[Named]:
    """Sort tables or facets by name, in the order of these tables; other names come last, in their original order."""
    places = {table: place for place, table in enumerate(tables)}
    return sorted(named, key=lambda each: places.get(name_in(each), len(places)))
