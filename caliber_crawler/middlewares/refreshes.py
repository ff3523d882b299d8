"""Pages that send browsers on: followed like a redirect, as long as the target is on the site."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Self

from scrapy import Request
from scrapy.exceptions import IgnoreRequest, NotConfigured
from scrapy.http import Response

from caliber_crawler.crawling.run import CrawlRun
from caliber_crawler.extraction.refreshes import target_of, target_of_value
from caliber_crawler.site.urls import browser_url

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from caliber_crawler.site import Site

MARKUP = ("text/html", "application/xhtml+xml", "")


class RefreshMiddleware:
    """Requests the page to which ``<meta http-equiv="refresh">``, the header or a script of an empty page leads.

    A page whose target is on another site is passed on: it is refused as an article. The redirects of a page are
    limited together, whatever their kind.
    """

    def __init__(self, site: Site, max_times: int) -> None:
        self._site, self._max_times = site, max_times

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        run = crawler.get_extension(CrawlRun)
        if run is None:
            raise NotConfigured
        return cls(run.scope.site, crawler.settings.getint("REDIRECT_MAX_TIMES"))

    def process_response(self, request: Request, response: Response) -> Request | Response:
        """Return the request for the target, or the response. Raises ``IgnoreRequest`` after too many redirects."""
        entry = request.cb_kwargs.get("entry")
        if entry is None or response.status != HTTPStatus.OK or request.method != "GET":
            return response
        target = self._target(response)
        if target is None:
            return response
        times = request.meta.get("redirect_times", 0) + 1
        if times > self._max_times:
            raise IgnoreRequest("max redirections reached")
        urls = [*request.meta.get("redirect_urls", ()), request.url]
        return request.replace(url=target, meta={**request.meta, "redirect_times": times, "redirect_urls": urls})

    def _target(self, response: Response) -> str | None:
        media_type = (response.headers.get("Content-Type") or b"").decode("latin-1").partition(";")[0].strip().lower()
        if media_type not in MARKUP:
            return None
        header = (response.headers.get("Refresh") or b"").decode("latin-1")
        target = target_of_value(header, response.url) if header else None
        target = target or target_of(response.body, response.url, media_type)
        try:
            url = browser_url(target) if target is not None else ""
            return url if url and self._site.owns(url) else None
        except ValueError:  # not a URL
            return None
