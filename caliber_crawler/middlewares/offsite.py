"""The site boundary: only the site's own hosts, over HTTP, at public IP addresses."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.exceptions import CannotResolveHostError, NotConfigured
from scrapy.http import Response

from caliber_crawler.crawling.outcome import Halt
from caliber_crawler.crawling.run import CrawlRun
from caliber_crawler.discovery.cdx_indexes import is_index
from caliber_crawler.fetching.refusals import Refusal
from caliber_crawler.fetching.resolver import PublicAddressResolver
from caliber_crawler.site.urls import MAX_URL_LENGTH, without_credentials

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from caliber_crawler.site import Site

SCHEMES = ("http", "https")


class OffsiteMiddleware:
    """Stops every request that leaves the site, whether it comes from a link, a redirect or a feed.

    The index of a web archive that the user named is on another host; its redirects must stay on that host.
    The run ends after ``max_in_a_row`` consecutive requests that lead to the same other host: the site has moved, or a
    proxy intercepts the requests.
    """

    def __init__(
        self,
        site: Site,
        halt: Callable[[Halt], None],
        *,
        resolver: PublicAddressResolver | None = None,
        max_in_a_row: int = 12,
    ) -> None:
        self._site, self._halt, self._resolver = site, halt, resolver
        self._max_in_a_row = max_in_a_row
        self._offsite_hosts: list[str] = []
        if resolver is not None and site.is_local:
            resolver.local_hosts.add(urlsplit(site.base_url).hostname or "")

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        run = crawler.get_extension(CrawlRun)
        if run is None:
            raise NotConfigured
        from twisted.internet import reactor

        resolver = getattr(reactor, "nameResolver", None)
        return cls(
            run.scope.site,
            run.accounts.halt,
            resolver=resolver if isinstance(resolver, PublicAddressResolver) else None,
            max_in_a_row=crawler.settings.getint("FAILURES_MAX"),
        )

    def process_request(self, request: Request) -> Request | None:
        """Pass requests that stay on the site. A redirect to a URL with credentials is followed without them."""
        self._check(request.url, request)
        if "@" in urlsplit(request.url).netloc:
            return request.replace(url=without_credentials(request.url))
        return None

    def process_response(self, request: Request, response: Response) -> Response:
        """Refuse an offsite redirect that Scrapy did not follow."""
        if 300 <= response.status < 400 and (location := response.headers.get("Location")):
            try:
                target = response.urljoin(location.decode("latin-1").strip())
            except ValueError:
                raise Refusal("offsite", "its URL is not valid") from None
            self._check(target, request)
        self._offsite_hosts.clear()
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Distinguish a host name with a private IP address from one that does not resolve."""
        host = urlsplit(request.url).hostname or ""
        if isinstance(exception, CannotResolveHostError) and self._resolver and host in self._resolver.refused:
            clause = f"{host} resolves to {self._resolver.refused[host]}, which is not a public IP address"
            raise Refusal("private_address", clause)

    def _check(self, url: str, request: Request) -> None:
        if len(url) > MAX_URL_LENGTH:
            raise Refusal("url_too_long", f"its URL is longer than {MAX_URL_LENGTH:,} characters")
        try:
            parts = urlsplit(url)
            entry = request.cb_kwargs.get("entry")
            if is_index(entry):
                inside = parts.netloc == urlsplit(entry.url).netloc
            else:
                inside = self._site.owns(self._site.normal_url(url))
        except ValueError:
            raise Refusal("offsite", "its URL is not valid") from None
        if parts.scheme.lower() not in SCHEMES:
            raise Refusal("scheme", f"it leads to a {parts.scheme}: URL, not to http or https")
        if not inside:
            self._count(parts.netloc)
            raise Refusal("offsite", f"it leads to {parts.netloc[:100]}, which is not a host of the site")

    def _count(self, host: str) -> None:
        self._offsite_hosts = [*(known for known in self._offsite_hosts if known == host), host]
        if len(self._offsite_hosts) >= self._max_in_a_row:
            clause = f"{self._site.host} led to {host[:100]} {self._max_in_a_row} times in a row"
            self._halt(Halt("failing", clause))
