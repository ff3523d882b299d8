"""The walk through a listing: which of a batch's teasers are wanted, and whether to ask for the next batch."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from caliber_crawler.items import Teaser


class End(Enum):
    """Why a walk goes no further."""

    EMPTY = "its first page shows no teasers that this program can read"
    LAST_PAGE = "the listing has no more teasers"
    ALREADY_CRAWLED = "every teaser was known before"
    EARLIER_CRAWL = "an earlier walk has been here, and goes on further down"
    WINDOW = "every teaser is older than asked for"
    CUT = "more teasers follow, but the browser has scrolled as often as it may"
    REPEATS = "it shows the same teasers again, so the site does not understand how we ask for more of them"
    ENDLESS = "it has more pages than a listing may have (TRAP_PAGES)"

    @property
    def complete(self) -> bool:
        """Nothing that was asked for can lie beyond."""
        return self not in (End.EMPTY, End.REPEATS, End.CUT, End.ENDLESS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The publication times a crawl asks for; ``None`` leaves a side open. ``until`` is excluded."""

    since: datetime | None = None
    until: datetime | None = None

    def holds(self, published_at: datetime | None) -> bool:
        """Is it inside, or can that not be told?"""
        if published_at is None:
            return True
        return (self.since is None or published_at >= self.since) and (self.until is None or published_at < self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageDecision:
    """What to do after one batch."""

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
    """Judge one batch of a listing that runs from the newest article to the oldest.

    ``already_crawled`` are the addresses that were known before this walk began, given only when an earlier walk has been to
    where this one is going: there, a batch of nothing but known teasers, and of such as are older than asked for, ends
    it. ``repeats`` says that this walk has shown its teasers before. Pinned teasers stand out of order, so one old teaser is
    no end; a whole batch of them is.
    """
    old = {
        teaser.url for teaser in teasers if window.since and teaser.published_at and teaser.published_at < window.since
    }
    wanted = tuple(teaser for teaser in teasers if window.holds(teaser.published_at))
    if not teasers:
        return PageDecision(wanted=wanted, end=End.EMPTY if first else End.LAST_PAGE)
    if repeats:
        return PageDecision(wanted=wanted, end=End.REPEATS)
    if all(teaser.url in old for teaser in teasers):
        return PageDecision(wanted=wanted, end=End.WINDOW)
    if already_crawled and all(teaser.url in already_crawled or teaser.url in old for teaser in teasers):
        return PageDecision(wanted=wanted, end=End.ALREADY_CRAWLED)
    return PageDecision(wanted=wanted, end=None)
