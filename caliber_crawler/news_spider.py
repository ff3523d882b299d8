"""The spider: requests the due pages of the frontier and yields the responses as captures."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self
from urllib.parse import urlsplit

from scrapy import Request, Spider
from scrapy.http import Response
from twisted.python.failure import Failure

from caliber_crawler.crawling.log import log_errors_as_sentences
from caliber_crawler.crawling.options import CrawlOptions
from caliber_crawler.crawling.recovery import resume_stored_pages
from caliber_crawler.crawling.run import CrawlRun
from caliber_crawler.crawling.traps import Bounds
from caliber_crawler.discovery import cdx_indexes, due_seeds, url_lists
from caliber_crawler.discovery.discoveries import Discoveries
from caliber_crawler.discovery.sitemaps import is_robots
from caliber_crawler.errors import CaliberError, MissingExtra
from caliber_crawler.fetching.contact import require_contact
from caliber_crawler.fetching.failures import NOT_REQUESTED, failure_reason
from caliber_crawler.fetching.headers import header_pairs
from caliber_crawler.items import Capture
from caliber_crawler.robots_groups import BEGINNING
from caliber_crawler.site import Site
from caliber_crawler.site.urls import without_credentials

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.settings import BaseSettings

    from caliber_crawler.archive import Archive, Entry


class Lease(Protocol):
    """The right of a cluster worker to crawl the site."""

    def confirm(self) -> None:
        """Raise an error when the lease has expired."""


FORM_TYPE = "application/x-www-form-urlencoded; charset=UTF-8"


class NewsSpider(Spider):
    """The spider of a news site. A subclass needs only a ``name`` and a ``site``.

    Its arguments (``scrapy crawl NAME -a section=analytics``) are those of
    :class:`~caliber_crawler.crawling.options.CrawlOptions`. :class:`SiteError` is raised for an unknown argument, a
    wrong value or something that the site does not have; :class:`InputError` for a missing file. A program that runs
    the spider may pass an open ``archive``, and a ``lease`` that is confirmed before every request.
    """

    site: ClassVar[Site]
    definition_file: ClassVar[str] = ""
    """The file with the site's definition in TOML; empty for one in Python."""

    def __init__(self, *, archive: Archive | None = None, lease: Lease | None = None, **arguments: Any) -> None:
        super().__init__()
        # Text comes from Scrapy's command, which must not set these two.
        arguments |= {name: value for name, value in (("archive", archive), ("lease", lease)) if isinstance(value, str)}
        options = CrawlOptions.from_arguments(arguments)
        self.archive, self.lease = archive, lease
        self.scope = options.scope(self.site)
        self._lists = [url_lists.open_list(options.urls, "url_list")] if options.urls else []
        self._cdx = options.cdx
        self._authorization: tuple[str, str] | None = None
        site = self.scope.site
        self.allowed_domains = [urlsplit(f"//{host}").hostname or host for host in (site.host, *site.hosts)]

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        try:
            spider = super().from_crawler(crawler, *args, **kwargs)
            spider._prepare(crawler.settings)
        except CaliberError:
            log_errors_as_sentences()
            raise
        return spider

    def _prepare(self, settings: BaseSettings) -> None:
        """Check the contact, and apply settings to the scope."""
        require_contact(self.scope.site, settings)
        relisting = timedelta(days=settings.getfloat("RELIST_DAYS"))
        self.scope = replace(self.scope, bounds=Bounds.from_settings(settings), relisting=relisting)
        if self.scope.scroll:
            require_browser()
        if self._cdx and not cdx_indexes.is_service(self._cdx, settings.getdict("CDX_SERVICES")):
            self._lists.append(url_lists.open_list(self._cdx, "cdx"))
            self._cdx = ""

    @classmethod
    def update_settings(cls, settings: BaseSettings) -> None:
        """Raise an error when the site definition needs a browser and none is installed."""
        super().update_settings(settings)
        if cls.site.listing and cls.site.listing.scroll:
            require_browser()

    async def start(self) -> AsyncIterator[Any]:
        """Add the due seed URLs to the frontier; the scheduler takes all further requests from there.

        Yield the pages that a killed crawl stored but did not process.
        """
        run = self._run
        resumed = resume_stored_pages(run)
        seeds = due_seeds(run)
        run.seed(seeds)
        is_listed = self._cdx or self._lists or self.scope.ids or self.scope.due_only
        if not seeds and not is_listed and not run.dispatcher.due_count("article", "listing", "feed", "sitemap"):
            run.accounts.counts["nothing_requested"] += 1
        if self._cdx:
            services = self.settings.getdict("CDX_SERVICES")
            self._authorization = cdx_indexes.authorization(self._cdx, services)
            run.seed([cdx_indexes.index_entry(self._cdx, services, self.scope, run.started_at)])
        for article_urls in self._lists:
            for _ in url_lists.add_list(article_urls, run, Discoveries(run)):
                await asyncio.sleep(0)
        for capture in resumed:
            yield capture

    @property
    def _run(self) -> CrawlRun:
        run = self.crawler.get_extension(CrawlRun)
        assert run is not None
        return run

    def request(self, entry: Entry, url: str | None = None) -> Request:
        """Make the request for an entry of the frontier; ``url`` is the URL to request, if it has changed since."""
        form = self._form(entry)
        return Request(
            (url or entry.requested) if form is None else entry.url.partition("#")[0],
            method="GET" if form is None else "POST",
            body=form or "",
            callback=self.parse,
            errback=self.failed,
            headers=self._headers(entry),
            meta=self._meta(entry),
            cb_kwargs={"entry": entry},
            dont_filter=True,  # the frontier has each URL once
        )

    def _form(self, entry: Entry) -> str | None:
        """The form data of a request for a further page of a listing, on sites that use POST requests."""
        _, hash_sign, form = entry.url.partition("#")
        return form if hash_sign and entry.kind == "listing" and entry.page_number > 1 else None

    def _headers(self, entry: Entry) -> dict[str, str]:
        if cdx_indexes.is_index(entry) and self._authorization is not None:
            host, header = self._authorization
            return {"Authorization": header} if urlsplit(entry.url).netloc == host else {}
        layout = self.scope.site.listing
        if entry.kind != "listing" or entry.page_number == 1:
            return {}
        own = {} if layout is None else dict(layout.headers)
        return ({} if self._form(entry) is None else {"Content-Type": FORM_TYPE}) | own

    def _meta(self, entry: Entry) -> dict[str, Any]:
        if cdx_indexes.is_index(entry):
            return {"page_timeout": self.settings.getfloat("CDX_TIMEOUT")}
        return dict(BEGINNING) if is_robots(entry) else {}

    def parse(self, response: Response, entry: Entry | None = None) -> Iterable[Capture]:
        """Yield the response as a capture, with any status. ``scrapy parse`` calls it without a frontier entry."""
        entry = entry or self._entry_for(response.url)
        yield Capture(
            site=self.scope.site.name,
            kind=entry.kind,
            url=entry.url,
            final_url=_final_url(response.url, entry),
            redirects=_redirects(response, entry),
            fetched_at=datetime.now(UTC),
            status=response.status,
            headers=header_pairs(response),
            body=response.body,
        )

    def _entry_for(self, url: str) -> Entry:
        from caliber_crawler.archive import Entry

        article_url = self.scope.site.article_url(url)
        return Entry(
            url=article_url.url if article_url else self.scope.site.normal_url(url),
            site=self.scope.site.name,
            kind="article" if article_url else "listing",
            discovered_via="url_list",
        )

    def failed(self, failure: Failure) -> Iterable[Capture]:
        """Yield a failed request as a capture with its error; a page that was never requested stays due."""
        request: Request = failure.request  # type: ignore[attr-defined]
        entry: Entry = request.cb_kwargs["entry"]
        code, error = failure_reason(failure.value, request)
        if code in NOT_REQUESTED:
            self._run.dispatcher.release(entry.url)
            return
        yield Capture(
            site=self.scope.site.name,
            kind=entry.kind,
            url=entry.url,
            final_url=_final_url(request.url, entry),
            fetched_at=datetime.now(UTC),
            error=error,
            error_code=code,
        )


def require_browser() -> None:
    """Raise an error unless the extra and a browser are installed."""
    try:
        from caliber_crawler.fetching.browser import chromium
    except ImportError:
        raise MissingExtra("browser") from None
    chromium(os.environ.get("CALIBER_CHROMIUM", ""))


def _redirects(response: Response, entry: Entry) -> tuple[str, ...]:
    """The URLs between the one that identifies the page and that of the response: the printed one, and redirects."""
    urls = [without_credentials(url) for url in response.meta.get("redirect_urls", ())]
    return tuple(urls[1:] if urls[:1] == [entry.url.partition("#")[0]] else urls)


def _final_url(url: str, entry: Entry) -> str | None:
    """The URL of the response, if it differs from the URL that identifies the page."""
    url = without_credentials(url)
    return url if url not in (entry.url, entry.url.partition("#")[0]) else None
