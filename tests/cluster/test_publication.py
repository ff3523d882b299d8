"""Publication is tried again while the storage fails; the headers of shards; kept results."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from caliber_crawler.archive import Archive
from caliber_crawler.archive.core.format import VERSION
from caliber_crawler.archive.reports.alarms import SiteState
from caliber_crawler.cluster.crawler import checked, write_changes
from caliber_crawler.cluster.jobs import CrawlFailed, Interrupted
from caliber_crawler.cluster.kept_shards import KeptShard, KeptShards
from caliber_crawler.cluster.lease import Lease
from caliber_crawler.cluster.publication import PAUSES, Publisher, Report
from caliber_crawler.cluster.shard_file import require_readable, schema_of
from caliber_crawler.cluster.shards import PUBLISH, Shard
from caliber_crawler.cluster.storage import MARK, Storage
from caliber_crawler.cluster.takedowns import OF_SITE
from caliber_crawler.errors import NewerArchive, ShardUnusable, StorageUnavailable
from tests.archive.newsroom import SLUG_URL, Newsroom, start_run
from tests.cluster.test_jobs import Statements

NEW = Shard(site="aurora", generation=0, path="", parts=())
REPORT = Report(
    work="aurora", outcome="finished", why=None, counts={"new": 2, "failed": 0}, state=None, is_healthy=True
)


class Attempts:
    """A storage whose mount comes back after some attempts, and what the publisher reports of these."""

    def __init__(self, folder: Path, fails: int) -> None:
        self.folder, self.fails = folder / "shards", fails
        self.storage = Storage(str(self.folder))
        self.storage.mark("name")
        (self.folder / MARK).unlink()
        self.messages: list[str] = []
        self.is_stopping = False

    def notify(self, message: str) -> None:
        self.messages.append(message)
        if len(self.messages) == self.fails:
            self.storage.mark("name")

    def publish(self, path: Path, shard: Shard = NEW, requests: Sequence[dict[str, Any]] = ()) -> KeptShard:
        self.statements = statements = Statements({PUBLISH: [{"generation": 1, "purged": []}], OF_SITE: [*requests]})
        lease = Lease("", 1e6)
        publisher = Publisher(
            statements,  # type: ignore[arg-type]
            self.storage,
            lease,
            write_changes,
            back_off=0.01,
            is_stopping=lambda: self.is_stopping,
            notify=self.notify,
        )
        return asyncio.run(publisher.publish(1, shard, b"", path, REPORT))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    Archive.open(tmp_path / "shard.db", mode="write").close()
    return tmp_path / "shard.db"


@pytest.mark.parametrize("fails", [1, len(PAUSES)])
def test_publication_succeeds_when_the_storage_is_back(tmp_path: Path, path: Path, fails: int) -> None:
    attempts = Attempts(tmp_path, fails)
    kept = attempts.publish(path)
    assert (attempts.folder / kept.part).read_bytes() == path.read_bytes()
    assert len(attempts.messages) == fails
    assert all("is it mounted? The next attempt is in" in message for message in attempts.messages)


def test_publication_ends_with_an_error_if_the_storage_stays_away(tmp_path: Path, path: Path) -> None:
    attempts = Attempts(tmp_path, 99)
    with pytest.raises(StorageUnavailable):
        attempts.publish(path)
    assert len(attempts.messages) == len(PAUSES)
    assert [*attempts.folder.iterdir()] == []


def test_a_worker_that_is_stopped_tries_once(tmp_path: Path, path: Path) -> None:
    attempts = Attempts(tmp_path, 99)
    attempts.is_stopping = True
    with pytest.raises(StorageUnavailable):
        attempts.publish(path)
    assert attempts.messages == []


def test_what_an_earlier_attempt_took_down_is_purged_by_the_one_that_publishes(tmp_path: Path, path: Path) -> None:
    with Archive.open(path, mode="write") as archive:
        Newsroom(archive, start_run(archive)).save()
    request = {"id": 4, "url": SLUG_URL, "reason": "asked for", "requested_at": datetime(2026, 1, 7, tzinfo=UTC)}
    with pytest.raises(StorageUnavailable):
        Attempts(tmp_path, 99).publish(path, requests=[request])
    attempts = Attempts(tmp_path, 1)
    for known, purge in ((3, True), (4, False)):
        attempts.publish(path, replace(NEW, takedowns=known), [request])
        ((_, values),) = [each for each in attempts.statements.executed if each[0] == PUBLISH]
        assert (values["purge"], values["takedowns"]) == (purge, 4)
    with Archive.open(path) as archive:
        assert archive.status()["articles"] == 0


def test_a_report_is_the_same_after_a_way_through_json() -> None:
    report = Report(
        work="aurora",
        outcome="failed",
        why="busy",
        counts={"new": 1},
        state=(14, ("fewer_articles",)),
        is_healthy=False,
        failure=("busy", 14),
    )
    again = Report.of(json.loads(json.dumps(report.as_values())))
    assert again is not None
    assert again.site_state == report.site_state == SiteState(14, ("fewer_articles",))
    assert str(again) == "aurora: failed, busy (new 1)"
    with pytest.raises(CrawlFailed, match="busy") as failed:
        checked(again)
    assert failed.value.exit_code == 14
    with pytest.raises(Interrupted, match="the worker was stopped"):
        checked(replace(REPORT, interrupted="stopped"))
    assert Report.of({**REPORT.as_values(), "field of a later version": 1}) is None
    assert checked(REPORT) is REPORT
    assert REPORT.site_state is None


def test_a_result_that_was_not_published_keeps_its_report(tmp_path: Path, path: Path) -> None:
    kept = KeptShards(tmp_path / "results", None)
    assert kept.sites() == []
    kept.put("example.org:8000", path, KeptShard("a/1.db", b"12345678", REPORT.as_values()))
    assert kept.sites() == ["example.org:8000"]
    assert (tmp_path / "results").stat().st_mode & 0o77 == 0
    found = kept.take("example.org:8000", path)
    assert found is not None
    assert found.report is not None
    assert Report.of(found.report) == REPORT
    assert kept.take("example.org:8000", path) is None


def test_results_are_deleted_after_some_days(tmp_path: Path, path: Path) -> None:
    kept = KeptShards(tmp_path / "results", None)
    kept.put("aurora", path, KeptShard("a/1.db"))
    kept.discard_older(days=1)
    assert kept.sites() == ["aurora"]
    (note,) = (tmp_path / "results").glob("*.json")
    os.utime(note, (0, time.time() - 2 * 86_400))
    kept.discard_older(days=1)
    assert [*(tmp_path / "results").iterdir()] == []


def test_the_header_of_a_shard_shows_its_schema(tmp_path: Path, path: Path) -> None:
    assert schema_of(path) == VERSION
    require_readable(path, "aurora", "a/1.db")
    header = bytearray(path.read_bytes())
    later, foreign = tmp_path / "later.db", tmp_path / "foreign.db"
    header[60:64] = (VERSION + 1).to_bytes(4)
    later.write_bytes(header)
    with pytest.raises(NewerArchive, match=f"schema {VERSION + 1}, of a later version"):
        require_readable(later, "aurora", "a/1.db")
    header[68:72] = bytes(4)
    for content in (bytes(header), b"", b"text"):
        foreign.write_bytes(content)
        with pytest.raises(ShardUnusable, match="cluster restore aurora"):
            require_readable(foreign, "aurora", "a/1.db")


def test_errors_of_a_driver_mean_that_the_storage_is_unavailable(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    class DriverError(Exception):
        pass

    def fail(*_: Any, **__: Any) -> None:
        raise DriverError("Could not connect to the endpoint URL.")

    storage = Storage("memory://driver/shards")
    storage.mark("name")
    monkeypatch.setattr(type(storage._files), "put_file", fail)
    with pytest.raises(StorageUnavailable, match=r"DriverError: Could not connect to the endpoint URL\.$"):
        storage.put(path, "aurora", 1)
    monkeypatch.setattr(type(storage._files), "rm_file", fail)
    storage.remove("aurora/1.db")


@pytest.mark.parametrize("url", ["{folder}/shards", "memory://{folder}/shards"])
def test_files_of_a_storage_are_listed(tmp_path: Path, path: Path, url: str) -> None:
    storage = Storage(url.format(folder=tmp_path))
    assert storage.list_files() == []
    storage.mark("name")
    name = storage.put(path, "example.org:8000", 1)
    found = {stored.path: stored for stored in storage.list_files()}
    assert sorted(found) == sorted([MARK, name])
    assert found[name].size == path.stat().st_size
    assert abs(found[name].modified_at - time.time()) < 600
