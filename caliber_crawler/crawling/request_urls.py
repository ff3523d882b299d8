"""The URLs to request: as the site printed them, and as it redirected to them since."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from caliber_crawler.archive import Entry
from caliber_crawler.exploration.templates import template
from caliber_crawler.items import Capture
from caliber_crawler.site import Site

if TYPE_CHECKING:
    from caliber_crawler.archive.queue.frontier import Frontier


class RequestUrls:
    """Decides under which URL a page of the frontier is requested, and learns from redirects.

    A redirect to another spelling of the same page (another scheme, host or trailing slash) is recorded with the page,
    so that its next visit needs no redirect. The scheme and the host also apply to the later requests of the run. So
    does the slash at the end, after :data:`MIN_REDIRECTS` redirects of URLs of one template, as long as none of them
    answers without it.
    """

    def __init__(self, frontier: Frontier, site: Site) -> None:
        self._frontier, self._site = frontier, site
        self._origins: dict[str, str] = {}
        self._redirected: Counter[tuple[str, bool]] = Counter()
        """Redirects to a path with a slash at the end, and to one without, by the template of the URL."""
        self._answered: set[tuple[str, bool]] = set()
        """Whether pages of a template answered without a redirect, by whether their path ends with a slash."""

    def url_of(self, entry: Entry) -> str:
        """The URL to request for a page."""
        origin = _origin(entry.requested)
        return self._origins.get(origin, origin) + self._with_usual_slash(entry.requested[len(origin) :])

    def _with_usual_slash(self, path: str) -> str:
        """A path, with or without a slash at the end as the site redirects."""
        if not self._redirected or not _may_have_slash(path) or self._site.trailing_slash is not None:
            return path
        has_slash, shape = path.endswith("/"), template(path)
        if self._redirected[shape, not has_slash] < MIN_REDIRECTS or (shape, has_slash) in self._answered:
            return path
        return path.rstrip("/") if has_slash else f"{path}/"

    def learn(self, capture: Capture, entry: Entry | None) -> None:
        """Record the spelling that answered the request for a page. Runs inside the caller's transaction."""
        if entry is None or capture.status is None or capture.status >= 300:
            if entry is not None and capture.status in (404, 410):  # perhaps only because of the other slash
                path = entry.requested[len(_origin(entry.requested)) :]
                if self._with_usual_slash(path) == path:
                    return
                self._answered.add((template(path), path.endswith("/")))
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
        if self._site.trailing_slash is None:
            self._learn_slash(entry.requested, spelling)
        asked, answered = _origin(entry.requested), _origin(spelling)
        if asked != answered:
            self._origins[asked] = answered

    def _learn_slash(self, asked: str, answered: str) -> None:
        asked, answered = (url[len(_origin(url)) :] for url in (asked, answered))
        if not _may_have_slash(asked) or not _may_have_slash(answered):
            return
        key = (template(answered), answered.endswith("/"))
        if asked.endswith("/") == answered.endswith("/"):
            self._answered.add(key)
        elif len(self._redirected) < MAX_TEMPLATES:
            self._redirected[key] += 1


MIN_REDIRECTS = 3
MAX_TEMPLATES = 10_000


def _may_have_slash(path: str) -> bool:
    """Whether a path may as well end with a slash as not: it is that of a folder, and has no query."""
    return len(path) > 1 and "?" not in path and "." not in path.rstrip("/").rpartition("/")[2]


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
