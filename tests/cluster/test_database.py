"""Connection strings, the messages of a database that cannot be used, and plain values of its rows."""

from __future__ import annotations

from datetime import UTC, datetime

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from caliber_crawler.cluster import database
from caliber_crawler.cluster.database import (
    _first_line,
    connect,
    conninfo,
    has_password,
    require_set_up,
    server_description,
    set_up,
)
from caliber_crawler.cluster.status import _plain
from caliber_crawler.errors import ClusterError

UNREACHABLE = "postgresql://caliber:secret@127.0.0.1:1/queue"


@pytest.mark.parametrize(
    ("dsn", "description"),
    [
        ("", "PostgreSQL"),
        ("postgresql://caliber:secret@db.example.org/queue", "PostgreSQL at db.example.org queue"),
        ("host=/tmp port=5433", "PostgreSQL at /tmp 5433"),
        ("user=caliber password=secret", "PostgreSQL"),
    ],
)
def test_a_server_is_described_without_user_and_password(dsn: str, description: str) -> None:
    assert server_description(dsn) == description


def test_given_values_of_a_connection_override_defaults() -> None:
    given = conninfo_to_dict(conninfo("host=db.example.org connect_timeout=3", application_name="worker"))
    assert (given["host"], given["application_name"], str(given["connect_timeout"])) == (
        "db.example.org",
        "worker",
        "3",
    )
    standard = conninfo_to_dict(conninfo("postgresql://caliber@db.example.org/queue"))
    assert (standard["user"], standard["dbname"], standard["application_name"]) == ("caliber", "queue", "caliber")
    assert int(standard["connect_timeout"]) > 0


@pytest.mark.parametrize(("dsn", "found"), [(UNREACHABLE, True), ("postgresql://caliber@db/queue", False), ("", False)])
def test_a_password_is_detected(dsn: str, found: bool) -> None:
    assert has_password(dsn) is found


def test_an_invalid_dsn_is_reported_without_its_password() -> None:
    with pytest.raises(ClusterError, match="not valid") as caught:
        conninfo("postgresql://caliber:secret@db:port:5/queue x=y")
    assert "secret" not in str(caught.value)


def test_an_unreachable_server_is_reported_in_one_line() -> None:
    with pytest.raises(ClusterError) as caught, connect(UNREACHABLE):
        pass
    message = str(caught.value)
    assert message.startswith("Cannot connect to PostgreSQL at 127.0.0.1 1 queue: ")
    assert "refused" in message
    assert "secret" not in message
    assert "\n" not in message
    assert not message.endswith("..")
    with pytest.raises(ClusterError, match="Cannot connect"):
        require_set_up(UNREACHABLE)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (psycopg.errors.InsufficientPrivilege("permission denied for table x.\nLINE 1"), "ClusterError: permission"),
        (psycopg.errors.UndefinedTable("relation does not exist"), "ClusterError: is not set up"),
        (
            psycopg.errors.UndefinedColumn("column does not exist"),
            "ClusterError: set up for this version; run `caliber",
        ),
        (psycopg.errors.LockNotAvailable("lock timeout"), "ClusterError: in use by another program, such as a backup"),
        (psycopg.errors.DivisionByZero("division by zero"), "DivisionByZero: division by zero"),
    ],
)
def test_an_error_of_a_statement_is_explained_if_the_operator_can_resolve_it(
    monkeypatch: pytest.MonkeyPatch, error: psycopg.Error, message: str
) -> None:
    class Connection:
        def __enter__(self) -> Connection:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def execute(self, *_: object) -> None:
            pass

    monkeypatch.setattr(psycopg, "connect", lambda *_, **__: Connection())
    kind, _, words = message.partition(": ")
    with pytest.raises(Exception, match=words) as caught, connect(UNREACHABLE):
        raise error
    assert type(caught.value).__name__ == kind


@pytest.mark.parametrize(
    ("message", "line"),
    [
        ("", "OperationalError"),
        (" \n", "OperationalError"),
        ("refused", "refused"),
        ("refused.\nIs it running?", "refused"),
    ],
)
def test_the_first_line_of_an_error_or_its_kind_is_reported(message: str, line: str) -> None:
    assert _first_line(psycopg.OperationalError(message)) == line


def test_times_become_text_and_other_values_stay() -> None:
    row = {"at": datetime(2026, 1, 7, 12, 30, 15, 999, tzinfo=UTC), "id": 7, "why": None, "counts": {"new": 1}}
    assert _plain(row) == row | {"at": "2026-01-07T12:30:15+00:00"}


@pytest.mark.slow
def test_a_set_up_waits_for_a_table_in_use_only_for_a_short_time(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    set_up(dsn)
    monkeypatch.setattr(database, "LOCK_TIMEOUT", "200ms")
    with psycopg.connect(dsn) as backup:
        backup.execute("LOCK TABLE caliber_states IN ACCESS SHARE MODE")  # as pg_dump does
        with pytest.raises(ClusterError, match="such as a backup, for 200ms; try again"):
            set_up(dsn)
    assert not set_up(dsn)
