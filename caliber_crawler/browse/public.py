"""What is closed when an archive is served to strangers, and with which limits Datasette then runs.

``caliber browse --public`` uses all of it. With plain Datasette the plugin closes its part when its configuration says
``{"public": true}`` (``--metadata public.json``, the file beside this module); limits are Datasette's own settings.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakSet

from datasette.utils import StartupError
from datasette.utils.asgi import Response

from caliber_crawler.archive.connection import Connection
from caliber_crawler.archive.selection import reserved_articles

if TYPE_CHECKING:
    import sqlite3

    from datasette.app import Datasette
    from datasette.database import Database

    from caliber_crawler.browse.recognition import Tables

PLUGIN = "caliber_crawler"

CLOSED = (
    "bodies",
    "captures",
    "dictionaries",
    "field_coverage",
    "frontier",
    "hosts",
    "problems",
    "run_health",
    "runs",
    "takedown_keys",
    "takedowns",
)
"""Tables and views: raw pages, and how, from where and by whom they were fetched."""

SETTINGS = {
    "allow_csv_stream": "off",
    "allow_download": "off",
    "default_allow_sql": "off",
    "default_page_size": "50",
    "facet_time_limit_ms": "400",
    "max_csv_mb": "5",
    "max_returned_rows": "200",
    "sql_time_limit_ms": "1500",
    "suggest_facets": "off",
    "trace_debug": "off",
}

DEEDS = (
    "arbitrary SQL is closed; the questions with their parameters stay open",
    "raw pages, crawl records and downloads of the file are closed",
    "no query runs longer than 1.5 s or returns more than 200 rows",
    "robots.txt and every page of ours ask search engines to stay away",
    "an archive with articles that their site reserves is not served (--include-reserved)",
)
"""What serving to strangers means, one clause each."""

LONGEST_VALUE = 16 * 1024 * 1024
"""Bytes of one value: a query can make a larger one out of nothing."""

ROBOTS = "User-agent: *\nDisallow: /\n"

_public: WeakSet[Datasette] = WeakSet()
_passing_on_all: WeakSet[Datasette] = WeakSet()


def configuration(*, include_reserved: bool = False) -> str:
    """Where the file is that tells the plugin to serve strangers."""
    return str(files(__package__).joinpath("public-with-reserved.json" if include_reserved else "public.json"))


def note(datasette: Datasette) -> None:
    """Remember whether the configuration says that strangers are served: asking it later would ask our own metadata."""
    told = datasette.plugin_config(PLUGIN) or {}
    if told.get("public"):
        _public.add(datasette)
    if told.get("include_reserved"):
        _passing_on_all.add(datasette)


def withholds_reserved(datasette: Datasette) -> bool:
    """Is what a site reserves to be kept from those who are served?"""
    return is_public(datasette) and datasette not in _passing_on_all


async def require_nothing_reserved(datasette: Datasette, database: Database) -> None:
    """Raise ``StartupError`` when strangers would be shown what its site reserves.

    Every table, search and chart would have to leave it out; a light copy is without it from the start.
    """
    if withholds_reserved(datasette):
        reserved = await database.execute_fn(lambda connection: reserved_in(database, connection))
        if reserved:
            raise StartupError(refusal(str(database.path), len(reserved)))


def reserved_in(database: Database, connection: sqlite3.Connection) -> list[int]:
    return reserved_articles(Connection(Path(str(database.path)), "read", connection, None))


def refusal(path: str, reserved: int) -> str:
    """What to do about an archive that holds what may not be passed on."""
    return (
        f"{path} holds {reserved:,} articles that their site reserves; show strangers a copy without them: "
        f"caliber export sqlite --archive {path} -o public.db"
    )


def is_public(datasette: Datasette) -> bool:
    return datasette in _public


def closed(tables: Tables) -> Tables:
    """The metadata of a database's tables with those closed that are for the own machine only."""
    return tables | {name: {**tables.get(name, {}), "allow": False} for name in CLOSED}


async def robots() -> Response:
    """``/robots.txt``."""
    return Response.text(ROBOTS)
