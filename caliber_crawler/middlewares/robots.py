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
from scrapy.exceptions import NotConfigured, StopDownload
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK

from caliber_crawler.crawling.outcome import Halt
from caliber_crawler.crawling.run import CrawlRun
from caliber_crawler.fetching.failures import why_not_fetched
from caliber_crawler.fetching.refusals import Refusal
from caliber_crawler.politeness import AGENT, gap_asked_for, has_no_rules
from caliber_crawler.roads.archive_indexes import is_index

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

MOST_BYTES = 500 * 1024
"""How much of a robots.txt is read; RFC 9309 wants at least this much."""
LONGEST_LINE = 2_000
"""Characters; a rule longer than any address can be matches nothing."""
NO_ONE_THERE = ("refused", "dns", "tls", "private_address")
"""Failures after which nothing else can be had of a host either."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What a host's robots.txt allowed when it was fetched; ``None`` for a host that has none, or could not tell."""

    fetched_at: datetime
    robots: Protego | None
    why_not: Halt | None = None
    failure: str = "no_robots"
    """The same as a reason for one page."""


class RobotsMiddleware:
    """Asks each host for its robots.txt before anything else, and again after a day (``kept_for``).

    A run ends when the site cannot tell what it allows: no answer, 5xx, 429, or a redirect that leads nowhere we may
    go. Where a page leads to another of its hosts that cannot, it is the page that fails.
    ``Crawl-delay`` and ``Request-rate`` widen the gap between requests. The index of a web archive that the user asked
    for is no page that a crawler came upon: it is asked as its documentation says.
    """

    def __init__(
        self,
        crawler: Crawler,
        run: CrawlRun,
        agent: str,
        *,
        kept_for: timedelta = timedelta(hours=24),
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._crawler, self._run, self._agent, self._clock = crawler, run, agent, clock
        self._kept_for = kept_for
        self._rules: dict[str, asyncio.Future[Rules]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        run = crawler.get_extension(CrawlRun)
        if run is None or not crawler.settings.getbool("ROBOTSTXT_OBEY"):
            raise NotConfigured
        settings = crawler.settings
        middleware = cls(
            crawler,
            run,
            settings["ROBOTSTXT_USER_AGENT"] or AGENT,
            kept_for=timedelta(seconds=settings.getfloat("ROBOTSTXT_MAX_AGE")),
        )
        crawler.signals.connect(middleware.stop_at_the_limit, signals.bytes_received)
        return middleware

    async def process_request(self, request: Request) -> None:
        """Let through what the host's rules allow."""
        if request.meta.get("robots") or is_index(request.cb_kwargs.get("entry")):
            return
        rules = await self._rules_for(request.url)
        if rules.why_not is not None:
            if _origin(request.url) != _origin(self._run.scope.site.base_url):
                raise Refusal(rules.failure, rules.why_not.clause)
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
        host = _origin(url)
        known = self._rules.get(host)
        if known is None or (known.done() and self._clock() - known.result().fetched_at >= self._kept_for):
            known = self._rules[host] = asyncio.ensure_future(self._fetch(host))
        return await known

    async def _fetch(self, host: str) -> Rules:
        now, url = self._clock(), f"{host}/robots.txt"
        request = Request(url, callback=NO_CALLBACK, meta={"robots": True, "download_maxsize": 0}, dont_filter=True)
        assert self._crawler.engine is not None
        try:
            response = await self._crawler.engine.download_async(request)
        except Exception as error:
            code, why_not = why_not_fetched(error, request)
            if code == "stopped":
                raise
            self._keep(host, now, None, None)
            clause = f"{url} could not be fetched ({why_not})"
            if code in NO_ONE_THERE:
                return Rules(now, None, Halt("unreachable", clause), code)
            return Rules(now, None, Halt("robots_unavailable", clause))
        return self._read(host, response, now)

    def _read(self, host: str, response: Response, now: datetime) -> Rules:
        status = response.status
        if has_no_rules(status):
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


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()
