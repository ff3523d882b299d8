"""Find the request that returns more teasers on scroll: a browser scrolls a listing, and its requests are examined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from scrapy import Request

from caliber_crawler.archive import Entry
from caliber_crawler.crawling.options import CrawlOptions
from caliber_crawler.errors import SiteError
from caliber_crawler.extraction import Unreadable
from caliber_crawler.fetching.headers import header_pairs
from caliber_crawler.items import Capture
from caliber_crawler.lists import parse_list_page
from caliber_crawler.middlewares.scrolling import EXCHANGES
from caliber_crawler.news_spider import NewsSpider
from caliber_crawler.quantity import quantity
from caliber_crawler.site import Site
from caliber_crawler.trial_crawl import GivenPages, Progress, page_entry, trial_crawl

if TYPE_CHECKING:
    from caliber_crawler.fetching.browser import Exchange

ROUNDS = 3
"""Number of scrolls: enough to see which parameter is the counter."""


@dataclass(frozen=True, slots=True)
class ScrollRequest:
    """The requests that scrolling a listing caused."""

    listing: str
    requests: list[str] = field(default_factory=list)
    """The requests that returned teasers, in order."""
    teasers: list[int] = field(default_factory=list)
    """The number of teasers that each request returned."""
    more: str = ""
    """The value of ``more`` for the site's :class:`~caliber_crawler.site.ListingLayout`; empty if none was found."""
    form: str = ""
    """The value of ``form`` if the requests posted a form; ``requests`` has it after a ``#``."""
    page_size: int = 0

    def as_row(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def sentence(self) -> str:
        """The result and what to do about it, in plain text."""
        if not self.requests:
            return f'No request returned more teasers while {self.listing} was scrolled. Try scroll="browser".'
        requests = "\n".join(
            f"  {url} ({quantity(teasers, 'teaser')})" for url, teasers in zip(self.requests, self.teasers, strict=True)
        )
        if not self.more:
            return f'These requests returned teasers, but no parameter is a counter. Use scroll="browser":\n{requests}'
        facts = f"more={self.more!r}" + (f", form={self.form!r}" if self.form else "")
        facts += f", page_size={self.page_size}" if self.page_size else ""
        return f"These requests returned teasers:\n{requests}\nSet in the site's ListingLayout: {facts}"


def find_scroll_request(
    spider: type[NewsSpider],
    memory: Path,
    *,
    base_url: str = "",
    section: str = "",
    delay: float | None = None,
    progress: Progress = lambda crawls: None,
) -> ScrollRequest:
    """Open a listing in a browser, scroll a few times, and find the requests that return teasers.

    The listing and the requests of its scripts are fetched as in a crawl. Raises :class:`SiteError` if the site
    definition has no listing, and the errors of :meth:`Trial.page <caliber_crawler.trial_crawl.Trial.page>`.
    """
    options = CrawlOptions(base_url=base_url)
    site = options.site(spider.site)
    listing = _first_listing(site, section)
    exchanges: list[Exchange] = []
    with trial_crawl(
        _scrolling_spider(spider, exchanges),
        GivenPages([page_entry(site, listing, kind="listing")]),
        memory,
        options=options,
        delay=delay,
        progress=progress,
    ) as trial:
        trial.page(listing)
    found = [(_request_text(exchange), count) for exchange in exchanges if (count := _teasers_in(exchange, site))]
    urls, teasers = [url for url, _ in found], [count for _, count in found]
    if any("#" in url for url in urls):
        return ScrollRequest(listing, urls, teasers, *posted_template(urls))
    more, page_size = template(listing, urls)
    return ScrollRequest(listing, urls, teasers, more, page_size=page_size)


def _first_listing(site: Site, section: str) -> str:
    sections = (section,) if section else site.default_sections
    for key in sections:
        for edition in site.editions:
            if key in edition.sections:
                return site.listing_url(edition, key)
    raise SiteError(f"The definition of {site.title} has no listing" + (f" of {section}." if section else "."))


def _scrolling_spider(spider: type[NewsSpider], exchanges: list[Exchange]) -> type[NewsSpider]:
    """The same spider without discovery. A browser scrolls its listings and appends to ``exchanges``."""
    layout = spider.site.listing
    if layout is None:
        raise SiteError(f"The definition of {spider.site.title} does not describe its listings.")
    scrolled = replace(layout, more="", form="", next="", scroll="browser", max_scrolls=ROUNDS)

    class ScrollingSpider(spider):  # type: ignore[valid-type, misc]
        site: Site = replace(spider.site, sources=(), listing=scrolled)

        def request(self, entry: Entry, url: str | None = None) -> Request:
            request: Request = super().request(entry, url)
            request.meta[EXCHANGES] = exchanges
            return request

    return ScrollingSpider


def posted_template(urls: Sequence[str]) -> tuple[str, str, int]:
    """The URL, the form and the page size for posted forms, as :func:`template`; each form follows a ``#``."""
    endpoints = {url.partition("#")[0] for url in urls}
    if len(endpoints) > 1:
        return "", "", 0
    endpoint = endpoints.pop()
    plain = endpoint.partition("?")[0]
    form, page_size = template(plain, [f"{plain}?{url.partition('#')[2]}" for url in urls])
    parts = urlsplit(endpoint)
    return (parts._replace(scheme="", netloc="").geturl(), form.removeprefix("?"), page_size) if form else ("", "", 0)


def template(listing: str, urls: Sequence[str]) -> tuple[str, int]:
    """The URL template of these requests, and the page size if an offset counts teasers; empty if there is none.

    A parameter that rises by one each time is the page number; one that rises by more is the offset.
    """
    if len(urls) < 2:
        return "", 0
    first, second = (dict(parse_qsl(urlsplit(url).query, keep_blank_values=True)) for url in urls[:2])
    rising = [
        (name, int(second[name]) - int(first[name]))
        for name in first
        if first[name].isdecimal() and second.get(name, "").isdecimal() and int(second[name]) > int(first[name])
    ]
    if len(rising) != 1:
        return "", 0
    name, step = rising[0]
    first_values = (1, 2) if step == 1 else (step,)
    if int(first[name]) not in first_values:
        return "", 0
    placeholder = "{page}" if step == 1 else "{offset}"
    query = "&".join(f"{key}={placeholder if key == name else value}" for key, value in first.items())
    path = urlsplit(urls[0]).path
    return ("" if path == urlsplit(listing).path else path) + f"?{query}", 0 if step == 1 else step


def _request_text(exchange: Exchange) -> str:
    request = exchange.request
    form = request.body.decode("utf-8", errors="replace") if request.method == "POST" else ""
    return f"{request.url}#{form}" if form else request.url


def _teasers_in(exchange: Exchange, site: Site) -> int:
    response = exchange.response
    if response.status != 200:
        return 0
    capture = Capture(
        site=site.name,
        kind="listing",
        url=exchange.request.url,
        fetched_at=datetime.now(UTC),
        status=200,
        headers=header_pairs(response),
        body=response.body,
    )
    try:
        return len(parse_list_page(capture, site).teasers)
    except Unreadable:
        return 0
