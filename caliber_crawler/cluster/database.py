"""PostgreSQL: connection strings, tables, and a connector that waits for a server that restarts."""

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

from caliber_crawler.cluster.protocol import PROTOCOL, create_tables, require_protocol
from caliber_crawler.cluster.states import TABLE as STATES_TABLE
from caliber_crawler.cluster.takedowns import TABLE as TAKEDOWNS_TABLE
from caliber_crawler.errors import ClusterError

Answer = TypeVar("Answer")

CONNECT_TIMEOUT = 5
"""Seconds."""
PAUSE = 0.5
"""Seconds between two attempts to connect to a PostgreSQL server that restarts."""
LOCK_TIMEOUT = "10s"
"""How long a command waits for a table in use. While ``init`` waits for one, workers wait behind it, and lose their
leases after a minute."""
SCHEMA_LOCK = 7_242_025
"""An arbitrary number for the advisory lock that prevents two processes from setting up one database at a time."""
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
CREATE TABLE IF NOT EXISTS caliber_shard_parts (
    site text NOT NULL,
    generation bigint NOT NULL,
    base bigint,
    path text NOT NULL,
    size bigint NOT NULL,
    digest text NOT NULL,
    published_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (site, generation)
);
INSERT INTO caliber_shard_parts (site, generation, path, size, digest, published_at)
SELECT site, generation, path, size, digest, published_at FROM caliber_shards s
WHERE NOT EXISTS (SELECT 1 FROM caliber_shard_parts p WHERE p.site = s.site);
COMMENT ON TABLE caliber_shard_parts IS 'Files of shards: whole archives (base NULL), or changes since base.';
COMMENT ON TABLE caliber_shards IS 'The current archive of each site, and the outcome of its last crawl.';
"""
DEFINITIONS = """
CREATE TABLE IF NOT EXISTS caliber_definitions (
    name text PRIMARY KEY,
    text text NOT NULL,
    digest text NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    updated_by text NOT NULL
);
COMMENT ON TABLE caliber_definitions IS 'Site definitions in TOML, which workers read before each job.';
"""


def conninfo(dsn: str, **defaults: str | int | None) -> str:
    """A connection string with defaults for time-out and application name. Raises :class:`ClusterError`."""
    try:
        given = {name: value for name, value in conninfo_to_dict(dsn).items() if value is not None}
        standard: dict[str, Any] = {"connect_timeout": CONNECT_TIMEOUT, "application_name": "caliber"}
        return make_conninfo("", **{**standard, **defaults, **given})
    except psycopg.Error:
        # psycopg's message may contain the password.
        raise ClusterError("The DSN is not valid; write it as postgresql://user@host/database.") from None


def has_password(dsn: str) -> bool:
    """Whether a connection string contains a password."""
    return bool(conninfo_to_dict(conninfo(dsn)).get("password"))


def server_description(dsn: str) -> str:
    """A description of the server for messages, without user and password."""
    parts = conninfo_to_dict(dsn)
    where = [str(parts[name]) for name in ("host", "port", "dbname") if parts.get(name)]
    return "PostgreSQL at " + " ".join(where) if where else "PostgreSQL"


@contextmanager
def connect(dsn: str) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    """A connection for a command. Raises :class:`ClusterError` if it fails or the database is not set up."""
    try:
        with psycopg.connect(conninfo(dsn), row_factory=dict_row, autocommit=True) as connection:
            connection.execute("SELECT set_config('lock_timeout', %s, false)", (LOCK_TIMEOUT,))
            yield connection
    except psycopg.errors.UndefinedTable:
        raise ClusterError(f"{server_description(dsn)} is not set up; run `caliber cluster init`.") from None
    except (psycopg.errors.UndefinedColumn, psycopg.errors.UndefinedFunction):
        raise ClusterError(
            f"{server_description(dsn)} is not set up for this version; run `caliber cluster init`."
        ) from None
    except psycopg.errors.LockNotAvailable:
        raise ClusterError(
            f"The tables in {server_description(dsn)} have been in use by another program, such as a backup, for"
            f" {LOCK_TIMEOUT}; try again when it has ended."
        ) from None
    except psycopg.OperationalError as error:
        raise ClusterError(f"Cannot connect to {server_description(dsn)}: {_first_line(error)}.") from None
    except psycopg.errors.InsufficientPrivilege as error:
        raise ClusterError(f"{server_description(dsn)} denied access: {_first_line(error)}.") from None


def set_up(dsn: str) -> bool:
    """Create the tables that are missing, or update them; return whether any was. It can be called repeatedly.

    The tables of a later version of this program stay as they are.
    """
    with connect(dsn) as connection, connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (SCHEMA_LOCK,))
        known = connection.execute("SELECT to_regclass('procrastinate_jobs') IS NOT NULL AS jobs").fetchone()
        assert known is not None
        before = _protocol(connection)
        if not known["jobs"]:
            connection.execute(SchemaManager.get_schema())
        connection.execute(SHARDS)
        connection.execute(STATES_TABLE)
        connection.execute(DEFINITIONS)
        connection.execute(TAKEDOWNS_TABLE)
        create_tables(connection)
    return before is None or before["latest"] < PROTOCOL


def require_set_up(dsn: str) -> None:
    """Raise :class:`ClusterError` unless the tables exist and are of a version that fits this one."""
    with connect(dsn) as connection:
        require_protocol(_protocol(connection), server_description(dsn))


def _protocol(connection: psycopg.Connection[dict[str, Any]]) -> dict[str, Any] | None:
    row = connection.execute("SELECT to_regclass('caliber_protocol') IS NOT NULL AS known").fetchone()
    if row is None or not row["known"]:
        return None
    return connection.execute("SELECT latest, least FROM caliber_protocol").fetchone()


class RetryingConnector(PsycopgConnector):
    """Procrastinate's connector for a worker that survives a restart of PostgreSQL.

    A statement without a connection is retried until it has one. A worker that waits too long is ended by its lease.
    Each statement is a transaction, so a worker that is stopped between two statements blocks no others.
    """

    def __init__(self, **pool: Any) -> None:
        super().__init__(configure=_commit_each_statement, **pool)

    async def execute_query_async(self, query: Any, **arguments: Any) -> None:
        await _retry_until_connected(lambda: super(RetryingConnector, self).execute_query_async(query, **arguments))

    async def execute_query_one_async(self, query: Any, **arguments: Any) -> dict[str, Any]:
        return await _retry_until_connected(
            lambda: super(RetryingConnector, self).execute_query_one_async(query, **arguments)
        )

    async def execute_query_all_async(self, query: Any, **arguments: Any) -> list[dict[str, Any]]:
        return await _retry_until_connected(
            lambda: super(RetryingConnector, self).execute_query_all_async(query, **arguments)
        )

    async def listen_notify(self, on_notification: Any, channels: Any) -> None:
        channels = list(channels)
        await _retry_until_connected(lambda: super(RetryingConnector, self).listen_notify(on_notification, channels))


async def _commit_each_statement(connection: psycopg.AsyncConnection[Any]) -> None:
    await connection.set_autocommit(True)


async def _retry_until_connected(execute: Callable[[], Awaitable[Answer]]) -> Answer:
    while True:
        try:
            return await execute()
        except ConnectorException as error:
            if not isinstance(error.__cause__, psycopg.OperationalError | psycopg.InterfaceError):
                raise
        await asyncio.sleep(PAUSE)


def _first_line(error: psycopg.Error) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
