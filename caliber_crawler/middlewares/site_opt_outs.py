"""Rights reservations of a whole site: ``tdmrep.json`` of the TDM Reservation Protocol, fetched once a day."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.exceptions import NotConfigured
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK

from caliber_crawler.archive import Entry
from caliber_crawler.crawling.dispatcher import CANDIDATE
from caliber_crawler.crawling.run import CrawlRun
from caliber_crawler.errors import ArchiveError
from caliber_crawler.fetching.failures import failure_reason
from caliber_crawler.fetching.headers import header_pairs
from caliber_crawler.items import SITE_OPTS_OUT, Capture
from caliber_crawler.middlewares.download import Download, download_with
from caliber_crawler.opt_outs import TDMREP_PATH, SiteRules, site_rules

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from caliber_crawler.archive.pages.captures import Captures

MAX_AGE = timedelta(hours=24)
MAX_BYTES = 1024 * 1024


class SiteOptOutsMiddleware:
    """Fetches ``/.well-known/tdmrep.json`` of a host before its first article, and marks the pages that it reserves.

    The response is stored as a capture, as proof of what was reserved and when. Without the file nothing is reserved.
    """

    def __init__(
        self,
        download: Download,
        captures: Captures,
        *,
        site: str,
        run_id: int,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._download, self._captures, self._clock = download, captures, clock
        self._site, self._run_id = site, run_id
        self._rules: dict[str, asyncio.Future[tuple[datetime, SiteRules]]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        run = crawler.get_extension(CrawlRun)
        if run is None:
            raise NotConfigured
        return cls(download_with(crawler), run.archive.captures, site=run.scope.site.name, run_id=run.id)

    async def process_request(self, request: Request) -> None:
        """Fetch the site's rules before the first article."""
        if _is_article(request):
            await self._rules_for(request.url)

    async def process_response(self, request: Request, response: Response) -> Response:
        """Mark a page that ``tdmrep.json`` reserves."""
        if _is_article(request):
            reservation = (await self._rules_for(response.url)).reservation_of(urlsplit(response.url).path)
            if reservation is not None:
                response.headers[SITE_OPTS_OUT] = reservation
        return response

    async def _rules_for(self, url: str) -> SiteRules:
        parts = urlsplit(url)
        rules_url = f"{parts.scheme}://{parts.netloc}{TDMREP_PATH}"
        known = self._rules.get(rules_url)
        if known is None or (known.done() and not self._is_current(known.result()[0])):
            known = self._rules[rules_url] = asyncio.ensure_future(self._stored_or_fetched(rules_url))
        return (await known)[1]

    async def _stored_or_fetched(self, url: str) -> tuple[datetime, SiteRules]:
        capture = None
        with suppress(ArchiveError):  # damaged, or in cold storage that is not available
            capture = self._captures.latest(url)
        if capture is None or capture.status is None or not self._is_current(capture.fetched_at):
            capture = await self._fetch(url)
        return capture.fetched_at, site_rules(capture.body) if capture.status == 200 else SiteRules()

    def _is_current(self, fetched_at: datetime) -> bool:
        """Do rules still apply? A time in the future is that of a clock that was wrong."""
        return timedelta() <= self._clock() - fetched_at < MAX_AGE

    async def _fetch(self, url: str) -> Capture:
        request = Request(url, callback=NO_CALLBACK, meta={"download_maxsize": MAX_BYTES}, dont_filter=True)
        try:
            response = await self._download(request)
        except Exception as error:  # noqa: BLE001 - the waiting page is fetched in any case
            _, clause = failure_reason(error, request)
            capture = Capture(site=self._site, kind="tdmrep", url=url, fetched_at=self._clock(), error=clause)
        else:
            capture = Capture(
                site=self._site,
                kind="tdmrep",
                url=url,
                final_url=response.url if response.url != url else None,
                fetched_at=self._clock(),
                status=response.status,
                headers=header_pairs(response),
                body=response.body,
            )
        return self._captures.store(capture, self._run_id)


def _is_article(request: Request) -> bool:
    entry = request.cb_kwargs.get("entry")
    if not isinstance(entry, Entry):
        return False
    return (
        entry.kind == "article" or entry.priority == CANDIDATE or entry.discovered_via in ("start_page", "exploration")
    )
