"""Publication time, post number and position of every article.

An article has an integer ``k`` that counts back in time from the only real article, which is 0: 1 is the article before
it, -1 the first one after it. Nothing is stored; everything follows from ``k`` and the seed.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from caliber_crawler.demo.dice import dice
from caliber_crawler.demo.editions import BAKU, SECTION_KEYS

# Two post numbers with known publication dates; interpolation gives about 223 posts a day.
ANCHOR_NUMBER, ANCHOR_TIME = 73_542, datetime(2022, 4, 25, 12, 0, tzinfo=BAKU)
SECOND_NUMBER, SECOND_TIME = 247_893, datetime(2024, 6, 16, 11, 51, tzinfo=BAKU)
PER_NUMBER = (SECOND_TIME - ANCHOR_TIME) / (SECOND_NUMBER - ANCHOR_NUMBER)

SEED_PUBLISHED_AT = datetime(2026, 1, 6, 19, 13, tzinfo=BAKU)
FIRST_NUMBER = 2_000
"""Approximate number of the oldest articles: June 2021."""
LAST_PUBLISHED_AT = datetime(2026, 6, 30, 12, 0, tzinfo=BAKU)
"""The latest possible publication time."""
NUMBERED_UNTIL = datetime(2024, 7, 1, tzinfo=BAKU)
"""Earlier articles had numeric URLs, which still work; later ones only have a slug."""

MAX_ARTICLES = 200_000
LATER_SHARE = 50
"""One article in this number is newer than the real one."""


def number_at(moment: datetime) -> int:
    """Return the last post number assigned by then, over all languages."""
    return ANCHOR_NUMBER + math.floor((moment - ANCHOR_TIME) / PER_NUMBER)


def time_of(number: int) -> datetime:
    """Return the time at which a post number was assigned, to the minute, in Baku time."""
    moment = ANCHOR_TIME + (number - ANCHOR_NUMBER) * PER_NUMBER
    # Anchors are whole minutes; rounding by half a second must not move one into the minute before.
    return (moment + timedelta(seconds=0.5)).replace(second=0, microsecond=0)


SEED_NUMBER = number_at(SEED_PUBLISHED_AT)


class Timeline:
    """The articles of a site by time: numbers and times increase together, without duplicates."""

    def __init__(self, articles: int, seed: int) -> None:
        if not 1 <= articles <= MAX_ARTICLES:
            raise ValueError(f"The demo site can have 1 to {MAX_ARTICLES:,} articles, not {articles:,}.")
        self.seed = seed
        self.later = articles // LATER_SHARE
        self.newest, self.oldest = -self.later, articles - 1 - self.later
        self._step_back = (SEED_NUMBER - FIRST_NUMBER) / max(self.oldest, 1)
        self._step_on = (number_at(LAST_PUBLISHED_AT) - SEED_NUMBER) / max(self.later, 1)

    def __contains__(self, k: int) -> bool:
        return self.newest <= k <= self.oldest

    def number(self, k: int) -> int:
        """Return the post number of article ``k``."""
        if k == 0:
            return SEED_NUMBER
        step = self._step_back if k > 0 else self._step_on
        jitter = dice(self.seed, k, "number").random()
        # An article may be anywhere in its step except in the last integer, so neighbours never collide.
        distance = 1 + math.floor((abs(k) - 1) * step + jitter * (step - 1))
        return SEED_NUMBER - distance if k > 0 else SEED_NUMBER + distance

    def published_at(self, k: int) -> datetime:
        """Return the publication time of article ``k``, to the minute, in Baku time."""
        return SEED_PUBLISHED_AT if k == 0 else time_of(self.number(k))

    def numbered(self, number: int) -> int | None:
        """Return the article with this post number."""
        if number == SEED_NUMBER:
            return 0
        older = number < SEED_NUMBER
        step = self._step_back if older else self._step_on
        guess = 1 + math.floor((abs(number - SEED_NUMBER) - 1) / step)
        for distance in (guess, guess - 1, guess + 1):
            k = distance if older else -distance
            if distance > 0 and k in self and self.number(k) == number:
                return k
        return None

    def newest_by(self, now: datetime) -> int:
        """Return the newest article published by then; beyond ``oldest`` if there is none yet."""
        if self.published_at(self.newest) <= now:
            return self.newest
        return bisect_left(range(self.newest, self.oldest + 1), True, key=lambda k: self.published_at(k) <= now) + (
            self.newest
        )


# Articles per round in each section, for the English, Russian and Armenian edition.
SHARES = {
    "analytics": (3, 3, 1),
    "interviews": (2, 2, 1),
    "karabakh": (1, 1, 1),
    "politics": (3, 3, 1),
    "opinion": (2, 2, 1),
    "economics": (2, 2, 1),
    "world": (3, 3, 1),
}

Cell = tuple[str, str]
"""An edition's name and a section's key."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """Some of the articles in order: those at the same positions of every round."""

    places: tuple[int, ...]
    period: int

    def index(self, k: int) -> int:
        """Return the position of ``k`` on the shelf, or where it would be; only differences are meaningful."""
        rounds, place = divmod(k, self.period)
        return rounds * len(self.places) + bisect_left(self.places, place)

    def at(self, index: int) -> int:
        """Return the article at an index."""
        rounds, place = divmod(index, len(self.places))
        return rounds * self.period + self.places[place]

    def count(self, newest: int, oldest: int) -> int:
        """Return the number of articles from ``newest`` to ``oldest`` on this shelf."""
        return max(0, self.index(oldest + 1) - self.index(newest))

    def walk(self, newest: int, oldest: int, start: int = 0, stop: int | None = None) -> Iterator[int]:
        """Return the articles from ``newest`` to ``oldest``, newest first; ``start`` and ``stop`` as in a slice."""
        count, first = self.count(newest, oldest), self.index(newest)
        for index in range(start, count if stop is None else min(stop, count)):
            yield self.at(first + index)


class Rota:
    """The edition and section of every article: a fixed sequence, repeated for ever."""

    def __init__(self, seed: int, sections: Sequence[str] | None = None) -> None:
        wanted = tuple(SECTION_KEYS if sections is None else sections)
        for section in wanted:
            if section not in SECTION_KEYS:
                raise ValueError(f"The demo site has the sections {', '.join(SECTION_KEYS)}, not {section!r}.")
        names = ("en", "ru", "arm")
        cells = [
            (name, section)
            for section in SECTION_KEYS
            if section in wanted
            for name, share in zip(names, SHARES[section], strict=True)
            for _ in range(share)
        ]
        if not cells:
            raise ValueError("The demo site needs at least one section.")
        # One article of each edition comes first, so that ten articles already cover all three.
        lead = [(name, cells[0][1]) for name in names]
        for cell in lead:
            cells.remove(cell)
        dice(seed, "rota").shuffle(cells)
        self.cells: tuple[Cell, ...] = (*lead, *cells)

    def cell(self, k: int) -> Cell:
        """Return edition and section of article ``k``."""
        return self.cells[k % len(self.cells)]

    def shelf(self, edition: str | None = None, section: str | None = None) -> Shelf | None:
        """Return the articles of an edition, a section, both or all; ``None`` if there are none."""
        places = tuple(
            place for place, cell in enumerate(self.cells) if edition in (None, cell[0]) and section in (None, cell[1])
        )
        return Shelf(places, len(self.cells)) if places else None
