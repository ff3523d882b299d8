"""What to do when a host is busy: wait as long as it asks, a few times; then leave it alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.exceptions import NotConfigured
from scrapy.http import Response

from caliber_crawler.crawling.outcome import Halt
from caliber_crawler.crawling.run import CrawlRun
from caliber_crawler.fetching.refusals import Refusal
from caliber_crawler.politeness import Wait, read_retry_after
from caliber_crawler.roads.archive_indexes import is_index

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

BUSY = (429, 503)


class PatienceMiddleware:
    """Waits for a host that answers 429 or 503, and for one that asked to be left alone in an earlier run.

    After ``tries`` such answers in a row, or when the host asks for more than ``longest`` seconds, the run ends and the
    archive remembers the wish. Without a ``Retry-After`` the wait is so many usual ``gaps``, doubled each time. A host
    that gave ``failures`` other errors in a row is left alone too: it has troubles of its own. The index of a web
    archive is asked every ``index_gap`` seconds at most; its troubles end no run: it is tried again another day.
    """

    def __init__(
        self, run: CrawlRun, *, tries: int, gaps: int, longest: float, failures: int, index_gap: float = 0.0
    ) -> None:
        self._run = run
        self._tries, self._failures = tries, failures
        self._gaps, self._longest, self._index_gap = gaps, longest, index_gap
        self._busy: dict[str, int] = {}
        self._failed: dict[str, int] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        run = crawler.get_extension(CrawlRun)
        if run is None:
            raise NotConfigured
        settings = crawler.settings
        return cls(
            run,
            tries=settings.getint("BUSY_TRIES"),
            gaps=settings.getint("BUSY_GAPS"),
            longest=settings.getfloat("BUSY_WAIT_MAX"),
            failures=settings.getint("FAILURES_MAX"),
            index_gap=settings.getfloat("CDX_GAP"),
        )

    def process_request(self, request: Request) -> None:
        """Ask nothing of a host that wishes to be left alone for longer than we would wait."""
        host = urlsplit(request.url).netloc
        now = datetime.now(UTC)
        if is_index(request.cb_kwargs.get("entry")):
            self._run.pace.widen(host, self._index_gap, now)
        wait = self._run.pace.asked_to_wait(host, now)
        if wait and (wait.until - now).total_seconds() > self._longest:
            raise self._leave(request, wait)

    def process_response(self, request: Request, response: Response) -> Response | Request:
        """Ask a busy host again later; its last answer goes on as it is."""
        host = urlsplit(request.url).netloc
        if response.status not in BUSY:
            self._busy.pop(host, None)
            self._count(request, failed=response.status >= 500)
            return response
        self._busy[host] = count = self._busy.get(host, 0) + 1
        wait = self._wish(response, count)
        self._run.pace.hold(host, wait)
        if count >= self._tries or (wait.until - wait.since).total_seconds() > self._longest:
            self._leave(request, wait)
            return response
        again: Request = request.replace(dont_filter=True)
        return again

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Count what is no answer at all."""
        if not isinstance(exception, Refusal):
            self._count(request, failed=True)

    def _wish(self, response: Response, count: int) -> Wait:
        now = datetime.now(UTC)
        value = (response.headers.get("Retry-After") or b"").decode("latin-1")
        until = read_retry_after(value, now) if value else None
        usual = now + timedelta(seconds=self._gaps * self._run.pace.gap * 2 ** (count - 1))
        return Wait(until or usual, now, f"{urlsplit(response.url).path} answered {response.status}")

    def _leave(self, request: Request, wait: Wait) -> Refusal:
        host = urlsplit(request.url).netloc
        clause = f"{host} asks to be left alone until {wait.until:%Y-%m-%d %H:%M:%S} UTC ({wait.reason})"
        if is_index(request.cb_kwargs.get("entry")):
            return Refusal("index_busy", clause)
        self._run.halt(Halt("busy", clause))
        return Refusal("busy", clause)

    def _count(self, request: Request, *, failed: bool) -> None:
        if is_index(request.cb_kwargs.get("entry")):
            return
        host = urlsplit(request.url).netloc
        self._failed[host] = self._failed.get(host, 0) + 1 if failed else 0
        if self._failed[host] >= self._failures:
            self._run.halt(Halt("failing", f"{host} failed {self._failures} times in a row"))
