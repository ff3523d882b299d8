"""Resemblance: whether two texts may be versions of one article. A claim joins two articles only then."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import cached_property

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.family import FAMILY

MOST = 0.5
"""Share of the shorter text, in words or paragraphs, above which the texts have most of it in common."""
NOTHING = 0.2
"""Share of the shorter text, in words of four letters or more, up to which the texts have nothing in common."""
MAX_TEXTS = 20
"""Texts of one article that are compared."""
MAX_LENGTH = 20_000
"""Characters of a body that are compared: a comparison must not take long on a page of any size."""
_WORD = re.compile(r"\w+")
_LONG_WORD = re.compile(r"[^\W\d_]{4,}")


@dataclass(frozen=True)
class Text:
    """A text of an article, for comparison."""

    headline: str
    body: str
    published_at: str | None
    """In UTC, as stored."""

    @cached_property
    def title(self) -> str:
        return " ".join(_WORD.findall(fold(self.headline)))

    @cached_property
    def words(self) -> Counter[str]:
        return Counter(_WORD.findall(fold(self.body[:MAX_LENGTH])))

    @cached_property
    def paragraphs(self) -> Counter[str]:
        folded = (" ".join(_WORD.findall(fold(line))) for line in self.body[:MAX_LENGTH].split("\n"))
        return Counter(line for line in folded if line)

    @cached_property
    def long_words(self) -> frozenset[str]:
        return frozenset(_LONG_WORD.findall(fold(f"{self.headline} {self.body[:MAX_LENGTH]}")))


def resemble(one: Text, other: Text) -> bool:
    """Whether two texts may be of one article.

    They have the same headline, or most of their paragraphs in common, or most words of both headline and body. Under
    one headline, texts of different dates need most words of the body in common: a column keeps its headline.
    """
    if one.title and one.title == other.title:
        dates = {one.published_at, other.published_at} - {None}
        return len(dates) < 2 or _shared(one.words, other.words) > MOST
    if _shared(one.paragraphs, other.paragraphs) > MOST:
        return True
    titles = Counter(one.title.split()), Counter(other.title.split())
    return _shared(*titles) > MOST and _shared(one.words, other.words) > MOST


def differ_entirely(one: Text, other: Text) -> bool:
    """Whether two texts share nothing: neither the headline nor words, except a few that any two texts share."""
    if one.title == other.title:
        return False
    shorter = min(len(one.long_words), len(other.long_words))
    return len(one.long_words & other.long_words) <= NOTHING * shorter


def _shared(one: Counter[str], other: Counter[str]) -> float:
    """The share of the shorter text that is in the other one, too; 0 if it is empty."""
    return (one & other).total() / (min(one.total(), other.total()) or 1)


def fold(text: str) -> str:
    """A comparison key that ignores case and Unicode forms."""
    return unicodedata.normalize("NFC", text).casefold()


def texts_of(connection: Connection, article_id: int) -> list[Text]:
    """The newest published texts of an article, at most :data:`MAX_TEXTS`."""
    rows = connection.rows(
        f"""SELECT headline, substr(body, 1, {MAX_LENGTH}) AS body, published_at FROM versions
        WHERE article_id IN ({FAMILY}) AND replaced_by IS NULL
        ORDER BY seen_until DESC, seen_from DESC, content_digest DESC LIMIT {MAX_TEXTS}""",
        {"article_id": article_id},
    )
    return [Text(**row) for row in rows]
