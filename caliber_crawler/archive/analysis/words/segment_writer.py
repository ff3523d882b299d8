"""Writes the segments of a word index."""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable, Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from caliber_crawler.archive.analysis.words.index_file import OF_ALL, Name, Numbers
from caliber_crawler.archive.core.format import sqlite3
from caliber_crawler.tokenization import normal_form, paragraphs_of, word_texts

MAX_TEXTS = 4_000
MAX_WORDS = 500_000
MAX_TYPES = 48_000
"""A segment ends with the text that exceeds one of these."""

UNDATED = -(1 << 62)
Stem = Callable[[str], str]


class SegmentWriter:
    """Collects texts of one language, and writes them as segments."""

    def __init__(self, connection: sqlite3.Connection, language: str, stem: Stem | None) -> None:
        self._connection = connection
        self._language = language
        self._stem = stem
        self._begin()

    def _begin(self) -> None:
        self._versions = array("q")
        self._digests: list[bytes] = []
        self._published = array("q")
        self._starts = array("Q")
        self._words = array("I", [0])
        self._numbers: dict[str, int] = {}
        """Number in this segment by word, from 1."""
        self._spellings: dict[str, int] = {}
        """The same, by the word as written."""

    def add(self, version: int, digest: bytes, published: int, headline: str, subtitle: str | None, body: str) -> None:
        """Add a text; ``published`` is its date in seconds since 1970, :data:`UNDATED` without one."""
        self._starts.append(len(self._words))
        self._versions.append(version)
        self._digests.append(digest)
        self._published.append(published)
        for part in (headline, subtitle or "", *paragraphs_of(body)):
            if found := word_texts(part):
                self._words.extend(map(self._number, found))
                self._words.append(0)
        if (
            len(self._versions) >= MAX_TEXTS
            or len(self._words) >= MAX_WORDS
            or len(self._numbers) >= MAX_TYPES
            or len(self._spellings) >= 4 * MAX_TYPES
        ):
            self.flush()

    def _number(self, word: str) -> int:
        number = self._spellings.get(word)
        if number is None:
            form = normal_form(word, self._language)
            number = self._spellings[word] = self._numbers.setdefault(form, len(self._numbers) + 1)
        return number

    def flush(self) -> None:
        """Write the texts that were added since the last segment."""
        if not self._versions:
            return
        numbers = np.array([0, *self._of_vocabulary()], np.int64)
        words = np.frombuffer(self._words, np.uint32)
        starts = np.frombuffer(self._starts, np.uint64).astype(np.uint32)
        write_segment(
            self._connection,
            self._language,
            np.frombuffer(self._versions, np.int64),
            np.frombuffer(b"".join(self._digests), np.uint8),
            np.frombuffer(self._published, np.int64),
            starts,
            numbers[words],
        )
        self._begin()

    def _of_vocabulary(self) -> list[int]:
        """The number in the vocabulary of each word of this segment; new ones are added."""
        stem = self._stem
        self._connection.executemany(
            "INSERT OR IGNORE INTO vocabulary (language, word, stem) VALUES (?, ?, ?)",
            ((self._language, word, stem(word) if stem else word) for word in self._new_words()),
        )
        found = self._numbers_of(list(self._numbers))
        return [found[word] for word in self._numbers]

    def _new_words(self) -> list[str]:
        words = list(self._numbers)
        known = self._numbers_of(words)
        return [word for word in words if word not in known]

    def _numbers_of(self, words: Sequence[str]) -> dict[str, int]:
        return dict(
            self._connection.execute(
                """SELECT v.word, v.id FROM json_each(?) j CROSS
                JOIN vocabulary v ON v.language = ? AND v.word = j.value""",
                (json.dumps(words), self._language),
            )
        )


def write_segment(
    connection: sqlite3.Connection,
    language: str,
    versions: NDArray[np.int64],
    digests: NDArray[np.uint8],
    published: NDArray[np.int64],
    starts: NDArray[np.uint32],
    numbers: NDArray[np.int64],
) -> None:
    """Write a segment; ``numbers`` are those of the vocabulary, with 0 at the start and after each paragraph."""
    types, words = np.unique(numbers, return_inverse=True)
    types = types[1:].astype(np.uint32)  # without 0, which is always there
    first = first_in_text(words, starts)
    number = connection.execute(
        "INSERT INTO segments (language, texts, words) VALUES (?, ?, ?)",
        (language, len(versions), int(np.count_nonzero(words))),
    ).lastrowid
    assert number is not None
    kind = np.uint16 if len(types) < 1 << 16 else np.uint32
    arrays: dict[Name, Numbers] = {
        "versions": versions,
        "digests": digests,
        "published": published,
        "starts": starts,
        "types": types,
        "counts": np.bincount(words, minlength=len(types) + 1)[1:].astype(np.uint32),
        "text_counts": np.bincount(words[first], minlength=len(types) + 1)[1:].astype(np.uint32),
        "words": words.astype(kind),
        "first": np.packbits(first),
    }
    for name, values in arrays.items():
        write_array(connection, number, name, values)


def first_in_text(words: Numbers, starts: Numbers) -> NDArray[np.bool_]:
    """For each position, whether its word did not occur before in the same text; not at the ends of paragraphs."""
    text = np.zeros(len(words), np.int64)
    text[starts[starts < len(words)]] = 1
    keys = np.cumsum(text) * (int(words.max(initial=0)) + 1) + words
    first = np.zeros(len(words), np.bool_)
    first[np.unique(keys, return_index=True)[1]] = True
    first &= words > 0
    return first


def write_array(connection: sqlite3.Connection, segment: int, name: Name, values: Numbers) -> None:
    data = np.ascontiguousarray(values).tobytes()
    connection.execute(
        "INSERT INTO arrays (segment, name, kind, data) VALUES (?, ?, ?, ?)",
        (segment, name, values.dtype.newbyteorder("<").str, data),
    )


def write_orders(connection: sqlite3.Connection) -> None:
    """Write the alphabetical rank of each word, over all languages, and the number of the first word with its stem."""
    size = connection.execute("SELECT coalesce(max(id), 0) FROM vocabulary").fetchone()[0]
    ranks, stems = np.zeros(size + 1, np.uint32), np.zeros(size + 1, np.uint32)
    ordered = connection.execute("SELECT id, dense_rank() OVER (ORDER BY word) FROM vocabulary")
    pairs = np.fromiter(chain.from_iterable(ordered), np.int64).reshape(-1, 2)
    ranks[pairs[:, 0]] = pairs[:, 1]
    grouped = connection.execute("SELECT id, min(id) OVER (PARTITION BY language, stem) FROM vocabulary")
    pairs = np.fromiter(chain.from_iterable(grouped), np.int64).reshape(-1, 2)
    stems[pairs[:, 0]] = pairs[:, 1]
    write_array(connection, OF_ALL, "ranks", ranks)
    write_array(connection, OF_ALL, "stems", stems)
