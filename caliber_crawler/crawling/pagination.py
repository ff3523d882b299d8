"""Pagination of a listing: select the teasers of a page that are in scope, and decide whether to request the next."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from caliber_crawler.items import Teaser


class End(Enum):
    """Why the traversal of a listing ends."""

    EMPTY = "its first page has no teasers that match the site definition"
    LAST_PAGE = "the listing has no more teasers"
    ALREADY_CRAWLED = "all teasers are already known"
    EARLIER_CRAWL = "an earlier traversal was already here and continues further down"
    WINDOW = "all teasers are older than the requested date range"
    CUT = "more teasers follow, but the browser reached its scroll limit or the link to them is invalid"
    REPEATS = "it repeats earlier teasers, so the site does not understand the pagination request"
    ENDLESS = "it has more pages than TRAP_PAGES allows"

    @property
    def complete(self) -> bool:
        """Whether nothing in scope can lie beyond this end."""
        return self not in (End.EMPTY, End.REPEATS, End.CUT, End.ENDLESS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The publication dates in scope; ``None`` leaves a side open. ``until`` is exclusive."""

    since: datetime | None = None
    until: datetime | None = None

    def contains(self, published_at: datetime | None) -> bool:
        """Return whether a date is inside the window or unknown."""
        if published_at is None:
            return True
        return (self.since is None or published_at >= self.since) and (self.until is None or published_at < self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageDecision:
    """The teasers of one listing page to fetch, and whether the traversal ends there."""

    wanted: tuple[Teaser, ...]
    end: End | None


def decide_page(
    teasers: Sequence[Teaser],
    *,
    window: Window,
    already_crawled: Collection[str],
    repeats: bool = False,
    first: bool = False,
) -> PageDecision:
    """Decide how to proceed after one page of a listing that is sorted from newest to oldest.

    ``already_crawled`` are URLs that were known before this traversal began. It is empty unless an earlier traversal
    went as far back as this one: only then does a page of known or too old teasers end the traversal. ``repeats``: the
    page only repeats teasers of this traversal. Pinned teasers are out of order, so a single old teaser does not end
    the traversal; a whole page of them does.
    """
    old = {
        teaser.url for teaser in teasers if window.since and teaser.published_at and teaser.published_at < window.since
    }
    wanted = tuple(teaser for teaser in teasers if window.contains(teaser.published_at))
    if not teasers:
        return PageDecision(wanted=wanted, end=End.EMPTY if first else End.LAST_PAGE)
    if repeats:
        return PageDecision(wanted=wanted, end=End.REPEATS)
    if all(teaser.url in old for teaser in teasers):
        return PageDecision(wanted=wanted, end=End.WINDOW)
    if already_crawled and all(teaser.url in already_crawled or teaser.url in old for teaser in teasers):
        return PageDecision(wanted=wanted, end=End.ALREADY_CRAWLED)
    return PageDecision(wanted=wanted, end=None)
