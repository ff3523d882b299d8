"""Ask only for what changed, where a change is all there is to learn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from scrapy import Request
from scrapy.exceptions import NotConfigured

from caliber_crawler.archive import BEGINNING, Entry
from caliber_crawler.crawling.run import CrawlRun

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

VALIDATORS = (b"If-None-Match", b"If-Modified-Since")


class ConditionalMiddleware:
    """Makes a request conditional on the validators that came with the last answer (RFC 9110, chapter 13).

    An article whose page carries its view counter is always asked for whole: the counter is what the visit is for. A
    listing is asked for whole until the walk that began on it went as far as this one is to go, and when known ground
    is to be walked again.
    """

    def __init__(self, run: CrawlRun) -> None:
        self._run = run

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        run = crawler.get_extension(CrawlRun)
        if run is None:
            raise NotConfigured
        return cls(run)

    def process_request(self, request: Request) -> None:
        """Add the validators, or take them away behind a redirect: they are those of another page."""
        for name in VALIDATORS:
            request.headers.pop(name, None)
        entry: Entry | None = request.cb_kwargs.get("entry")
        if entry is None or request.url != entry.url or not self._may_be_unchanged(entry):
            return
        for name, value in zip(VALIDATORS, (entry.etag, entry.last_modified), strict=True):
            if value:
                request.headers[name] = value

    def _may_be_unchanged(self, entry: Entry) -> bool:
        scope = self._run.scope
        if entry.kind == "article":
            return entry.article_id is not None and not scope.site.counter_in_page
        if entry.kind == "listing":
            if scope.whole:
                return False
            walked = self._run.archive.frontier.walked(entry.url)
            return entry.batch == 1 and walked is not None and walked <= (scope.window.since or BEGINNING)
        return True
