"""Measures of association and keyness, of numbers or arrays.

A contingency table has the observed counts ``o11`` (word and condition), ``r1`` (all positions with the condition),
``c1`` (all positions with the word) and ``n`` (all positions).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def expected(r1: ArrayLike, c1: ArrayLike, n: ArrayLike) -> Floats:
    """The count that independence of word and condition would give."""
    rows, columns = np.asarray(r1, np.float64), np.asarray(c1, np.float64)
    return np.asarray(rows * columns / np.maximum(np.asarray(n, np.float64), 1))


def log_likelihood(o11: ArrayLike, r1: ArrayLike, c1: ArrayLike, n: ArrayLike) -> Floats:
    """The log-likelihood ratio G² of a 2×2 table (Dunning 1993), never negative; 3.84 is p = 0.05, 15.13 p = 0.0001."""
    o11, r1, c1, n = (np.asarray(each, np.float64) for each in (o11, r1, c1, n))
    cells = ((o11, r1, c1), (r1 - o11, r1, n - c1), (c1 - o11, n - r1, c1), (n - r1 - c1 + o11, n - r1, n - c1))
    total: Any = 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        for observed, row, column in cells:
            total = total + np.where(observed > 0, observed * np.log(observed * n / (row * column)), 0.0)
    return np.asarray(np.maximum(2 * np.asarray(total), 0.0))


def pmi(o11: ArrayLike, r1: ArrayLike, c1: ArrayLike, n: ArrayLike) -> Floats:
    """Pointwise mutual information (Church and Hanks 1990): the binary logarithm of observed to expected."""
    return np.asarray(np.log2(np.asarray(o11, np.float64) / expected(r1, c1, n)))


def log_dice(together: ArrayLike, node: ArrayLike, collocate: ArrayLike) -> Floats:
    """The association score logDice (Rychlý 2008): 14 plus the binary logarithm of the Dice coefficient.

    It does not depend on the size of the corpus.
    """
    together, node, collocate = (np.asarray(each, np.float64) for each in (together, node, collocate))
    return 14 + np.log2(2 * together / (node + collocate))


def log_ratio(count: ArrayLike, size: ArrayLike, reference: ArrayLike, reference_size: ArrayLike) -> Floats:
    """Log ratio (Hardie 2014): the binary logarithm of the ratio of relative frequencies.

    Each unit is a doubling. A count of zero is taken as 0.5.
    """
    count, size, reference, reference_size = (
        np.asarray(each, np.float64) for each in (count, size, reference, reference_size)
    )
    first = np.where(count > 0, count, 0.5) / np.maximum(size, 1)
    second = np.where(reference > 0, reference, 0.5) / np.maximum(reference_size, 1)
    return np.log2(first / second)
