"""Redirects in web archives: two records there, one capture here, as a crawl that follows them keeps it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from caliber_crawler.items import Capture

FOLLOWED_WITHIN = timedelta(days=1)
"""How long after a redirect the page it leads to still counts as its answer: crawlers may queue it."""
REMEMBERED = 10_000
"""Redirects that wait for the page they lead to."""


@dataclass(frozen=True, slots=True)
class Redirect:
    """The addresses of a way, from the first to the one that leads on last, and the place of that record."""

    urls: tuple[str, ...]
    at: datetime
    offset: int


class Redirects:
    """Redirects between articles that were met, and not yet the pages they lead to."""

    def __init__(self) -> None:
        self._by_target: dict[str, Redirect] = {}

    def lead(self, capture: Capture, target: str, offset: int) -> Iterator[Redirect]:
        """Remember where a capture leads; gives what will never have an answer."""
        before = self._pop(capture)
        urls = (*(before.urls if before else ()), capture.url)
        if target in self._by_target:
            yield self._by_target.pop(target)
        self._by_target[target] = Redirect(urls, capture.fetched_at, offset)
        while len(self._by_target) > REMEMBERED:
            yield self._by_target.pop(next(iter(self._by_target)))

    def follow(self, capture: Capture) -> Capture:
        """A page as the answer to the redirect that led there, if one did."""
        if capture.final_url is not None or (redirect := self._pop(capture)) is None:
            return capture
        first, *between = redirect.urls
        return replace(capture, url=first, redirects=tuple(between), final_url=capture.url)

    def left(self) -> Iterator[Redirect]:
        """Those whose pages never came."""
        yield from self._by_target.values()
        self._by_target.clear()

    def _pop(self, capture: Capture) -> Redirect | None:
        redirect = self._by_target.get(capture.url)
        if redirect is None or not timedelta(0) <= capture.fetched_at - redirect.at <= FOLLOWED_WITHIN:
            return None
        # A way that leads back to where it was is none.
        return None if capture.url in redirect.urls else self._by_target.pop(capture.url)
