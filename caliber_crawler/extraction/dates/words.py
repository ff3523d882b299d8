"""Names of months, weekdays and halves of the day in all languages of the CLDR (``scripts/write-calendar-words``)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from caliber_crawler.extraction.dates.keys import word_key

MAX_WORDS = 3
"""A name has at most this number of words (``كانون الثاني``, ``öğleden sonra``)."""
MAX_ENDING, MIN_STEM = 4, 4
"""Letters of the ending that a name may have, and of the name before it."""
_WITH_ENDINGS_TEXT = """
az tr tk uz kk ky tt ba ug hu fi et eu mn ka hy lv ckb
"""
_WITH_ENDINGS = frozenset(_WITH_ENDINGS_TEXT.split())
_HALVES_OF_ENGLISH = frozenset(("am", "pm"))


class Month(NamedTuple):
    """The number of a month name and its languages."""

    number: int
    languages: frozenset[str]


class Words(NamedTuple):
    """Every word by its key (:func:`word_key`)."""

    months: Mapping[str, tuple[Month, ...]]
    """The meanings of a name, the most common first: ``listopad`` is October in Croatian, November in Polish."""
    weekdays: Mapping[str, int]
    """0 is Monday."""
    halves: Mapping[str, Mapping[str, frozenset[str]]]
    """Name → ``am`` or ``pm`` → languages."""
    particles: frozenset[str]
    """Words between the parts of a date (``de``, ``оны``)."""


@cache
def load_words() -> Words:
    tables = json.loads(files(__package__).joinpath("words.json").read_text(encoding="utf-8"))
    return Words(
        months={name: _months(meanings) for name, meanings in tables["months"].items()},
        weekdays={name: int(number) for name, number in tables["weekdays"].items()},
        halves={
            name: {half: frozenset(languages.split()) for half, languages in meanings.items()}
            for name, meanings in tables["halves"].items()
        },
        particles=frozenset(tables["particles"]),
    )


def _months(meanings: Mapping[str, Any]) -> tuple[Month, ...]:
    months = [Month(int(number), frozenset(languages.split())) for number, languages in meanings.items()]
    return tuple(sorted(months, key=_use, reverse=True))


def _use(month: Month) -> tuple[int, int]:
    """How common a name is: by its languages with a code of two letters, then by all."""
    return sum(len(language) == 2 for language in month.languages), len(month.languages)


def month_named(name: str, language: str | None = None) -> Month | None:
    """Return the month of a name in any language; a name of several months is understood in the given language."""
    meanings = _meanings(word_key(name))
    if not meanings:
        return None
    for month in meanings:
        if language in month.languages:
            return month
    # Two Latin letters, and three that only a small language uses, are more often another word.
    is_clear = len(name) > 3 or not name.isascii() or (len(name) == 3 and _use(meanings[0])[0])
    return meanings[0] if is_clear else None


def _meanings(key: str) -> tuple[Month, ...]:
    """The months of a name, which may have an ending in languages that add endings (``7-январы``, ``7 yanvarda``)."""
    months = load_words().months
    if key in months:
        return months[key]
    for length in range(len(key) - 1, max(len(key) - MAX_ENDING, MIN_STEM) - 1, -1):
        stem = tuple(month for month in months.get(key[:length], ()) if not _WITH_ENDINGS.isdisjoint(month.languages))
        if stem:
            return stem
    return ()


def half_named(name: str, language: str | None = None) -> str | None:
    """Return ``am`` or ``pm`` for a name in the page's language, or in any language if the name is not ambiguous."""
    key = word_key(name)
    if key in _HALVES_OF_ENGLISH:
        return key
    meanings = load_words().halves.get(key, {})
    for half, languages in meanings.items():
        if language in languages:
            return half
    # Short Latin words mean something else in other languages (``de`` is Hungarian for AM).
    is_clear = len(meanings) == 1 and (len(key) > 3 or not name.isascii()) and key not in load_words().particles
    return next(iter(meanings)) if is_clear else None


@cache
def month_names(languages: tuple[str, ...]) -> dict[str, Month]:
    """Return all month names in these languages by their key."""
    wanted = frozenset(languages)
    return {
        name: Month(month.number, month.languages & wanted)
        for name, months in load_words().months.items()
        for month in months
        if month.languages & wanted
    }
