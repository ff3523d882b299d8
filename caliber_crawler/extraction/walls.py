"""Walls: pages for consent, login, subscription, region, maintenance or errors, recognized by their phrases.

A headline or an opening that says such a thing may also be that of an article about it. So the caller asks for more
evidence: the page states no date and shares no word with its URL, or headline and opening both say it.
"""

from __future__ import annotations

from enum import IntEnum
from functools import lru_cache

from caliber_crawler.extraction.text import fold
from caliber_crawler.extraction.wall_phrases import IN_HEADLINES, IN_OPENINGS
from caliber_crawler.items import Article

MAX_HEADLINE = 120
"""Characters; the headline of a wall is short."""
OPENING = 400
"""Characters of a text in which a wall says what it is."""


def _phrases(table: str) -> tuple[str, ...]:
    return tuple(fold(phrase) for line in table.strip().splitlines() for phrase in line.split("|"))


@lru_cache(maxsize=1)
def _tables() -> tuple[tuple[str, ...], tuple[str, ...]]:
    return _phrases(IN_HEADLINES), _phrases(IN_OPENINGS)


MAX_WALL_TEXT = 3_000
"""Characters of the text of a wall."""


class Evidence(IntEnum):
    """How much speaks for a wall."""

    NONE = 0
    SOME = 1
    """Headline and opening say so, or the headline says little else."""
    STRONG = 2
    """The headline says little else, and the opening says it twice."""


def wall_evidence(article: Article) -> Evidence:
    """How much speaks for an article being a wall, by its phrases."""
    if len(article.headline) > MAX_HEADLINE or len(article.body) > MAX_WALL_TEXT:
        return Evidence.NONE
    in_headline, in_opening = _tables()
    headline = fold(article.headline)
    length = max((len(phrase) for phrase in in_headline if phrase in headline), default=0)
    if not length:
        return Evidence.NONE
    opening = fold(f"{article.subtitle or ''} {article.body[:OPENING]}")
    said = sum(phrase in opening for phrase in in_opening)
    is_little_else = 2 * length >= len(headline)
    if is_little_else and said > 1:
        return Evidence.STRONG
    return Evidence.SOME if is_little_else or said else Evidence.NONE
