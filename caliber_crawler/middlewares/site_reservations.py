"""What a site reserves for all its pages at once: the file of the TDM Reservation Protocol, asked for once a day."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.exceptions import NotConfigured
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK

from caliber_crawler.archive import Entry
from caliber_crawler.crawling.run import CrawlRun
from caliber_crawler.fetching.failures import why_not_fetched
from caliber_crawler.fetching.headers import header_pairs
from caliber_crawler.items import SITE_RESERVES, Capture
from caliber_crawler.reservations import SITE_FILE, SiteRules, site_rules

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

KEPT_FOR = timedelta(hours=24)
LARGEST = 1024 * 1024
"""Bytes."""


class SiteReservationsMiddleware:
    """Asks a host for ``/.well-known/tdmrep.json`` before its first article, and marks what the file reserves.

    The answer is kept as a capture, which shows what was reserved when. A host that cannot tell has reserved nothing.
    """

    def __init__(
        self, crawler: Crawler, run: CrawlRun, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._crawler, self._run, self._clock = crawler, run, clock
        self._rules: dict[str, asyncio.Future[tuple[datetime, SiteRules]]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        run = crawler.get_extension(CrawlRun)
        if run is None:
            raise NotConfigured
        return cls(crawler, run)

    async def process_request(self, request: Request) -> None:
        """See to it that the site's rules are known."""
        if _is_article(request):
            await self._rules_for(request.url)

    async def process_response(self, request: Request, response: Response) -> Response:
        """Mark a page that the site's file reserves."""
        if _is_article(request):
            reserved = (await self._rules_for(response.url)).reserved(urlsplit(response.url).path)
            if reserved is not None:
                response.headers[SITE_RESERVES] = reserved
        return response

    async def _rules_for(self, url: str) -> SiteRules:
        parts = urlsplit(url)
        address = f"{parts.scheme}://{parts.netloc}{SITE_FILE}"
        known = self._rules.get(address)
        if known is None or (known.done() and self._clock() - known.result()[0] >= KEPT_FOR):
            known = self._rules[address] = asyncio.ensure_future(self._known_or_fetched(address))
        return (await known)[1]

    async def _known_or_fetched(self, address: str) -> tuple[datetime, SiteRules]:
        kept = self._kept(address)
        if kept is None:
            kept = await self._fetch(address)
        return kept.fetched_at, site_rules(kept.body) if kept.status == 200 else SiteRules()

    def _kept(self, address: str) -> Capture | None:
        archive = self._run.archive
        for row in archive.explain([address])["captures"][:1]:
            capture = archive.captures.get(row["id"])
            if capture.status is not None and self._clock() - capture.fetched_at < KEPT_FOR:
                return capture
        return None

    async def _fetch(self, address: str) -> Capture:
        request = Request(address, callback=NO_CALLBACK, meta={"download_maxsize": LARGEST}, dont_filter=True)
        assert self._crawler.engine is not None
        site = self._run.scope.site.name
        try:
            response = await self._crawler.engine.download_async(request)
        except Exception as error:  # noqa: BLE001 - whatever went wrong, the page that waits for this is fetched
            _, clause = why_not_fetched(error, request)
            capture = Capture(site=site, kind="tdmrep", url=address, fetched_at=self._clock(), error=clause)
        else:
            capture = Capture(
                site=site,
                kind="tdmrep",
                url=address,
                final_url=response.url if response.url != address else None,
                fetched_at=self._clock(),
                status=response.status,
                headers=header_pairs(response),
                body=response.body,
            )
        return self._run.archive.captures.keep(capture, self._run.id)


def _is_article(request: Request) -> bool:
    entry = request.cb_kwargs.get("entry")
    return isinstance(entry, Entry) and (entry.kind == "article" or entry.road == "page")
