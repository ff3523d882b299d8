"""The words of one edition, and numbered headlines: a slug can be converted back to its headline's number.

So the site can respond to any of 200,000 slugs without a table.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from random import Random
from typing import Any

THEMES = ("politics", "economy", "karabakh", "world")

# A news section writes about its own theme; other sections choose a theme for each article.
SECTION_FORMS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "politics": (("news",), ("politics",)),
    "economics": (("news",), ("economy",)),
    "karabakh": (("news",), ("karabakh",)),
    "world": (("news",), ("world",)),
    "interviews": (("expert",), THEMES),
    "opinion": (("opinion",), THEMES),
    "analytics": (("analytic", "analytic", "weekly"), THEMES),
}

ROUNDS = 4

LATIN = str.maketrans(
    {
        "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "e", "ж": "zh", "з": "z", "и": "i", "й": "j",
        "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f",
        "х": "h", "ц": "c", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ы": "y", "ь": "", "э": "e", "ю": "yu",
        "я": "ya",
    }
)  # fmt: skip


def slugify(text: str, language: str) -> str:
    """Return the slug of a headline.

    English and Russian slugs are plain ASCII, without accents, Cyrillic in Latin letters (``yuzhnoj-korei``); Armenian
    ones keep their letters. Every run of other characters becomes one hyphen.
    """
    lowered = unicodedata.normalize("NFC", text).lower()
    if language != "hy":
        spread = unicodedata.normalize("NFKD", lowered.translate(LATIN))
        plain = "".join(letter for letter in spread if not unicodedata.combining(letter))
        return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    return re.sub(r"[\W_]+", "-", lowered).strip("-")


@dataclass(frozen=True)
class Form:
    """A headline pattern with its phrase banks, one per slot."""

    language: str
    family: str
    theme: str
    pattern: str
    slots: tuple[str, ...]
    banks: tuple[tuple[str, ...], ...]
    slug_pattern: re.Pattern[str]
    slug_indexes: tuple[Mapping[str, int], ...]

    @cached_property
    def size(self) -> int:
        """The number of different headlines."""
        return math.prod(map(len, self.banks))

    def headline(self, number: int) -> str:
        """Return headline ``number`` of ``size``."""
        chosen = {}
        for slot, bank in zip(self.slots, self.banks, strict=True):
            number, place = divmod(number, len(bank))
            chosen[slot] = bank[place]
        text = self.pattern.format_map(chosen)
        return text[0].upper() + text[1:]

    def number(self, slug: str) -> int | None:
        """Return the number of the headline with this slug."""
        match = self.slug_pattern.fullmatch(slug)
        if match is None:
            return None
        number, weight = 0, 1
        for part, indexes in zip(match.groups(), self.slug_indexes, strict=True):
            number += indexes[part] * weight
            weight *= len(indexes)
        return number

    def scatter(self, ordinal: int, seed: int) -> int:
        """Return a pseudo-random headline number for the article at ``ordinal``; :meth:`gather` inverts it.

        A Feistel network on the two halves of the slots: each round shifts one half by a function of the other, so that
        no two ordinals collide.
        """
        halves = list(divmod(ordinal, self._lower_size))
        for turn in range(ROUNDS):
            self._shift(halves, turn, seed, 1)
        return halves[0] * self._lower_size + halves[1]

    def gather(self, number: int, seed: int) -> int:
        """Return the ordinal from which :meth:`scatter` made this number."""
        halves = list(divmod(number, self._lower_size))
        for turn in reversed(range(ROUNDS)):
            self._shift(halves, turn, seed, -1)
        return halves[0] * self._lower_size + halves[1]

    @cached_property
    def _lower_size(self) -> int:
        return math.prod(map(len, self.banks[: len(self.banks) // 2]))

    def _shift(self, halves: list[int], turn: int, seed: int, direction: int) -> None:
        target = turn % 2
        said = f"{seed}/{self.language}/{self.family}/{self.theme}/{turn}/{halves[1 - target]}"
        step = int.from_bytes(hashlib.blake2b(said.encode(), digest_size=6).digest(), "big")
        size = (self.size // self._lower_size, self._lower_size)[target]
        halves[target] = (halves[target] + direction * step) % size


class Vocabulary:
    """The phrase banks of one language and the texts made from them."""

    def __init__(self, language: str) -> None:
        self.language = language
        text = files(__package__).joinpath("text", f"{language}.json").read_text(encoding="utf-8")
        self.words: dict[str, Any] = json.loads(text)
        self.forms: dict[tuple[str, str], Form] = {}
        for family in self.words["patterns"]:
            for theme in THEMES if family != "weekly" else ("world",):
                self.forms[family, theme] = self._form(family, theme)

    def _form(self, family: str, theme: str) -> Form:
        pattern: str = self.words["patterns"][family]
        slots = tuple(re.findall(r"\{(\w+)\}", pattern))
        banks = tuple(tuple(self._bank(slot, theme)) for slot in slots)
        slugs = [[slugify(phrase, self.language) for phrase in bank] for bank in banks]
        joints = re.split(r"\{\w+\}", pattern)[1:-1]
        expression = ""
        for place, alternatives in enumerate(slugs):
            joint = slugify(joints[place - 1], self.language) if place else ""
            expression += (f"-{joint}-" if joint else "-") if place else ""
            expression += f"({'|'.join(map(re.escape, alternatives))})"
        indexes = tuple({slug: place for place, slug in enumerate(alternatives)} for alternatives in slugs)
        return Form(self.language, family, theme, pattern, slots, banks, re.compile(expression), indexes)

    def _bank(self, slot: str, theme: str) -> Sequence[str]:
        objects: Mapping[str, Sequence[str]] = self.words["objects"]
        if slot in THEMES:
            return objects[slot]
        if slot == "object":
            return objects[theme]
        bank: Sequence[str] | Mapping[str, Sequence[str]] = self.words[f"{slot}s"]
        return bank.get(theme, bank["any"]) if isinstance(bank, Mapping) else bank

    def choose_form(self, section: str, chance: Random) -> Form:
        """Choose the form of an article's headline; the number of draws from ``chance`` is constant."""
        families, themes = SECTION_FORMS[section]
        family, theme = families[int(chance.random() * len(families))], themes[int(chance.random() * len(themes))]
        return self.forms[family, "world" if family == "weekly" else theme]

    def read_slug(self, slug: str) -> Iterator[tuple[Form, int]]:
        """Yield every headline with this slug, as a form and a number."""
        for form in self.forms.values():
            number = form.number(slug)
            if number is not None:
                yield form, number

    def pick(self, bank: str, chance: Random, year: int = 2025) -> str:
        """Return a phrase of a bank, its slots filled as in :meth:`fill`."""
        return self.fill(chance.choice(self.words[bank]), chance, year)

    def sentences(self, theme: str, chance: Random, year: int) -> Iterator[str]:
        """Yield running text without end: sentences on the theme and general ones first, then on other themes."""
        banks: Mapping[str, Sequence[str]] = self.words["sentences"]
        others = [other for other in THEMES if other != theme]
        while True:
            for deck in ([*banks[theme], *banks["general"]], *(banks[other] for other in others)):
                for sentence in chance.sample(deck, len(deck)):
                    yield self.fill(sentence, chance, year)

    def fill(self, phrase: str, chance: Random, year: int) -> str:
        """Fill a phrase's slots with names, places and numbers, and with years around ``year``."""
        if "{" not in phrase:
            return phrase
        text = phrase.format_map(_Slots(self, chance, year))
        return text[0].upper() + text[1:] if phrase.startswith("{") else text

    def person(self, chance: Random) -> str:
        """Return an invented name."""
        return f"{chance.choice(self.words['first_names'])} {chance.choice(self.words['last_names'])}"

    def number(self, value: int) -> str:
        """Return a number with the language's thousands separators."""
        return f"{value:,}" if self.language == "en" else f"{value:,}".replace(",", "\N{NO-BREAK SPACE}")


