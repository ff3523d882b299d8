"""PostgreSQL: where it is, what stands in it, and patience with it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg
from procrastinate import PsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.schema import SchemaManager
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import dict_row

from caliber_crawler.errors import ClusterError

Answer = TypeVar("Answer")

CONNECT_TIMEOUT = 5
"""Seconds."""
PAUSE = 0.5
"""Seconds between two attempts to reach a PostgreSQL that is being restarted."""
SCHEMA_LOCK = 7_242_025
"""Of our own choosing: keeps two programs from setting up one database at the same time."""
SHARDS = """
CREATE TABLE IF NOT EXISTS caliber_shards (
    site text PRIMARY KEY,
    generation bigint NOT NULL,
    path text NOT NULL,
    former_path text,
    size bigint NOT NULL,
    digest text NOT NULL,
    published_at timestamptz NOT NULL DEFAULT now(),
    outcome text NOT NULL,
    why text,
    counts jsonb NOT NULL
);
COMMENT ON TABLE caliber_shards IS 'The archive of each site that counts, and what its last crawl brought.';
"""


def conninfo(dsn: str, **defaults: str | int | None) -> str:
    """A connection string with a time limit and a name for the server's own lists. Raises :class:`ClusterError`."""
    try:
        given = {name: value for name, value in conninfo_to_dict(dsn).items() if value is not None}
        usual: dict[str, Any] = {"connect_timeout": CONNECT_TIMEOUT, "application_name": "caliber"}
        return make_conninfo("", **{**usual, **defaults, **given})
    except psycopg.Error:
        # Its message may repeat the password.
        raise ClusterError("The DSN cannot be understood; write it as postgresql://user@host/database.") from None


def has_password(dsn: str) -> bool:
    """Does a connection string give a secret away?"""
    return bool(conninfo_to_dict(conninfo(dsn)).get("password"))


def shown(dsn: str) -> str:
    """A connection string as it may be printed."""
    parts = conninfo_to_dict(dsn)
    where = [str(parts[name]) for name in ("host", "port", "dbname") if parts.get(name)]
    return "PostgreSQL at " + " ".join(where) if where else "PostgreSQL"


@contextmanager
def connected(dsn: str) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    """A connection for a command. Raises :class:`ClusterError` where it cannot be had or ``init`` was never run."""
    try:
        with psycopg.connect(conninfo(dsn), row_factory=dict_row, autocommit=True) as connection:
            yield connection
    except psycopg.errors.UndefinedTable:
        raise ClusterError(f"{shown(dsn)} is not set up; `caliber cluster init` does it.") from None
    except psycopg.OperationalError as error:
        raise ClusterError(f"{shown(dsn)} cannot be reached: {_first_line(error)}.") from None
    except psycopg.errors.InsufficientPrivilege as error:
        raise ClusterError(f"{shown(dsn)} does not allow it: {_first_line(error)}.") from None


def set_up(dsn: str) -> bool:
    """Make the tables that are missing; says whether there were any. Can be called as often as one likes."""
    with connected(dsn) as connection, connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (SCHEMA_LOCK,))
        known = connection.execute(
            "SELECT to_regclass('procrastinate_jobs') AS jobs, to_regclass('caliber_shards') AS shards"
        ).fetchone()
        assert known is not None
        if known["jobs"] is None:
            connection.execute(SchemaManager.get_schema())
        connection.execute(SHARDS)
    return None in known.values()


def is_set_up(dsn: str) -> bool:
    """Was ``init`` run?"""
    with connected(dsn) as connection:
        row = connection.execute("SELECT to_regclass('caliber_shards') IS NOT NULL AS known").fetchone()
        return bool(row and row["known"])


class PatientConnector(PsycopgConnector):
    """Procrastinate's connector, for a worker that outlives a restart of PostgreSQL.

    A statement that found no connection is tried again until it does. Whoever waits too long is ended by its lease.
    Each statement is a transaction: a worker that is stopped in between two holds no lock that others wait for.
    """

    def __init__(self, **pool: Any) -> None:
        super().__init__(configure=_commit_each_statement, **pool)

    async def execute_query_async(self, query: Any, **arguments: Any) -> None:
        await _patiently(lambda: super(PatientConnector, self).execute_query_async(query, **arguments))

    async def execute_query_one_async(self, query: Any, **arguments: Any) -> dict[str, Any]:
        return await _patiently(lambda: super(PatientConnector, self).execute_query_one_async(query, **arguments))

    async def execute_query_all_async(self, query: Any, **arguments: Any) -> list[dict[str, Any]]:
        return await _patiently(lambda: super(PatientConnector, self).execute_query_all_async(query, **arguments))

    async def listen_notify(self, on_notification: Any, channels: Any) -> None:
        channels = list(channels)
        await _patiently(lambda: super(PatientConnector, self).listen_notify(on_notification, channels))


async def _commit_each_statement(connection: psycopg.AsyncConnection[Any]) -> None:
    await connection.set_autocommit(True)


async def _patiently(ask: Callable[[], Awaitable[Answer]]) -> Answer:
    while True:
        try:
            return await ask()
        except ConnectorException as error:
            if not isinstance(error.__cause__, psycopg.OperationalError | psycopg.InterfaceError):
                raise
        await asyncio.sleep(PAUSE)


def _first_line(error: psycopg.Error) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
