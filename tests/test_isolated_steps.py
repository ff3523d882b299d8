"""The steps of extraction as calls to a worker: what is sent, and how often."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

from caliber_crawler.isolated_extraction import IsolatedSteps
from caliber_crawler.items import CleanedPage, Extraction
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
            stages = [IsolatedSteps(executor, site), IsolatedSteps(executor, site)]
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
    assert once == ["_clean_and_extract"]
    assert again == ["_clean_and_extract", "_extract_anew"]
