"""An independent, slow matcher: what a query should find, computed word by word and without the code under test."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

PLAIN = str.maketrans("ёəıЁƏİ", "еeiЕEI")


def plain(text: str) -> str:
    """Lower case, without Latin diacritics."""
    return "".join(map(plain_letter, unicodedata.normalize("NFC", text).translate(PLAIN).lower()))


@cache
def plain_letter(letter: str) -> str:
    return unicodedata.normalize("NFD", letter)[0] if "LATIN" in unicodedata.name(letter, "") else letter


def words_of(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", plain(text))


@dataclass(frozen=True)
class Text:
    """An article: the words of each field."""

    headline: list[str]
    subtitle: list[str]
    body: list[str]
    language: str = ""
    section: str = ""
    labels: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()

    @classmethod
    def of(cls, headline: str, subtitle: str | None, body: str, **more: object) -> Text:
        return cls(words_of(headline), words_of(subtitle or ""), words_of(body), **more)  # type: ignore[arg-type]

    @property
    def fields(self) -> list[list[str]]:
        return [self.headline, self.subtitle, self.body]

    def has(self, *forms: str) -> bool:
        """Does one of these words occur?"""
        wanted = [plain(form) for form in forms]
        return any(word in words for word in wanted for words in self.fields)

    def begins(self, prefix: str) -> bool:
        wanted = plain(prefix)
        return any(word.startswith(wanted) for words in self.fields for word in words)

    def says(self, phrase: str) -> bool:
        return any(positions(words, phrase.split()) for words in self.fields)

    def near(self, distance: int, *operands: Iterable[str]) -> bool:
        """Do all operands (each a list of alternative words, phrases or prefixes*) occur near each other?"""
        return any(is_near(words, distance, operands) for words in self.fields)

    def only(self, field: str) -> Text:
        """This text with one field, the others empty."""
        kept = {name: [] for name in ("headline", "subtitle", "body") if name != field}
        return Text(**{**self.__dict__, **kept})

    def by(self, name: str) -> bool:
        """Is an author named so, in part?"""
        return any(positions(words_of(author), name.split()) for author in self.authors)


def positions(words: list[str], phrase: list[str]) -> list[tuple[int, int]]:
    """First and last place of each occurrence of a phrase."""
    first, *others = (plain(word) for word in phrase)
    return [
        (start, start + len(others))
        for start, word in enumerate(words[: max(0, len(words) - len(others))])
        if is_word(word, first) and all(map(is_word, words[start + 1 : start + 1 + len(others)], others))
    ]


def is_word(word: str, wanted: str) -> bool:
    return word.startswith(wanted[:-1]) if wanted.endswith("*") else word == wanted


def is_near(words: list[str], distance: int, operands: Iterable[Iterable[str]]) -> bool:
    places = [[place for phrase in operand for place in positions(words, phrase.split())] for operand in operands]

    def choose(chosen: list[tuple[int, int]], rest: list[list[tuple[int, int]]]) -> bool:
        if not rest:
            # Words between the end of each occurrence and the beginning of the last one.
            last = max(start for start, _ in chosen)
            return all(last - end - 1 <= distance for _, end in chosen)
        return any(choose([*chosen, place], rest[1:]) for place in rest[0])

    return choose([], places)


Predicate = Callable[[Text], bool]
