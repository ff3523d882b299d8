"""The steps of extraction as calls to a worker: what is sent, and how often."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from caliber_crawler import extraction_steps
from caliber_crawler.extraction_steps import Outcome
from caliber_crawler.isolated_extraction import IsolatedSteps
from caliber_crawler.items import CleanedPage, Extraction, Problem
from caliber_crawler.processes.async_executor import AsyncExecutor
from caliber_crawler.spiders.caliber import CaliberSpider
from tests.archive.newsroom import capture as captured

PAGE = Path(__file__).parent / "pages" / "caliber" / "baku-s-geopolitical-formula"
PAGE_URL = "https://caliber.az/en/post/baku-s-geopolitical-formula"


class Counted(AsyncExecutor):
    """An executor that records the names of the called functions."""

    def __init__(self) -> None:
        super().__init__()
        self.called: list[str] = []

    async def call(self, function: Any, *arguments: Any, **options: Any) -> Any:
        self.called.append(function.__name__)
        return await super().call(function, *arguments, **options)


def test_a_page_that_is_extracted_with_its_cleaning_is_sent_once_even_between_two_stages() -> None:
    async def run() -> tuple[list[str], list[str]]:
        capture, site = captured(url=PAGE_URL, body=(PAGE / "page.html").read_bytes()), CaliberSpider.site
        executor = Counted()
        executor.join()
        try:
            stages = [IsolatedSteps(executor, site), IsolatedSteps(executor, site), IsolatedSteps(executor, site)]
            page = await stages[0].clean(capture, extracts=True)
            assert isinstance(page, CleanedPage)
            assert isinstance(await stages[1].extract(page), Extraction)
            once = list(executor.called)
            page = await stages[0].clean(capture, extracts=True)
            assert isinstance(page, CleanedPage)
            changed = IsolatedSteps(executor, replace(site, title="Another"))
            assert isinstance(await changed.extract(page), Extraction)
            return once, executor.called[len(once) :]
        finally:
            await executor.leave()

    once, again = asyncio.run(run())
    assert once == ["_process"]
    assert again == ["_process", "_extract_anew"]


@pytest.mark.parametrize("headline", [None, ""])
def test_a_page_that_another_stage_changed_is_checked_again(
    headline: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run() -> tuple[Outcome, Outcome]:
        capture, site = captured(url=PAGE_URL, body=(PAGE / "page.html").read_bytes()), CaliberSpider.site
        executor = Counted()
        executor.join()
        try:
            stages = [IsolatedSteps(executor, site), IsolatedSteps(executor, site)]
            page = await stages[0].clean(capture, extracts=True)
            assert isinstance(page, CleanedPage)
            found = await stages[0].extract(page)
            assert isinstance(found, Extraction)
            if headline is None:
                monkeypatch.setattr(extraction_steps, "check", refuse_call)
            else:
                found = replace(found, article=replace(found.article, headline=headline))
            return found, await stages[1].check(found, datetime.now(UTC))
        finally:
            await executor.leave()

    found, checked = asyncio.run(run())
    if headline is None:
        assert checked == found
    else:
        assert isinstance(checked, Problem)
        assert checked.reason == "no_headline"


def refuse_call(*_: object) -> None:
    raise AssertionError("the page was checked in the worker already")
