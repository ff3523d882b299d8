"""``cluster check``, ``restore``, ``migrate`` and ``takedown``, with real archives and a real database."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from caliber_crawler.archive import Archive
from caliber_crawler.archive.core.format import VERSION
from caliber_crawler.cluster.binding import bind_storage
from caliber_crawler.cluster.database import connect
from caliber_crawler.cluster.maintenance import Maintenance, SiteInUse
from caliber_crawler.cluster.storage import Storage
from caliber_crawler.errors import StorageUnavailable
from caliber_crawler.known_sites import project_settings
from tests.archive.test_migrate import first_schema
from tests.cluster.postgres import rows
from tests.cluster.shelf import Shelf

pytestmark = pytest.mark.slow


@pytest.fixture
def shelf(dsn: str, tmp_path: Path) -> Shelf:
    return Shelf(dsn, tmp_path)


def problems(shelf: Shelf, *options: str) -> list[tuple[str, str, bool]]:
    found = shelf.run_json("check", *options)["findings"]
    return [(finding["problem"], finding["path"] or finding["site"], finding["is_current"]) for finding in found]


def age(path: Path) -> None:
    os.utime(path, (0, 0))


def test_check_finds_what_is_missing_damaged_orphaned_and_old(shelf: Shelf) -> None:
    names = [shelf.publish("aurora", generation) for generation in (1, 2, 3)]
    names.append(shelf.publish("aurora", 4, whole=False))
    other = shelf.publish("bulletin", 1)
    assert shelf.run("check").stdout.count("\n") > 1  # the file of generation 1 is old
    assert problems(shelf) == [("old", names[0], False)]
    shelf.file(names[2]).write_bytes(shelf.file(names[2]).read_bytes()[:-1] + b"x")
    shelf.file(other).unlink()
    for name in ("aurora/00000009-00000000.db", "gone/00000001-00000000.part", "aurora/00000009-11111111.db"):
        shelf.file(name).parent.mkdir(exist_ok=True)
        shelf.file(name).write_bytes(b"x")
        if "1111" not in name:
            age(shelf.file(name))
    with connect(shelf.dsn) as connection:
        connection.execute("UPDATE caliber_shards SET archive_schema = %s WHERE site = 'aurora'", (VERSION - 1,))
    everything = [
        ("old", names[0], False),
        ("damaged", names[2], True),
        ("missing", other, True),
        ("earlier_schema", "aurora", False),
        ("orphaned", "aurora/00000009-00000000.db", False),
        ("incomplete", "gone/00000001-00000000.part", False),
    ]
    assert problems(shelf) == everything
    assert problems(shelf, "--quick") == [found for found in everything if found[0] != "damaged"]
    result = shelf.run("check", "--sweep")
    assert result.exit_code == 3
    assert "restore SITE` takes a former generation: aurora, bulletin." in result.stderr
    assert [found[0] for found in problems(shelf)] == ["damaged", "missing", "earlier_schema"]
    assert shelf.file("aurora/00000009-11111111.db").exists(), "it may be of a shard that is being published"


def test_check_finds_gaps_and_what_is_no_archive(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no archive")
    for site in ("aurora", "bulletin"):
        shelf.publish(site, 1)
    names = [shelf.publish("aurora", 3, whole=False), shelf.record("bulletin", 2, tmp_path / "text", None, VERSION)]
    assert problems(shelf) == [("damaged", name, True) for name in names]
    assert problems(shelf, "--quick") == [("damaged", names[0], True)], "this is known without reading"


def test_check_of_good_shards_passes(shelf: Shelf) -> None:
    shelf.publish("aurora", 1)
    result = shelf.run("check")
    assert (result.exit_code, "no problems" in result.stdout) == (0, True)


def test_restore_takes_the_last_generation_that_can_be_read(shelf: Shelf) -> None:
    shelf.publish("aurora", 1)
    for generation in (2, 3, 4):
        shelf.publish("aurora", generation, whole=False)
    damaged = shelf.files("aurora")[2]
    shelf.file(damaged).write_bytes(b"damaged")
    assert shelf.run_json("restore", "aurora") == {"site": "aurora", "restored": 2, "generation": 5}
    assert shelf.urls("aurora") == [f"https://aurora.example/post/{1000 + n}" for n in (1, 2)]
    (shard,) = rows(shelf.dsn, "SELECT generation, outcome, counts, archive_schema FROM caliber_shards")
    assert shard == {"generation": 5, "outcome": "finished", "counts": {"new": 1}, "archive_schema": VERSION}
    assert shelf.run_json("restore", "aurora", "--generation", 1)["generation"] == 6
    assert shelf.urls("aurora") == ["https://aurora.example/post/1001"]
    refused = shelf.run("restore", "aurora", "--generation", 4)
    assert (refused.exit_code, "Generation 4 of the shard of aurora can" in str(refused.exception)) == (1, True)
    assert rows(shelf.dsn, "SELECT id FROM procrastinate_workers") == []


def test_migrate_publishes_shards_of_an_earlier_schema_anew(shelf: Shelf, tmp_path: Path) -> None:
    shelf.publish("aurora", 1)
    old = first_schema(shelf.write("bulletin", 1), tmp_path / "old.db")
    shelf.record("bulletin", 1, old, None, None)
    assert problems(shelf) == []  # its schema is not recorded
    assert shelf.run_json("migrate")["migrated"] == {"bulletin": 1}
    assert shelf.urls("bulletin") == ["https://bulletin.example/post/1001"]
    assert shelf.run("migrate").stdout == "Nothing to migrate.\n"
    assert rows(shelf.dsn, "SELECT archive_schema FROM caliber_shards") == [{"archive_schema": VERSION}] * 2


def test_a_damaged_shard_does_not_keep_others_from_migration(shelf: Shelf, tmp_path: Path) -> None:
    for site in ("aurora", "bulletin"):
        shelf.record(site, 1, first_schema(shelf.write(site, 1), tmp_path / f"old-{site}.db"), None, 1)
    shelf.file(shelf.files("aurora")[0]).write_bytes(b"x")
    result = shelf.run("migrate")
    assert (result.exit_code, result.stdout) == (3, f"Migrated 1 shard to schema {VERSION}.\n")
    assert result.stderr.startswith("The shard of aurora was not migrated: ")


def test_a_takedown_reaches_the_shard_its_former_files_the_mirror_and_the_archive(shelf: Shelf) -> None:
    shelf.publish("aurora", 1)
    shelf.publish("aurora", 2, whole=False)
    shelf.publish("bulletin", 1)
    collect = ("collect", "--archive", shelf.folder / "all.db", "--mirror", shelf.folder / "mirror")
    assert shelf.run(*collect).exit_code == 0
    former = shelf.files("aurora")
    url = "https://aurora.example/post/1001"
    others = shelf.files("bulletin")
    done = shelf.run_json("takedown", url, "--site", "*", "--reason", "asked for")
    assert done["deleted"] == {"aurora": 1, "bulletin": 0}
    assert shelf.files("bulletin") == others
    assert shelf.urls("aurora") == ["https://aurora.example/post/1002"]
    assert len(shelf.files("aurora")) == 1
    assert not set(former) & set(shelf.files("aurora"))
    assert shelf.run("restore", "aurora").exit_code == 1, "no former generation is left"
    assert shelf.run(*collect).exit_code == 0
    with closing(sqlite3.connect(shelf.folder / "all.db")) as connection:
        assert connection.execute("SELECT count(*) FROM articles").fetchone() == (2,)
    for path in ("all.db", "mirror/aurora.db"):
        content = (shelf.folder / path).read_bytes()
        assert (b"Headline 1 of aurora" in content, b"Headline 2 of aurora" in content) == (False, True)
    assert problems(shelf) == []


def test_a_takedown_of_a_pattern_holds_for_all_sites_and_later_articles(shelf: Shelf) -> None:
    for site in ("aurora", "bulletin"):
        shelf.publish(site, 1)
    done = shelf.run_json("takedown", "https://*.example/post/100*", "--site", "*", "--reason", "asked for")
    assert done["deleted"] == {"aurora": 1, "bulletin": 1}
    shelf.publish("aurora", 9)
    with connect(shelf.dsn) as connection:
        connection.execute("UPDATE caliber_shards SET takedowns = 0 WHERE site = 'aurora'")
    assert problems(shelf) == [("takedown", "aurora", False)]
    with Maintenance(shelf.dsn, shelf.storage, project_settings()) as maintenance:
        maintenance.take_down("aurora")
    assert shelf.urls("aurora") == []
    assert problems(shelf) == []


def test_a_takedown_without_a_site_that_is_known_is_refused(shelf: Shelf) -> None:
    assert shelf.run("takedown", "post/1", "--reason", "x").exit_code == 2
    assert rows(shelf.dsn, "SELECT * FROM caliber_takedowns") == []


def test_a_site_in_use_is_not_maintained_and_a_dead_process_holds_none(shelf: Shelf) -> None:
    shelf.publish("aurora", 1)
    with Maintenance(shelf.dsn, shelf.storage, project_settings()) as one, one.hold("aurora"):
        with (
            Maintenance(shelf.dsn, shelf.storage, project_settings()) as other,
            pytest.raises(SiteInUse, match="aurora"),
            other.hold("aurora"),
        ):
            pass
        done = shelf.run_json("takedown", "https://aurora.example/post/1001", "--site", "aurora", "--reason", "x")
        assert (done["deleted"], done["in_use"]) == ({}, ["aurora"])
        # As if the first process had died an hour ago.
        with psycopg.connect(shelf.dsn) as connection:
            connection.execute("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 hour'")
        with Maintenance(shelf.dsn, shelf.storage, project_settings()) as other, other.hold("aurora"):
            pass
    assert rows(shelf.dsn, "SELECT * FROM procrastinate_jobs") == []


def test_a_storage_that_is_not_mounted_is_reported_once(shelf: Shelf) -> None:
    for site in ("aurora", "bulletin"):
        shelf.publish(site, 1)
    shutil.move(shelf.folder / "shards", shelf.folder / "away")
    (shelf.folder / "shards").mkdir()
    for words in (("check",), ("collect", "--archive", shelf.folder / "all.db"), ("restore", "aurora")):
        failure = shelf.run(*words).exception
        assert getattr(failure, "exit_code", None) == 19, words
        assert "is it mounted?" in str(failure)
    assert [*(shelf.folder / "shards").iterdir()] == []
    with pytest.raises(Exception, match="is it mounted"):
        shelf.storage.put(shelf.archive("aurora"), "aurora", 2)


def test_a_storage_without_any_known_shard_is_not_bound(shelf: Shelf) -> None:
    shelf.publish("aurora", 1)
    with connect(shelf.dsn) as connection:
        connection.execute("UPDATE caliber_protocol SET storage = NULL")
    empty = Storage(str(shelf.folder / "empty"))
    with pytest.raises(StorageUnavailable, match="is it mounted"):
        bind_storage(shelf.dsn, empty)
    assert not (shelf.folder / "empty").exists()
    bind_storage(shelf.dsn, Storage(str(shelf.folder / "shards")))
    assert rows(shelf.dsn, "SELECT storage FROM caliber_protocol") == [{"storage": shelf.storage.cluster}]


def test_the_storage_of_another_cluster_is_refused(shelf: Shelf) -> None:
    with pytest.raises(Exception, match="another cluster"):
        shelf.storage.mark("other")
    with connect(shelf.dsn) as connection:
        connection.execute("UPDATE caliber_protocol SET storage = 'other'")
    assert "is it the right one?" in str(shelf.run("check").exception)


def test_archives_in_the_shelf_are_real(shelf: Shelf) -> None:
    with Archive.open(shelf.write("aurora", 1)) as archive:
        assert archive.status()["articles"] == 1
