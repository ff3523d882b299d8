"""What an article has in common with its counterparts in other languages: names, numbers, pictures, authors. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from caliber_crawler.archive.analysis.editions.transliteration import consonants_of

MAX_CHARACTERS = 40_000
"""Characters of a text in which features are looked for."""
MAX_FEATURES = 400
"""Features of one kind: a long table is not better evidence than a text."""

NUMBER = re.compile(r"(?<!\w)\d{1,3}(?:[ \u00a0\u202f\u2009.,’']\d{3}){1,4}(?!\w)|\d{1,12}(?:[.,]\d{1,3})?")
NOT_DIGITS = re.compile(r"\D")
WORD = re.compile(r"[^\W\d_][^\W\d_’']{3,40}")
ENDS = frozenset('.!?։…:;\n«“"(]–—-')
"""What stands before the first word of a sentence or line, which has a capital letter in any case."""
BETWEEN = frozenset('«“"(–—-')
"""What may stand between them, besides white space."""
BEFORE = 4
"""Characters before a word that are looked at."""
FILE_NAME = re.compile(r"[\w-]{8,}")
POST = re.compile(r"\[Post on X: [^\]\s]*\]")

Kind = str
"""``name``, ``number``, ``picture`` or ``author``."""
Feature = tuple[Kind, str]


@dataclass(frozen=True, slots=True)
class ArticleFeatures:
    """One article as its features; ``shown`` has the first form in which each occurs in it."""

    article_id: int
    language: str
    section: str | None
    time: int
    """Seconds since 1970."""
    features: frozenset[Feature]
    shown: dict[Feature, str]


def features_of(text: str, language: str, pictures: Iterable[str], authors: Iterable[str]) -> dict[Feature, str]:
    """The features of an article, each with its first form in the text."""
    text = POST.sub("", unicodedata.normalize("NFC", text[:MAX_CHARACTERS]))
    found: dict[Feature, str] = {}
    for kind, forms in (
        ("name", names_in(text, language)),
        ("number", numbers_in(text)),
        ("picture", ((name, name) for name in map(file_name, pictures) if name)),
        ("author", ((key, name) for name in authors for key in keys_of_name(name, language))),
    ):
        count = 0
        for key, form in forms:
            if (kind, key) not in found and count < MAX_FEATURES:
                found[kind, key] = form
                count += 1
    return found


def names_in(text: str, language: str) -> Iterator[tuple[str, str]]:
    """Words with a capital letter inside sentences, by their consonants."""
    for match in WORD.finditer(text):
        word = match[0]
        if word[0].isupper() and not word.isupper() and not is_first(text, match.start()):
            for key in consonants_of(word, language):
                yield key, word


def is_first(text: str, place: int) -> bool:
    """Whether a word at this place may have a capital letter only because a sentence begins."""
    for letter in reversed(text[max(0, place - BEFORE) : place]):
        if letter in ENDS:
            return True
        if not (letter in BETWEEN or letter.isspace()):
            return False
    return True


def numbers_in(text: str) -> Iterator[tuple[str, str]]:
    """Numbers of two digits and more, by their digits: the separators of thousands and decimals differ by language."""
    for match in NUMBER.finditer(text):
        digits = NOT_DIGITS.sub("", match[0])
        if len(digits) >= 2:
            yield digits, match[0]


def file_name(url: str) -> str | None:
    """The name of a picture's file without its extension: the editions of a site show it in several sizes."""
    stem = unquote(urlsplit(url).path).rpartition("/")[2].rpartition(".")[0]
    return stem if FILE_NAME.fullmatch(stem) else None


def keys_of_name(name: str, language: str) -> Iterator[str]:
    """The keys of the parts of a name."""
    for word in name.split():
        yield from consonants_of(word, language)
