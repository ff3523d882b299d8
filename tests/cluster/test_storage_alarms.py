"""The alarm of a storage that is nearly full ends only when it is clearly over, and is one for all sites."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from procrastinate import PsycopgConnector

from caliber_crawler.cluster import storage_alarms
from caliber_crawler.cluster.crawler import disk_faults
from caliber_crawler.cluster.database import conninfo, set_up
from caliber_crawler.cluster.jobs import CrawlFailed
from caliber_crawler.cluster.state_messages import StateMessages
from caliber_crawler.cluster.storage import Storage
from caliber_crawler.cluster.storage_alarms import DISK, STORAGE, StorageAlarms, is_over
from caliber_crawler.disk_space import DiskSpace
from caliber_crawler.errors import ArchiveFull, ShardUnusable, StorageUnavailable
from tests.cluster.postgres import rows
from tests.small_disk import small_disk_at

STATES = "SELECT site, state, exit_code FROM caliber_states ORDER BY site"
MACHINE = f"{DISK}{socket.gethostname()}"

seconds = st.floats(min_value=0, max_value=1e6)
sizes = st.integers(min_value=0, max_value=10**13)


@given(failed_ago=seconds, stored_ago=st.none() | seconds, quiet=seconds, free=sizes, total=sizes, needed=sizes)
def test_an_alarm_ends_only_with_a_success_since_a_quiet_time_and_clear_space(
    failed_ago: float, stored_ago: float | None, quiet: float, free: int, total: int, needed: int
) -> None:
    space = DiskSpace(free, total)
    over = is_over(failed_ago=failed_ago, stored_ago=stored_ago, quiet=quiet, space=space, needed=needed)
    assert over == (
        stored_ago is not None
        and stored_ago < failed_ago
        and failed_ago >= quiet
        and free >= 2 * needed
        and (free >= 0.05 * total or free >= 2_000_000_000)
    )
    if over:
        assert is_over(failed_ago=failed_ago, stored_ago=stored_ago, quiet=quiet, space=None)


@given(events=st.lists(st.booleans(), min_size=1, max_size=60))
def test_failures_and_successes_that_alternate_raise_one_alarm(events: list[bool]) -> None:
    """One event a minute; the alarm may end only after four minutes without a failure."""
    failed_at = stored_at = None
    alarms, is_open = 0, False
    for minute, fails in enumerate(events):
        if fails:
            alarms += not is_open
            is_open, failed_at = True, minute
            continue
        stored_at = minute
        if is_open and failed_at is not None:
            is_open = not is_over(
                failed_ago=(minute - failed_at) * 60, stored_ago=(minute - stored_at) * 60, quiet=240, space=None
            )
    pauses = "".join("x" if fails else "." for fails in events).split("....")
    assert alarms <= len(pauses)


def with_alarms(dsn: str, folder: Path, body: Callable[[StorageAlarms, Storage], Awaitable[None]]) -> None:
    async def run() -> None:
        connector = PsycopgConnector(conninfo=conninfo(dsn))
        await connector.open_async()
        try:
            storage = Storage(str(folder))
            await body(StorageAlarms(connector, StateMessages(connector, (), print), storage, folder, 0), storage)
        finally:
            await connector.close_async()

    asyncio.run(run())


@pytest.mark.slow
def test_a_disk_that_is_nearly_full_stays_failed_until_clearly_more_is_free(dsn: str, tmp_path: Path) -> None:
    set_up(dsn)
    small, large, filler = tmp_path / "small", tmp_path / "large", tmp_path / "shards" / "filler"
    small.write_bytes(bytes(10_000))
    large.write_bytes(bytes(3_000_000))

    async def body(alarms: StorageAlarms, storage: Storage) -> None:
        for _ in range(3):
            with pytest.raises(StorageUnavailable) as caught:
                storage.put(large, "gazette", 1)
            caught.value.needed = large.stat().st_size  # as the publisher does
            assert await alarms.record_failure(caught.value, str(caught.value))
            for generation in range(3):
                storage.put(small, "weekly", generation)
            await alarms.settle()
            assert rows(dsn, STATES) == [{"site": STORAGE, "state": "failed", "exit_code": 19}]
        filler.unlink()
        await alarms.settle()
        assert rows(dsn, STATES)[0]["state"] == "healthy"

    with small_disk_at(tmp_path / "shards", 8):
        filler.write_bytes(bytes(7_000_000))
        with_alarms(dsn, tmp_path / "shards", body)


@pytest.mark.slow
def test_what_did_not_fit_must_fit_twice(dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    set_up(dsn)
    free = [0]
    monkeypatch.setattr(DiskSpace, "of", classmethod(lambda cls, path: cls(free[0], 10**12)))
    small = tmp_path / "small"
    small.write_bytes(bytes(10))

    async def body(alarms: StorageAlarms, storage: Storage) -> None:
        for needed in (2 * 10**9, 10**6):
            error = StorageUnavailable("full")
            error.needed = needed
            await alarms.record_failure(error, "full")
        for free[0], state in [(3_900_000_000, "failed"), (4_000_000_000, "healthy")]:
            storage.put(small, "weekly", 1)
            await alarms.settle()
            assert rows(dsn, STATES)[0]["state"] == state
        await alarms.record_failure(StorageUnavailable("full"), "full")
        free[0] = 2 * 10**9
        storage.put(small, "weekly", 1)
        await alarms.settle()
        assert rows(dsn, STATES)[0]["state"] == "healthy", "the next alarm has its own size"

    with_alarms(dsn, tmp_path / "shards", body)


@pytest.mark.slow
def test_a_full_local_disk_is_one_alarm_of_the_machine(dsn: str, tmp_path: Path) -> None:
    set_up(dsn)

    async def body(alarms: StorageAlarms, storage: Storage) -> None:
        await alarms.settle()
        assert await alarms.record_failure(ArchiveFull("The disk is full."), "The disk is full.")
        assert await alarms.record_failure(CrawlFailed("The disk is full.", 11), "The disk is full.")
        assert rows(dsn, STATES) == [{"site": MACHINE, "state": "failed", "exit_code": 11}]
        await alarms.settle()
        assert rows(dsn, STATES)[0]["state"] == "failed", "no job has succeeded since"
        alarms.record_job()
        await alarms.settle()
        assert rows(dsn, STATES)[0]["state"] == "healthy"
        assert not await alarms.record_failure(ShardUnusable("damaged"), "damaged"), "this is about a site"
        assert not await alarms.record_failure(ValueError("wrong"), "wrong")
        await alarms.forget_old()
        assert len(rows(dsn, STATES)) == 1

    with_alarms(dsn, tmp_path, body)


@pytest.mark.slow
def test_the_alarm_of_a_machine_that_is_gone_is_forgotten(
    dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(dsn)
    monkeypatch.setattr(storage_alarms, "FORGET_DAYS", 0)

    async def body(alarms: StorageAlarms, storage: Storage) -> None:
        for error in (ArchiveFull("full"), StorageUnavailable("full")):
            await alarms.record_failure(error, "full")
        await alarms.forget_old()
        assert [row["site"] for row in rows(dsn, STATES)] == [STORAGE]

    with_alarms(dsn, tmp_path, body)


@pytest.mark.slow
def test_a_job_on_a_full_disk_is_retried(tmp_path: Path) -> None:
    def fill(folder: Path) -> None:
        with disk_faults(folder):
            (folder / "shard.increment").write_bytes(bytes(3_000_000))

    with small_disk_at(tmp_path / "scratch", 2) as scratch, pytest.raises(ArchiveFull, match="scratch is full"):
        fill(scratch)
    with pytest.raises(FileNotFoundError), disk_faults(tmp_path):
        (tmp_path / "missing").read_bytes()


def test_an_object_store_has_no_known_space(tmp_path: Path) -> None:
    storage: Any = Storage("memory://shards")
    assert storage.space() is None
    assert Storage(str(tmp_path)).space() is not None
