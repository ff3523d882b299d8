"""Public mode: closed tables and pages, and limits of Datasette.

``caliber browse --public`` uses all of it. With plain Datasette the plugin closes tables and pages if its configuration
has ``{"public": true}`` (``--metadata public.json``, the file beside this module); limits are settings of Datasette.
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
"""Closed tables and views: raw pages and records of their crawls."""

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
    "arbitrary SQL is disabled; canned queries with parameters remain available",
    "raw pages, crawl records and downloads of the file are disabled",
    "queries are limited to 1.5 s and 200 rows",
    "robots.txt and a robots meta tag exclude search engines",
    "archives with articles under a rights reservation are refused (unless --include-reserved is given)",
)
"""The effects of public mode, one clause each."""

LONGEST_VALUE = 16 * 1024 * 1024
"""Maximum size of one value in bytes: a query can compute arbitrarily large ones."""

ROBOTS = "User-agent: *\nDisallow: /\n"

_public: WeakSet[Datasette] = WeakSet()
_passing_on_all: WeakSet[Datasette] = WeakSet()


def configuration(*, include_reserved: bool = False) -> str:
    """Return the path of the configuration file for public mode."""
    return str(files(__package__).joinpath("public-with-reserved.json" if include_reserved else "public.json"))


def note(datasette: Datasette) -> None:
    """Remember whether the configuration enables public mode: a later look-up would call the plugin's metadata hook."""
    told = datasette.plugin_config(PLUGIN) or {}
    if told.get("public"):
        _public.add(datasette)
    if told.get("include_reserved"):
        _passing_on_all.add(datasette)


def withholds_reserved(datasette: Datasette) -> bool:
    """Return whether articles under a rights reservation are withheld."""
    return is_public(datasette) and datasette not in _passing_on_all


async def require_nothing_reserved(datasette: Datasette, database: Database) -> None:
    """Raise ``StartupError`` if public mode would show articles under a rights reservation.

    Excluding them would concern every table, search and chart; a light copy does not contain them.
    """
    if withholds_reserved(datasette):
        reserved = await database.execute_fn(lambda connection: reserved_in(database, connection))
        if reserved:
            raise StartupError(refusal(str(database.path), len(reserved)))


def reserved_in(database: Database, connection: sqlite3.Connection) -> list[int]:
    return reserved_articles(Connection(Path(str(database.path)), "read", connection, None))


def refusal(path: str, reserved: int) -> str:
    """Return the error message for an archive with articles that must not be passed on."""
    return (
        f"{path} has articles under a rights reservation ({reserved:,}). For public mode, export a copy without them: "
        f"caliber export sqlite --archive {path} -o public.db"
    )


def is_public(datasette: Datasette) -> bool:
    return datasette in _public


def closed(tables: Tables) -> Tables:
    """Return the metadata of a database's tables, with access to the closed ones denied."""
    return tables | {name: {**tables.get(name, {}), "allow": False} for name in CLOSED}


async def robots() -> Response:
    """``/robots.txt``."""
    return Response.text(ROBOTS)
