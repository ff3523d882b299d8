"""One run of a spider: the archive it writes to, what it was asked for, and what came of every page.

Scrapy's components reach it with ``crawler.get_extension(CrawlRun)``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Literal, Protocol, Self

from scrapy import signals
from scrapy.exceptions import NotConfigured
from scrapy.utils.asyncio import create_looping_call

from caliber_crawler import revisit
from caliber_crawler.archive import Archive, Entry
from caliber_crawler.archive.times import utc_now
from caliber_crawler.crawling.field_coverage import FieldCoverage
from caliber_crawler.crawling.health import unusual
from caliber_crawler.crawling.scope import Scope
from caliber_crawler.errors import ArchiveError
from caliber_crawler.items import Capture, PageKind, Problem, Reading
from caliber_crawler.politeness import Pace
from caliber_crawler.rereading import Rereader
from caliber_crawler.site import Numbers
from caliber_crawler.software import software

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from twisted.python.failure import Failure

Outcome = Literal["finished", "stopped", "failed"]

OUTCOMES = ("stored", "unchanged", "refused", "failed", "missing", "left")
"""What can become of an article address that a run meets."""

REVISIT = 42
"""Priority of a further visit in the frontier: behind new articles, before the older batches of a listing."""

CHALLENGES_MAX = 2
"""So many challenges end a run: nobody here solves them."""

HEARTBEAT = 60.0
"""Seconds between signs of life; a run without one for longer was killed."""


@dataclass(frozen=True, slots=True)
class Halt:
    """Why a run goes no further although there is work: a code to group by, and a clause for a person."""

    code: Literal["unreachable", "robots_unavailable", "busy", "failing", "challenged", "archive"]
    clause: str


class Reserve(Protocol):
    """Work that enters the frontier only when there is no other."""

    @property
    def left(self) -> int:
        """How many addresses are still held back."""
        ...

    def release(self) -> bool:
        """Commit some more of them; false when there are none."""
        ...


class CrawlRun:
    """Opens the archive when the spider starts, keeps the accounts, closes the run honestly.

    Every article address that the run meets ends in exactly one of the :data:`OUTCOMES`.
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
    ) -> None:
        self.archive = archive
        self.scope = scope
        self._reread = Rereader({scope.site.name: scope.site})
        self.pace = Pace(archive.hosts, gap)
        self.halted: Halt | None = None
        self.revisits = revisits
        """How many articles may be visited again in this run; no limit when ``None``."""
        self.started_at = utc_now()
        self.counts: Counter[str] = Counter()
        self.outcome: Outcome | None = None
        self.last_error: str | None = None
        self.reserve: Reserve | None = None
        self.unusual: list[Problem] = []
        """What sets a finished run apart from earlier ones, for the worse."""
        self.why: str | None = None
        """One clause: why the outcome is not ``finished``."""
        self._in_flight: dict[str, Entry] = {}
        self._remarks: dict[str, list[Problem]] = {}
        self._handed_out = self._revisited = 0
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
        self.counts["discovered"] = self._due("article")

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        scope = getattr(crawler.spider, "scope", None)
        if scope is None:
            raise NotConfigured("only a NewsSpider writes to the archive")
        settings = crawler.settings
        run = cls(
            Archive.open(settings["ARCHIVE"], mode="write"),
            scope,
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
        self.archive.frontier.add(listings, self.id)

    def take(self, count: int) -> list[Entry]:
        """The next pages that are due, most urgent first; each is handed out once."""
        if self.limit_reached or self.halted:
            return []
        entries = self._most_urgent(count)
        while not entries and self.reserve is not None and self.reserve.release():
            entries = self._most_urgent(count)
        articles_left = None if self.scope.limit is None else self.scope.limit - self._handed_out
        revisits_left = None if self.revisits is None else self.revisits - self._revisited
        taken = _with_few_revisits(revisits_left, _at_most(articles_left, entries))
        self._handed_out += sum(entry.kind == "article" for entry in taken)
        self._revisited += sum(map(_is_revisit, taken))
        self._in_flight.update({entry.url: entry for entry in taken})
        return taken

    def _most_urgent(self, count: int) -> list[Entry]:
        return self.archive.frontier.take(
            self.scope.site.name,
            self.started_at,
            count,
            languages=(*self.scope.languages, None),
            sections=(*self.scope.sections, None),
            exclude=[entry.id for entry in self._in_flight.values() if entry.id is not None],
            without=(REVISIT,) if self.revisits_used_up else (),
        )

    @property
    def revisits_used_up(self) -> bool:
        return self.revisits is not None and self._revisited >= self.revisits

    @property
    def unsettled(self) -> int:
        """Pages that were handed out and not committed yet."""
        return len(self._in_flight)

    def settle(self, capture: Capture, outcome: str) -> Entry | None:
        """Count what came of a page that was handed out; gives its frontier entry as it was then."""
        if capture.kind == "article":
            self.counts[outcome] += 1
        elif outcome != "walked":
            self.counts["broken_walks"] += 1
        return self._in_flight.pop(capture.url, None)

    def let_go(self, url: str) -> None:
        """Take a page back that was handed out and never asked for: it is due as before."""
        self._in_flight.pop(url, None)

    def halt(self, halt: Halt) -> None:
        """Ask for nothing more in this run; what is left stays due. The first reason counts."""
        self.halted = self.halted or halt

    @property
    def limit_reached(self) -> bool:
        return self.scope.limit is not None and self._handed_out >= self.scope.limit

    # --- what came of a page ------------------------------------------------------------------------------------------

    def keep(self, capture: Capture) -> Capture:
        """Commit the raw page, before anyone tries to read it."""
        self.counts["pages"] += 1
        return self.archive.captures.keep(capture, self.id)

    def remark(self, problems: Iterable[Problem], reading: Reading) -> None:
        """Have these recorded together with the article they were met on."""
        self._remarks[reading.capture.url] = list(problems)

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
            entry = self.settle(capture, "failed")
            retry_at = revisit.next_try(entry.failures if entry else 0, capture.fetched_at)
            self.archive.frontier.fail(
                capture.url, capture.fetched_at, status=capture.status, reason=problem.reason, due_at=retry_at
            )

    def refuse(self, capture: Capture, problem: Problem) -> None:
        """The page is not to be had, or is no article."""
        with self.archive.transaction():
            self.note(problem, capture)
            self.settle(capture, "refused")
            self.archive.frontier.refuse(capture.url, capture.fetched_at, status=capture.status, reason=problem.reason)

    def put_aside(self, capture: Capture, impostor: Problem) -> None:
        """Something else stood in the article's place: a home page, a challenge, a log-in, a polite "not found"."""
        if impostor.reason == "challenge":
            self.counts["challenges"] += 1
            if self.counts["challenges"] >= CHALLENGES_MAX:
                self.halt(Halt("challenged", f"{self.scope.site.base_url} answers with challenges for people"))
            self.fail(capture, impostor)
        elif impostor.reason in ("redirect_home", "soft_404"):
            self.gone(capture, impostor)
        else:
            self.refuse(capture, impostor)

    def gone(self, capture: Capture, problem: Problem) -> None:
        """The site says that the page is no more; an article we hold stays.

        A post number that was only tried is ``missing``: nobody said that there is such a post.
        """
        entry = self._in_flight.get(capture.url)
        missing = entry is not None and entry.road == Numbers.name and entry.article_id is None
        with self.archive.transaction():
            if not missing:
                self.note(problem, capture)
            self.settle(capture, "missing" if missing else "refused")
            self.archive.frontier.gone(capture.url, capture.fetched_at, status=capture.status)
            self.archive.frontier.wake(capture.url, capture.fetched_at)

    def store(self, reading: Reading) -> None:
        """Commit article, version, view count and frontier together; let go of what was taken down."""
        article, capture = reading.article, reading.capture
        addresses = self.scope.site.addresses(article.urls)
        if self.archive.takedowns.covers(article.site, addresses):
            self.archive.takedowns.drop(capture, addresses)
            self.settle(capture, "refused")
            return
        with self.archive.transaction():
            saved = self.archive.articles.save(reading, self.id, addresses, self._reread)
            self.archive.frontier.done(
                capture.url,
                capture.fetched_at,
                status=capture.status,
                article_id=saved.article_id,
                due_at=revisit.next_visit(article.published_at, capture.fetched_at, self.scope.site.revisits),
                priority=REVISIT,
                etag=capture.header("etag"),
                last_modified=capture.header("last-modified"),
            )
            self.archive.frontier.rest(saved.article_id, capture.url)
            for problem in self._remarks.pop(capture.url, ()):
                self.note(problem, capture)
            self.settle(capture, "unchanged" if saved.outcome == "unchanged" else "stored")
        self.counts[saved.outcome if saved.outcome != "unchanged" else "visited"] += 1

    def crash(self, item: object, failure: Failure) -> None:
        """A page met an error of our own: it is tried again later; a broken archive ends the run."""
        if not isinstance(item, Capture) or item.url not in self._in_flight:
            return
        if isinstance(failure.value, ArchiveError):
            self.let_go(item.url)
            self.halt(Halt("archive", str(failure.value).rstrip(".")))
            return
        message = f"{item.address} met an error of this program: {type(failure.value).__name__}: {failure.value}."
        self.fail(item, Problem(stage="crawl", reason="crash", message=message, fatal=True))

    def stands(self, capture: Capture) -> None:
        """The site says, with status 304, that a page is as it was."""
        entry = self._in_flight.get(capture.url)
        due_at = None
        with self.archive.transaction():
            if capture.kind == "article" and entry is not None and entry.article_id is not None:
                self.archive.articles.sight(entry.article_id, capture.fetched_at)
                published_at = self.archive.articles.published_at(entry.article_id)
                due_at = revisit.next_visit(published_at, capture.fetched_at, self.scope.site.revisits)
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
            self.archive.close()

    def _write_accounts(self, reason: str) -> None:
        self.counts["left"] = self._due("article")
        self.outcome, self.why = self._outcome(reason)
        self.archive.runs.cover(self.id, self.coverage.rows())
        self.archive.runs.finish(self.id, self.outcome, self.why, dict(self.counts))
        self.unusual = unusual(self.archive, self.id)
        for problem in self.unusual:
            self.archive.runs.note(self.id, problem)

    def _outcome(self, reason: str) -> tuple[Outcome, str | None]:
        left, unwalked = self.counts["left"], self._due("listing") + self._due("feed") + self._due("sitemap")
        held_back = self.reserve.left if self.reserve else 0
        if self.unreachable:
            why = self.halted.clause if self.halted else self.last_error
            return "failed", f"{self.scope.site.base_url} gave no page at all: {why}"
        if self.halted:
            return "stopped", self.halted.clause
        if reason != "finished":
            return "stopped", f"stopped early ({reason})"
        if self.limit_reached and (left or unwalked or held_back):
            return "stopped", f"the limit of {self.scope.limit} articles was reached"
        if self.revisits_used_up and left and not unwalked:
            return "stopped", f"{self.revisits} articles were visited again, the most in one run; {left} more are due"
        if left or unwalked:
            return "failed", f"{left} articles and {unwalked} listing pages were left undone"
        return "finished", None

    @property
    def unreachable(self) -> bool:
        """Was there an attempt, and did none bring a response?"""
        silent = self.halted is not None and self.halted.code == "unreachable"
        return silent or 0 < self.counts["pages"] == self.counts["fetch_errors"]

    @property
    def balanced(self) -> bool:
        """Does every address that was met have exactly one outcome?"""
        return self.counts["discovered"] == sum(self.counts[outcome] for outcome in OUTCOMES)

    def _due(self, kind: PageKind) -> int:
        scope = self.scope
        return self.archive.frontier.due_count(
            scope.site.name,
            self.started_at,
            languages=(*scope.languages, None),
            sections=(*scope.sections, None),
            kind=kind,
        )


def _is_revisit(entry: Entry) -> bool:
    return entry.kind == "article" and entry.article_id is not None


def _with_few_revisits(most: int | None, entries: list[Entry]) -> list[Entry]:
    """The entries without the revisits beyond so many."""
    if most is None:
        return entries
    left = count(1)
    return [entry for entry in entries if not _is_revisit(entry) or next(left) <= most]


def _at_most(articles: int | None, entries: list[Entry]) -> list[Entry]:
    """The entries up to so many articles; what stands behind the last of them waits."""
    if articles is None:
        return entries
    places = [place for place, entry in enumerate(entries) if entry.kind == "article"]
    return entries if len(places) <= articles else entries[: places[articles]]
