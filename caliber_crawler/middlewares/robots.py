"""Obey robots.txt according to RFC 9309: when it is unavailable, nothing is fetched."""

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
from caliber_crawler.discovery.cdx_indexes import is_index
from caliber_crawler.fetching.failures import failure_reason, is_unconnected
from caliber_crawler.fetching.refusals import Refusal
from caliber_crawler.middlewares.download import Download, download_with
from caliber_crawler.robots_groups import BEGINNING, decode_robots
from caliber_crawler.throttle import ROBOTS_AGENT, Throttle, means_no_robots, parse_robots, requested_delay

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from caliber_crawler.archive.queue.hosts import Hosts

MAX_ROBOTS_BYTES = 500 * 1024
"""Maximum number of bytes of a robots.txt that are parsed; RFC 9309 requires at least this many."""
NO_SERVER = ("refused", "dns", "tls", "private_address")
"""Codes of failures that mean that no such server exists, rather than that it does not answer."""


@dataclass(frozen=True, slots=True)
class Rules:
    """A host's robots.txt when it was fetched; ``robots`` is ``None`` if it is missing or unavailable."""

    fetched_at: datetime
    robots: Protego | None
    unavailable: Halt | None = None
    code: str = "no_robots"
    """The reason code of a page that may not be fetched because the rules are unavailable."""


class RobotsMiddleware:
    """Fetches the robots.txt of each host before anything else, and again after ``max_age``.

    A run ends when the site's robots.txt is unavailable: no response, 5xx, 429, or an offsite redirect. On another host
    of the site, only the page fails. ``Crawl-delay`` and ``Request-rate`` raise the delay between requests. The index
    of a web archive that the user named is an API, so its robots.txt is not checked.
    """

    def __init__(
        self,
        download: Download,
        base_url: str,
        *,
        hosts: Hosts,
        throttle: Throttle,
        halt: Callable[[Halt], None],
        agent: str = ROBOTS_AGENT,
        max_age: timedelta = timedelta(hours=24),
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._download, self._base_url, self._agent = download, base_url, agent
        self._hosts, self._throttle, self._halt = hosts, throttle, halt
        self._max_age, self._clock = max_age, clock
        self._rules: dict[str, asyncio.Future[Rules]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        run = crawler.get_extension(CrawlRun)
        if run is None or not crawler.settings.getbool("ROBOTSTXT_OBEY"):
            raise NotConfigured
        settings = crawler.settings
        middleware = cls(
            download_with(crawler),
            run.scope.site.base_url,
            hosts=run.archive.hosts,
            throttle=run.throttle,
            halt=run.accounts.halt,
            agent=settings["ROBOTSTXT_USER_AGENT"] or ROBOTS_AGENT,
            max_age=timedelta(seconds=settings.getfloat("ROBOTSTXT_MAX_AGE")),
        )
        crawler.signals.connect(middleware.stop_at_the_limit, signals.bytes_received)
        return middleware

    async def process_request(self, request: Request) -> None:
        """Pass requests that the host's rules allow."""
        if request.meta.get("robots") or is_index(request.cb_kwargs.get("entry")):
            return
        rules = await self._rules_for(request.url)
        if rules.unavailable is not None:
            if not self._is_whole_site(request.url):
                raise Refusal(rules.code, rules.unavailable.clause)
            self._halt(rules.unavailable)
            raise Refusal(rules.unavailable.code, rules.unavailable.clause)
        if rules.robots is not None and not rules.robots.can_fetch(request.url, self._agent):
            raise Refusal("robots", "robots.txt disallows it")

    def stop_at_the_limit(self, data: bytes, request: Request) -> None:
        """End the download of a robots.txt after :data:`MAX_ROBOTS_BYTES`."""
        if request.meta.get("is_beginning_enough"):
            request.meta["robots_bytes"] = request.meta.get("robots_bytes", 0) + len(data)
            if request.meta["robots_bytes"] > MAX_ROBOTS_BYTES:
                raise StopDownload(fail=False)

    def _is_whole_site(self, url: str) -> bool:
        """Whether the site has no other robots.txt than the one of this URL: it may have one over HTTP and HTTPS."""
        host = _host(self._base_url)
        others = (origin for origin in self._rules if _host(origin) == host and origin != _origin(url))
        answers = (self._rules[origin] for origin in others)
        return _host(url) == host and not any(
            rules.done() and rules.exception() is None and rules.result().unavailable is None for rules in answers
        )

    async def _rules_for(self, url: str) -> Rules:
        host = _origin(url)
        known = self._rules.get(host)
        if known is None or (known.done() and self._clock() - known.result().fetched_at >= self._max_age):
            known = self._rules[host] = asyncio.ensure_future(self._fetch(host))
        return await known

    async def _fetch(self, host: str) -> Rules:
        now, url = self._clock(), f"{host}/robots.txt"
        request = Request(url, callback=NO_CALLBACK, meta={"robots": True, **BEGINNING}, dont_filter=True)
        try:
            response = await self._download(request)
        except Exception as error:
            code, clause = failure_reason(error, request)
            if code == "stopped":
                raise
            self._record(host, now, None, None)
            clause = f"{url} could not be fetched ({clause})"
            halt = Halt(
                "unreachable" if code in NO_SERVER else "robots_unavailable", clause, is_unconnected(error, request)
            )
            return Rules(now, None, halt, code if code in NO_SERVER else "no_robots")
        return self._parse(host, response, now)

    def _parse(self, host: str, response: Response, now: datetime) -> Rules:
        status = response.status
        if means_no_robots(status):
            self._record(host, now, status, None)
            return Rules(now, None)
        if not 200 <= status < 300:
            self._record(host, now, status, None)
            clause = f"{host}/robots.txt answered {status}, so nothing may be fetched now"
            return Rules(now, None, Halt("robots_unavailable", clause))
        text = decode_robots(response.body[:MAX_ROBOTS_BYTES])
        self._record(host, now, status, text)
        robots = parse_robots(text, self._agent)
        delay = requested_delay(robots, self._agent)
        if delay:
            self._throttle.raise_delay(urlsplit(host).netloc, delay, self._clock())
        return Rules(now, robots)

    def _record(self, host: str, now: datetime, status: int | None, text: str | None) -> None:
        self._hosts.record_robots(urlsplit(host).netloc, now, status, text)


def _host(url: str) -> str:
    return urlsplit(url).netloc.lower().removeprefix("www.")


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()
