"""Back off from a busy host: wait as long as it asks, retry a few times, then end the run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.exceptions import NotConfigured
from scrapy.http import Response

from caliber_crawler.crawling.outcome import Halt
from caliber_crawler.crawling.run import CrawlRun
from caliber_crawler.discovery.cdx_indexes import is_index
from caliber_crawler.fetching.refusals import Refusal
from caliber_crawler.throttle import Throttle, Wait, parse_retry_after

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

BUSY = (429, 503)


class BackoffMiddleware:
    """Waits for a host that answers 429 or 503, or whose Retry-After from an earlier run is still in force.

    The run ends after ``tries`` such responses in a row, or when the host asks for more than ``max_wait`` seconds; the
    archive stores the Retry-After. Without a ``Retry-After`` the wait is ``delays`` times the throttle's delay, doubled
    each time. The run also ends after ``max_failures`` other consecutive errors of a host. The index of a web archive
    is requested at most every ``index_delay`` seconds; its errors do not end a run.
    """

    def __init__(
        self,
        throttle: Throttle,
        halt: Callable[[Halt], None],
        *,
        tries: int,
        delays: int,
        max_wait: float,
        max_failures: int,
        index_delay: float = 0.0,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._throttle, self._halt, self._clock = throttle, halt, clock
        self._tries, self._max_failures = tries, max_failures
        self._delays, self._max_wait, self._index_delay = delays, max_wait, index_delay
        self._busy: dict[str, int] = {}
        self._failed: dict[str, int] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        run = crawler.get_extension(CrawlRun)
        if run is None:
            raise NotConfigured
        settings = crawler.settings
        return cls(
            run.throttle,
            run.accounts.halt,
            tries=settings.getint("BACKOFF_TRIES"),
            delays=settings.getint("BACKOFF_DELAYS"),
            max_wait=settings.getfloat("BACKOFF_MAX"),
            max_failures=settings.getint("FAILURES_MAX"),
            index_delay=settings.getfloat("CDX_DELAY"),
        )

    def process_request(self, request: Request) -> None:
        """Refuse a request to a host that asked for a wait longer than ``max_wait``."""
        host = urlsplit(request.url).netloc
        now = self._clock()
        if is_index(request.cb_kwargs.get("entry")):
            self._throttle.raise_delay(host, self._index_delay, now)
        wait = self._throttle.retry_after(host, now)
        if wait and (wait.until - now).total_seconds() > self._max_wait:
            raise self._give_up(request, wait)

    def process_response(self, request: Request, response: Response) -> Response | Request:
        """Retry a busy host later; after the last try, pass its response on."""
        host = urlsplit(request.url).netloc
        if response.status not in BUSY:
            self._busy.pop(host, None)
            self._count(request, failed=response.status >= 500)
            return response
        self._busy[host] = count = self._busy.get(host, 0) + 1
        wait = self._wait(response, count)
        self._throttle.back_off(host, wait)
        if count >= self._tries or (wait.until - wait.since).total_seconds() > self._max_wait:
            self._give_up(request, wait)
            return response
        again: Request = request.replace(dont_filter=True)
        return again

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Count a request without a response."""
        if not isinstance(exception, Refusal):
            self._count(request, failed=True)

    def _wait(self, response: Response, count: int) -> Wait:
        now = self._clock()
        value = (response.headers.get("Retry-After") or b"").decode("latin-1")
        until = parse_retry_after(value, now) if value else None
        usual = now + timedelta(seconds=self._delays * self._throttle.delay * 2 ** (count - 1))
        return Wait(until or usual, now, f"{urlsplit(response.url).path} answered {response.status}")

    def _give_up(self, request: Request, wait: Wait) -> Refusal:
        host = urlsplit(request.url).netloc
        clause = f"{host} accepts no requests until {wait.until:%Y-%m-%d %H:%M:%S} UTC ({wait.reason})"
        if is_index(request.cb_kwargs.get("entry")):
            return Refusal("index_busy", clause)
        self._halt(Halt("busy", clause))
        return Refusal("busy", clause)

    def _count(self, request: Request, *, failed: bool) -> None:
        if is_index(request.cb_kwargs.get("entry")):
            return
        host = urlsplit(request.url).netloc
        self._failed[host] = self._failed.get(host, 0) + 1 if failed else 0
        if self._failed[host] >= self._max_failures:
            self._halt(Halt("failing", f"{host} failed {self._max_failures} times in a row"))
