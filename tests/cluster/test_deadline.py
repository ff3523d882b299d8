"""A storage that hangs fails after a time, and takes no thread and no process with it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from caliber_crawler.archive import Archive
from caliber_crawler.cluster import deadline, publication
from caliber_crawler.cluster.deadline import LEAST_RATE, PATIENCE, call_within, limit_for, wait_within
from caliber_crawler.cluster.storage import MARK, Storage
from caliber_crawler.errors import ShardUnusable, StorageUnavailable
from tests.cluster.test_publication import Attempts

HANGS = "has not answered"


@pytest.fixture
def hanging(tmp_path: Path) -> Iterator[Storage]:
    """A folder whose mark cannot be read to its end, as on a network file system whose server is gone."""
    storage = Storage(str(tmp_path / "shards"))
    storage.mark("name")
    mark = tmp_path / "shards" / MARK
    mark.unlink()
    os.mkfifo(mark)
    yield storage
    with mark.open("r+b", buffering=0) as pipe:  # let the threads end
        pipe.write(b"name" * 10)


def test_a_call_that_hangs_ends_with_an_error(hanging: Storage) -> None:
    before = threading.active_count()
    began = time.monotonic()
    with pytest.raises(StorageUnavailable, match=HANGS):
        asyncio.run(call_within(0.2, hanging.require_mark))
    with pytest.raises(StorageUnavailable, match=HANGS):
        wait_within(0.2, hanging.require_mark)
    assert time.monotonic() - began < 5
    assert threading.active_count() <= before + 2


def test_many_calls_that_hang_do_not_delay_others(hanging: Storage) -> None:
    async def body() -> int:
        hung = [asyncio.create_task(call_within(5, hanging.require_mark)) for _ in range(50)]
        answer = await asyncio.wait_for(call_within(5, lambda: 17), 5)
        assert await asyncio.to_thread(lambda: 4) == 4, "nor those of the pool"
        for task in hung:
            task.cancel()
        return answer

    assert asyncio.run(body()) == 17


@pytest.mark.parametrize("error", [ShardUnusable("damaged"), TimeoutError("slow"), KeyboardInterrupt()])
def test_the_answer_or_the_error_of_a_call_is_that_of_the_function(error: BaseException) -> None:
    def fail() -> None:
        raise error

    assert asyncio.run(call_within(5, lambda: 4)) == 4
    assert wait_within(5, lambda: 4) == 4
    for call in (lambda: asyncio.run(call_within(5, fail)), lambda: wait_within(5, fail)):
        with pytest.raises(type(error)) as caught:
            call()
        assert str(caught.value) == str(error)


def test_a_process_that_stops_waits_for_a_short_time(hanging: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadline, "HURRY", 0.2)
    began = time.monotonic()
    with pytest.raises(StorageUnavailable, match=HANGS):
        asyncio.run(call_within(60, hanging.require_mark, lambda: time.monotonic() - began > 0.3))
    assert 0.4 < time.monotonic() - began < 10
    assert asyncio.run(call_within(60, lambda: 4, lambda: True)) == 4


def test_a_large_file_has_more_time() -> None:
    assert limit_for(0) == PATIENCE
    assert limit_for(10 * LEAST_RATE) == PATIENCE + 10


def test_a_publication_to_a_storage_that_hangs_fails_and_keeps_its_size(
    hanging: Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publication, "limit_for", lambda size: 0.05)
    attempts = Attempts(tmp_path / "other", 99)
    attempts.storage = hanging
    path = tmp_path / "shard.db"
    Archive.open(path, mode="write").close()
    with pytest.raises(StorageUnavailable, match=HANGS) as caught:
        attempts.publish(path)
    assert caught.value.needed == path.stat().st_size
    assert len(attempts.messages) == len(publication.PAUSES)


@pytest.mark.slow
def test_a_process_ends_although_a_call_hangs(hanging: Storage) -> None:
    code = f"""
from caliber_crawler.cluster.deadline import wait_within
from caliber_crawler.cluster.storage import Storage
storage = Storage({hanging.url!r})
storage.cluster = "name"
wait_within(0.2, storage.require_mark)
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert HANGS in ended.stderr
