"""Run spiders inside a command, with a progress line."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

from tqdm import tqdm

from caliber_crawler.crawl_process import Crawl, crawl_sites
from caliber_crawler.crawling.estimate import LONG, estimate_of
from caliber_crawler.crawling.run import CrawlRun

if TYPE_CHECKING:
    from scrapy.settings import Settings

    from caliber_crawler.crawling.options import CrawlOptions
    from caliber_crawler.news_spider import NewsSpider

ALLOCATIONS = 10_000
"""Allocations between two garbage collections. Python's default of 700 makes a crawl 5 % slower."""


def run_spider(spider: type[NewsSpider], settings: Settings, options: CrawlOptions) -> CrawlRun:
    """Crawl until nothing is due, and return the run with its accounts.

    Can be called once in a process. Raises the error that prevented the start of the crawl.
    """
    crawl = Crawl(spider=spider, options=options)
    run_crawls([crawl], settings)
    if crawl.error is not None:
        raise crawl.error
    assert crawl.run is not None
    return crawl.run


def run_crawls(crawls: Sequence[Crawl], settings: Settings, *, parallel: int = 1) -> None:
    """Crawl several sites in parallel, with a progress line; see :func:`~caliber_crawler.crawl_process.crawl_sites`."""
    # Objects loaded by now live until the end: exclude them from garbage collection.
    gc.freeze()
    gc.set_threshold(ALLOCATIONS, *gc.get_threshold()[1:])
    forecast = Forecast()
    with ProgressLine() as line:

        def report(running: Sequence[Crawl]) -> None:
            line.show(running)
            forecast.show(running)

        crawl_sites(crawls, settings, parallel=parallel, report=report)


class Forecast:
    """Prints how long a crawl takes, if it is long: once its first page was fetched, and when it doubles."""

    def __init__(self) -> None:
        self._announced = LONG / 2
        self._counted: dict[str, int] = {}
        """The discovered articles of each site when its pages were counted last."""

    def show(self, crawls: Sequence[Crawl]) -> None:
        """Print the estimate of the crawl that takes longest."""
        longest = None
        for run in (crawl.run for crawl in crawls if crawl.run is not None):
            known, site = run.accounts.counts["discovered"], run.scope.site.name
            # Counting is not free: only once twice as many articles are known.
            if site in self._counted and known < 2 * self._counted[site]:
                continue
            if (estimate := estimate_of(run)) is not None:
                self._counted[site] = max(1, known)
                if longest is None or estimate.seconds > longest[1].seconds:
                    longest = site, estimate
        if longest is not None and longest[1].seconds >= 2 * self._announced:
            site, estimate = longest
            self._announced = estimate.seconds
            name = f"{site}: " if len(crawls) > 1 else ""
            words = f"{estimate}. Stop it at any time; the same command resumes it."
            tqdm.write(f"{name}{words if name else words[0].upper() + words[1:]}", file=sys.stderr)


class ProgressLine:
    """One live line on a terminal: sites, pages, new, updated, problems, rate. Prints nothing to a file or pipe."""

    def __init__(self) -> None:
        self._line = tqdm(disable=None, bar_format="{desc}  {rate_fmt}  {elapsed}", unit=" pages")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._line.close()

    def show(self, crawls: Sequence[Crawl]) -> None:
        """Show the progress of all crawls together."""
        runs = [crawl.run for crawl in crawls if crawl.run is not None]
        pages, new, updated, problems = (
            sum(run.accounts.counts[name] for run in runs) for name in ("pages", "new", "updated", "problems")
        )
        running = sum(run.accounts.outcome is None for run in runs)
        sites = f"sites {len(runs)} of {len(crawls)}, {running} running  " if len(crawls) > 1 else ""
        self._line.set_description_str(
            f"{sites}pages {pages:,}  new {new:,}  updated {updated:,}  problems {problems:,}", refresh=False
        )
        self._line.update(pages - self._line.n)
