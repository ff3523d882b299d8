"""The demo site after a redesign over night: other names, other elements, the same articles."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from caliber_crawler.demo import DemoSite
from caliber_crawler.demo.site import Response

NAMES = {
    b"post_title": b"story-head",
    b"post_categoty": b"story-rubric",
    b"post_time": b"story-when",
    b"post_body": b"story-text",
    b"post_signature": b"story-end",
    b"post_hits": b"story-count",
    b"post_cover": b"story-picture",
    b'class="banner"': b'class="promo"',
}


@dataclass
class RedesignedSite:
    """A demo site whose article pages change from ``redesigned`` on; the listings keep their design."""

    site: DemoSite
    redesigned: bool = False

    @property
    def base_url(self) -> str:
        return self.site.base_url

    @base_url.setter
    def base_url(self, url: str) -> None:
        self.site.base_url = url

    def respond(self, target: str, now: datetime | None = None) -> Response:
        response = self.site.respond(target, now)
        if not self.redesigned or "/post/" not in target or response.status != 200:
            return response
        return Response(response.status, response.headers, redesign(response.body))


def redesign(page: bytes) -> bytes:
    """Rename the parts of an article, and make its elements others."""
    for old, new in NAMES.items():
        page = page.replace(old, new)
    page = re.sub(rb'class="post"', b'class="story"', page)
    page = re.sub(rb"<h1([^>]*)>", rb"<h2\1>", page)
    return page.replace(b"</h1>", b"</h2>")
