"""A corpus: the words of selected articles, in the word index."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from caliber_crawler.archive.analysis.words.index_file import OF_ALL, DamagedIndex, Numbers, Segment, WordIndex
from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.search.selection import Selection, condition

SAMPLE = 8
"""Number of texts at the end, and elsewhere, that are compared with the archive when an index is opened."""
IDS_AT_ONCE = 1_000_000
"""Version IDs in one text: it is smaller than a value of the web pages may be."""


@dataclass(frozen=True, slots=True)
class Part:
    """The selected texts of one segment."""

    segment: Segment
    mask: NDArray[np.bool_] | None
    """For each text, whether it is selected; ``None`` if all are."""

    @property
    def texts(self) -> int:
        return self.segment.texts if self.mask is None else int(np.count_nonzero(self.mask))

    def inside(self, length: int) -> NDArray[np.bool_] | None:
        """For each position, whether it is in a selected text; ``None`` if all are."""
        if self.mask is None:
            return None
        starts = self.segment.array("starts").astype(np.int64)
        inside = np.zeros(length, np.bool_)
        inside[int(starts[0]) if len(starts) else length :] = np.repeat(self.mask, np.diff(np.append(starts, length)))
        return inside

    def selected_words(self) -> Numbers:
        """The numbers at each position, 0 where no selected text is."""
        words = self.segment.array("words")
        inside = self.inside(len(words))
        return words if inside is None else np.where(inside, words, words.dtype.type(0))

    def counts(self) -> tuple[Numbers, Numbers]:
        """For each word of the segment, its frequency and the number of texts with it."""
        if self.mask is None:
            return self.segment.array("counts"), self.segment.array("text_counts")
        # The smaller side is counted.
        is_most = self.texts * 2 > self.segment.texts
        counted = Part(self.segment, ~self.mask) if is_most else self
        words, size = self.segment.array("words"), len(self.segment.array("types")) + 1
        inside = counted.inside(len(words))
        assert inside is not None
        first = np.unpackbits(self.segment.array("first"), count=len(words)).view(np.bool_)
        frequencies = np.bincount(words[inside], minlength=size)[1:]
        texts = np.bincount(words[inside & first], minlength=size)[1:]
        if not is_most:
            return frequencies, texts
        return self.segment.array("counts") - frequencies, self.segment.array("text_counts") - texts


class Corpus:
    """The selected texts of a word index. Numbers of words are those of its vocabulary."""

    def __init__(self, index: WordIndex, parts: list[Part], missing: int) -> None:
        self.index = index
        self.parts = parts
        self.missing = missing
        """Number of selected articles whose current text is not in the index yet."""

    @property
    def articles(self) -> int:
        return sum(part.texts for part in self.parts)

    @cached_property
    def words(self) -> int:
        """The number of words of all texts."""
        return int(self.counts[0].sum())

    @cached_property
    def counts(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """By number of a word: its frequency, and the number of articles with it."""
        frequencies, articles = np.zeros(self.index.size + 1, np.int64), np.zeros(self.index.size + 1, np.int64)
        for part in self.parts:
            types = part.segment.array("types")
            in_part, texts = part.counts()
            frequencies[types] += in_part
            articles[types] += texts
        return frequencies, articles

    @property
    def languages(self) -> list[str]:
        return sorted({part.segment.language for part in self.parts})

    def grouped(self, values: NDArray[np.int64]) -> NDArray[np.int64]:
        """Sums of values over all words with the same stem, at the number of the first."""
        stems = self.index.array(OF_ALL, "stems")
        return np.bincount(stems, weights=values, minlength=len(values)).astype(np.int64)

    def in_languages(self, languages: Collection[str]) -> Corpus:
        """The texts in these languages."""
        parts = [part for part in self.parts if part.segment.language in languages]
        return Corpus(self.index, parts, self.missing)

    def without(self, other: Corpus) -> Corpus:
        """The texts of this corpus that are not in another one of the same index."""
        masks = {part.segment.id: part.mask for part in other.parts}
        parts = []
        for part in self.parts:
            if part.segment.id not in masks:
                parts.append(part)
            elif (excluded := masks[part.segment.id]) is not None:
                mask = ~excluded if part.mask is None else part.mask & ~excluded
                if mask.any():
                    parts.append(Part(part.segment, mask))
        return Corpus(self.index, parts, self.missing)


def corpus_of(connection: Connection, index: WordIndex, selection: Selection) -> Corpus:
    """The texts that a selection selects."""
    selected = selected_versions(connection, selection)
    parts, found = [], 0
    for segment in index.segments:
        mask = is_among(segment.array("versions"), selected)
        if count := int(np.count_nonzero(mask)):
            found += count
            parts.append(Part(segment, None if count == segment.texts else mask))
    return Corpus(index, parts, len(selected) - found)


def selected_versions(connection: Connection, selection: Selection) -> NDArray[np.int64]:
    """The IDs of the current versions of a selection, in order.

    As numbers in a few texts they are here in a tenth of the time that a row for each takes.
    """
    where, values = condition(connection, selection)
    last = connection.value("SELECT max(id) FROM versions") or 0
    found = [
        connection.value(
            f"""SELECT group_concat(a.current_version_id) FROM articles a
            WHERE {where} AND +a.current_version_id > :after AND +a.current_version_id <= :until""",
            {**values, "after": start, "until": start + IDS_AT_ONCE},
        )
        for start in range(0, last, IDS_AT_ONCE)
    ]
    return np.sort(np.fromstring(",".join(filter(None, found)), np.int64, sep=","))


def is_among(values: Numbers, ordered: Numbers) -> NDArray[np.bool_]:
    """For each value, whether it is in an ordered array."""
    if not len(ordered):
        return np.zeros(len(values), np.bool_)
    places = np.minimum(np.searchsorted(ordered, values), len(ordered) - 1)
    found: NDArray[np.bool_] = ordered[places] == values
    return found


def require_same_archive(connection: Connection, index: WordIndex) -> None:
    """Raise ``DamagedIndex`` if the index belongs to another archive that had this name.

    The newest texts and some others are compared by their digests: a restored backup may use IDs again.
    """
    for version, digest in sampled(index):
        found = connection.value("SELECT content_digest FROM versions WHERE id = ?", (version,))
        if found is not None and found != digest:
            raise DamagedIndex(f"{index.path} belongs to another archive.")


def sampled(index: WordIndex) -> Iterator[tuple[int, str]]:
    arrays = [(each.array("versions"), each) for each in index.segments]
    versions = np.concatenate([np.zeros(0, np.int64), *(array for array, _ in arrays)])
    if not len(versions):
        return
    ordered = np.sort(versions)
    chosen = {*ordered[-SAMPLE:].tolist(), *ordered[:: max(1, len(ordered) // SAMPLE)].tolist()}
    for array, segment in arrays:
        places = np.flatnonzero(np.isin(array, list(chosen)))
        if len(places):
            digests = segment.array("digests").reshape(-1, 32)
            for place in places.tolist():
                yield int(array[place]), digests[place].tobytes().hex()
