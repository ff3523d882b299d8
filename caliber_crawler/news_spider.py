"""Discover and fetch: a spider that asks for what the frontier says is due and passes on what came, unread."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from scrapy import Request, Spider
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadTimeoutError,
    IgnoreRequest,
)
from scrapy.http import Response
from twisted.python.failure import Failure

from caliber_crawler.crawl_run import CrawlRun, Scope
from caliber_crawler.errors import SiteError
from caliber_crawler.items import Capture
from caliber_crawler.listing_walk import first_batches
from caliber_crawler.site import Edition, Site
from caliber_crawler.walk import Window

if TYPE_CHECKING:
    from caliber_crawler.archive import Entry


class NewsSpider(Spider):
    """A news site. A subclass states its ``name`` and its ``site``; nothing else is needed.

    Arguments are what ``scrapy crawl NAME -a argument=value`` gives: ``section`` and ``language`` (several separated by
    commas, ``all`` for all), ``since`` and ``until`` (dates), ``limit`` (article pages), ``base_url`` (the same site
    served elsewhere). Raises :class:`SiteError` for a section or language that the site's file does not have.
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
        )
        self.allowed_domains = [urlsplit(f"//{host}").hostname or host for host in (site.host, *site.hosts)]

    async def start(self) -> AsyncIterator[Any]:
        """Put the listings into the frontier; from there on the scheduler asks the archive for what is next."""
        run = self.crawler.get_extension(CrawlRun)
        assert run is not None
        run.seed(first_batches(self.scope, run.started_at))
        of_our_own: tuple[Request, ...] = ()
        for request in of_our_own:
            yield request

    def request(self, entry: Entry) -> Request:
        """Ask for a page of the frontier."""
        return Request(
            entry.url,
            callback=self.parse,
            errback=self.failed,
            cb_kwargs={"entry": entry},
            dont_filter=True,  # the frontier knows each address once
        )

    def parse(self, response: Response, entry: Entry) -> Iterable[Capture]:
        """Pass a page on as it came, whatever its status."""
        yield Capture(
            site=self.scope.site.name,
            kind=entry.kind,
            url=entry.url,
            final_url=response.url if response.url != entry.url else None,
            redirects=tuple(response.meta.get("redirect_urls", ())[1:]),
            fetched_at=datetime.now(UTC),
            status=response.status,
            headers=_pairs(response),
            body=response.body,
        )

    def failed(self, failure: Failure) -> Iterable[Capture]:
        """Pass on that a page could not be fetched, and why."""
        request: Request = failure.request  # type: ignore[attr-defined]
        entry: Entry = request.cb_kwargs["entry"]
        code, error = _reason(failure.value, request)
        yield Capture(
            site=self.scope.site.name,
            kind=entry.kind,
            url=entry.url,
            final_url=request.url if request.url != entry.url else None,
            fetched_at=datetime.now(UTC),
            error=error,
            error_code=code,
        )


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


def _moment(site: Site, text: str) -> datetime | None:
    """A date (its first moment at the site) or an ISO 8601 time; without an offset it is the site's own time."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise SiteError(f"{text!r} is not a date; write it as 2026-01-31 or 2026-01-31T18:00.") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=site.zone)).astimezone(UTC)


def _pairs(response: Response) -> tuple[tuple[str, str], ...]:
    """Headers in the order Scrapy kept them; it joins neither repeated names nor their values."""
    return tuple(
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, values in response.headers.items()
        for value in values
    )


def _reason(error: BaseException | None, request: Request) -> tuple[str, str]:
    """Why there is no response: a code to group by, and a clause for a person."""
    match error:
        case IgnoreRequest() if "robots.txt" in str(error):
            return "robots", "robots.txt forbids it"
        case IgnoreRequest():
            return "offsite", str(error) or "it is on another host"
        case DownloadTimeoutError() | TimeoutError():
            return "timeout", f"no answer within {request.meta.get('download_timeout', 0):.0f} s"
        case DownloadConnectionRefusedError():
            return "refused", "the connection was refused"
        case CannotResolveHostError():
            return "dns", "there is no such host"
    return "network", f"{type(error).__name__}: {error}".rstrip(": ")
