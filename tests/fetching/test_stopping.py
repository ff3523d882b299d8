"""Whoever waits for something learns within moments that the crawl is to stop."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from caliber_crawler.fetching.refusals import Refusal
from caliber_crawler.fetching.stopping import finish, require_running, sleep


def crawler(*, running: bool = True) -> Any:
    """What is asked of a crawler here: whether its engine runs. It has no run that could be halted."""
    return SimpleNamespace(engine=SimpleNamespace(running=running), get_extension=lambda kind: None)


def test_only_a_crawl_that_runs_goes_on() -> None:
    require_running(crawler())
    for stopped in (crawler(running=False), SimpleNamespace(engine=None, get_extension=lambda kind: None)):
        with pytest.raises(Refusal) as refused:
            require_running(stopped)
        assert refused.value.code == "stopped"


def test_sleep_ends_early_when_the_crawl_stops() -> None:
    async def stopped_meanwhile() -> None:
        ours = crawler()
        asyncio.get_running_loop().call_later(0.05, setattr, ours.engine, "running", False)
        await sleep(60, ours)

    with pytest.raises(Refusal):
        asyncio.run(asyncio.wait_for(stopped_meanwhile(), 10))


def test_sleep_lasts_as_long_as_it_is_asked_to() -> None:
    async def slept() -> float:
        started = asyncio.get_running_loop().time()
        await sleep(0.3, crawler())
        await sleep(0, crawler(running=False))  # there is nothing to wait for
        return asyncio.get_running_loop().time() - started

    assert asyncio.run(slept()) >= 0.3


def test_work_that_ends_gives_its_result_or_its_error() -> None:
    async def work(result: object) -> object:
        await asyncio.sleep(0)
        if isinstance(result, Exception):
            raise result
        return result

    assert asyncio.run(finish(work("done"), crawler())) == "done"
    with pytest.raises(KeyError):
        asyncio.run(finish(work(KeyError("own")), crawler()))


def test_work_is_cancelled_when_the_crawl_stops() -> None:
    ended: list[str] = []

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    async def stopped_meanwhile() -> None:
        ours = crawler()
        asyncio.get_running_loop().call_later(0.05, setattr, ours.engine, "running", False)
        with pytest.raises(Refusal):
            await finish(work(), ours)
        await asyncio.sleep(0)

    asyncio.run(asyncio.wait_for(stopped_meanwhile(), 10))
    assert ended == ["cancelled"]
