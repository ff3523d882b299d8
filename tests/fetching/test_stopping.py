"""Requests that wait for something are refused soon after the crawl stops."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from caliber_crawler.fetching.refusals import Refusal
from caliber_crawler.fetching.stopping import finish, require_running, sleep


def crawler(*, running: bool = True) -> Any:
    """A crawler of which only the state of its engine is used; it has no run that could be halted."""
    return SimpleNamespace(engine=SimpleNamespace(running=running), get_extension=lambda kind: None)


def test_only_a_running_crawl_continues() -> None:
    require_running(crawler())
    for stopped in (crawler(running=False), SimpleNamespace(engine=None, get_extension=lambda kind: None)):
        with pytest.raises(Refusal) as refused:
            require_running(stopped)
        assert refused.value.code == "stopped"


@pytest.mark.slow
def test_sleep_ends_early_when_the_crawl_stops() -> None:
    async def stopped_meanwhile() -> None:
        our_crawler = crawler()
        asyncio.get_running_loop().call_later(0.05, setattr, our_crawler.engine, "running", False)
        await sleep(60, our_crawler)

    with pytest.raises(Refusal):
        asyncio.run(asyncio.wait_for(stopped_meanwhile(), 10))


@pytest.mark.slow
def test_sleep_lasts_the_requested_time() -> None:
    async def seconds_slept() -> float:
        started = asyncio.get_running_loop().time()
        await sleep(0.3, crawler())
        await sleep(0, crawler(running=False))  # 0 seconds: returns at once
        return asyncio.get_running_loop().time() - started

    assert asyncio.run(seconds_slept()) >= 0.3


def test_finished_work_returns_its_result_or_raises_its_error() -> None:
    async def work(result: object) -> object:
        await asyncio.sleep(0)
        if isinstance(result, Exception):
            raise result
        return result

    assert asyncio.run(finish(work("done"), crawler())) == "done"
    with pytest.raises(KeyError):
        asyncio.run(finish(work(KeyError("own")), crawler()))


@pytest.mark.slow
def test_work_is_cancelled_when_the_crawl_stops() -> None:
    ended: list[str] = []

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    async def stopped_meanwhile() -> None:
        our_crawler = crawler()
        asyncio.get_running_loop().call_later(0.05, setattr, our_crawler.engine, "running", False)
        with pytest.raises(Refusal):
            await finish(work(), our_crawler)
        await asyncio.sleep(0)

    asyncio.run(asyncio.wait_for(stopped_meanwhile(), 10))
    assert ended == ["cancelled"]


@pytest.mark.parametrize(("halted", "stops"), [(None, False), (SimpleNamespace(code="unreachable"), True)])
def test_a_halted_run_stops_its_crawl(halted: object, stops: bool) -> None:
    run = SimpleNamespace(accounts=SimpleNamespace(halted=halted))
    halting: Any = SimpleNamespace(engine=SimpleNamespace(running=True), get_extension=lambda kind: run)
    if not stops:
        require_running(halting)
        return
    with pytest.raises(Refusal):
        require_running(halting)
