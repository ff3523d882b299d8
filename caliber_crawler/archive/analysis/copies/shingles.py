"""Texts as sets of shingles: what two texts have in common, and keys under which similar texts find each other. Pure.

A shingle is a run of five words. The similarity of two texts is the Jaccard index of their sets of shingles, their
containment the share of the smaller set that the larger one has (Broder, "On the resemblance and containment of
documents", 1997).

Two kinds of keys find candidates without comparing every pair. Both depend on the text alone:

- bands of a MinHash signature (Indyk and Motwani, 1998): texts that are almost the same share one, however short;
- a sample of the runs of eight words: a passage that two texts have in common gives them several.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import TypeVar
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from caliber_crawler.archive.search.tokens import FOLDING

METHOD = "shingles-5 minhash-16x8 runs-8/8 v1"
"""Names the way of comparing in results; another one compares every text anew."""
SHINGLE_WORDS = 5
RUN_WORDS = 8
SAMPLE = 8
"""One run in this many is a key, the same ones in every text."""
BANDS, BAND_ROWS = 16, 8
SEED = 16
MIN_WORDS = 20
"""Shorter texts are not compared: headlines without a text, notices, tables of one line."""
MAX_CHARACTERS = 200_000
"""Characters of a text that are compared; no article is longer."""
SIMILAR = 0.5
"""From this similarity on, a text is a near-duplicate."""
CONTAINED = 0.8
"""From this containment on, the shorter of two texts that are no near-duplicates is an excerpt of the longer."""
SHARED_RUNS = 0.1
"""Share of the sampled runs of the shorter text that makes another one a candidate."""

WORD = re.compile(r"\w+")
FOLDED = tuple(
    {letter.casefold(): plain.casefold() for letter, plain in ((chr(a), b) for a, b in FOLDING.items())}.items()
)
"""The letters that the search folds, without case."""


Text = TypeVar("Text", str, bytes)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The Jaccard similarity of two texts, and the share of the shorter one that the longer one contains."""

    similarity: float
    containment: float

    @property
    def is_near_duplicate(self) -> bool:
        return self.similarity >= SIMILAR

    @property
    def is_excerpt(self) -> bool:
        return not self.is_near_duplicate and self.containment >= CONTAINED


@dataclass(frozen=True, slots=True, eq=False)
class ShingleSet:
    """The shingles of one text as sorted hashes of 64 bits, each once: a tenth of the memory of the words.

    They are valid in this process only.
    """

    hashes: NDArray[np.int64]
    is_comparable: bool

    def __len__(self) -> int:
        return len(self.hashes)

    def compare(self, other: ShingleSet) -> Comparison:
        """Compare with another text: exact, and the same from both sides."""
        shared = len(np.intersect1d(self.hashes, other.hashes, assume_unique=True))
        if not shared:
            return Comparison(0.0, 0.0)
        union = len(self) + len(other) - shared
        return Comparison(shared / union, shared / min(len(self), len(other)))


class Shingles:
    """One text as a set of shingles, with its keys."""

    def __init__(self, text: str) -> None:
        self.words = words_of(text)

    @property
    def is_comparable(self) -> bool:
        return len(self.words) >= MIN_WORDS

    @cached_property
    def all(self) -> ShingleSet:
        """The set of shingles."""
        shingles: Iterator[tuple[str, ...]]
        shingles = zip(*(self.words[start:] for start in range(SHINGLE_WORDS)), strict=False)
        if len(self.words) < SHINGLE_WORDS:
            shingles = iter([tuple(self.words)])
        return ShingleSet(np.unique(np.fromiter(map(hash, shingles), np.int64)), self.is_comparable)

    def compare(self, other: Shingles) -> Comparison:
        """Compare with another text: exact, and the same from both sides."""
        return self.all.compare(other.all)

    def bands(self) -> list[int]:
        """One key for each band of the MinHash signature."""
        from rensa import RMinHash

        signature = RMinHash(num_perm=BANDS * BAND_ROWS, seed=SEED)
        signature.update(list(set(runs_of(self.words, SHINGLE_WORDS, " "))))
        rows = array("I", signature.digest()).tobytes()
        width = len(rows) // BANDS
        return [key_of(rows[band * width : (band + 1) * width], band) for band in range(BANDS)]

    def runs(self) -> list[int]:
        """The keys of the sampled runs, in no order."""
        words = [word.encode("utf-8", "surrogatepass") for word in self.words]
        return [key_of(run) for run in set(runs_of(words, RUN_WORDS, b" ")) if crc32(run) % SAMPLE == 0]


def least_shared(runs: int, other_runs: int) -> float:
    """The number of sampled runs that two texts must share to be compared; at least one in any case."""
    return SHARED_RUNS * min(runs, other_runs)


def words_of(text: str) -> list[str]:
    """The words of a text: letters and digits without case, in NFKC, with the letters folded that the search folds."""
    folded = unicodedata.normalize("NFKC", text[:MAX_CHARACTERS]).casefold()
    for letter, plain in FOLDED:
        folded = folded.replace(letter, plain)
    return WORD.findall(folded)


def runs_of(words: list[Text], length: int, space: Text) -> list[Text]:
    """Every run of so many words, joined; the whole text if it is shorter."""
    if len(words) < length:
        return [space.join(words)]
    return list(map(space.join, zip(*(words[start:] for start in range(length)), strict=False)))


def key_of(data: bytes, band: int | None = None) -> int:
    """A key of 64 bits, as SQLite stores them; keys of bands and of runs are different by their salt."""
    salt = b"run" if band is None else b"band%d" % band
    return int.from_bytes(blake2b(data, digest_size=8, salt=salt).digest(), signed=True)
