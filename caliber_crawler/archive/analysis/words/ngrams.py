"""N-grams: sequences of two to five words within one paragraph."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np
from numpy.typing import NDArray

from caliber_crawler.archive.analysis.words.corpus import Corpus
from caliber_crawler.archive.analysis.words.frequencies import per_million, stopped
from caliber_crawler.archive.analysis.words.index_file import OF_ALL
from caliber_crawler.archive.analysis.words.node import Node
from caliber_crawler.archive.analysis.words.results import NGram, Rows

SIZES = (2, 3, 4, 5)
MAX_AT_ONCE = 4_000_000
"""N-grams in memory at a time: they are counted in groups by hash, each in one pass over the corpus."""
MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
PRIME = np.uint64(0x100000001B3)
SHIFT = np.uint64(40)


def ngrams(
    corpus: Corpus,
    size: int = 2,
    *,
    node: Node | None = None,
    stop: bool = False,
    own_stop_words: Collection[str] = (),
    min_frequency: int = 2,
    limit: int | None = 100,
    offset: int = 0,
) -> Rows[NGram]:
    """The n-grams of a corpus, most frequent first; with ``stop``, without those that begin or end with a stop word.

    With a node, only those that contain it.
    """
    excluded = np.zeros(corpus.index.size + 1, np.bool_)
    excluded[stopped(corpus, built_in=stop, own=own_stop_words)] = True
    most = sum(len(found.positions) for found in node.occurrences(corpus)) * size if node else corpus.words
    groups = max(1, -(-most // MAX_AT_ONCE))
    found, counts = [np.zeros((0, size), np.uint32)], [np.zeros(0, np.int64)]
    for group in range(groups):
        grams = np.concatenate([np.zeros((0, size), np.uint32), *grams_of(corpus, size, node, excluded, group, groups)])
        distinct, frequencies = unique_rows(grams)
        kept = frequencies >= max(1, min_frequency)
        found.append(distinct[kept])
        counts.append(frequencies[kept])
    every, frequencies = np.concatenate(found), np.concatenate(counts)
    ranks = corpus.index.array(OF_ALL, "ranks")
    order = np.lexsort((every[:, 0], *(ranks[every[:, place]] for place in reversed(range(size))), -frequencies))
    chosen = order[offset : None if limit is None else offset + limit]
    texts = corpus.index.texts_of(np.unique(every[chosen]))
    rows = tuple(
        NGram(
            language=texts[numbers[0]][0],
            words=" ".join(texts[number][1] for number in numbers),
            frequency=frequency,
            per_million=per_million(frequency, corpus.words),
        )
        for numbers, frequency in zip(every[chosen].tolist(), frequencies[chosen].tolist(), strict=True)
    )
    return Rows(
        kind=NGram, rows=rows, total=len(order), words=corpus.words, articles=corpus.articles, missing=corpus.missing
    )


def grams_of(
    corpus: Corpus, size: int, node: Node | None, excluded: NDArray[np.bool_], group: int, groups: int
) -> Iterator[NDArray[np.uint32]]:
    """The n-grams of one group, by segment: a row of numbers each."""
    parts = (
        ((found.part, found.words, found.positions) for found in node.occurrences(corpus))
        if node
        else ((part, part.selected_words(), None) for part in corpus.parts)
    )
    for part, words, positions in parts:
        if len(words) < size:
            continue
        starts = np.ones(len(words) - size + 1, np.bool_)
        for place in range(size):
            starts &= words[place : len(words) - size + 1 + place] > 0
        if node is not None and positions is not None:
            around = np.zeros(len(words), np.bool_)
            for back in range(size - len(node.terms) + 1):
                around[positions[positions >= back] - back] = True
            starts &= around[: len(starts)]
        of_number = np.append(np.zeros(1, np.uint32), part.segment.array("types"))
        numbers = of_number[words]
        starts &= ~excluded[numbers[: len(starts)]] & ~excluded[numbers[size - 1 :]]
        if groups > 1:
            hashed = np.zeros(len(starts), np.uint64)
            for place in range(size):
                hashed = (hashed * PRIME) ^ numbers[place : place + len(starts)].astype(np.uint64)
            starts &= ((hashed * MULTIPLIER) >> SHIFT) % np.uint64(groups) == group
        at = np.flatnonzero(starts)
        yield np.stack([numbers[at + place] for place in range(size)], axis=1)


def unique_rows(rows: NDArray[np.uint32]) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """The distinct rows, and how often each occurs."""
    if not len(rows):
        return rows, np.zeros(0, np.int64)
    ordered = rows[np.lexsort(rows.T[::-1])]
    changes = np.flatnonzero(np.append(True, (ordered[1:] != ordered[:-1]).any(axis=1)))
    return ordered[changes], np.diff(np.append(changes, len(ordered)))
