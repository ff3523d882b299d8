"""Word lists and keyness."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from caliber_crawler.archive.analysis.words.corpus import Corpus
from caliber_crawler.archive.analysis.words.index_file import OF_ALL
from caliber_crawler.archive.analysis.words.measures import log_likelihood, log_ratio
from caliber_crawler.archive.analysis.words.results import KeyWord, Rows, WordRow
from caliber_crawler.archive.analysis.words.stems import normal_forms, stop_words

MILLION = 1_000_000


def stopped(corpus: Corpus, *, built_in: bool, own: Collection[str]) -> NDArray[np.int64]:
    """The numbers of the stop words of a corpus: those of each language, and the user's own."""
    numbers: list[int] = []
    for language in corpus.languages:
        words = normal_forms(own, language) | (stop_words(language) if built_in else frozenset())
        if words:
            numbers += corpus.index.numbers_of(language, words)
    return np.array(numbers, np.int64)


def representatives(corpus: Corpus, frequencies: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each number of a stem, the number of its most frequent word."""
    stems = corpus.index.array(OF_ALL, "stems")
    order = np.argsort(frequencies, kind="stable")  # of equally frequent words the one with the highest number
    chosen = np.zeros(len(frequencies), np.int64)
    chosen[stems[order]] = order
    return chosen


def page(order: NDArray[np.int64], limit: int | None, offset: int) -> NDArray[np.int64]:
    return order[offset : None if limit is None else offset + limit]


def per_million(count: int, words: int) -> float:
    return count * MILLION / words if words else 0.0


def alphabetical(corpus: Corpus, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Numbers in alphabetical order, so that ties have one order."""
    ranks = corpus.index.array(OF_ALL, "ranks")
    ordered: NDArray[np.int64] = numbers[np.argsort(ranks[numbers], kind="stable")]
    return ordered


def word_list(
    corpus: Corpus,
    *,
    stems: bool = False,
    stop: bool = False,
    own_stop_words: Collection[str] = (),
    min_frequency: int = 1,
    limit: int | None = 100,
    offset: int = 0,
) -> Rows[WordRow]:
    """The words of a corpus, most frequent first. Numbers per million refer to all words, stop words included."""
    frequencies, articles = (each.copy() for each in corpus.counts)
    excluded = stopped(corpus, built_in=stop, own=own_stop_words)
    frequencies[excluded] = 0
    articles[excluded] = 0
    shown = representatives(corpus, frequencies) if stems else np.arange(len(frequencies))
    if stems:
        frequencies, articles = corpus.grouped(frequencies), corpus.grouped(articles)
    numbers = alphabetical(corpus, np.flatnonzero(frequencies >= max(1, min_frequency)))
    ordered = numbers[np.argsort(-frequencies[numbers], kind="stable")]
    chosen = page(ordered, limit, offset)
    texts = corpus.index.texts_of(shown[chosen])
    rows = tuple(
        WordRow(
            language=texts[word][0],
            word=texts[word][1],
            frequency=frequency,
            per_million=per_million(frequency, corpus.words),
            articles=in_articles,
        )
        for word, frequency, in_articles in zip(
            shown[chosen].tolist(), frequencies[chosen].tolist(), articles[chosen].tolist(), strict=True
        )
    )
    return Rows(
        kind=WordRow,
        rows=rows,
        total=len(ordered),
        words=corpus.words,
        articles=corpus.articles,
        missing=corpus.missing,
    )


def keyness(
    corpus: Corpus,
    reference: Corpus,
    *,
    stems: bool = False,
    stop: bool = False,
    own_stop_words: Collection[str] = (),
    min_frequency: int = 5,
    negative: bool = False,
    limit: int | None = 100,
    offset: int = 0,
) -> Rows[KeyWord]:
    """The words that are more frequent than in the reference (``negative``: less frequent), highest G² first.

    ``min_frequency`` refers to both corpora together.
    """
    excluded = stopped(corpus, built_in=stop, own=own_stop_words)
    counts = corpus.counts[0].copy()
    others = reference.counts[0].copy()
    counts[excluded] = 0
    others[excluded] = 0
    shown = representatives(corpus, counts + others) if stems else np.arange(len(counts))
    if stems:
        counts, others = corpus.grouped(counts), corpus.grouped(others)
    size, other_size = corpus.words, reference.words
    more = counts * other_size > others * size
    less = counts * other_size < others * size
    wanted = (less if negative else more) & (counts + others >= max(1, min_frequency))
    numbers = alphabetical(corpus, np.flatnonzero(wanted))
    here, there = counts[numbers], others[numbers]
    evidence = log_likelihood(here, size, here + there, size + other_size)
    ratio = log_ratio(here, size, there, other_size)
    order = np.argsort(-evidence, kind="stable")
    chosen = page(order, limit, offset)
    texts = corpus.index.texts_of(shown[numbers[chosen]])
    rows = tuple(
        KeyWord(
            language=texts[word][0],
            word=texts[word][1],
            frequency=count,
            reference_frequency=other,
            per_million=per_million(count, size),
            reference_per_million=per_million(other, other_size),
            log_likelihood=g2,
            log_ratio=effect,
        )
        for word, count, other, g2, effect in zip(
            shown[numbers[chosen]].tolist(),
            here[chosen].tolist(),
            there[chosen].tolist(),
            evidence[chosen].tolist(),
            ratio[chosen].tolist(),
            strict=True,
        )
    )
    return Rows(
        kind=KeyWord,
        rows=rows,
        total=len(order),
        words=size,
        articles=corpus.articles,
        missing=corpus.missing,
        reference_words=other_size,
        reference_articles=reference.articles,
    )
