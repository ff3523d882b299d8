"""One run of a spider: opens the archive, connects the parts of the run to Scrapy's signals, and closes the archive.

Scrapy components access it with ``crawler.get_extension(CrawlRun)``.
"""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol, Self

from scrapy import signals
from scrapy.exceptions import NotConfigured
from scrapy.utils.asyncio import create_looping_call

from caliber_crawler.archive import Archive, Entry
from caliber_crawler.archive.core.times import whole_second
from caliber_crawler.archive.reports.alarms import SiteState
from caliber_crawler.archive.reports.run_history import DEFINITION
from caliber_crawler.crawling.accounts import Accounts
from caliber_crawler.crawling.commits import SYNC_INTERVAL
from caliber_crawler.crawling.dispatcher import Dispatcher
from caliber_crawler.crawling.exit_code import exit_code, reason_of
from caliber_crawler.crawling.kept_scope import with_kept_scope
from caliber_crawler.crawling.outcome import Halt
from caliber_crawler.crawling.request_urls import RequestUrls
from caliber_crawler.crawling.scope import Scope
from caliber_crawler.crawling.settlement import Settlement
from caliber_crawler.crawling.watchdog import WATCHDOG
from caliber_crawler.errors import ArchiveError
from caliber_crawler.items import Capture, Problem
from caliber_crawler.site.definition_digest import definition_digest
from caliber_crawler.software import software
from caliber_crawler.throttle import Throttle

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from twisted.python.failure import Failure

TICK = 0.5
"""Seconds between two signs of life of the event loop to the watchdog."""
HEARTBEAT = 60.0
"""Seconds between heartbeats; a run that is silent for much longer was killed."""
RECORDED_SETTINGS = ("DOWNLOAD_DELAY", "CONCURRENT_REQUESTS_PER_DOMAIN", "ROBOTSTXT_OBEY")
"""Settings that are stored with the run."""


class Explorer(Protocol):
    """Processes the pages of a site that is explored."""

    def is_linked(self, url: str) -> bool:
        """Whether lists of the site name a page as an article."""
        ...

    def is_scrolled(self, url: str) -> bool:
        """Whether a browser scrolls a page, because its list has no further pages."""
        ...

    def account(self, counts: MutableMapping[str, int]) -> None:
        """Count what the exploration leaves: the known URLs that were not requested, and the size of the site."""
        ...

    def add_entries(self, entries: Sequence[Entry]) -> list[Entry]:
        """Add the articles that feeds and sitemaps name; return the new ones. Runs inside the caller's transaction."""
        ...


class Timers:
    """Heartbeats of a run, and signs of life to the watchdog, while its spider is open."""

    def __init__(self, run: CrawlRun, max_stall: float) -> None:
        self._run, self._max_stall = run, max_stall
        self._heartbeat, self._ticks = create_looping_call(run.accounts.heartbeat), create_looping_call(WATCHDOG.tick)

    def start(self) -> None:
        self._heartbeat.start(HEARTBEAT, now=False)
        WATCHDOG.join(self._run, self._max_stall)
        self._ticks.start(TICK)

    def stop(self) -> None:
        self._heartbeat.stop()
        self._ticks.stop()
        WATCHDOG.leave(self._run)


