"""What is ready at the same time is committed together; each is kept whole or not at all."""

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


class Skipping(selectors.DefaultSelector):
    """Waits for nothing: where a loop would sleep, its clock moves on at once."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        self.now += timeout or 0.0
        return super().select(0)


class SkippingLoop(asyncio.SelectorEventLoop):
    """An event loop whose seconds pass in no time, and only while it sleeps: however slow the machine is."""

    def __init__(self) -> None:
        self._skipping = Skipping()
        super().__init__(self._skipping)

    def time(self) -> float:
        return self._skipping.now


def run_in_no_time(work: Coroutine[Any, Any, T]) -> T:
    with asyncio.Runner(loop_factory=SkippingLoop) as runner:
        return runner.run(work)


def committed(archive: Archive, *writes: Callable[[], Any]) -> list[Any]:
    async def together() -> list[Any]:
        commits = Commits(archive)
        return list(await asyncio.gather(*map(commits, writes), return_exceptions=True))

    return asyncio.run(together())


def test_all_that_is_ready_is_one_transaction(archive: Archive) -> None:
    commits = []
    archive.db.conn.set_trace_callback(lambda sql: commits.append(sql) if sql == "COMMIT" else None)
    assert committed(archive, *(partial(add, archive, name) for name in "abc")) == [["a"], ["b"], ["c"]]
    archive.db.conn.set_trace_callback(None)
    assert commits == ["COMMIT"]


def test_one_that_fails_takes_nothing_with_it_and_leaves_nothing_behind(archive: Archive) -> None:
    first, failed, last = committed(
        archive, partial(add, archive, "a"), partial(add_and_fail, archive, "b"), partial(add, archive, "c")
    )
    assert (first, last) == (["a"], ["c"])
    assert isinstance(failed, LookupError)
    assert archive.frontier.known_urls([url_of(name) for name in "abc"]) == {url_of("a"), url_of("c")}


def test_a_full_disk_is_told_to_all_who_wait(archive: Archive) -> None:
    pages = archive.db.conn.execute("PRAGMA page_count").fetchone()[0]
    archive.db.conn.execute(f"PRAGMA max_page_count = {pages + 1}")
    many = [f"page-{number:04}-{'x' * 500}" for number in range(500)]
    outcomes = committed(archive, partial(add, archive, "a"), partial(add, archive, *many), partial(add, archive, "b"))
    assert [type(outcome) for outcome in outcomes] == [ArchiveFull] * 3
    assert archive.frontier.known_urls([url_of("a"), url_of("b")]) == set()


def test_what_is_ready_just_after_a_commit_waits_for_company(archive: Archive) -> None:
    async def three() -> list[str]:
        commits = Commits(archive)
        await commits(partial(add, archive, "a"))
        second = asyncio.ensure_future(commits(partial(add, archive, "b")))
        await asyncio.sleep(COMMIT_INTERVAL / 10)
        return [*await commits(partial(add, archive, "c")), *await second]

    commits = []
    archive.db.conn.set_trace_callback(lambda sql: commits.append(sql) if sql == "COMMIT" else None)
    assert run_in_no_time(three()) == ["c", "b"]
    archive.db.conn.set_trace_callback(None)
    assert commits == ["COMMIT"] * 2


def test_it_waits_no_longer_than_that(archive: Archive) -> None:
    async def how_long() -> float:
        commits, loop = Commits(archive), asyncio.get_running_loop()
        await commits(partial(add, archive, "a"))
        started = loop.time()
        await commits(partial(add, archive, "b"))
        return loop.time() - started

    assert run_in_no_time(how_long()) == pytest.approx(COMMIT_INTERVAL, rel=0.3)


def test_what_comes_later_is_committed_later(archive: Archive) -> None:
    async def one_after_the_other() -> list[str]:
        commits = Commits(archive)
        return [*await commits(partial(add, archive, "a")), *await commits(partial(add, archive, "b"))]

    assert asyncio.run(one_after_the_other()) == ["a", "b"]
