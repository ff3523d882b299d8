"""Migration: an archive of an earlier schema is upgraded completely or not at all, and a copy of it is kept."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlite_utils import Database

from caliber_crawler.archive import Archive
from caliber_crawler.archive.core.format import ROWS_SINCE, VERSION
from caliber_crawler.archive.core.migrations import migrations
from caliber_crawler.commands.cli import main
from caliber_crawler.errors import ArchiveError
from tests.archive.newsroom import Newsroom, minutes, start_run
from tests.conftest import run_code

RENAMED = {
    "rungs": "methods",
    "rung": "method",
    "gap": "delay_s",
    "road": "discovered_via",
    "batch": "page_number",
    "walk": "traversal_started_at",
    "walked_since": "crawled_since",
    "walked_at": "crawled_at",
}
"""Columns of the first schema that were renamed since."""


def first_schema(newest: Path, path: Path) -> Path:
    """An archive as the first version would have written it: the first schema, with the data that fits into it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA page_size = 8192")
        migrations.apply(Database(connection), stop_before="m0002_proof")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("ATTACH ? AS newest", (str(newest),))
        connection.execute("BEGIN")
        tables = connection.execute(
            "SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE 'versions\\_%' ESCAPE '\\'"
            " AND name NOT LIKE '\\_sqlite%' ESCAPE '\\' AND name NOT LIKE 'sqlite%'"
        ).fetchall()
        for (table,) in tables:
            columns = [row[1] for row in connection.execute(f"PRAGMA main.table_info({table})")]
            current = ", ".join(RENAMED.get(column, column) for column in columns)
            connection.execute(f"INSERT INTO main.{table} ({', '.join(columns)}) SELECT {current} FROM newest.{table}")
        connection.execute("COMMIT")
    return path


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("old")
    with Archive.open(folder / "newest.db", mode="write") as archive, archive.transaction():
        newsroom = Newsroom(archive, start_run(archive))
        for number in range(100):
            for minute in (0, 60):
                url = f"https://caliber.az/en/post/{1000 + number}"
                newsroom.save(
                    minutes(minute), article_urls=(url,), headline=f"Headline {minute}", views=number + minute
                )
        archive.runs.finish(newsroom.run_id, "finished", None, {})
    return first_schema(folder / "newest.db", folder / "archive.db")


def version_of(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def findings(path: Path) -> list[object]:
    with Archive.open(path) as archive:
        return [outcome for outcome in archive.verify() if outcome is not None]


@pytest.mark.slow
def test_an_archive_is_upgraded_in_place_and_a_copy_is_kept(old: Path, path: Path) -> None:
    shutil.copy(old, path)
    done = CliRunner().invoke(main, ["migrate", "--archive", str(path)])
    assert (done.exit_code, f"schema 1 to {VERSION}" in done.output) == (0, True), done.output
    assert version_of(path) == VERSION
    assert findings(path) == []
    with Archive.open(path) as archive:
        assert (archive.status()["versions"], archive.status()["edits"]) == (200, 100)
        assert archive.search("Headline", limit=1)
    assert version_of(Path(f"{path}.schema-1")) == 1
    assert "up to date" in CliRunner().invoke(main, ["migrate", "--archive", str(path)]).output


def test_opening_an_earlier_schema_to_read_names_the_command(old: Path, path: Path) -> None:
    shutil.copy(old, path)
    with pytest.raises(ArchiveError, match="earlier schema version; run `caliber migrate` to upgrade it"):
        Archive.open(path)
    assert version_of(path) == 1


def test_migrate_does_not_create_a_missing_archive(path: Path) -> None:
    assert CliRunner().invoke(main, ["migrate", "--archive", str(path)]).exit_code == 4
    assert not path.exists()


UPGRADES = """
import os, random, shutil, signal, sqlite3, sys, time
from contextlib import closing
from pathlib import Path
from caliber_crawler.archive import Archive
from caliber_crawler.archive.core.format import ROWS_SINCE, VERSION

old, path = Path(sys.argv[1]), Path(sys.argv[2])

def upgrade(seconds):
    for leftover in path.parent.glob(f"{path.name}*"):
        leftover.unlink()
    shutil.copy(old, path)
    started = time.monotonic()
    child = os.fork()
    if child == 0:
        Archive.open(path, mode="write").close()
        os._exit(0)
    if seconds is not None:
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return time.monotonic() - started

def version_of(path):
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("PRAGMA user_version").fetchone()[0]

rng, full_duration = random.Random(2), upgrade(None)
for killed in range(int(sys.argv[3])):
    upgrade(rng.uniform(0, full_duration))
    version = version_of(path)
    Archive.open(path, mode="write").close()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA quick_check").fetchone() == ("ok",)
        assert connection.execute("SELECT count(*) FROM versions WHERE checksum IS NULL").fetchone() == (0,)
    assert version_of(path) == VERSION
    assert version == VERSION or version_of(Path(f"{path}.schema-{version}")) == version
    print(version)
"""


@pytest.mark.slow
def test_a_migration_killed_at_thirty_points_is_complete_or_undone(old: Path, path: Path) -> None:
    done = run_code(UPGRADES, old, path, 30)
    assert done.exit_code == 0, done.stderr
    versions = [int(line) for line in done.stdout.split()]
    assert len(versions) == 30
    assert findings(path) == []
    assert 1 in versions


def rows_in(connection: sqlite3.Connection, columns: dict[str, list[str]]) -> dict[str, list[tuple[object, ...]]]:
    """Every row of some tables, in the order of all values."""
    return {
        table: sorted(connection.execute(f"SELECT {', '.join(names)} FROM {table}"), key=repr)
        for table, names in columns.items()
    }


def test_migrations_after_the_last_that_changed_rows_leave_them_as_they_are(old: Path, tmp_path: Path) -> None:
    names = [migration.name for migration in migrations.pending(Database(memory=True))]
    assert len(names) == VERSION
    with closing(sqlite3.connect(shutil.copy(old, tmp_path / "copy.db"), isolation_level=None)) as connection:
        migrations.apply(Database(connection), stop_before=names[ROWS_SINCE])
        assert connection.execute("PRAGMA user_version").fetchone() == (ROWS_SINCE,)
        tables = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE '%VIRTUAL TABLE%'"
            " AND name NOT LIKE '%sqlite_%' AND name NOT LIKE 'versions\\_fts%' ESCAPE '\\'"
        ).fetchall()
        columns = {table: [row[1] for row in connection.execute(f"PRAGMA table_info({table})")] for (table,) in tables}
        before = rows_in(connection, columns)
        assert len(before["versions"]) == 200
        migrations.apply(Database(connection))
        assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)
        assert rows_in(connection, columns) == before
