"""One run of a spider: the archive it writes to, what it was asked for, and what came of every page.

Scrapy's components reach it with ``crawler.get_extension(CrawlRun)``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Self

from scrapy import signals
from scrapy.exceptions import NotConfigured
from scrapy.utils.asyncio import create_looping_call

from caliber_crawler import revisit
from caliber_crawler.archive import Archive, Entry, Saved
from caliber_crawler.archive.articles import Reread
from caliber_crawler.archive.times import whole_second
from caliber_crawler.crawling.commits import SYNCED_EVERY, Commits
from caliber_crawler.crawling.field_coverage import FieldCoverage
from caliber_crawler.crawling.handout import REVISIT, Handout
from caliber_crawler.crawling.health import unusual
from caliber_crawler.crawling.outcome import Ending, Halt, Outcome, balanced
from caliber_crawler.crawling.scope import Scope
from caliber_crawler.errors import ArchiveError
from caliber_crawler.items import Capture, Problem, Reading
from caliber_crawler.politeness import Pace
from caliber_crawler.site import Numbers
from caliber_crawler.software import software

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from twisted.python.failure import Failure

GONE = frozenset({"http_404", "http_410", "redirect_home", "soft_404"})
"""Reasons that say the page is no more."""

LIFTED_LATER = frozenset({"robots"})
"""Codes of what keeps us from asking for a page, that a site may think better of."""

LED_AWAY = frozenset({"offsite", "scheme", "long_address"})
"""Codes of pages that lead where we may not go: for a while, perhaps, to the log-in page of the network we are in."""

OF_OLD = frozenset({Numbers.name, "cdx", "url_list"})
"""Roads that name what may be gone for years: nothing says that it was ever there for us."""

CHALLENGES_MAX = 2
"""So many challenges end a run: nobody here solves them."""

HEARTBEAT = 60.0
"""Seconds between signs of life; a run without one for longer was killed."""


class CrawlRun:
    """Opens the archive when the spider starts, keeps the accounts, closes the run honestly.

    Every article address that the run meets ends in exactly one of the
    :data:`~caliber_crawler.crawling.outcome.OUTCOMES`.
    """

    def __init__(
        self,
        archive: Archive,
        scope: Scope,
        *,
        user_agent: str,
        settings: dict[str, object],
        gap: float = 0.0,
        revisits: int | None = None,
        owns_archive: bool = True,
    ) -> None:
        self.archive, self._owns_archive = archive, owns_archive
        self.scope = scope
        self.reextract: Reread | None = None
        """Extracts a stored page again, with today's code. The archive stage knows how."""
        self.pace = Pace(archive.hosts, gap, together=(scope.site.host, *scope.site.hosts))
        self.halted: Halt | None = None
        self.began_at = datetime.now(UTC)
        self.started_at = whole_second(self.began_at)
        self.counts: Counter[str] = Counter()
        self.outcome: Outcome | None = None
        self.last_error: str | None = None
        self.unusual: list[Problem] = []
        """What sets a finished run apart from earlier ones, for the worse."""
        self.why: str | None = None
        """One clause: why the outcome is not ``finished``."""
        self.commits = Commits(archive)
        self.handout = Handout(archive.frontier, scope, self.started_at, revisits=revisits)
        self.coverage = FieldCoverage(scope.site.name)
        archive.sites.keep(scope.site)
        self.id = archive.runs.start(
            "crawl",
            site=scope.site.name,
            arguments=scope.as_arguments(),
            settings=settings,
            software=software(),
            user_agent=user_agent,
        )
        self.counts["discovered"] = self.handout.due("article")

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
            gap=settings.getfloat("DOWNLOAD_DELAY"),
            revisits=settings.getint("REVISITS_MAX") if settings["REVISITS_MAX"] is not None else None,
            settings={
                name: settings[name] for name in ("DOWNLOAD_DELAY", "CONCURRENT_REQUESTS_PER_DOMAIN", "ROBOTSTXT_OBEY")
            },
        )
        heartbeat = create_looping_call(run.heartbeat)
        crawler.signals.connect(lambda: heartbeat.start(HEARTBEAT, now=False), signals.spider_opened, weak=False)
        crawler.signals.connect(heartbeat.stop, signals.spider_closed, weak=False)
        crawler.signals.connect(run.close, signals.spider_closed, weak=False)
        crawler.signals.connect(run.crash, signals.item_error, weak=False)
        return run

    # --- the frontier -------------------------------------------------------------------------------------------------

    def seed(self, listings: Iterable[Entry]) -> None:
        """Have these listings walked from their first batch."""
        # To the microsecond: a run that follows another within a second must not take its finds for its own.
        walks = (replace(entry, walk=self.began_at) if entry.walk else entry for entry in listings)
        self.archive.frontier.add(walks, self.id)

    def settle(self, capture: Capture, outcome: str) -> None:
        """Count what came of a page that was handed out, once it is committed."""
        if capture.kind == "article":
            self.counts[outcome] += 1
        elif outcome != "walked":
            self.counts["broken_walks"] += 1
        self.handout.let_go(capture.url)

    def halt(self, halt: Halt) -> None:
        """Ask for nothing more in this run; what is left stays due. The first reason counts."""
        self.halted = self.halted or halt

    # --- what came of a page ------------------------------------------------------------------------------------------

    async def keep(self, capture: Capture) -> Capture:
        """Commit the raw page, before anyone tries to read it."""
        self.counts["pages"] += 1
        kept = await self.commits(partial(self.archive.captures.keep, capture, self.id))
        self.handout.keep(capture.url)
        return kept

    def note(self, problem: Problem, capture: Capture) -> None:
        """Record what was not as it should be; the page goes on."""
        self.counts["problems"] += 1
        self.archive.runs.note(self.id, problem, url=capture.url, capture_id=capture.id)

    def fail(self, capture: Capture, problem: Problem) -> None:
        """The page could not be had this time; it is asked for again later."""
        with self.archive.transaction():
            self.note(problem, capture)
            if capture.status is None:
                self.counts["fetch_errors"] += 1
                self.last_error = capture.error
            entry = self.handout.entry(capture.url)
            retry_at = revisit.next_try(entry.failures if entry else 0, capture.fetched_at)
            self.archive.frontier.fail(
                capture.url, capture.fetched_at, status=capture.status, reason=problem.reason, due_at=retry_at
            )
        self.settle(capture, "failed")

    def refuse(self, capture: Capture, problem: Problem) -> None:
        """The page is not to be had, or is no article."""
        with self.archive.transaction():
            self.note(problem, capture)
            self.archive.frontier.refuse(
                capture.url,
                capture.fetched_at,
                status=capture.status,
                reason=problem.reason,
                due_at=self._next_look(capture, problem),
            )
        self.settle(capture, "refused")

    def _next_look(self, capture: Capture, problem: Problem) -> datetime | None:
        """When to look again at a page that is no article now; sites have bad days, and rules are changed."""
        entry = self.handout.entry(capture.url)
        looks = entry.failures if entry is not None and entry.state in ("refused", "gone") else 0
        plan = self.scope.site.revisits
        if looks and capture.kind == "article":
            self.counts["refused_again"] += 1
        if capture.error_code is None or capture.error_code in LED_AWAY:
            held = entry is not None and entry.article_id is not None
            if entry is not None and entry.road in OF_OLD and not held:
                return None
            return revisit.next_look(looks, capture.fetched_at, held=held, plan=plan)
        if capture.error_code in LIFTED_LATER:
            return revisit.next_asking(looks, capture.fetched_at, plan)
        return None

    def put_aside(self, capture: Capture, problem: Problem) -> None:
        """There was no article or list to be read on a page: settle it by the reason."""
        if problem.reason == "challenge":
            self.counts["challenges"] += 1
            if self.counts["challenges"] >= CHALLENGES_MAX:
                self.halt(Halt("challenged", f"{self.scope.site.base_url} answers with challenges for people"))
            self.fail(capture, problem)
        elif problem.reason in GONE:
            self.gone(capture, problem)
        elif problem.reason.startswith("http_"):
            self.fail(capture, problem)
        else:
            self.refuse(capture, problem)

    def gone(self, capture: Capture, problem: Problem) -> None:
        """The site says that the page is no more; an article we hold stays.

        A post number that was only tried is ``missing``: nobody said that there is such a post.
        """
        entry = self.handout.entry(capture.url)
        missing = entry is not None and entry.road == Numbers.name and entry.article_id is None
        with self.archive.transaction():
            if not missing:
                self.note(problem, capture)
            due_at = None if missing else self._next_look(capture, problem)
            self.archive.frontier.gone(capture.url, capture.fetched_at, status=capture.status, due_at=due_at)
            # Not in this run, whose accounts do not have them.
            self.archive.aliases.wake(capture.url, capture.fetched_at + timedelta(seconds=1))
        self.settle(capture, "missing" if missing else "refused")

    async def store(self, reading: Reading, along: Callable[[Reading], None] = lambda reading: None) -> Saved | None:
        """Commit article, version, view count and frontier together; ``None`` for an article that was taken down.

        What ``along`` writes is committed with them.
        """
        saved = await self.commits(partial(self._save, reading, along))
        if saved is None:
            self.settle(reading.capture, "refused")
            return None
        unchanged = saved.outcome == "unchanged"
        self.settle(reading.capture, "unchanged" if unchanged else "stored")
        self.counts["visited" if unchanged else saved.outcome] += 1
        return saved

    def _save(self, reading: Reading, along: Callable[[Reading], None]) -> Saved | None:
        article, capture = reading.article, reading.capture
        addresses = self.scope.site.addresses(article.urls)
        if self.archive.takedowns.covers(article.site, addresses):
            self.archive.takedowns.drop(capture, addresses)
            return None
        along(reading)
        saved = self.archive.articles.save(reading, self.id, addresses, self.reextract)
        url = self._place(capture)
        self.archive.frontier.done(
            url,
            capture.fetched_at,
            status=capture.status,
            article_id=saved.article_id,
            due_at=self._next_visit(saved.article_id, capture, article.published_at),
            priority=REVISIT,
            etag=capture.header("etag"),
            last_modified=capture.header("last-modified"),
        )
        if url != capture.url:
            self.archive.frontier.done(
                capture.url, capture.fetched_at, status=capture.status, article_id=saved.article_id
            )
        rested = self.archive.aliases.rest(saved.article_id, {url, *self.handout.under_way}, self.started_at)
        for name in ("unchanged", "held"):
            self.counts[name] += rested
        for problem in reading.remarks:
            self.note(problem, capture)
        return saved

    def _next_visit(self, article_id: int, capture: Capture, published_at: datetime | None = None) -> datetime:
        born_at = published_at or self.archive.articles.born_at(article_id)
        return revisit.next_visit(born_at, capture.fetched_at, self.scope.site.revisits)

    def _place(self, capture: Capture) -> str:
        """The address at which an article is visited from now on: where redirects led to, so that they are spared."""
        entry, site = self.handout.entry(capture.url), self.scope.site
        address = site.address(capture.address)
        if entry is None or address is None or address.url == capture.url:
            return capture.url
        known = self.archive.frontier.get(address.url)
        if known is None:
            self.archive.frontier.add(
                [replace(entry, id=None, discovered_at=None, url=address.url, discovered_on=capture.url)], self.id
            )
        elif known.state == "todo" or (known.due_at is not None and known.due_at <= self.started_at):
            # It is in this run's accounts, and may be under way: its own turn comes.
            return capture.url
        return address.url

    def passes_by(self, entry: Entry) -> bool:
        """Is this another address of an article that is visited elsewhere? Then it need not be asked for."""
        if entry.kind != "article" or entry.state != "todo" or entry.article_id is not None:
            return False
        site = self.scope.site
        address = site.address(entry.url)
        article_id = self.archive.aliases.visited_elsewhere(address, site.name) if address else None
        if article_id is None:
            return False
        with self.archive.transaction(synced_every=SYNCED_EVERY):  # there may be very many in a row
            self.archive.aliases.pass_by(entry.url, article_id)
        self.handout.pass_by(entry.url)
        for name in ("unchanged", "held"):
            self.counts[name] += 1
        return True

    def crash(self, item: object, failure: Failure) -> None:
        """A page met an error of our own: it is tried again later; a broken archive ends the run."""
        if not isinstance(item, Capture):
            return
        if isinstance(failure.value, ArchiveError):
            self.handout.let_go(item.url)
            self.halt(Halt("archive", str(failure.value).rstrip(".")))
        elif self.handout.entry(item.url) is not None:
            self.fail(item, crash(item, failure.value))

    def stands(self, capture: Capture) -> None:
        """The site says, with status 304, that a page is as it was."""
        entry = self.handout.entry(capture.url)
        due_at = None
        with self.archive.transaction():
            if capture.kind == "article" and entry is not None and entry.article_id is not None:
                self.archive.articles.sight(entry.article_id, capture.fetched_at)
                due_at = self._next_visit(entry.article_id, capture)
                self.counts["visited"] += 1
            self.archive.frontier.done(capture.url, capture.fetched_at, status=304, due_at=due_at)
        self.settle(capture, "unchanged" if capture.kind == "article" else "walked")

    # --- the accounts -------------------------------------------------------------------------------------------------

    def heartbeat(self) -> None:
        """Tell the archive that this run is alive, and how far it is."""
        self.archive.runs.heartbeat(self.id, dict(self.counts))

    def close(self, reason: str) -> None:
        """Write the last accounts; ``finished`` is said only with no work left."""
        try:
            self._write_accounts(reason)
        except ArchiveError as error:
            self.halt(Halt("archive", str(error).rstrip(".")))
            self.outcome, self.why = "failed", self.halted.clause if self.halted else None
        finally:
            if self._owns_archive:
                self.archive.close()

    def _write_accounts(self, reason: str) -> None:
        self.counts["left"] = self.handout.due("article")
        self.outcome, self.why = self._ending(reason).outcome
        self.archive.runs.cover(self.id, self.coverage.rows())
        self.archive.runs.finish(self.id, self.outcome, self.why, dict(self.counts))
        self.unusual = unusual(self.archive, self.id, described=self.scope.site.described)
        for problem in self.unusual:
            self.archive.runs.note(self.id, problem)

    def _ending(self, reason: str) -> Ending:
        handout, clause = self.handout, self.halted.clause if self.halted else self.last_error
        return Ending(
            reason=reason,
            site_url=self.scope.site.base_url,
            unreachable=str(clause) if self.unreachable else None,
            halted=self.halted,
            articles_left=self.counts["left"],
            lists_left=handout.due("listing", "feed", "sitemap"),
            held_back=handout.reserve.left if handout.reserve else 0,
            limit=self.scope.limit if handout.limit_reached else None,
            revisits=handout.revisits if handout.revisits_used_up else None,
        )

    @property
    def unreachable(self) -> bool:
        """Was there an attempt, and did none bring a response?"""
        silent = self.halted is not None and self.halted.code == "unreachable"
        return silent or 0 < self.counts["pages"] == self.counts["fetch_errors"]

    @property
    def balanced(self) -> bool:
        """Does every address that was met have exactly one outcome?"""
        return balanced(self.counts)


def crash(capture: Capture, error: BaseException | None) -> Problem:
    """An error of our own that a page led to."""
    message = f"{capture.address} met an error of this program: {type(error).__name__}: {error}."
    return Problem(stage="crawl", reason="crash", message=message, fatal=True)