class CrawlRun:
    """The parts of one run: its scope, throttle, dispatcher, accounts and settlement, around one archive.

    ``delay`` is the minimum number of seconds between two requests to a host, ``revisits`` the maximum number of
    articles to revisit (``None`` for no limit).
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
        self.state_before: SiteState | None = archive.alarms.state(scope.site.name)
        """The state of the site after the previous run; ``None`` if this is the first."""
        self.state: SiteState | None = None
        """The state of the site after this run; ``None`` while it is active."""
        with archive.transaction(synced_every=SYNC_INTERVAL):
            archive.sites.store(scope.site)
            self.id = archive.runs.start(
                "crawl",
                site=scope.site.name,
                arguments=scope.as_arguments(),
                settings=settings,
                software={**software(), DEFINITION: definition_digest(scope.site)},
                user_agent=user_agent,
            )
        self.extracted_site = scope.site
        """The site with what was learned about its pages."""
        self.throttle = Throttle(archive.hosts, delay, together=(scope.site.host, *scope.site.hosts))
        self.request_urls = RequestUrls(archive.frontier, scope.site)
        self.dispatcher = Dispatcher(archive.frontier, scope, self.started_at, revisits=revisits)
        self.accounts = Accounts(archive, scope.site, self.id)
        self.accounts.counts["discovered"] = self.dispatcher.due_count("article")
        self.explorer: Explorer | None = None
        """Processes the pages of a site that is explored; ``Discovery`` sets it."""
        self.timers: Timers | None = None
        """The timers of a run of a crawler."""
        self.settlement = Settlement(
            archive,
            scope,
            self.id,
            self.started_at,
            accounts=self.accounts,
            dispatcher=self.dispatcher,
            request_urls=self.request_urls,
        )

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        scope = getattr(crawler.spider, "scope", None)
        if scope is None:
            raise NotConfigured("only a NewsSpider writes to the archive")
        settings = crawler.settings
        shared = getattr(crawler.spider, "archive", None)
        archive = shared if isinstance(shared, Archive) else Archive.open(settings["ARCHIVE"], mode="write")
        known = archive.sites.get(scope.site.name)
        if known is not None and not scope.site.has_layouts:
            # The archive identifies its articles by URLs with this scheme and host.
            scope = replace(scope, site=scope.site.at(known["url"]))
        if scope.due_only:
            scope = with_kept_scope(scope, archive.run_history.requested_scopes(scope.site.name))
        crawler.spider.scope = scope  # type: ignore[union-attr]
        run = cls(
            archive,
            scope,
            owns_archive=not isinstance(shared, Archive),
            user_agent=settings["USER_AGENT"],
            delay=settings.getfloat("DOWNLOAD_DELAY"),
            revisits=settings.getint("REVISITS_MAX") if settings["REVISITS_MAX"] is not None else None,
            settings={name: settings[name] for name in RECORDED_SETTINGS},
        )
        if (days := settings.getfloat("LASTING_DAYS", -1)) >= 0:
            run.archive.articles.admission.lasting = timedelta(days=days)
        run.timers = Timers(run, settings.getfloat("STALL_TIMEOUT"))
        # Weakly, as Scrapy's own extensions: otherwise a process would keep every crawl that it has ended.
        crawler.signals.connect(run.timers.start, signals.spider_opened)
        crawler.signals.connect(run.timers.stop, signals.spider_closed)
        crawler.signals.connect(run.close, signals.spider_closed)
        crawler.signals.connect(run.handle_item_error, signals.item_error)
        return run

    def seed(self, listings: Iterable[Entry]) -> None:
        """Add listings to the frontier, to be traversed from their first page."""
        # In microseconds: a run within a second of another must not mistake the other's discoveries for its own.
        traversals = (
            replace(entry, traversal_started_at=self.began_at) if entry.traversal_started_at else entry
            for entry in listings
        )
        with self.archive.transaction(synced_every=SYNC_INTERVAL):
            self.archive.frontier.add(traversals, self.id)

    def handle_item_error(self, item: object, failure: Failure) -> None:
        """Handle an internal error that a pipeline raised."""
        if isinstance(item, Capture):
            self.settlement.handle_error(item, failure.value)

    def watch(self, url: str) -> None:
        """Name the page that is being processed, for the watchdog."""
        WATCHDOG.watch(self, url)

    def interrupt(self) -> None:
        """Interrupt the statement that the archive executes, in whatever thread."""
        self.archive.interrupt()

    def end_stalled(self, url: str | None, clause: str) -> None:
        """End the run inside code that stalled it. The page at ``url`` is put aside: the next run begins with others.

        Whatever that code was writing is rolled back. The process must end afterwards.
        """
        self.archive.abandon_transaction()
        if url is not None:
            message = f"Processing {url} stalled: {clause}."
            problem = Problem(stage="crawl", reason="stalled", message=message, fatal=True)
            entry = self.dispatcher.entry(url)
            if entry is None:
                self.accounts.record_problem(problem, url=url)
            else:
                page = Capture(site=entry.site, kind=entry.kind, url=url, fetched_at=datetime.now(UTC))
                self.settlement.refuse(page, problem)
        self.accounts.halt(Halt("stalled", clause))
        self.accounts.finish("stalled", self.dispatcher.remaining())
        self._record_state()

    def _record_state(self) -> None:
        self.archive.runs.record_exit_code(self.id, exit_code(self), reason_of(self))
        self.state = self.archive.alarms.state(self.scope.site.name)

    def close(self, reason: str) -> None:
        """Write the final accounts, and close the archive if this run opened it."""
        if self.explorer is not None:
            self.explorer.account(self.accounts.counts)
        try:
            with self.archive.transaction():
                withdrawn = self.archive.articles.admission.review_undated(self.id)
                self.accounts.counts.update(stored=-withdrawn, new=-withdrawn, refused=withdrawn)
                self.accounts.finish(reason, self.dispatcher.remaining())
                self._record_state()
        except ArchiveError as error:
            self.accounts.fail(error)
        finally:
            if self._owns_archive:
                self.archive.close()
