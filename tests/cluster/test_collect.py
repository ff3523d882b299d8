"""One shard that cannot be read does not keep the others out of the archive."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from caliber_crawler.archive import Archive
from caliber_crawler.archive.core.format import VERSION
from caliber_crawler.cluster.database import connect
from caliber_crawler.cluster.shards import Storage, digest_of
from caliber_crawler.commands.cluster import cluster

pytestmark = pytest.mark.slow

INSERT = """INSERT INTO caliber_shards (site, generation, path, size, digest, outcome, counts)
VALUES (%s, 1, %s, 1, %s, 'finished', '{}')"""


def run(*words: object) -> Result:
    return CliRunner().invoke(cluster, [*map(str, words)])


@pytest.mark.parametrize("damage", ["missing", "damaged", "newer", "older", "foreign", "empty"])
def test_the_other_shards_are_collected(dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str) -> None:
    monkeypatch.setenv("CALIBER_DSN", dsn)
    monkeypatch.setenv("CALIBER_SHARDS", str(tmp_path / "shards"))
    assert run("init").exit_code == 0
    storage = Storage(str(tmp_path / "shards"))
    for site in ("aurora", "bulletin", "courier"):
        path = tmp_path / f"{site}.db"
        Archive.open(path, mode="write").close()
        if site == "bulletin":
            spoil(path, damage)
        name, digest = storage.put(path, site, 1), digest_of(path)
        if site == "bulletin" and damage in ("missing", "damaged"):
            stored = tmp_path / "shards" / name
            stored.unlink() if damage == "missing" else stored.write_bytes(b"x" * 5000)
        with connect(dsn) as connection:
            connection.execute(INSERT, (site, name, digest))
    result = run("collect", "--archive", tmp_path / "all.db", "--json")
    assert result.exit_code == 3, result.output
    assert sorted(json.loads(result.stdout)) == ["aurora", "courier"]
    assert result.stderr.startswith("The shard of bulletin was not collected: ")
    assert result.stderr.count("\n") == 1


def spoil(path: Path, damage: str) -> None:
    if damage == "foreign":
        path.unlink()
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("CREATE TABLE dishes (name)")
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage in ("newer", "older"):
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(f"PRAGMA user_version = {VERSION + 1 if damage == 'newer' else VERSION - 1}")
