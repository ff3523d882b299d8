"""The walk through a listing: which of a batch's cards are wanted, and whether to ask for the next batch."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from caliber_crawler.items import Card


class End(Enum):
    """Why a walk goes no further."""

    EMPTY = "its first page shows no cards that this program can read"
    LAST_BATCH = "the listing has no more cards"
    KNOWN_GROUND = "every card was known before"
    UNDER_WAY = "an earlier walk has been here, and goes on further down"
    WINDOW = "every card is older than asked for"
    CUT = "more cards follow, but the browser has scrolled as often as it may"
    REPEATS = "it shows the same cards again, so the site does not understand how we ask for more of them"
    ENDLESS = "it has more pages than a listing may have (TRAP_BATCHES)"

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
class Step:
    """What to do after one batch."""

    wanted: tuple[Card, ...]
    end: End | None


def step(
    cards: Sequence[Card],
    *,
    window: Window,
    ground: Collection[str],
    repeats: bool = False,
    first: bool = False,
) -> Step:
    """Judge one batch of a listing that runs from the newest article to the oldest.

    ``ground`` are the addresses that were known before this walk began, given only when an earlier walk has been to
    where this one is going: there, a batch of nothing but known cards, and of such as are older than asked for, ends
    it. ``repeats`` says that this walk has shown its cards before. Pinned cards stand out of order, so one old card is
    no end; a whole batch of them is.
    """
    old = {card.url for card in cards if window.since and card.published_at and card.published_at < window.since}
    wanted = tuple(card for card in cards if window.holds(card.published_at))
    if not cards:
        return Step(wanted=wanted, end=End.EMPTY if first else End.LAST_BATCH)
    if repeats:
        return Step(wanted=wanted, end=End.REPEATS)
    if all(card.url in old for card in cards):
        return Step(wanted=wanted, end=End.WINDOW)
    if ground and all(card.url in ground or card.url in old for card in cards):
        return Step(wanted=wanted, end=End.KNOWN_GROUND)
    return Step(wanted=wanted, end=None)