class _Slots(dict[str, str]):
    """Draws the values of a phrase's slots on demand."""

    def __init__(self, vocabulary: Vocabulary, chance: Random, year: int) -> None:
        super().__init__()
        self.vocabulary, self.chance, self.year = vocabulary, chance, year

    def __missing__(self, slot: str) -> str:
        words, chance = self.vocabulary.words, self.chance
        match slot.rstrip("2"):
            case "subject":
                return str(chance.choice(words["subjects"]["any"]))
            case "city":
                return str(chance.choice(words["cities"]))
            case "month":
                return str(chance.choice(words["months"]))
            case "expert" | "author":
                return self.vocabulary.person(chance)
            case "n":
                return self.vocabulary.number(chance.randrange(12, 4_000))
            case "small":
                return str(chance.randrange(5, 20))
            case "pct":
                share = f"{chance.randrange(2, 60)}.{chance.randrange(1, 10)}"
                return share if self.vocabulary.language == "en" else share.replace(".", ",")
            case "five":
                return str(chance.randrange(5, 12))
            case "past":
                return str(self.year - chance.randrange(1, 4))
            case "future":
                return str(self.year + chance.randrange(1, 6))
        raise KeyError(slot)


@cache
def vocabulary(language: str) -> Vocabulary:
    """Return the vocabulary of ``en``, ``ru`` or ``hy``."""
    return Vocabulary(language)
