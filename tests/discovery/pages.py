"""Captures of small pages, and a demo site with additional pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from caliber_crawler.demo import DemoSite, Response
from caliber_crawler.items import Capture, PageKind
from caliber_crawler.site import Site
from caliber_crawler.spiders.caliber import CaliberSpider

SITE: Site = CaliberSpider.site
Page = bytes | str | Callable[[str], str]


def capture(body: bytes | str, kind: PageKind, path: str = "/rss.xml", media_type: str = "text/xml") -> Capture:
    return Capture(
        site="caliber",
        kind=kind,
        url=SITE.base_url + path,
        fetched_at=datetime(2026, 1, 7, tzinfo=UTC),
        status=200,
        headers=(("Content-Type", media_type),),
        body=body if isinstance(body, bytes) else body.encode(),
    )


class Around:
    """A demo site with additional pages by path: bytes, a text, or a function of the base URL that returns one."""

    def __init__(self, site: DemoSite, pages: Mapping[str, Page], media_type: str = "text/xml") -> None:
        self.site, self.pages, self.media_type = site, pages, media_type

    @property
    def base_url(self) -> str:
        return self.site.base_url

    @base_url.setter
    def base_url(self, base_url: str) -> None:
        self.site.base_url = base_url

    def respond(self, target: str, now: datetime | None = None) -> Response:
        page = self.pages.get(target)
        if page is None:
            return self.site.respond(target, now)
        body = page(self.base_url) if callable(page) else page
        media_type = "text/plain" if target.endswith(".txt") else self.media_type
        return Response(200, (("content-type", media_type),), body if isinstance(body, bytes) else body.encode())
