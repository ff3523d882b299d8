"""Which transactions are synced to the disk."""

from __future__ import annotations

import math
import time
from pathlib import Path

from caliber_crawler.archive.core.connection import Connection

NORMAL, FULL = 1, 2
"""Values of ``PRAGMA synchronous``: with NORMAL, a commit does not wait for the disk."""


def level(connection: Connection, synced_every: float = 0.0) -> int:
    with connection.transaction(synced_every=synced_every):
        found: int = connection.value("PRAGMA synchronous")
    return found


def test_a_transaction_is_synced_by_default(path: Path) -> None:
    connection = Connection.open(path, "write")
    assert [level(connection), level(connection), level(connection, math.inf), level(connection)] == [
        FULL,
        FULL,
        NORMAL,
        FULL,
    ]
    connection.close()


def test_one_transaction_per_interval_is_synced(path: Path) -> None:
    connection = Connection.open(path, "write")
    assert level(connection) == FULL
    assert [level(connection, 60.0) for _ in range(5)] == [NORMAL] * 5
    time.sleep(0.06)
    assert [level(connection, 0.05), level(connection, 60.0)] == [FULL, NORMAL]
    assert connection.value("PRAGMA synchronous") == FULL
    connection.close()


def test_a_failed_transaction_does_not_count_as_a_sync(path: Path) -> None:
    connection = Connection.open(path, "write")
    level(connection)
    time.sleep(0.06)
    try:
        with connection.transaction(synced_every=0.05):
            raise InterruptedError
    except InterruptedError:
        assert level(connection, 0.05) == FULL
    connection.close()
