"""Collocates: the words near a node, with measures of association.

Each position of a paragraph that is at most ``left`` words before or ``right`` words after an occurrence of the node is
within the window, once, even if two windows overlap. The positions of the node itself count neither inside nor outside.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from caliber_crawler.archive.analysis.words import measures
from caliber_crawler.archive.analysis.words.corpus import Corpus
from caliber_crawler.archive.analysis.words.frequencies import alphabetical, page, representatives, stopped
from caliber_crawler.archive.analysis.words.index_file import Numbers
from caliber_crawler.archive.analysis.words.node import Node
from caliber_crawler.archive.analysis.words.results import Collocate, Rows

Measure = Literal["log_likelihood", "pmi", "log_dice", "frequency"]
MEASURES: tuple[Measure, ...] = ("log_likelihood", "pmi", "log_dice", "frequency")


def windows(
    words: Numbers, positions: NDArray[np.int64], length: int, left: int, right: int
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """For each position, whether it is in the node, in a window before it, and in a window after it."""
    node, before, after = (np.zeros(len(words), np.bool_) for _ in range(3))
    for offset in range(length):
        node[positions + offset] = True
    reached = positions - 1
    for _ in range(left):
        reached = reached[words[reached] > 0]  # position 0 is the end of a paragraph
        before[reached] = True
        reached = reached - 1
    reached = positions + length
    for _ in range(right):
        reached = reached[reached < len(words)]
        reached = reached[words[reached] > 0]
        after[reached] = True
        reached = reached + 1
    return node, before & ~node, after & ~node


def collocates(
    corpus: Corpus,
    node: Node,
    *,
    left: int = 5,
    right: int = 5,
    measure: Measure = "log_likelihood",
    stems: bool = False,
    stop: bool = False,
    own_stop_words: Collection[str] = (),
    min_frequency: int = 5,
    limit: int | None = 100,
    offset: int = 0,
) -> Rows[Collocate]:
    """The words near a node that occur there more often than expected, best first."""
    size = corpus.index.size + 1
    near, before, after, inside = (np.zeros(size, np.int64) for _ in range(4))
    count, languages = 0, set()
    for found in node.occurrences(corpus):
        types = found.part.segment.array("types")
        count += len(found.positions)
        languages.add(found.part.segment.language)
        masks = windows(found.words, found.positions, len(node.terms), left, right)
        for sums, mask in ((inside, masks[0]), (before, masks[1]), (after, masks[2]), (near, masks[1] | masks[2])):
            sums[types] += np.bincount(found.words[mask], minlength=len(types) + 1)[1:]
    # Texts in languages without the node are no evidence.
    corpus = corpus.in_languages(languages)
    totals = corpus.counts[0] - inside
    positions, window = corpus.words - int(inside.sum()), int(near.sum())
    excluded = stopped(corpus, built_in=stop, own=own_stop_words)
    shown = representatives(corpus, totals) if stems else np.arange(size)
    for sums in (near, before, after):
        sums[excluded] = 0
    if stems:
        near, before, after, totals = (corpus.grouped(each) for each in (near, before, after, totals))
    numbers = alphabetical(corpus, np.flatnonzero(near >= max(1, min_frequency)))
    together, total = near[numbers], totals[numbers]
    expected = measures.expected(window, total, positions)
    attracted = together > expected
    numbers, together, total, expected = numbers[attracted], together[attracted], total[attracted], expected[attracted]
    columns = {
        "frequency": together.astype(np.float64),
        "log_likelihood": measures.log_likelihood(together, window, total, positions),
        "pmi": measures.pmi(together, window, total, positions),
        "log_dice": measures.log_dice(together, count, total),
    }
    order = np.argsort(-columns[measure], kind="stable")
    chosen = page(order, limit, offset)
    names = shown[numbers[chosen]].tolist()
    texts = corpus.index.texts_of(names)
    rows = tuple(
        Collocate(
            language=texts[name][0],
            word=texts[name][1],
            frequency=int(together[place]),
            left=int(before[numbers[place]]),
            right=int(after[numbers[place]]),
            total=int(total[place]),
            expected=float(expected[place]),
            log_likelihood=float(columns["log_likelihood"][place]),
            pmi=float(columns["pmi"][place]),
            log_dice=float(columns["log_dice"][place]),
        )
        for name, place in zip(names, chosen.tolist(), strict=True)
    )
    return Rows(
        kind=Collocate,
        rows=rows,
        total=len(order),
        words=corpus.words,
        articles=corpus.articles,
        missing=corpus.missing,
        occurrences=count,
    )
