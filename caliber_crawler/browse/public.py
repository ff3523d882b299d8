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

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.search.selection import opted_out_articles

if TYPE_CHECKING:
    import sqlite3

    from datasette.app import Datasette
    from datasette.database import Database

    from caliber_crawler.browse.detection import Tables

ForeignKey = dict[str, str]
"""A reference in Datasette's format, with ``other_table``."""

PLUGIN = "caliber_crawler"

CLOSED = (
    "alert_events",
    "alerts",
    "bodies",
    "captures",
    "cold_files",
    "cold_pages",
    "cold_removals",
    "dictionaries",
    "field_coverage",
    "frontier",
    "hosts",
    "merge_marks",
    "problems",
    "run_health",
    "runs",
    "site_facts",
    "takedown_keys",
    "takedowns",
)
"""Closed tables and views: raw pages, records of their crawls, and alerts with their recipients."""

TIME_LIMITS = {"facet_time_limit_ms": "400", "sql_time_limit_ms": "1500", "suggest_facets": "off"}
"""Settings in every mode. Suggestions of facets are ten times slower on a large archive."""

LOCAL_SETTINGS = {**TIME_LIMITS, "max_csv_mb": "0"}
"""Settings outside public mode. Datasette would cut a longer file; it sends the rows as it reads them."""

SETTINGS = {
    **TIME_LIMITS,
    "allow_csv_stream": "off",
    "allow_download": "off",
    "default_allow_sql": "off",
    "default_page_size": "50",
    "max_csv_mb": "5",
    "max_returned_rows": "200",
    "trace_debug": "off",
}

PUBLIC_LIMITS = (
    "arbitrary SQL is disabled; canned queries with parameters remain available",
    "raw pages, crawl records, downloads of the file and pages about the server are disabled",
    "queries are limited to 1.5 s and 200 rows",
    "robots.txt and a robots meta tag exclude search engines",
    "archives with articles under a rights reservation are refused (unless --include-opted-out is given)",
)
"""The effects of public mode, one clause each."""

ROBOTS = "User-agent: *\nDisallow: /\n"

_public: WeakSet[Datasette] = WeakSet()
_including_opted_out: WeakSet[Datasette] = WeakSet()


def configuration(*, include_opted_out: bool = False) -> str:
    """Return the path of the configuration file for public mode."""
    return str(files(__package__).joinpath("public-with-opted-out.json" if include_opted_out else "public.json"))


def remember_public(datasette: Datasette) -> None:
    """Remember whether the configuration enables public mode: a later look-up would call the plugin's metadata hook."""
    told = datasette.plugin_config(PLUGIN) or {}
    if told.get("public"):
        _public.add(datasette)
    if told.get("include_opted_out"):
        _including_opted_out.add(datasette)


def withholds_opted_out(datasette: Datasette) -> bool:
    """Return whether articles under a rights reservation are withheld."""
    return is_public(datasette) and datasette not in _including_opted_out


async def require_no_opt_outs(datasette: Datasette, database: Database) -> None:
    """Raise ``StartupError`` if public mode would show articles under a rights reservation.

    Excluding them would concern every table, search and chart; a light copy does not contain them.
    """
    if withholds_opted_out(datasette):
        opted_out = await database.execute_fn(lambda connection: opt_outs_in(database, connection))
        if opted_out:
            raise StartupError(refusal(str(database.path), len(opted_out)))


def opt_outs_in(database: Database, connection: sqlite3.Connection) -> list[int]:
    return opted_out_articles(Connection(Path(str(database.path)), "read", connection, None))


def refusal(path: str, opted_out: int) -> str:
    """Return the error message for an archive with articles that must not be passed on."""
    return (
        f"{path} has articles under a rights reservation ({opted_out:,}). For public mode, export a copy without them: "
        f"caliber export sqlite --archive {path} -o public.db"
    )


def is_public(datasette: Datasette) -> bool:
    return datasette in _public


def closed(tables: Tables) -> Tables:
    """Return the metadata of a database's tables, with access to the closed ones denied."""
    return tables | {name: {**tables.get(name, {}), "allow": False} for name in CLOSED}


def hide_closed(database: Database) -> None:
    """Remove the references to and from closed tables from what Datasette knows of a database.

    Datasette checks permissions for rows, but shows the labels and counts of referenced rows of any table.
    """
    foreign_keys_for_table, get_all_foreign_keys = database.foreign_keys_for_table, database.get_all_foreign_keys

    async def open_keys(table: str) -> list[ForeignKey]:
        return without_closed(await foreign_keys_for_table(table))

    async def all_open_keys() -> dict[str, dict[str, list[ForeignKey]]]:
        known = await get_all_foreign_keys()
        return {
            table: {direction: without_closed(keys) for direction, keys in of_table.items()}
            for table, of_table in known.items()
        }

    database.foreign_keys_for_table, database.get_all_foreign_keys = open_keys, all_open_keys


def without_closed(keys: list[ForeignKey]) -> list[ForeignKey]:
    return [key for key in keys if key["other_table"] not in CLOSED]


async def robots() -> Response:
    """``/robots.txt``."""
    return Response.text(ROBOTS)
