"""The URLs to request: as the site printed them, and as it redirected to them since."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from caliber_crawler.archive import Entry
from caliber_crawler.items import Capture
from caliber_crawler.site import Site

if TYPE_CHECKING:
    from caliber_crawler.archive.queue.frontier import Frontier


class RequestUrls:
    """Decides under which URL a page of the frontier is requested, and learns from redirects.

    A redirect to another spelling of the same page (another scheme, host or trailing slash) is recorded with the page,
    so that its next visit needs no redirect. The scheme and the host also apply to the later requests of the run.
    """

    def __init__(self, frontier: Frontier, site: Site) -> None:
        self._frontier, self._site = frontier, site
        self._origins: dict[str, str] = {}

    def url_of(self, entry: Entry) -> str:
        """The URL to request for a page."""
        origin = _origin(entry.requested)
        return self._origins.get(origin, origin) + entry.requested[len(origin) :]

    def learn(self, capture: Capture, entry: Entry | None) -> None:
        """Record the spelling that answered the request for a page. Runs inside the caller's transaction."""
        if entry is None or capture.status is None or capture.status >= 300:
            return
        try:
            page = self._site.parse_url(capture.effective_url)
        except ValueError:
            return
        if page.url != entry.url:
            return
        spelling = page.request_url or page.url
        if spelling != entry.requested:
            self._frontier.set_request_url(entry.url, spelling)
        asked, answered = _origin(entry.requested), _origin(spelling)
        if asked != answered:
            self._origins[asked] = answered


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
