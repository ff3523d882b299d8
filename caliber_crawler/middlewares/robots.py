"""robots.txt, obeyed as RFC 9309 says: where it cannot be had, nothing is fetched."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from protego import Protego
from scrapy import Request, signals
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    NotConfigured,
    StopDownload,
)
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK

from caliber_crawler.crawling.run import CrawlRun, Halt
from caliber_crawler.fetching.refusals import Refusal

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

MOST_BYTES = 500 * 1024
"""How much of a robots.txt is read; RFC 9309 wants at least this much."""
LONGEST_LINE = 2_000
"""Characters; a rule longer than any address can be matches nothing."""
KEPT_FOR = timedelta(hours=24)
"""RFC 9309: rules should not be used for longer than a day without asking again."""
NO_RULES = (400, 500)
"""From the first status to below the second there are no rules, but for 429, which is a plea to wait."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What a host's robots.txt allowed when it was fetched; ``None`` for a host that could not tell."""

    fetched_at: datetime
    robots: Protego | None
    why_not: Halt | None = None


class RobotsMiddleware:
    """Asks each host for its robots.txt before anything else, and again after a day.

    A run ends when a host cannot tell what it allows: no answer, 5xx, 429, or a redirect that leads nowhere we may go.
    ``Crawl-delay`` and ``Request-rate`` widen the gap between requests.
    """

    def __init__(
        self, crawler: Crawler, run: CrawlRun, agent: str, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._crawler, self._run, self._agent, self._clock = crawler, run, agent, clock
        self._rules: dict[str, asyncio.Future[Rules]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        run = crawler.get_extension(CrawlRun)
        if run is None or not crawler.settings.getbool("ROBOTSTXT_OBEY"):
            raise NotConfigured
        middleware = cls(crawler, run, crawler.settings["ROBOTSTXT_USER_AGENT"])
        crawler.signals.connect(middleware.stop_at_the_limit, signals.bytes_received)
        return middleware

    async def process_request(self, request: Request) -> None:
        """Let through what the host's rules allow."""
        if request.meta.get("robots"):
            return
        rules = await self._rules_for(request.url)
        if rules.why_not is not None:
            self._run.halt(rules.why_not)
            raise Refusal(rules.why_not.code, rules.why_not.clause)
        if rules.robots is not None and not rules.robots.can_fetch(request.url, self._agent):
            raise Refusal("robots", "robots.txt forbids it")

    def stop_at_the_limit(self, data: bytes, request: Request) -> None:
        """Read no more of a robots.txt than anybody has to."""
        if request.meta.get("robots"):
            request.meta["robots_bytes"] = request.meta.get("robots_bytes", 0) + len(data)
            if request.meta["robots_bytes"] > MOST_BYTES:
                raise StopDownload(fail=False)

    async def _rules_for(self, url: str) -> Rules:
        parts = urlsplit(url)
        host = f"{parts.scheme}://{parts.netloc}"
        known = self._rules.get(host)
        if known is None or (known.done() and self._clock() - known.result().fetched_at >= KEPT_FOR):
            known = self._rules[host] = asyncio.ensure_future(self._fetch(host))
        return await known

    async def _fetch(self, host: str) -> Rules:
        now, url = self._clock(), f"{host}/robots.txt"
        request = Request(url, callback=NO_CALLBACK, meta={"robots": True, "download_maxsize": 0}, dont_filter=True)
        assert self._crawler.engine is not None
        try:
            response = await self._crawler.engine.download_async(request)
        except Exception as error:  # noqa: BLE001 - whatever went wrong, there are no rules to go by
            self._keep(host, now, None, None)
            silent = isinstance(error, (DownloadConnectionRefusedError, CannotResolveHostError))
            clause = f"{url} could not be fetched ({_told(error)})"
            return Rules(now, None, Halt("unreachable" if silent else "robots_unavailable", clause))
        return self._read(host, response, now)

    def _read(self, host: str, response: Response, now: datetime) -> Rules:
        status = response.status
        if NO_RULES[0] <= status < NO_RULES[1] and status != 429:
            self._keep(host, now, status, None)
            return Rules(now, None)
        if not 200 <= status < 300:
            self._keep(host, now, status, None)
            clause = f"{host}/robots.txt answered {status}, so nothing may be fetched for now"
            return Rules(now, None, Halt("robots_unavailable", clause))
        text = response.body[:MOST_BYTES].decode("utf-8-sig", errors="replace")
        self._keep(host, now, status, text)
        robots = Protego.parse("\n".join(line for line in text.splitlines() if len(line) <= LONGEST_LINE))
        gap = gap_asked_for(robots, self._agent)
        if gap:
            self._run.pace.widen(urlsplit(host).netloc, gap, self._clock())
        return Rules(now, robots)

    def _keep(self, host: str, now: datetime, status: int | None, text: str | None) -> None:
        self._run.archive.hosts.keep_robots(urlsplit(host).netloc, now, status, text)


def gap_asked_for(robots: Protego, agent: str) -> float:
    """Seconds between two requests that a robots.txt asks for: the longer of ``Crawl-delay`` and ``Request-rate``."""
    rate = robots.request_rate(agent)
    return max(robots.crawl_delay(agent) or 0.0, rate.seconds / rate.requests if rate and rate.requests else 0.0)


def _told(error: Exception) -> str:
    if isinstance(error, Refusal):
        return error.clause
    return f"{type(error).__name__}: {error}".rstrip(": ")
