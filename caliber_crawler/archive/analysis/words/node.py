"""Occurrences of a word or phrase in a corpus."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from caliber_crawler.archive.analysis.words.corpus import Corpus, Part
from caliber_crawler.archive.analysis.words.index_file import Numbers
from caliber_crawler.errors import InputError
from caliber_crawler.tokenization import normal_form, word_texts

MAX_NODE_WORDS = 10
PLACEHOLDER = "ⓧ"
"""Stands for ``*`` while a pattern is divided into words: a letter that no text is likely to have."""


@dataclass(frozen=True, slots=True)
class Occurrences:
    """The occurrences of a node in one part of a corpus."""

    part: Part
    words: Numbers
    """The numbers in the segment at each position, also in texts that are not selected."""
    positions: NDArray[np.int64]
    """Of the first word of each occurrence, in order."""
    texts: NDArray[np.int64]
    """The place of the text of each occurrence in the segment."""


@dataclass(frozen=True)
class Node:
    """A word, a pattern with ``*``, or a phrase of these."""

    text: str
    stems: bool = False
    """Whether all words with the same stem count."""
    terms: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        pieces = word_texts(self.text.replace("*", PLACEHOLDER))
        terms = tuple(piece.replace(PLACEHOLDER, "*") for piece in pieces)
        if not terms or any(not term.strip("*") for term in terms):
            raise InputError(
                f"{self.text!r} has no word to look for: write a word, a phrase, or a part with * (sanct*)."
            )
        if len(terms) > MAX_NODE_WORDS:
            raise InputError(f"A phrase may have up to {MAX_NODE_WORDS} words; this one has {len(terms)}.")
        object.__setattr__(self, "terms", terms)

    def occurrences(self, corpus: Corpus) -> Iterator[Occurrences]:
        """The occurrences, by segment; segments without one are left out."""
        by_language = {language: self._numbers(corpus, language) for language in corpus.languages}
        for part in corpus.parts:
            terms = by_language[part.segment.language]
            if not all(terms):
                continue
            types = part.segment.array("types")
            local = [np.flatnonzero(np.isin(types, numbers)) + 1 for numbers in terms]
            if not all(map(len, local)):
                continue
            words = part.segment.array("words")
            positions = np.flatnonzero(matches(words, local[0], len(types)))
            for offset, numbers in enumerate(local[1:], 1):
                positions = positions[positions + offset < len(words)]
                positions = positions[np.isin(words[positions + offset], numbers)]
            texts = np.searchsorted(part.segment.array("starts").astype(np.int64), positions, side="right") - 1
            if part.mask is not None:
                selected = part.mask[texts]
                positions, texts = positions[selected], texts[selected]
            if len(self.terms) > 1:
                kept = are_apart(positions, len(self.terms))
                positions, texts = positions[kept], texts[kept]
            if len(positions):
                yield Occurrences(part, words, positions, texts)

    def _numbers(self, corpus: Corpus, language: str) -> list[list[int]]:
        """For each term, the numbers of the words of a language that match it."""
        found = []
        for term in self.terms:
            form = "*".join(normal_form(part, language) for part in term.split("*"))
            if "*" in form:
                numbers = corpus.index.numbers_like(language, form)
            else:
                numbers = corpus.index.numbers_of(language, [form])
                if self.stems:
                    numbers = corpus.index.numbers_with_stems(language, form)
            found.append(numbers)
        return found


def matches(words: Numbers, wanted: NDArray[np.int64], size: int) -> NDArray[np.bool_]:
    """For each position, whether its word is wanted."""
    if len(wanted) == 1:
        return np.asarray(words == words.dtype.type(wanted[0]))
    table = np.zeros(size + 1, np.bool_)
    table[wanted] = True
    return table[words]


def are_apart(positions: NDArray[np.int64], length: int) -> NDArray[np.bool_]:
    """For each position, whether it is at least ``length`` after the last one that is: occurrences do not overlap."""
    kept = np.ones(len(positions), np.bool_)
    if (np.diff(positions) < length).any():
        end = -1
        for place, position in enumerate(positions.tolist()):
            kept[place] = position >= end
            end = position + length if position >= end else end
    return kept
