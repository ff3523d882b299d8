"""Datasette plugin: ``datasette data/archive.db`` shows an archive with its own pages.

Datasette loads the plugin through its entry point. The plugin changes caliber archives only, under any file name; other
databases look as in plain Datasette.
"""

# mypy: disallow-untyped-decorators=False
# Datasette has no types, so its `hookimpl` has none.

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datasette import handle_exception, hookimpl
from datasette.utils.asgi import BadRequest

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.search import match_expression
from caliber_crawler.browse import access, headers, limits, public, templates
from caliber_crawler.browse.article_page import article_page
from caliber_crawler.browse.authors import AuthorFacet, by_author
from caliber_crawler.browse.cells import cell
from caliber_crawler.browse.datasette_versions import install_metadata
from caliber_crawler.browse.detection import archives, detect_archive, is_archive, tables_of
from caliber_crawler.browse.metadata import metadata_of
from caliber_crawler.browse.pages import Context, read
from caliber_crawler.browse.routes import routes
from caliber_crawler.errors import QueryError

if TYPE_CHECKING:
    import sqlite3

    from datasette.app import Datasette
    from datasette.facets import Facet
    from datasette.filters import FilterArguments
    from datasette.utils.asgi import Request
    from jinja2 import Environment
    from markupsafe import Markup

    from caliber_crawler.browse.headers import Application

NOTHING = '""'
"""A valid full-text expression without matches."""


@hookimpl
def startup(datasette: Datasette) -> Callable[[], Awaitable[None]]:
    async def connect() -> None:
        public.remember_public(datasette)
        access.remember_hosts(datasette)
        # The first connection to an archive detects it, and the first page depends on that.
        for name, database in datasette.databases.items():
            await database.execute("SELECT 1")
            if is_archive(datasette, name):
                # With `rich` installed, Datasette slowly prints every error page with all variables.
                handle_exception.rich = None
                limits.report_memory(database)
                if public.is_public(datasette):
                    public.hide_closed(database)
                await public.require_no_opt_outs(datasette, database)
        await install_metadata(datasette, metadata_of(datasette))

    return connect


# Last, so that this `escape_fts` replaces those of Datasette and other plugins.
@hookimpl(trylast=True)
def prepare_connection(conn: sqlite3.Connection, database: str, datasette: Datasette) -> None:
    if detect_archive(datasette, database, conn):
        limits.set_limits(conn)
        # Datasette passes every search through this function; this version also finds inflected words.
        conn.create_function("escape_fts", 1, partial(_match, Connection(Path(database), "read", conn, None)))


def _match(connection: Connection, query: str | None) -> str:
    try:
        return match_expression(connection, query or "") or NOTHING
    except QueryError:
        # `filters_from_request` answers before with the message.
        return NOTHING


@hookimpl
def get_metadata(datasette: Datasette, key: str | None) -> Context:
    return metadata_of(datasette, brief=key == "tables")


@hookimpl
def prepare_jinja2_environment(env: Environment, datasette: Datasette) -> None:
    templates.install(env, datasette)


@hookimpl
def extra_css_urls(template: str, database: str | None, datasette: Datasette) -> list[str]:
    is_home = template == "index.html" and any(archives(datasette))
    if not is_home and not is_archive(datasette, database):
        return []
    known_as = templates.ARTICLE if template == _article_template(database) else template
    return [
        datasette.urls.static_plugins(public.PLUGIN, sheet)
        for sheet in templates.SHEETS.get(known_as, templates.DATASETTE_SHEETS)
    ]


@hookimpl
def extra_template_vars(
    template: str, database: str | None, request: Request | None, datasette: Datasette
) -> Callable[[], Awaitable[Context]]:
    async def variables() -> Context:
        if database is None or request is None or not is_archive(datasette, database):
            return {}
        ours: Context = {"archive_tables": list(tables_of(datasette, database))}
        if template == _article_template(database):
            headers.mark(request.scope, headers.own_page(scripts=True))
            ours |= await article_page(datasette, database, request.url_vars["pks"])
        return ours

    return variables


def _article_template(database: str | None) -> str | None:
    return templates.article_template(database) if database else None


@hookimpl
def render_cell(
    row: Mapping[str, object], value: object, column: str, table: str | None, database: str, datasette: Datasette
) -> Markup | None:
    if not is_archive(datasette, database):
        return None
    return cell(datasette, database, table, row, column, value)


@hookimpl
def filters_from_request(
    request: Request, table: str, database: str, datasette: Datasette
) -> Callable[[], Awaitable[FilterArguments | None]] | None:
    if not is_archive(datasette, database):
        return None
    searches = {key: request.args.get(key) for key in request.args if key.startswith("_search")}
    columns = [key.removeprefix("_search_") for key in searches if key.startswith("_search_")]
    # For ?_search_<column>= Datasette uses the row ID instead of the version ID and would show the wrong articles.
    if columns and table in ("articles", "article_texts"):
        raise BadRequest(f"Search the column {columns[0]} in the table versions; this table supports ?_search= only.")

    async def filters() -> FilterArguments | None:
        if request.args.get("_searchmode") != "raw":
            await _require_understood(datasette, database, searches)
        return by_author(request) if table == "articles" else None

    return filters


async def _require_understood(datasette: Datasette, database: str, searches: Mapping[str, str]) -> None:
    """Answer with the mistake in a query, and not with an error of SQL."""
    searches = {key: query for key, query in searches.items() if key != "_searchmode"}
    if not searches:
        return

    def compile_all(connection: Connection) -> None:
        for query in searches.values():
            match_expression(connection, query)

    try:
        await read(datasette, datasette.get_database(database), compile_all)
    except QueryError as error:
        raise BadRequest(f"{error.problem} (“{error.query}”, character {error.start + 1})") from None


@hookimpl
def register_facet_classes() -> list[type[Facet]]:
    return [AuthorFacet]


@hookimpl
def register_routes() -> list[tuple[str, Callable[..., Any]]]:
    return routes()


@hookimpl
def asgi_wrapper(datasette: Datasette) -> Callable[[Application], Application]:
    def wrap(application: Application) -> Application:
        return headers.with_headers(datasette, access.with_access(datasette, application))

    return wrap
