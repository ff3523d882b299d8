"""People within one article: the fullest form of each name stands for all of its forms. Pure.

``Aliyev`` and ``I. Aliyev`` become ``Ilham Aliyev`` if the article has that form. If it names several people with one
surname, the one mentioned last before is meant.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Words = tuple[str, ...]

MAX_NAMESAKES = 50
"""People with one surname in one article; a hostile text may name any number."""


@dataclass(frozen=True, slots=True)
class Person:
    """A mention of a person: the offsets of its characters, and the words of the name in the nominative."""

    start: int
    end: int
    words: Words


def resolve(people: Iterable[Person]) -> list[tuple[Person, str]]:
    """Each mention, in order, with the normal form of the name."""
    ordered = sorted(people, key=lambda person: person.start)
    longest: dict[str, list[Words]] = defaultdict(list)
    # Initials after names; otherwise in order of the text, so that two runs give the same.
    forms = dict.fromkeys(person.words for person in ordered)
    for words in sorted(forms, key=lambda words: (-len(words), sum(word.endswith(".") for word in words))):
        known = longest[surname_of(words)]
        if len(words) > 1 and len(known) < MAX_NAMESAKES and not any(is_form_of(words, full) for full in known):
            known.append(words)
    last: dict[str, Words] = {}
    found = []
    for person in ordered:
        surname = surname_of(person.words)
        fitting = [full for full in longest[surname] if is_form_of(person.words, full)]
        if len(fitting) > 1:
            full = (
                last[surname] if last.get(surname) in fitting else min(fitting, key=lambda words: words != person.words)
            )
        else:
            full = fitting[0] if fitting else person.words
        last[surname] = full
        found.append((person, " ".join(full)))
    return found


def surname_of(words: Words) -> str:
    return words[-1].casefold()


def is_form_of(words: Words, full: Words) -> bool:
    """Whether words are a full name, or its last words, with or without first words that may be initials."""
    if words[-1].casefold() != full[-1].casefold():
        return False
    rest = iter(full[:-1])
    return all(any(is_same(word, other) for other in rest) for word in words[:-1])


def is_same(word: str, other: str) -> bool:
    if word.endswith(".") or other.endswith("."):
        return word[0].casefold() == other[0].casefold()
    return word.casefold() == other.casefold()


def merge_initials(texts: Sequence[str]) -> Words:
    """The words of a name; initials get their full stop."""
    return tuple(f"{text}." if len(text) == 1 else text for text in texts if text != ".")
