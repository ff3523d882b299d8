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
from caliber_crawler.cluster.page_changes import page_digests, write_increment
from caliber_crawler.cluster.storage import Storage, digest_of
from caliber_crawler.commands.cluster import cluster
from tests.archive.newsroom import Newsroom, minutes, start_run

pytestmark = pytest.mark.slow

INSERT = """INSERT INTO caliber_shards (site, generation, path, size, digest, outcome, counts)
VALUES (%s, 1, %s, 1, %s, 'finished', '{}')"""


def run(*words: object) -> Result:
    return CliRunner().invoke(cluster, [*map(str, words)])


@pytest.mark.parametrize("damage", ["missing", "damaged", "folder", "newer", "older", "foreign", "empty"])
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
        if site == "bulletin" and damage in ("missing", "damaged", "folder"):
            stored = tmp_path / "shards" / name
            stored.unlink()
            if damage == "damaged":
                stored.write_bytes(b"x" * 5000)
            elif damage == "folder":
                stored.mkdir()
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


def test_with_a_mirror_only_increments_are_fetched(dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALIBER_DSN", dsn)
    monkeypatch.setenv("CALIBER_SHARDS", str(tmp_path / "shards"))
    assert run("init").exit_code == 0
    storage, path, increment = Storage(str(tmp_path / "shards")), tmp_path / "a.db", tmp_path / "increment"
    before, whole = b"", ""
    for generation in (1, 2):
        with Archive.open(path, mode="write") as archive:
            Newsroom(archive, start_run(archive)).save(minutes(generation), headline=f"Headline {generation}")
        if generation == 1:
            file, base, before = path, None, page_digests(path)
        else:
            file, base = increment, 1
            write_increment(path, before, increment)
            storage.remove(whole)
        name = storage.put(file, "aurora", generation)
        whole = whole or name
        row = (generation, name, file.stat().st_size, digest_of(file))
        with connect(dsn) as connection:
            connection.execute("DELETE FROM caliber_shards")
            connection.execute(INSERT, ("aurora", name, row[3]))
            connection.execute("UPDATE caliber_shards SET generation = %s, size = %s", (generation, row[2]))
            connection.execute(
                """INSERT INTO caliber_shard_parts (site, base, generation, path, size, digest)
                VALUES ('aurora', %s, %s, %s, %s, %s)""",
                (base, *row),
            )
        result = run("collect", "--archive", tmp_path / "all.db", "--mirror", tmp_path / "mirror", "--json")
        assert result.exit_code == 0, result.output
        assert json.loads(result.stdout)["aurora"]["versions"] == 1
        assert (tmp_path / "mirror" / "aurora.db").read_bytes() == path.read_bytes()
    assert sorted(file.name for file in (tmp_path / "mirror").iterdir()) == ["aurora.db", "aurora.json", "aurora.pages"]
