"""Where the crawler may go: the site's own hosts, over HTTP, at public addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.exceptions import CannotResolveHostError, NotConfigured
from scrapy.http import Response

from caliber_crawler.crawling.outcome import Halt
from caliber_crawler.crawling.run import CrawlRun
from caliber_crawler.fetching.refusals import Refusal
from caliber_crawler.fetching.resolver import PublicAddressResolver
from caliber_crawler.roads.archive_indexes import is_index

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

SCHEMES = ("http", "https")
LONGEST_ADDRESS = 2083
"""Characters; what browsers bore for decades."""


class BordersMiddleware:
    """Stops every request that would leave the site, whoever thought of it: a link, a redirect, a feed.

    The index of a web archive that the user asked for stands elsewhere; it may not lead anywhere else in turn.
    ``most`` pages in a row that lead to the same other host end the run: the site has moved, or somebody stands in
    between.
    """

    def __init__(self, run: CrawlRun, resolver: PublicAddressResolver | None, most: int = 12) -> None:
        self._run, self._site, self._resolver = run, run.scope.site, resolver
        self._most = most
        self._led_to: list[str] = []
        site = self._site
        if resolver is not None and site.is_local:
            resolver.local_hosts.add(urlsplit(site.base_url).hostname or "")

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        run = crawler.get_extension(CrawlRun)
        if run is None:
            raise NotConfigured
        from twisted.internet import reactor

        resolver = getattr(reactor, "nameResolver", None)
        known = resolver if isinstance(resolver, PublicAddressResolver) else None
        return cls(run, known, crawler.settings.getint("FAILURES_MAX"))

    def process_request(self, request: Request) -> None:
        """Let through what stays on the site."""
        self._check(request.url, request)

    def process_response(self, request: Request, response: Response) -> Response:
        """Scrapy gives back a redirect that it cannot follow: say why."""
        if 300 <= response.status < 400 and (location := response.headers.get("Location")):
            self._check(response.urljoin(location.decode("latin-1").strip()), request)
        self._led_to.clear()
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Tell a name without an address from one whose address is none of our business."""
        host = urlsplit(request.url).hostname or ""
        if isinstance(exception, CannotResolveHostError) and self._resolver and host in self._resolver.refused:
            clause = f"{host} stands at {self._resolver.refused[host]}, which is no public address"
            raise Refusal("private_address", clause)

    def _check(self, url: str, request: Request) -> None:
        if len(url) > LONGEST_ADDRESS:
            raise Refusal("long_address", f"its address is longer than {LONGEST_ADDRESS:,} characters")
        try:
            parts = urlsplit(url)
            entry = request.cb_kwargs.get("entry")
            if is_index(entry):
                inside = parts.netloc == urlsplit(entry.url).netloc
            else:
                inside = self._site.owns(self._site.normal_url(url))
        except ValueError:
            raise Refusal("offsite", "its address cannot be read") from None
        if parts.scheme.lower() not in SCHEMES:
            raise Refusal("scheme", f"it leads to {parts.scheme}:, which is not the web")
        if not inside:
            self._count(parts.netloc)
            raise Refusal("offsite", f"it leads to {parts.netloc[:100]}, which is not the site's")

    def _count(self, host: str) -> None:
        self._led_to = [*(known for known in self._led_to if known == host), host]
        if len(self._led_to) >= self._most:
            clause = f"{self._site.host} led to {host[:100]} {self._most} times in a row"
            self._run.halt(Halt("failing", clause))
