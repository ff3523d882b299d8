"""One run of a spider: the archive it writes to, what it was asked for, and what came of every page.

Scrapy's components reach it with ``crawler.get_extension(CrawlRun)``.
"""

from __future__ import annotations

import platform
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import TYPE_CHECKING, Literal, Self

from itemadapter import ItemAdapter
from scrapy import signals
from scrapy.exceptions import NotConfigured
from scrapy.utils.asyncio import create_looping_call

from caliber_crawler import revisit
from caliber_crawler.archive import Archive, Entry
from caliber_crawler.archive.times import utc_now
from caliber_crawler.items import Capture, PageKind, Problem, Reading
from caliber_crawler.site import Site
from caliber_crawler.walk import Window

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

Outcome = Literal["finished", "stopped", "failed"]

COVERED = ("headline", "subtitle", "body", "published_at", "authors", "section", "views", "signature", "cover_image")
"""The fields whose coverage a run reports."""

HEARTBEAT = 60.0
"""Seconds between signs of life; a run without one for longer was killed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a crawl was asked for. ``limit`` counts article pages."""

    site: Site
    languages: tuple[str, ...]
    sections: tuple[str, ...]
    window: Window = field(default_factory=Window)
    limit: int | None = None


class CrawlRun:
    """Opens the archive when the spider starts, keeps the accounts, closes the run honestly.

    Every article address that the run meets ends in exactly one of ``stored``, ``unchanged``, ``refused``, ``failed``
    and ``left``.
    """

    def __init__(self, archive: Archive, scope: Scope, *, user_agent: str, settings: dict[str, object]) -> None:
        self.archive = archive
        self.scope = scope
        self.started_at = utc_now()
        self.counts: Counter[str] = Counter()
        self.outcome: Outcome | None = None
        self.last_error: str | None = None
        self.why: str | None = None
        """One clause: why the outcome is not ``finished``."""
        self._in_flight: dict[str, Entry] = {}
        self._handed_out = 0
        self._read: Counter[str] = Counter()
        self._filled: Counter[tuple[str, str, str]] = Counter()
        archive.sites.keep(scope.site)
        self.id = archive.runs.start(
            "crawl",
            site=scope.site.name,
            arguments=_arguments(scope),
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
            settings={
                name: settings[name] for name in ("DOWNLOAD_DELAY", "CONCURRENT_REQUESTS_PER_DOMAIN", "ROBOTSTXT_OBEY")
            },
        )
        heartbeat = create_looping_call(run.heartbeat)
        crawler.signals.connect(lambda: heartbeat.start(HEARTBEAT, now=False), signals.spider_opened, weak=False)
        crawler.signals.connect(heartbeat.stop, signals.spider_closed, weak=False)
        crawler.signals.connect(run.close, signals.spider_closed, weak=False)
        return run

    # --- the frontier -------------------------------------------------------------------------------------------------

    def seed(self, listings: Iterable[Entry]) -> None:
        """Have these listings walked from their first batch."""
        self.archive.frontier.add(listings, self.id)

    def take(self, count: int) -> list[Entry]:
        """The next pages that are due, most urgent first; each is handed out once."""
        if self.limit_reached:
            return []
        entries = self.archive.frontier.take(
            self.scope.site.name,
            self.started_at,
            count,
            languages=self.scope.languages,
            sections=self.scope.sections,
            exclude=[entry.id for entry in self._in_flight.values() if entry.id is not None],
        )
        articles_left = None if self.scope.limit is None else self.scope.limit - self._handed_out
        taken = _at_most(articles_left, entries)
        self._handed_out += sum(entry.kind == "article" for entry in taken)
        self._in_flight.update({entry.url: entry for entry in taken})
        return taken

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

    @property
    def limit_reached(self) -> bool:
        return self.scope.limit is not None and self._handed_out >= self.scope.limit

    # --- what came of a page ------------------------------------------------------------------------------------------

    def keep(self, capture: Capture) -> Capture:
        """Commit the raw page, before anyone tries to read it."""
        self.counts["pages"] += 1
        return self.archive.captures.keep(capture, self.id)

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

    def gone(self, capture: Capture, problem: Problem) -> None:
        """The site says that the page is no more; an article we hold stays."""
        with self.archive.transaction():
            self.note(problem, capture)
            self.settle(capture, "refused")
            self.archive.frontier.gone(capture.url, capture.fetched_at, status=capture.status)

    def store(self, reading: Reading) -> None:
        """Commit article, version, view count and frontier together."""
        article, capture = reading.article, reading.capture
        addresses = [address for url in article.urls if (address := self.scope.site.address(url))]
        with self.archive.transaction():
            saved = self.archive.articles.save(reading, self.id, addresses)
            self.archive.frontier.done(
                capture.url,
                capture.fetched_at,
                status=capture.status,
                article_id=saved.article_id,
                due_at=revisit.next_visit(article.published_at, capture.fetched_at),
            )
            self.settle(capture, "unchanged" if saved.outcome == "unchanged" else "stored")
        self.counts[saved.outcome if saved.outcome != "unchanged" else "visited"] += 1

    # --- the accounts -------------------------------------------------------------------------------------------------

    def heartbeat(self) -> None:
        """Tell the archive that this run is alive, and how far it is."""
        self.archive.runs.heartbeat(self.id, dict(self.counts))

    def close(self, reason: str) -> None:
        """Write the last accounts; ``finished`` is said only with no work left."""
        self.counts["left"] = self._due("article")
        self.outcome, self.why = self._outcome(reason)
        self.archive.runs.cover(self.id, self._coverage())
        self.archive.runs.finish(self.id, self.outcome, self.why, dict(self.counts))
        self.archive.close()

    def _outcome(self, reason: str) -> tuple[Outcome, str | None]:
        left, unwalked = self.counts["left"], self._due("listing")
        if self.unreachable:
            return "failed", f"{self.scope.site.base_url} gave no page at all: {self.last_error}"
        if reason != "finished":
            return "stopped", f"stopped early ({reason})"
        if self.limit_reached and (left or unwalked):
            return "stopped", f"the limit of {self.scope.limit} articles was reached"
        if left or unwalked:
            return "failed", f"{left} articles and {unwalked} listing pages were left undone"
        return "finished", None

    @property
    def unreachable(self) -> bool:
        """Was there an attempt, and did none bring a response?"""
        return 0 < self.counts["pages"] == self.counts["fetch_errors"]

    @property
    def balanced(self) -> bool:
        """Does every address that was met have exactly one outcome?"""
        return self.counts["discovered"] == sum(
            self.counts[outcome] for outcome in ("stored", "unchanged", "refused", "failed", "left")
        )

    def _due(self, kind: PageKind) -> int:
        scope = self.scope
        return self.archive.frontier.due_count(
            scope.site.name, self.started_at, languages=scope.languages, sections=scope.sections, kind=kind
        )

    def cover(self, layout: str, article: ItemAdapter, rungs: Mapping[str, str]) -> None:
        """Count which fields this layout filled, and by which rung of the ladder."""
        self._read[layout] += 1
        for name in COVERED:
            rung = rungs.get(name, "") if article[name] not in (None, "", ()) else ""
            self._filled[layout, name, rung] += 1

    def _coverage(self) -> list[tuple[str, str, str, str, int, int]]:
        """Rows of site, layout, field, rung, pages read, pages whose field this rung filled (no rung: left empty)."""
        return [
            (self.scope.site.name, layout, name, rung, self._read[layout], filled)
            for (layout, name, rung), filled in sorted(self._filled.items())
        ]


def software() -> dict[str, str]:
    """Versions of what decides how pages are fetched, read and kept."""
    packages = ("caliber-crawler", "scrapy", "parsel", "lxml", "dateparser", "sqlite-utils", "zstandard")
    return {
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        **{package: version(package) for package in packages},
    }


def _at_most(articles: int | None, entries: list[Entry]) -> list[Entry]:
    """The entries up to so many articles; what stands behind the last of them waits."""
    if articles is None:
        return entries
    places = [place for place, entry in enumerate(entries) if entry.kind == "article"]
    return entries if len(places) <= articles else entries[: places[articles]]


def _arguments(scope: Scope) -> dict[str, object]:
    window = scope.window
    return {
        "base_url": scope.site.base_url,
        "languages": list(scope.languages),
        "sections": list(scope.sections),
        "since": window.since.isoformat() if window.since else None,
        "until": window.until.isoformat() if window.until else None,
        "limit": scope.limit,
    }
