"""A long list is committed in portions: other work continues between them, and a kill there loses nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from caliber_crawler.archive import Entry
from caliber_crawler.crawling.run import CrawlRun
from caliber_crawler.discovery import Discovery, sources
from caliber_crawler.discovery.discoveries import TEASERS_PER_COMMIT
from caliber_crawler.items import Capture, Listing, Teaser
from tests.discovery.driven import Paper, PaperCrawler

COUNT = 3 * TEASERS_PER_COMMIT + 7


class Killed(BaseException):
    """Stands for the end of the process."""


@contextmanager
def list_in_flight(crawler: PaperCrawler, *, add: bool = True) -> Iterator[tuple[CrawlRun, Listing]]:
    """A run that has just fetched a sitemap with many articles; each is named twice."""
    run, url = crawler.run(), f"{crawler.site.base_url}/map.xml"
    fields = {"kind": "sitemap", "discovered_via": "sitemap", "due_at": run.started_at, "priority": 95}
    if add:
        run.archive.frontier.add([Entry(url=url, site=crawler.site.name, **fields)], run.id)  # type: ignore[arg-type]
    assert [entry.url for entry in run.dispatcher.next_batch(1)] == [url]
    page = Capture(site=crawler.site.name, kind="sitemap", url=url, fetched_at=datetime.now(UTC), status=200)
    stories = (Teaser(url=f"{crawler.site.base_url}/story/{number}") for number in range(COUNT))
    yield run, Listing(capture=page, teasers=tuple(teaser for story in stories for teaser in (story, story)))
    run.archive.close()


@pytest.fixture
def crawler(tmp_path: Path) -> PaperCrawler:
    return PaperCrawler(tmp_path / "a.db", Paper())


@pytest.mark.slow
def test_other_work_continues_between_the_portions_of_a_list(crawler: PaperCrawler) -> None:
    with list_in_flight(crawler) as (run, listing):

        async def process() -> list[int]:
            done = asyncio.ensure_future(Discovery(run).process(listing))
            seen = {0}
            while not done.done():
                await asyncio.sleep(0)
                seen.add(run.dispatcher.due_count("article"))
            return sorted(seen)

        steps = asyncio.run(process())
        assert max(after - before for before, after in pairwise(steps)) <= TEASERS_PER_COMMIT
        assert steps[-1] == run.accounts.counts["discovered"] == COUNT
        assert run.dispatcher.due_count("sitemap") == 0


@pytest.mark.slow
@pytest.mark.parametrize("portions", [0, 1, 2])
def test_a_kill_between_portions_loses_nothing(crawler: PaperCrawler, portions: int) -> None:
    with list_in_flight(crawler) as (run, listing):
        commits, left = run.settlement.commits, portions

        class Kill:
            async def __call__(self, write: object) -> object:
                nonlocal left
                if left == 0:
                    raise Killed
                left -= 1
                return await commits(write)  # type: ignore[arg-type]

        run.settlement.commits = Kill()  # type: ignore[assignment]
        with pytest.raises(Killed):
            asyncio.run(Discovery(run).process(listing))
        assert run.dispatcher.due_count("sitemap") == 1
    with list_in_flight(crawler, add=False) as (run, listing):
        found_before = run.accounts.counts["discovered"]
        asyncio.run(Discovery(run).process(listing))
        assert found_before <= portions * TEASERS_PER_COMMIT
        assert (found_before > 0) == (portions > 0)
        assert run.dispatcher.due_count("article") == run.accounts.counts["discovered"] == COUNT


def test_of_a_long_index_the_sitemaps_that_can_be_fetched_are_queued(
    crawler: PaperCrawler, monkeypatch: pytest.MonkeyPatch
) -> None:
    maps = tuple(f"{crawler.site.base_url}/map-{number}.xml" for number in range(30))
    queued = {}
    for at_once in (4, 1_000):
        monkeypatch.setattr(sources, "SITEMAPS_AT_ONCE", at_once)
        fresh = PaperCrawler(crawler.path.with_name(f"{at_once}.db"), Paper())
        with list_in_flight(fresh) as (run, listing):
            index = replace(listing, teasers=(), sitemaps=(*maps, "https://elsewhere.example/map.xml"))
            asyncio.run(Discovery(run).process(index))
            urls = [
                url for (url,) in fresh.rows("SELECT url FROM frontier WHERE url LIKE '%map-%' ORDER BY due_at, id")
            ]
            queued[at_once] = (urls, run.accounts.counts["not_articles"], run.accounts.counts["sitemaps_deferred"])
    assert queued[4] == queued[1_000]
    assert queued[4][0] == list(maps)
