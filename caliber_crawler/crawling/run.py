"""One run of a spider: opens the archive, connects what a run consists of to Scrapy's signals, and closes it.

Scrapy's components reach it with ``crawler.get_extension(CrawlRun)``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from scrapy import signals
from scrapy.exceptions import NotConfigured
from scrapy.utils.asyncio import create_looping_call

from caliber_crawler.archive import Archive, Entry
from caliber_crawler.archive.core.times import whole_second
from caliber_crawler.crawling.accounts import Accounts
from caliber_crawler.crawling.dispatcher import Dispatcher
from caliber_crawler.crawling.scope import Scope
from caliber_crawler.crawling.settlement import Settlement
from caliber_crawler.errors import ArchiveError
from caliber_crawler.items import Capture
from caliber_crawler.software import software
from caliber_crawler.throttle import Throttle

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from twisted.python.failure import Failure

HEARTBEAT = 60.0
"""Seconds between signs of life; a run without one for longer was killed."""
RECORDED_SETTINGS = ("DOWNLOAD_DELAY", "CONCURRENT_REQUESTS_PER_DOMAIN", "ROBOTSTXT_OBEY")
"""Settings that the archive keeps with the run."""


class CrawlRun:
    """The parts of one run: its scope, throttle, dispatcher, accounts and settlement, around one archive.

    ``delay`` is the minimum number of seconds between two requests to a host, ``revisits`` the maximum number of
    articles to visit again (``None`` for no limit).
    """

    def __init__(
        self,
        archive: Archive,
        scope: Scope,
        *,
        user_agent: str,
        settings: dict[str, object],
        delay: float = 0.0,
        revisits: int | None = None,
        owns_archive: bool = True,
    ) -> None:
        self.archive, self._owns_archive = archive, owns_archive
        self.scope = scope
        self.began_at = datetime.now(UTC)
        self.started_at = whole_second(self.began_at)
        archive.sites.store(scope.site)
        self.id = archive.runs.start(
            "crawl",
            site=scope.site.name,
            arguments=scope.as_arguments(),
            settings=settings,
            software=software(),
            user_agent=user_agent,
        )
        self.throttle = Throttle(archive.hosts, delay, together=(scope.site.host, *scope.site.hosts))
        self.dispatcher = Dispatcher(archive.frontier, scope, self.started_at, revisits=revisits)
        self.accounts = Accounts(archive, scope.site, self.id)
        self.accounts.counts["discovered"] = self.dispatcher.due_count("article")
        self.settlement = Settlement(
            archive, scope, self.id, self.started_at, accounts=self.accounts, dispatcher=self.dispatcher
        )

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        scope = getattr(crawler.spider, "scope", None)
        if scope is None:
            raise NotConfigured("only a NewsSpider writes to the archive")
        settings = crawler.settings
        shared = getattr(crawler.spider, "archive", None)
        run = cls(
            shared if isinstance(shared, Archive) else Archive.open(settings["ARCHIVE"], mode="write"),
            scope,
            owns_archive=not isinstance(shared, Archive),
            user_agent=settings["USER_AGENT"],
            delay=settings.getfloat("DOWNLOAD_DELAY"),
            revisits=settings.getint("REVISITS_MAX") if settings["REVISITS_MAX"] is not None else None,
            settings={name: settings[name] for name in RECORDED_SETTINGS},
        )
        heartbeat = create_looping_call(run.accounts.heartbeat)
        crawler.signals.connect(lambda: heartbeat.start(HEARTBEAT, now=False), signals.spider_opened, weak=False)
        crawler.signals.connect(heartbeat.stop, signals.spider_closed, weak=False)
        crawler.signals.connect(run.close, signals.spider_closed, weak=False)
        crawler.signals.connect(run.handle_item_error, signals.item_error, weak=False)
        return run

    def seed(self, listings: Iterable[Entry]) -> None:
        """Have these listings walked from their first page."""
        # To the microsecond: a run that follows another within a second must not take its finds for its own.
        walks = (
            replace(entry, traversal_started_at=self.began_at) if entry.traversal_started_at else entry
            for entry in listings
        )
        self.archive.frontier.add(walks, self.id)

    def handle_item_error(self, item: object, failure: Failure) -> None:
        """A pipeline raised an error of this program."""
        if isinstance(item, Capture):
            self.settlement.handle_error(item, failure.value)

    def close(self, reason: str) -> None:
        """Write the final accounts, and close the archive if this run opened it."""
        try:
            self.accounts.finish(reason, self.dispatcher.remaining())
        except ArchiveError as error:
            self.accounts.fail(error)
        finally:
            if self._owns_archive:
                self.archive.close()
