"""When what was committed must be on the disk itself."""

from __future__ import annotations

import math
import time
from pathlib import Path

from caliber_crawler.archive.core.connection import Connection

NORMAL, FULL = 1, 2
"""What ``PRAGMA synchronous`` says: with NORMAL, a commit does not wait for the disk."""


def level(connection: Connection, synced_every: float = 0.0) -> int:
    with connection.transaction(synced_every=synced_every):
        found: int = connection.value("PRAGMA synchronous")
    return found


def test_a_transaction_is_synced_unless_it_says_otherwise(path: Path) -> None:
    connection = Connection.open(path, "write")
    assert [level(connection), level(connection), level(connection, math.inf), level(connection)] == [
        FULL,
        FULL,
        NORMAL,
        FULL,
    ]
    connection.close()


def test_of_many_in_a_row_one_is_synced_each_interval(path: Path) -> None:
    connection = Connection.open(path, "write")
    assert level(connection) == FULL
    assert [level(connection, 60.0) for _ in range(5)] == [NORMAL] * 5
    time.sleep(0.06)
    assert [level(connection, 0.05), level(connection, 60.0)] == [FULL, NORMAL]
    assert connection.value("PRAGMA synchronous") == FULL
    connection.close()


def test_a_failed_transaction_counts_as_no_sync(path: Path) -> None:
    connection = Connection.open(path, "write")
    level(connection)
    time.sleep(0.06)
    try:
        with connection.transaction(synced_every=0.05):
            raise InterruptedError
    except InterruptedError:
        assert level(connection, 0.05) == FULL
    connection.close()
