"""Run spiders inside a command, with a progress line."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

from tqdm import tqdm

from caliber_crawler.crawl_process import Crawl, crawl_sites
from caliber_crawler.crawling.run import CrawlRun

if TYPE_CHECKING:
    from scrapy.settings import Settings

    from caliber_crawler.crawling.options import CrawlOptions
    from caliber_crawler.news_spider import NewsSpider

ALLOCATIONS = 10_000
"""Between two searches for garbage; Python's 700 cost a crawl, which leaves little behind, a twentieth of its time."""


def run_spider(spider: type[NewsSpider], settings: Settings, options: CrawlOptions) -> CrawlRun:
    """Crawl until there is nothing left to do, and return the run with its accounts.

    Can be called once in a process. Raises whatever kept the crawl from starting.
    """
    crawl = Crawl(spider=spider, options=options)
    run_crawls([crawl], settings)
    if crawl.error is not None:
        raise crawl.error
    assert crawl.run is not None
    return crawl.run


def run_crawls(crawls: Sequence[Crawl], settings: Settings, *, parallel: int = 1) -> None:
    """Crawl several sites in parallel, with a progress line; see :func:`~caliber_crawler.crawl_process.crawl_sites`."""
    # What is loaded by now stays, and need not be looked through for garbage each time.
    gc.freeze()
    gc.set_threshold(ALLOCATIONS, *gc.get_threshold()[1:])
    with ProgressLine() as line:
        crawl_sites(crawls, settings, parallel=parallel, report=line.show)


class ProgressLine:
    """One live line on a terminal: sites, pages, new, updated, problems, rate. Silent elsewhere."""

    def __init__(self) -> None:
        self._line = tqdm(disable=None, bar_format="{desc}  {rate_fmt}  {elapsed}", unit=" pages")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._line.close()

    def show(self, crawls: Sequence[Crawl]) -> None:
        """Show how far the crawls are, taken together."""
        runs = [crawl.run for crawl in crawls if crawl.run is not None]
        pages, new, updated, problems = (
            sum(run.accounts.counts[name] for run in runs) for name in ("pages", "new", "updated", "problems")
        )
        under_way = sum(run.accounts.outcome is None for run in runs)
        sites = f"sites {len(runs)} of {len(crawls)}, {under_way} under way  " if len(crawls) > 1 else ""
        self._line.set_description_str(
            f"{sites}pages {pages:,}  new {new:,}  updated {updated:,}  problems {problems:,}", refresh=False
        )
        self._line.update(pages - self._line.n)
