"""Conditional requests: a page that is needed only if it changed is requested with its validators."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Self

from scrapy import Request
from scrapy.exceptions import NotConfigured
from scrapy.http import Response

from caliber_crawler.archive import BEGINNING, Entry
from caliber_crawler.crawling.relisting import relisted_since
from caliber_crawler.crawling.run import CrawlRun
from caliber_crawler.crawling.scope import Scope
from caliber_crawler.fetching.refusals import Refusal

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from caliber_crawler.archive.queue.frontier import Frontier

VALIDATORS = (b"If-None-Match", b"If-Modified-Since")


class ConditionalMiddleware:
    """Makes a request conditional on the validators of the last response (RFC 9110, section 13).

    Two kinds of pages are always requested in full: articles with a view counter in the page, because each visit
    observes the counter; and listings in a backfill, those that are crawled past known articles, and those without an
    earlier traversal that went as far back as this one.
    """

    def __init__(self, scope: Scope, frontier: Frontier) -> None:
        self._scope, self._frontier = scope, frontier

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        run = crawler.get_extension(CrawlRun)
        if run is None:
            raise NotConfigured
        return cls(run.scope, run.archive.frontier)

    def process_request(self, request: Request) -> None:
        """Set the validators; remove them after a redirect, because they belong to another page."""
        for name in VALIDATORS:
            request.headers.pop(name, None)
        entry: Entry | None = request.cb_kwargs.get("entry")
        if entry is None or request.url != entry.requested or not self._may_be_unchanged(entry):
            return
        for name, value in zip(VALIDATORS, (entry.etag, entry.last_modified), strict=True):
            if value:
                request.headers[name] = value

    def process_response(self, request: Request, response: Response) -> Response:
        """Refuse a 304 (not modified) that nobody asked for: the page has no content, and may never have been stored.

        Raises :class:`Refusal`.
        """
        if response.status == HTTPStatus.NOT_MODIFIED and not any(name in request.headers for name in VALIDATORS):
            raise Refusal(f"http_{response.status}", "it answered 304 (not modified) to an unconditional request")
        return response

    def _may_be_unchanged(self, entry: Entry) -> bool:
        if entry.kind == "article":
            return entry.article_id is not None and not self._scope.site.counter_in_page
        if entry.kind == "listing":
            if self._scope.backfill:
                return False
            crawled_since, crawled_at = self._frontier.crawled_since(entry.url), self._frontier.crawled_at(entry.url)
            return (
                entry.page_number == 1
                and crawled_since is not None
                and crawled_at is not None
                and crawled_since <= (self._scope.window.since or BEGINNING)
                and relisted_since(entry.url, crawled_at, datetime.now(UTC), self._scope.relisting) is None
            )
        return True
