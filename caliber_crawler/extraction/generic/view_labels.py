"""Labels of view counters, by language: the line ``354 views`` in the words of many sites.

The words are in ``view_words``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import NamedTuple

from caliber_crawler.extraction.counts import is_scale, parse_count
from caliber_crawler.extraction.dates.printed import with_ascii_digits
from caliber_crawler.extraction.generic.view_words import COUNT_OF, EYES, LABELS_WITH_TIMES, LEADS, TIMES, VIEWS
from caliber_crawler.extraction.text import clean_inline, fold

MAX_COUNTER_LENGTH = 60
_APOSTROPHES = str.maketrans("ʻʼ‘’`´", "''''''")
_PARTS = re.compile(r"[|•;()\[\]]|, |\s[·—–/-]\s")
_DASH = re.compile(r"\s[—–-]\s(?=[0-9])")
_GROUPS = r"[0-9]{1,3}(?:[ .,'’٬_·˙][0-9]{3}){1,4}|[0-9]{1,2}(?:,[0-9]{2}){1,4},[0-9]{3}"
_NUMBER = re.compile(
    rf"(?P<number>(?>(?:{_GROUPS})(?![0-9])|[0-9]+(?:[.,][0-9]+)?))(?:\s?(?P<word>[^\W\d_]{{1,8}})\b(?!-)\.?)?"
)
_LETTERS = re.compile(r"[^\W\d_]+")
_EDGES = " ::՝.،"


class Counter(NamedTuple):
    """A view counter as printed."""

    shown: str
    views: int
    is_label_first: bool
    """Whether the label is before the number; a sentence may end with "354 views"."""


@cache
def _languages() -> Mapping[str, frozenset[str]]:
    """The languages of each label, folded."""
    found: dict[str, set[str]] = {}
    for language, labels in (*VIEWS.items(), *LABELS_WITH_TIMES.items()):
        for label in labels:
            found.setdefault(fold(label), set()).add(language)
    found |= {eye: set(VIEWS) for eye in EYES}
    return {label: frozenset(languages) for label, languages in found.items()}


_NEED_TIMES = frozenset(fold(label) for labels in LABELS_WITH_TIMES.values() for label in labels)
_TIMES = frozenset(fold(word) for table in TIMES.values() for word in table) | {"", "+"}
_UNSPACED_TIMES = sorted((*TIMES["zh"], *TIMES["ja"], *TIMES["ko"]), key=len, reverse=True)
_FOLDED_LEADS = sorted({fold(lead) for lead in (*LEADS, *COUNT_OF)}, key=len, reverse=True)


@cache
def _label_words() -> frozenset[str]:
    """The longest word of each label, in parts of letters only."""
    return frozenset(max(_LETTERS.findall(label), key=len) for label in _languages() if label not in EYES)


def may_be_counter(text: str) -> bool:
    """A quick test: whether a text contains a word of a label."""
    if not text.isascii() and any(eye in text for eye in EYES):
        return True
    words = _LETTERS.findall(fold(text.translate(_APOSTROPHES)))
    return not (_label_words().isdisjoint(words) and _label_words().isdisjoint(map(_without_times, words)))


def find_counter(text: str, language: str | None) -> Counter | None:
    """Return the labelled view counter in a short line; ``None`` if there is none, or several that differ."""
    if len(text) > 2 * MAX_COUNTER_LENGTH or not may_be_counter(text) or len(line := _plain(text)) > MAX_COUNTER_LENGTH:
        return None
    found = {found for part in _parts(line) for found in _counters_in(part, language)}
    if len({count for count, _ in found}) != 1:
        return None
    return Counter(clean_inline(text), *max(found))


def is_counter_line(text: str) -> bool:
    """Return whether a line is a labelled counter, perhaps with a date or other counters beside it."""
    if len(text) > 2 * MAX_COUNTER_LENGTH or not may_be_counter(text) or len(line := _plain(text)) > MAX_COUNTER_LENGTH:
        return False
    parts = [part for part in _parts(line) if part.strip()]
    is_counted = any(True for part in parts for _ in _counters_in(part, None, zero=True))
    return is_counted and all(_NUMBER.search(part) for part in parts)


def _parts(line: str) -> list[str]:
    """The parts of a line between separators. A dash between a label and its number is none."""
    if match := _DASH.search(line):
        label = _PARTS.split(line[: match.start()])[-1]
        if _without_lead(_key(label)) in _languages():
            line = f"{line[: match.start()]}: {line[match.end() :]}"
    return _PARTS.split(line)


def parse_bare_count(text: str, language: str | None) -> int | None:
    """Return the count that is all of a text, such as ``12 045`` or ``1.2K``; ``None`` for any other text."""
    line = _plain(text).strip(f"{_EDGES}+")
    match = _NUMBER.match(line)
    if match is None or line[match.end() :].strip(" .+"):
        return None
    return _value(match["number"], match["word"] or "", language)


def label_languages(text: str) -> frozenset[str]:
    """The languages in which a text is the label of a view counter; empty if it is none."""
    return _languages().get(_key(text), frozenset())


def _plain(text: str) -> str:
    return with_ascii_digits(clean_inline(text)).replace("٫", ".").translate(_APOSTROPHES)


def _key(text: str) -> str:
    return fold(text.translate(_APOSTROPHES)).strip(_EDGES)


def _counters_in(part: str, language: str | None, *, zero: bool = False) -> Iterator[tuple[int, bool]]:
    """The counts in a part of a line, each with whether its label is before the number."""
    numbers = list(_NUMBER.finditer(part))
    for at, match in enumerate(numbers):
        number_end = match.end("number")
        word = match["word"] or ""
        if word and not _is_scale(word):
            word = ""
        end = match.end() if word else number_end
        before = part[numbers[at - 1].end("number") if at else 0 : match.start()]
        after = part[end : numbers[at + 1].start() if at + 1 < len(numbers) else len(part)]
        first = _label_before(before, after, is_last=at + 1 == len(numbers))
        label = first or (_label_behind(before, after) if at == 0 else None)
        if label is None:
            continue
        languages = _languages()[label]
        spoken = language if language in languages else next(iter(languages)) if len(languages) == 1 else language
        value = _value(match["number"], word, spoken)
        if value is not None or zero:
            yield value or 0, first is not None


def _label_before(before: str, after: str, *, is_last: bool) -> str | None:
    """The label in "Views: 354 times"."""
    if before[-1:] in ("-", "−", "+"):
        return None
    label = _without_lead(_key(before.rstrip(" —–-")))
    if label not in _languages():
        return None
    rest = _key(after) if after.strip() not in (":", ".") else ":"
    if label in _NEED_TIMES:
        return label if rest and rest in _TIMES else None
    follows = not is_last and after.rstrip().endswith(":") and any(char.isalpha() for char in after)
    return label if rest in _TIMES or follows else None


def _label_behind(before: str, after: str) -> str | None:
    """The label in "354 views", "354 dəfə oxunub"."""
    lead = _key(before)
    if lead and lead not in _FOLDED_LEADS:
        return None
    label = _key(after)
    rest = _without_times(label)
    if rest != label and (label not in _languages() or rest in _languages()):
        label = rest
    elif label in _NEED_TIMES:
        return None
    return label if label in _languages() else None


def _without_times(text: str) -> str:
    """A text without a word for "times" before it; Chinese, Japanese and Korean ones need no blank behind them."""
    times, _, rest = text.partition(" ")
    if times in _TIMES:
        return rest
    return next((text[len(times) :] for times in _UNSPACED_TIMES if text.startswith(times)), text)


def _without_lead(text: str) -> str:
    if text in _languages():
        return text
    lead = next((lead for lead in _FOLDED_LEADS if text.startswith(f"{lead} ")), "")
    return text[len(lead) :].strip()


def _is_scale(word: str) -> bool:
    return is_scale(word) and not label_languages(word)


def _value(number: str, word: str, language: str | None) -> int | None:
    """A positive number with its scale; ``None`` if its value is not certain."""
    if word and (not is_scale(word) or (word.lower() == "b" and language is None)):
        return None
    count = parse_count(f"{number} {word}".rstrip(), language)
    return count or None
