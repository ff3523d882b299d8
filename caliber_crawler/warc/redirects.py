"""Redirects in web archives: two records there become one capture here, as in a crawl that follows them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from caliber_crawler.items import Capture

FOLLOWED_WITHIN = timedelta(days=1)
"""Maximum time between a redirect and its target page: crawlers may queue the target."""
REMEMBERED = 10_000
"""Maximum number of redirects whose target page is still missing."""


@dataclass(frozen=True, slots=True)
class Redirect:
    """The URLs of a redirect chain in order, and the offset of its last record."""

    urls: tuple[str, ...]
    at: datetime
    offset: int


class Redirects:
    """Redirects between articles whose target pages have not been read yet."""

    def __init__(self) -> None:
        self._by_target: dict[str, Redirect] = {}

    def lead(self, capture: Capture, target: str, offset: int) -> Iterator[Redirect]:
        """Remember the target of a redirect; yield redirects that will not be resolved."""
        before = self._pop(capture)
        urls = (*(before.urls if before else ()), capture.url)
        if target in self._by_target:
            yield self._by_target.pop(target)
        self._by_target[target] = Redirect(urls, capture.fetched_at, offset)
        while len(self._by_target) > REMEMBERED:
            yield self._by_target.pop(next(iter(self._by_target)))

    def follow(self, capture: Capture) -> Capture:
        """Return a page as the final response of the redirect that led to it, if there is one."""
        if capture.redirects or (redirect := self._pop(capture)) is None:
            return capture
        first, *between = redirect.urls
        return replace(capture, url=first, redirects=tuple(between), final_url=capture.effective_url)

    def left(self) -> Iterator[Redirect]:
        """The redirects without a target page."""
        yield from self._by_target.values()
        self._by_target.clear()

    def _pop(self, capture: Capture) -> Redirect | None:
        redirect = self._by_target.get(capture.url)
        if redirect is None or not timedelta(0) <= capture.fetched_at - redirect.at <= FOLLOWED_WITHIN:
            return None
        # A redirect loop is ignored.
        return None if capture.url in redirect.urls else self._by_target.pop(capture.url)
