"""Russian inflection by pymorphy3 (dictionary of OpenCorpora), with a cache: lemmas, cases, names in the nominative."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import product
from typing import Any

MAX_PARSES = 10
MAX_CANDIDATES = 4
MAX_OPTIONS = 4
"""Readings of a word in one case."""
CASES = ("nomn", "gent", "datv", "accs", "ablt", "loct")
NAMES = ("Name", "Surn", "Patr")


@cache
def analyzer() -> Any:
    from pymorphy3 import MorphAnalyzer

    return MorphAnalyzer()


@lru_cache(maxsize=50_000)
def parses(word: str) -> tuple[Any, ...]:
    """The readings of a word, the most probable first."""
    return tuple(analyzer().parse(word.lower())[:MAX_PARSES])


@lru_cache(maxsize=50_000)
def lemmas(word: str) -> frozenset[str]:
    """The dictionary forms of a word, with ``е`` for ``ё``."""
    return frozenset(parse.normal_form.replace("ё", "е") for parse in parses(word)) | {word.lower().replace("ё", "е")}


@lru_cache(maxsize=50_000)
def tags(word: str) -> frozenset[str]:
    """The grammemes of a word that the dictionary has, of all readings."""
    return frozenset(gram for parse in parses(word) if parse.is_known for gram in parse.tag.grammemes)


@lru_cache(maxsize=50_000)
def best_tags(word: str) -> frozenset[str]:
    """The grammemes of the most probable reading."""
    return frozenset(parses(word)[0].tag.grammemes) if parses(word) else frozenset()


@lru_cache(maxsize=50_000)
def in_genitive(word: str) -> bool:
    """Whether a word may be a noun or adjective in the genitive."""
    return any("gent" in parse.tag and parse.tag.POS in ("NOUN", "ADJF", "PRTF") for parse in parses(word))


@lru_cache(maxsize=50_000)
def is_in(word: str, case: str) -> bool:
    return any(case in parse.tag for parse in parses(word))


@lru_cache(maxsize=20_000)
def nominatives(words: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """The nominatives that the words of a person's name may have, the most probable first.

    All words have the same case and gender. Initials stay.
    """
    scores: dict[tuple[str, ...], float] = {}
    for case in CASES:
        options = [
            [(word, None, 1.0)]
            if len(word.rstrip(".")) == 1
            else [(form, gender, score) for form, own, gender, score in _readings(word) if own == case][:MAX_OPTIONS]
            for word in words
        ]
        for combination in product(*options):
            if len({gender for _, gender, _ in combination if gender is not None}) <= 1:
                forms = tuple(cased(word, form) for word, (form, _, _) in zip(words, combination, strict=True))
                scores[forms] = max(scores.get(forms, 0.0), math.prod(score for _, _, score in combination))
    ordered = sorted(scores, key=lambda forms: -scores[forms])
    return tuple(ordered[:MAX_CANDIDATES]) or (words,)


@lru_cache(maxsize=20_000)
def agrees(words: tuple[str, ...]) -> bool:
    """Whether a case exists that all words may have, not counting words that never change."""
    return any(
        all(any(p.tag.case == case and "Fixd" not in p.tag for p in parses(word)) for word in words) for case in CASES
    )


@lru_cache(maxsize=50_000)
def _readings(word: str) -> list[tuple[str, str, str | None, float]]:
    """The nominative, case, gender and score of each reading of a word as part of a name."""
    found: dict[tuple[str, str, str | None], float] = {}
    lower = word.lower()
    for parse in parses(word):
        tag = parse.tag
        if tag.POS not in ("NOUN", "ADJF", None) or tag.case not in CASES or "plur" in tag:
            continue
        nominative = parse.inflect({"nomn", "sing"})
        form = nominative.word if nominative is not None else parse.normal_form
        # Foreign surnames such as Кварацхелия are feminine words that men have too.
        is_common = "ms-f" in tag or (
            tag.gender == "femn" and not parse.is_known and form.endswith(("ия", "уа", "ава"))
        )
        gender = None if is_common else tag.gender
        score = parse.score * (3.0 if any(name in tag for name in NAMES) else 0.3) * (2.0 if parse.is_known else 1.0)
        if "Fixd" in tag and not lower.endswith(("о", "е", "и", "у", "э", "ю", "ы")):
            score *= 0.2
        if gender == "femn" and lower.endswith(("яна", "яну", "яном")):
            score *= 0.05
        if gender == "femn" and tag.case != "nomn" and lower.endswith(("ян", "ук", "юк", "дзе", "швили")):
            score *= 0.3
        key = (form, tag.case, gender)
        found[key] = max(found.get(key, 0.0), score)
    for case in CASES:
        # Foreign names may not change at all.
        if not lower.endswith(("ов", "ев", "ин", "ой", "ым", "им", "ова", "ева", "ина")):
            found.setdefault((lower, case, None), 0.004 if case == "nomn" else 0.0005)
    return [(*key, found[key]) for key in sorted(found, key=lambda key: -found[key])]


def cased(word: str, form: str) -> str:
    """A form with capitals where the word has them, after each hyphen too, and without ``ё`` unless the word has it."""
    if "ё" not in word.lower():
        form = form.replace("ё", "е")
    parts = zip(form.split("-"), [*word.split("-"), *([""] * form.count("-"))], strict=False)
    return "-".join(part[:1].upper() + part[1:] if not own or own[:1].isupper() else part for part, own in parts)


def phrase_in_nominative(words: Sequence[str], head: int) -> tuple[str, ...]:
    """A phrase with the head and the adjectives before it in the nominative; what follows the head stays."""
    noun = next((parse for parse in parses(words[head]) if parse.tag.POS == "NOUN"), None)
    if noun is None:
        return tuple(words)
    number = "plur" if "plur" in noun.tag else "sing"
    changed = list(words)
    for place in range(head + 1):
        wanted = {"nomn", number}
        if place < head and number == "sing" and noun.tag.gender:
            wanted.add(noun.tag.gender)
        reading = next(
            (p for p in parses(words[place]) if p.tag.POS in (("NOUN",) if place == head else ("ADJF", "PRTF"))), None
        )
        if reading is not None and (nominative := reading.inflect(wanted)) is not None:
            changed[place] = cased(words[place], nominative.word)
    return tuple(changed)
