"""A trial crawl: a few pages of a site, fetched as in any crawl, into a temporary archive.

Settings, robots.txt rules, throttle, certificates and IP address checks are those of ``caliber crawl``. The time of the
last request to a host and its ``Retry-After`` are read from, and written to, the user's archive.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

from caliber_crawler.archive import Archive, Entry
from caliber_crawler.archive.queue.frontier import Frontier
from caliber_crawler.crawl_process import Crawl, crawl_sites
from caliber_crawler.crawling.options import CrawlOptions
from caliber_crawler.crawling.run import CrawlRun
from caliber_crawler.crawling.run_error import run_error
from caliber_crawler.discovery.entries import site_list_entry
from caliber_crawler.errors import CaliberError, PageUnavailable
from caliber_crawler.items import Capture, PageKind
from caliber_crawler.known_sites import project_settings
from caliber_crawler.news_spider import NewsSpider
from caliber_crawler.settings import DOWNLOADER_MIDDLEWARES
from caliber_crawler.site import Site, StartPage
from caliber_crawler.throttle import Memory

SITE_OPT_OUTS = "caliber_crawler.middlewares.site_opt_outs.SiteOptOutsMiddleware"
MAX_CHOICES = 500
"""Maximum number of due entries that a plan chooses from."""

Progress = Callable[[Sequence[Crawl]], None]


class Plan(Protocol):
    """A choice of the pages that a trial crawl fetches."""

    def begin(self, run: CrawlRun) -> None:
        """Prepare a new run, before the site's own discovery begins."""

    def choose(self, due: Sequence[Entry]) -> list[Entry]:
        """The due entries to fetch next; an empty list ends the crawl."""


class GivenPages:
    """The plan to fetch only the given pages."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = entries
        self._urls = {entry.url for entry in entries}

    def begin(self, run: CrawlRun) -> None:
        """Queue the pages."""
        run.seed(self._entries)

    def choose(self, due: Sequence[Entry]) -> list[Entry]:
        """The given pages that are due."""
        return [entry for entry in due if entry.url in self._urls]


def page_entry(site: Site, url: str, *, kind: PageKind) -> Entry:
    """A page that the operator named, as a frontier entry that is due immediately."""
    return site_list_entry(url, site, kind, StartPage.name, datetime.now(UTC))


@dataclass(frozen=True, slots=True)
class Trial:
    """A finished trial crawl and its archive."""

    run: CrawlRun
    archive: Archive

    def page(self, url: str) -> Capture:
        """The page at a URL, with status 200 to 299.

        Raises the error of ``caliber crawl`` if the site could not be crawled, and :class:`PageUnavailable` if only
        this page could not be fetched.
        """
        if error := run_error(self.run):
            raise error
        known = self.archive.explain([url])
        for row in known["captures"][:1]:
            capture = self.archive.captures.get(row["id"])
            if capture.error is None and 200 <= (capture.status or 0) < 300:
                return capture
        fatal = [problem["message"] for problem in known["problems"] if problem["fatal"]]
        raise PageUnavailable(fatal[0] if fatal else f"{url} was not fetched: the crawl was stopped.")


@contextmanager
def trial_crawl(
    spider: type[NewsSpider],
    plan: Plan,
    memory: Path,
    *,
    options: CrawlOptions,
    delay: float | None = None,
    progress: Progress = lambda crawls: None,
) -> Iterator[Trial]:
    """Crawl the pages of a plan, and provide the result within the ``with`` block.

    ``memory`` is the path of the user's archive; without that file, no requests are remembered. Can be called once in a
    process. Raises the error that prevented the start of the crawl, such as
    :class:`~caliber_crawler.errors.ArchiveLocked` if another command is writing to the archive.
    """
    with TemporaryDirectory(prefix="caliber-trial-") as folder:
        path = Path(folder) / "trial.db"
        settings = project_settings(
            ARCHIVE=str(path),
            DOWNLOAD_DELAY=delay,
            LOG_LEVEL="ERROR",
            # Nothing is published, so the site's opt-outs are not needed: this saves a request.
            DOWNLOADER_MIDDLEWARES={**DOWNLOADER_MIDDLEWARES, SITE_OPT_OUTS: None},
        )
        with Archive.open(memory, mode="write") if memory.exists() else nullcontext() as remembered:
            hosts = remembered.hosts if remembered is not None else None
            crawl = Crawl(spider=_trial_spider(spider, plan, hosts), options=options)
            crawl_sites([crawl], settings, report=progress)
        if crawl.error is not None:
            raise crawl.error
        if crawl.run is None:
            raise CaliberError(f"The trial crawl of {spider.site.title} was stopped before it began.")
        with Archive.open(path) as archive:
            yield Trial(crawl.run, archive)


def _trial_spider(spider: type[NewsSpider], plan: Plan, memory: Memory | None) -> type[NewsSpider]:
    class TrialSpider(spider):  # type: ignore[valid-type, misc]
        async def start(self) -> AsyncIterator[Any]:
            run = self._run
            if memory is not None:
                run.throttle.memory = memory
            run.dispatcher.frontier = ChosenFrontier(run.archive.frontier, plan)
            plan.begin(run)
            async for request in super().start():
                yield request

    return TrialSpider


class ChosenFrontier(Frontier):
    """The frontier of an archive, reduced to the entries that a plan chooses."""

    def __init__(self, frontier: Frontier, plan: Plan) -> None:
        # It shares the state of the whole frontier: everything but the choice of due entries is the same.
        vars(self).update(vars(frontier))
        self._whole, self._plan = frontier, plan

    def due_entries(self, site: str, now: Any, limit: int, **filters: Any) -> list[Entry]:
        """The due entries that the plan chooses."""
        return self._plan.choose(self._whole.due_entries(site, now, MAX_CHOICES, **filters))
