"""Discover and fetch: a spider that asks for what the frontier says is due and passes on what came, unread."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Self
from urllib.parse import urlsplit

from scrapy import Request, Spider
from scrapy.http import Response
from twisted.python.failure import Failure

from caliber_crawler.crawling.recovery import taken_up
from caliber_crawler.crawling.run import CrawlRun
from caliber_crawler.crawling.scope import Scope
from caliber_crawler.crawling.traps import Bounds
from caliber_crawler.crawling.walk import Window
from caliber_crawler.errors import MissingExtra, SiteError
from caliber_crawler.fetching.contact import require_contact
from caliber_crawler.fetching.failures import NOT_ASKED, why_not_fetched
from caliber_crawler.fetching.headers import header_pairs
from caliber_crawler.items import SCROLLED, Capture
from caliber_crawler.roads import address_lists, archive_indexes, due_seeds
from caliber_crawler.roads.finds import Finds
from caliber_crawler.roads.listings import known_ground
from caliber_crawler.site import Edition, Numbers, Road, Search, Site

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.settings import BaseSettings

    from caliber_crawler.archive import Entry


FORM = "application/x-www-form-urlencoded; charset=UTF-8"


class NewsSpider(Spider):
    """A news site. A subclass states its ``name`` and its ``site``; nothing else is needed.

    Arguments are what ``scrapy crawl NAME -a argument=value`` gives: ``section`` and ``language`` (several separated by
    commas, ``all`` for all), ``since`` and ``until`` (dates), ``limit`` (article pages), ``base_url`` (the same site
    served elsewhere), ``road`` (which of the site's roads to take), ``search`` (what to ask the site's search),
    ``numbers`` (post numbers, ``1-500`` upwards or ``500-1`` downwards), ``urls`` and ``cdx`` (files with addresses,
    ``-`` for standard input; ``cdx`` also the name or address of a web archive's index), ``due`` (only what is due),
    ``whole`` (listings to their end, over known ground too).
    Raises :class:`SiteError` for what the site's file does not
    have and :class:`InputError` for a file that is not there.
    """

    site: ClassVar[Site]

    def __init__(
        self,
        *,
        section: str = "",
        language: str = "",
        since: str = "",
        until: str = "",
        limit: int | str | None = None,
        base_url: str = "",
        road: str = "",
        urls: str = "",
        cdx: str = "",
        search: str = "",
        numbers: str = "",
        due: bool | str = "",
        whole: bool | str = "",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        site = self.site.at(base_url) if base_url else self.site
        editions = _editions(site, language)
        self.scope = Scope(
            site=site,
            languages=tuple(edition.language for edition in editions),
            sections=_sections(site, editions, section),
            window=Window(since=_moment(site, since), until=_moment(site, until)),
            limit=int(limit) if limit else None,
            roads=_roads(site, road, search=search, numbers=numbers, listed=bool(urls or cdx)),
            queries=tuple(filter(None, (query.strip() for query in search.split(",")))),
            numbers=_numbers(numbers),
            due_only=bool(due),
            whole=bool(whole),
        )
        _check_numbers(site, editions, self.scope.roads)
        self._lists = [address_lists.opened(urls, "url_list")] if urls else []
        self._cdx = cdx
        self.allowed_domains = [urlsplit(f"//{host}").hostname or host for host in (site.host, *site.hosts)]

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        spider = super().from_crawler(crawler, *args, **kwargs)
        settings = crawler.settings
        require_contact(spider.scope.site, settings)
        bounds = {field.name: settings.getint(f"TRAP_{field.name.upper()}") for field in fields(Bounds)}
        spider.scope = replace(spider.scope, bounds=Bounds(**bounds))
        known = settings.getdict("CDX_SERVICES")
        if spider._cdx and not archive_indexes.is_service(spider._cdx, known):
            spider._lists.append(address_lists.opened(spider._cdx, "cdx"))
            spider._cdx = ""
        return spider

    @classmethod
    def update_settings(cls, settings: BaseSettings) -> None:
        """Bring in the browser, where the site's file asks for one."""
        super().update_settings(settings)
        if cls.site.listing and cls.site.listing.scroll:
            try:
                from caliber_crawler.fetching.scrolling import scroll_settings
            except ImportError:
                raise MissingExtra("browser") from None
            settings.setdict(scroll_settings(), priority="spider")

    async def start(self) -> AsyncIterator[Any]:
        """Put the pages on which the roads begin into the frontier; all else the scheduler asks the archive for.

        First comes what an earlier crawl had fetched when it was killed.
        """
        run = self._run
        left_behind = taken_up(run)
        run.seed(due_seeds(run))
        if self._cdx:
            services = self.settings.getdict("CDX_SERVICES")
            run.seed([archive_indexes.index_entry(self._cdx, services, self.scope, run.started_at)])
        for addresses in self._lists:
            address_lists.take_list(addresses, run, Finds(run))
        for capture in left_behind:
            yield capture

    @property
    def _run(self) -> CrawlRun:
        run = self.crawler.get_extension(CrawlRun)
        assert run is not None
        return run

    def request(self, entry: Entry) -> Request:
        """Ask for a page of the frontier."""
        posted = self._posted(entry)
        return Request(
            entry.url if posted is None else entry.url.partition("#")[0],
            method="GET" if posted is None else "POST",
            body=posted or "",
            callback=self.parse,
            errback=self.failed,
            headers=self._headers(entry),
            meta=self._meta(entry),
            cb_kwargs={"entry": entry},
            dont_filter=True,  # the frontier knows each address once
        )

    def _posted(self, entry: Entry) -> str | None:
        """What the request for a later batch of a listing posts, on a site where it does."""
        layout = self.scope.site.listing
        _, mark, form = entry.url.partition("#")
        return form if layout and layout.form and entry.kind == "listing" and entry.batch > 1 and mark else None

    def _headers(self, entry: Entry) -> dict[str, str]:
        layout = self.scope.site.listing
        if layout is None or entry.kind != "listing" or entry.batch == 1:
            return {}
        return ({} if self._posted(entry) is None else {"Content-Type": FORM}) | dict(layout.headers)

    def _meta(self, entry: Entry) -> dict[str, Any]:
        if archive_indexes.is_index(entry):
            return {"page_timeout": self.settings.getfloat("CDX_TIMEOUT")}
        layout = self.scope.site.listing
        if layout is None or not layout.scroll or entry.kind != "listing":
            return {}
        from caliber_crawler.fetching.scrolling import scroll_meta

        def on_known_ground(links: list[str]) -> bool:
            urls = {address.url for address in self.scope.site.addresses(links)}
            return bool(urls) and urls <= set(known_ground(self._run, entry, urls))

        return scroll_meta(layout, self.settings, on_known_ground)

    def parse(self, response: Response, entry: Entry | None = None) -> Iterable[Capture]:
        """Pass a page on as it came, whatever its status. ``scrapy parse`` asks for one without a frontier entry."""
        entry = entry or self._entry_for(response.url)
        yield Capture(
            site=self.scope.site.name,
            kind=entry.kind,
            url=entry.url,
            final_url=_elsewhere(response.url, entry),
            redirects=tuple(response.meta.get("redirect_urls", ())[1:]),
            fetched_at=datetime.now(UTC),
            status=response.status,
            headers=(*header_pairs(response), *scrolled(response)),
            body=response.body,
        )

    def _entry_for(self, url: str) -> Entry:
        from caliber_crawler.archive import Entry

        address = self.scope.site.address(url)
        return Entry(
            url=address.url if address else self.scope.site.normal_url(url),
            site=self.scope.site.name,
            kind="article" if address else "listing",
            road="url_list",
        )

    def failed(self, failure: Failure) -> Iterable[Capture]:
        """Pass on that a page could not be fetched, and why."""
        request: Request = failure.request  # type: ignore[attr-defined]
        entry: Entry = request.cb_kwargs["entry"]
        code, error = why_not_fetched(failure.value, request)
        if code in NOT_ASKED:
            self._run.handout.let_go(entry.url)
            return
        yield Capture(
            site=self.scope.site.name,
            kind=entry.kind,
            url=entry.url,
            final_url=_elsewhere(request.url, entry),
            fetched_at=datetime.now(UTC),
            error=error,
            error_code=code,
        )


def _elsewhere(url: str, entry: Entry) -> str | None:
    """The address that answered, when it is not the one that was asked for."""
    return url if url not in (entry.url, entry.url.partition("#")[0]) else None


def _editions(site: Site, languages: str) -> list[Edition]:
    if languages in ("", "all"):
        return list(site.editions)
    editions = []
    for language in languages.split(","):
        edition = site.edition(language)
        if edition is None:
            known = ", ".join(edition.language for edition in site.editions)
            raise SiteError(f"{site.title} has no edition in {language.strip()!r}; it has: {known}.")
        editions.append(edition)
    return editions


def _sections(site: Site, editions: list[Edition], sections: str) -> tuple[str, ...]:
    known = {key: None for edition in editions for key in edition.sections}
    if sections == "all":
        return tuple(known)
    wanted = tuple(part.strip().lower() for part in sections.split(",")) if sections else site.default_sections
    for section in wanted:
        if section not in known:
            raise SiteError(f"{site.title} has no section {section!r}; it has: {', '.join(known)}.")
    return wanted


def _roads(site: Site, names: str, *, search: str, numbers: str, listed: bool) -> tuple[Road, ...]:
    """The roads named, those that another wish needs, or the usual ones where there is no wish at all."""
    known = {road.name for road in site.roads}
    wanted = {name.strip().lower() for name in names.split(",")} if names else set()
    wanted |= ({Search.name} if search else set()) | ({Numbers.name} if numbers else set())
    for name in sorted(wanted - {"all"}):
        if name not in known:
            raise SiteError(f"{site.title} has no road {name!r}; it has: {', '.join(sorted(known))}.")
    if not wanted and not listed:
        return tuple(road for road in site.roads if road.by_default)
    return tuple(road for road in site.roads if road.name in wanted or "all" in wanted)


def _check_numbers(site: Site, editions: list[Edition], roads: tuple[Road, ...]) -> None:
    """Raise :class:`SiteError` when post numbers are to be walked in editions that have none."""
    walk = next((road for road in roads if isinstance(road, Numbers)), None)
    if walk is not None and not any(edition.language in walk.paths for edition in editions):
        asked = ", ".join(edition.language for edition in editions)
        raise SiteError(f"{site.title} has post numbers in {', '.join(walk.paths)}, not in {asked}.")


def _numbers(text: str) -> tuple[int, int] | None:
    """Two post numbers, ``1-500`` or ``500-1``."""
    if not text:
        return None
    first, _, last = text.partition("-")
    if not (first.strip().isdecimal() and last.strip().isdecimal()):
        raise SiteError(f"{text!r} is no range of post numbers; write it as 1-500, or 500-1 to go down.")
    return int(first), int(last)


def _moment(site: Site, text: str) -> datetime | None:
    """A date (its first moment at the site) or an ISO 8601 time; without an offset it is the site's own time."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise SiteError(f"{text!r} is not a date; write it as 2026-01-31 or 2026-01-31T18:00.") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=site.zone)).astimezone(UTC)


def scrolled(response: Response) -> tuple[tuple[str, str], ...]:
    """How far a browser scrolled, as a header of our own."""
    methods = response.meta.get("playwright_page_methods", ())
    return tuple((SCROLLED, str(method.result)) for method in methods if method.result)
