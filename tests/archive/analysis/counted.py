"""Slow, independent counts of words, to compare with those of the word index."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import log, log2

Paragraphs = list[list[str]]


@dataclass(frozen=True)
class Text:
    """A text as lists of words in normal form."""

    language: str
    paragraphs: Paragraphs

    @property
    def words(self) -> list[str]:
        return [word for paragraph in self.paragraphs for word in paragraph]


def frequencies(texts: Iterable[Text]) -> Counter[tuple[str, str]]:
    return Counter((text.language, word) for text in texts for word in text.words)


def document_frequencies(texts: Iterable[Text]) -> Counter[tuple[str, str]]:
    return Counter((text.language, word) for text in texts for word in set(text.words))


def ngrams(texts: Iterable[Text], size: int) -> Counter[tuple[str, str]]:
    return Counter(
        (text.language, " ".join(paragraph[start : start + size]))
        for text in texts
        for paragraph in text.paragraphs
        for start in range(len(paragraph) - size + 1)
    )


def occurrences(texts: Iterable[Text], node: list[str]) -> Iterator[tuple[Text, list[str], int]]:
    """Each occurrence: its text, its paragraph, and its place in the paragraph. They do not overlap."""
    for text in texts:
        for paragraph in text.paragraphs:
            place = 0
            while place <= len(paragraph) - len(node):
                if paragraph[place : place + len(node)] == node:
                    yield text, paragraph, place
                    place += len(node)
                else:
                    place += 1


@dataclass(frozen=True)
class Near:
    """Counts of one word around a node."""

    frequency: int
    left: int
    right: int
    total: int
    log_likelihood: float
    pmi: float
    log_dice: float


def collocates(texts: list[Text], node: list[str], left: int, right: int) -> dict[tuple[str, str], Near]:
    """Counts and measures of every word within the windows, over the languages in which the node occurs."""
    languages = {text.language for text, _, _ in occurrences(texts, node)}
    near: Counter[tuple[str, str]] = Counter()
    before: Counter[tuple[str, str]] = Counter()
    after: Counter[tuple[str, str]] = Counter()
    elsewhere: Counter[tuple[str, str]] = Counter()
    count = 0
    for text in texts:
        if text.language not in languages:
            continue
        for paragraph in text.paragraphs:
            places = [place for _, _, place in occurrences([Text(text.language, [paragraph])], node)]
            count += len(places)
            own = {place + step for place in places for step in range(len(node))}
            lefts = {place - step for place in places for step in range(1, left + 1)} - own
            rights = {place + len(node) - 1 + step for place in places for step in range(1, right + 1)} - own
            for place, word in enumerate(paragraph):
                key = (text.language, word)
                if place in own:
                    continue
                elsewhere[key] += 1
                near[key] += place in lefts | rights
                before[key] += place in lefts
                after[key] += place in rights
    window, size = sum(near.values()), sum(elsewhere.values())
    return {
        key: Near(
            near[key],
            before[key],
            after[key],
            elsewhere[key],
            g2(near[key], window - near[key], elsewhere[key] - near[key], size - window - elsewhere[key] + near[key]),
            log2(near[key] * size / (window * elsewhere[key])),
            14 + log2(2 * near[key] / (count + elsewhere[key])),
        )
        for key in near
        if near[key]
    }


def g2(a: float, b: float, c: float, d: float) -> float:
    """G² by its definition: twice the sum of observed times the logarithm of observed to expected, over four cells."""
    size = a + b + c + d
    cells = ((a, a + b, a + c), (b, a + b, b + d), (c, c + d, a + c), (d, c + d, b + d))
    return max(0.0, 2 * sum(o * log(o / (row * column / size)) for o, row, column in cells if o > 0))
