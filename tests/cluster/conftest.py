"""A PostgreSQL for the tests of the cluster, and an empty database in it for each."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import count

import pytest

from tests.cluster.postgres import Postgres, program, serving

NUMBERS = count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    if program("initdb") is None:
        assert os.environ.get("CI") != "true", "in CI there must be a PostgreSQL: scripts/set-up-database"
        pytest.skip("PostgreSQL is not installed: scripts/set-up-database")
    with serving() as server:
        yield server


@pytest.fixture
def dsn(postgres: Postgres) -> Iterator[str]:
    with postgres.database(f"caliber_{next(NUMBERS)}") as address:
        yield address
