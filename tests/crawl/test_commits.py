"""Writes that are ready at the same time are committed together; each is atomic."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine, Iterator
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pytest

from caliber_crawler.archive import Archive, Entry
from caliber_crawler.crawling.commits import COMMIT_INTERVAL, Commits
from caliber_crawler.errors import ArchiveFull

T = TypeVar("T")


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive.open(tmp_path / "a.db", mode="write") as opened:
        yield opened


def url_of(name: str) -> str:
    return f"https://news.example/{name}"


def add(archive: Archive, *names: str) -> list[str]:
    entries = [Entry(url=url_of(name), site="news", kind="article", discovered_via="seed") for name in names]
    return [entry.url.rpartition("/")[2] for entry in archive.frontier.add(entries, None)]


def add_and_fail(archive: Archive, name: str) -> None:
    add(archive, name)
    raise LookupError(name)


class SkippingSelector(selectors.DefaultSelector):
    """Does not wait: when the loop would sleep, its clock advances at once."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        self.now += timeout or 0.0
        return super().select(0)


class SkippingLoop(asyncio.SelectorEventLoop):
    """An event loop with a simulated clock, which advances only while the loop sleeps."""

    def __init__(self) -> None:
        self._selector = SkippingSelector()
        super().__init__(self._selector)

    def time(self) -> float:
        return self._selector.now


def run_with_simulated_clock(work: Coroutine[Any, Any, T]) -> T:
    with asyncio.Runner(loop_factory=SkippingLoop) as runner:
        return runner.run(work)


def commit_all(archive: Archive, *writes: Callable[[], Any]) -> list[Any]:
    async def together() -> list[Any]:
        commits = Commits(archive)
        return list(await asyncio.gather(*map(commits, writes), return_exceptions=True))

    return asyncio.run(together())


def test_writes_that_are_ready_share_one_transaction(archive: Archive) -> None:
    commits = []
    archive.db.conn.set_trace_callback(lambda sql: commits.append(sql) if sql == "COMMIT" else None)
    assert commit_all(archive, *(partial(add, archive, name) for name in "abc")) == [["a"], ["b"], ["c"]]
    archive.db.conn.set_trace_callback(None)
    assert commits == ["COMMIT"]


def test_a_failed_write_is_rolled_back_alone(archive: Archive) -> None:
    first, failed, last = commit_all(
        archive, partial(add, archive, "a"), partial(add_and_fail, archive, "b"), partial(add, archive, "c")
    )
    assert (first, last) == (["a"], ["c"])
    assert isinstance(failed, LookupError)
    assert archive.frontier.known_urls([url_of(name) for name in "abc"]) == {url_of("a"), url_of("c")}


def test_a_full_disk_fails_all_waiting_writes(archive: Archive) -> None:
    pages = archive.db.conn.execute("PRAGMA page_count").fetchone()[0]
    archive.db.conn.execute(f"PRAGMA max_page_count = {pages + 1}")
    many = [f"page-{number:04}-{'x' * 500}" for number in range(500)]
    outcomes = commit_all(archive, partial(add, archive, "a"), partial(add, archive, *many), partial(add, archive, "b"))
    assert [type(outcome) for outcome in outcomes] == [ArchiveFull] * 3
    assert archive.frontier.known_urls([url_of("a"), url_of("b")]) == set()


def test_writes_shortly_after_a_commit_are_grouped(archive: Archive) -> None:
    async def three() -> list[str]:
        commits = Commits(archive)
        await commits(partial(add, archive, "a"))
        second = asyncio.ensure_future(commits(partial(add, archive, "b")))
        await asyncio.sleep(COMMIT_INTERVAL / 10)
        return [*await commits(partial(add, archive, "c")), *await second]

    commits = []
    archive.db.conn.set_trace_callback(lambda sql: commits.append(sql) if sql == "COMMIT" else None)
    assert run_with_simulated_clock(three()) == ["c", "b"]
    archive.db.conn.set_trace_callback(None)
    assert commits == ["COMMIT"] * 2


def test_a_write_waits_at_most_the_commit_interval(archive: Archive) -> None:
    async def seconds_waited() -> float:
        commits, loop = Commits(archive), asyncio.get_running_loop()
        await commits(partial(add, archive, "a"))
        started = loop.time()
        await commits(partial(add, archive, "b"))
        return loop.time() - started

    assert run_with_simulated_clock(seconds_waited()) == pytest.approx(COMMIT_INTERVAL, rel=0.3)


def test_consecutive_writes_are_committed_in_order(archive: Archive) -> None:
    async def consecutively() -> list[str]:
        commits = Commits(archive)
        return [*await commits(partial(add, archive, "a")), *await commits(partial(add, archive, "b"))]

    assert asyncio.run(consecutively()) == ["a", "b"]
