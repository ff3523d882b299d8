"""Responses of one file as captures: a redirect and its target page become one capture."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import urljoin

from caliber_crawler.items import Capture
from caliber_crawler.site.urls import host_of
from caliber_crawler.warc.record import ResolvedURL, Skipped, UnusableRecord, is_redirect, shown
from caliber_crawler.warc.redirects import Redirect, Redirects

ResolveURL = Callable[[str], ResolvedURL | None]
"""Returns the known site's page at a URL; ``None`` for unknown sites."""


class Responses:
    """Takes the captures of a file in order; keeps redirects until their target page comes."""

    def __init__(self, resolve_url: ResolveURL) -> None:
        self._resolve_url = resolve_url
        self._redirects = Redirects()
        self._unanswered: list[Skipped] = []

    def add(self, capture: Capture, offset: int) -> Capture | None:
        """The capture, with the redirects that led to it; ``None`` for a redirect that waits for its target.

        Raises :class:`UnusableRecord` for a redirect that leads to no article.
        """
        return self._lead(capture, offset) if is_redirect(capture) else self._redirects.follow(capture)

    def unanswered(self) -> Iterator[Skipped]:
        """The redirects whose target page will not be recognized any more. Each is returned once."""
        while self._unanswered:
            yield self._unanswered.pop(0)

    def left(self) -> Iterator[Skipped]:
        """The redirects without a target page at the end of the file."""
        yield from self.unanswered()
        yield from map(unanswered, self._redirects.left())

    def _lead(self, capture: Capture, offset: int) -> Capture | None:
        """Return a redirect that leads to the front page; keep any other until its target page is read."""
        led_to = self._target(capture)
        if led_to is None or led_to.site != capture.site or led_to.url == capture.url:
            raise UnusableRecord("redirect", f"it redirects to another URL ({capture.status})")
        if led_to.is_front_page:
            return capture
        if not led_to.is_article:
            raise UnusableRecord(
                "redirect", f"it redirects to {led_to.url}, which is not an article ({capture.status})"
            )
        self._unanswered += map(unanswered, self._redirects.lead(capture, led_to.url, offset))
        return None

    def _target(self, capture: Capture) -> ResolvedURL | None:
        location = (capture.header("location") or "").strip()
        if not location:
            raise UnusableRecord("bad_location", f"it redirects without a Location ({capture.status})")
        try:
            return self._resolve_url(urljoin(capture.effective_url, location))
        except ValueError as error:
            raise UnusableRecord("bad_location", f"its Location {shown(location)} is invalid") from error


def resolve(url: str, resolve_url: ResolveURL) -> ResolvedURL:
    """The known site's page at the URL of a record. Raises :class:`UnusableRecord`."""
    if not url:
        raise UnusableRecord("no_url", "it has no URL")
    if "\0" in url or (url.lower().startswith(("http:", "https:")) and host_of(url) is None):
        raise UnusableRecord("no_url", f"its URL {shown(url)} is invalid")
    resolved = resolve_url(url)
    if resolved is None:
        raise UnusableRecord("other_site", "it does not belong to a known site")
    return resolved


def unanswered(redirect: Redirect) -> Skipped:
    message = "it redirects to another URL, and the target page does not follow in this file"
    return Skipped(reason="redirect", offset=redirect.offset, message=message, url=redirect.urls[0])
