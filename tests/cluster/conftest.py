"""A PostgreSQL server for the cluster tests, and an empty database for each test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import count

import pytest

from tests.cluster.postgres import Postgres, program, run_postgres

NUMBERS = count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    if program("initdb") is None:
        assert os.environ.get("CI") != "true", "CI needs PostgreSQL; run scripts/set-up-database"
        pytest.skip("PostgreSQL is not installed; run scripts/set-up-database")
    with run_postgres() as server:
        yield server


@pytest.fixture
def dsn(postgres: Postgres) -> Iterator[str]:
    with postgres.database(f"caliber_{next(NUMBERS)}") as dsn:
        yield dsn
