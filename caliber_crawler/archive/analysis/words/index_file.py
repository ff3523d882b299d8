"""The word index: every word of the current texts, as numbers, in one file beside the archive.

The file is an SQLite database that is written in full and then gets its name, so it is complete or absent, and readers
keep the one that they opened. A *segment* holds a few hundred texts of one language. Its array ``words`` has one number
for each word of these texts in order, and 0 at the end of each paragraph; number ``k`` is the ``k``-th entry of
``types``, the words that occur in the segment. The header has a checksum of the file, in the place of the user version.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from caliber_crawler.archive.analysis.words.stems import stem_in
from caliber_crawler.archive.core.format import sqlite3
from caliber_crawler.errors import ArchiveError
from caliber_crawler.tokenization import RULES

FORMAT = 1
MAPPED_BYTES = 1 << 31
APPLICATION_ID = 0x43570000 + (FORMAT << 8) + RULES
"""``CW``, the format of the file, and the rules that words follow."""
CHECKSUM = slice(60, 64)
"""The place of the checksum in the file: https://www.sqlite.org/fileformat.html#the_database_header."""
READ_BYTES = 1 << 20

SCHEMA = """
CREATE TABLE vocabulary (
  id INTEGER PRIMARY KEY,
  language TEXT NOT NULL,
  word TEXT NOT NULL,
  stem TEXT NOT NULL,
  UNIQUE (language, word)
) STRICT;
CREATE INDEX vocabulary_stem ON vocabulary (language, stem);
CREATE TABLE segments (
  id INTEGER PRIMARY KEY,
  language TEXT NOT NULL,
  texts INTEGER NOT NULL,
  words INTEGER NOT NULL
) STRICT;
CREATE TABLE arrays (
  segment INTEGER NOT NULL,
  name TEXT NOT NULL,
  kind TEXT NOT NULL,
  data BLOB NOT NULL,
  PRIMARY KEY (segment, name)
) STRICT;
"""

Numbers = NDArray[Any]
NameOfSegment = Literal[
    "versions", "digests", "published", "starts", "types", "counts", "text_counts", "words", "first"
]
Name = NameOfSegment | Literal["ranks", "stems"]
OF_SEGMENT: tuple[NameOfSegment, ...] = get_args(NameOfSegment)
OF_ALL = 0
"""The segment number of arrays over the whole vocabulary: ``ranks`` (alphabetical) and ``stems``."""


class DamagedIndex(ArchiveError):
    """The word index cannot be read; it is made again."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Some texts of one language."""

    index: WordIndex
    id: int
    language: str
    texts: int
    words: int

    def array(self, name: Name) -> Numbers:
        return self.index.array(self.id, name)


class WordIndex:
    """An open word index. Raises :class:`DamagedIndex` for a file that is not one, is outdated, or is damaged."""

    def __init__(self, path: Path) -> None:
        self.path = path
        require_valid(path)
        try:
            # The file never changes under this name, so SQLite needs no locks, and works on read-only disks.
            self._connection = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
            )
            self._connection.execute(f"PRAGMA mmap_size = {MAPPED_BYTES}")
        except sqlite3.Error as error:
            raise DamagedIndex(f"{path} cannot be opened: {error}.") from error

    @cached_property
    def segments(self) -> list[Segment]:
        return [
            Segment(self, *row) for row in self._rows("SELECT id, language, texts, words FROM segments ORDER BY id")
        ]

    @cached_property
    def size(self) -> int:
        """The highest number of a word."""
        return int(self._value("SELECT coalesce(max(id), 0) FROM vocabulary"))

    def array(self, segment: int, name: Name) -> Numbers:
        """An array of a segment."""
        rows = self._rows("SELECT kind, data FROM arrays WHERE segment = ? AND name = ?", (segment, name))
        if not rows:
            raise DamagedIndex(f"{self.path} is damaged: it has no array {name} of segment {segment}.")
        return np.frombuffer(rows[0][1], dtype=np.dtype(rows[0][0]))

    def texts_of(self, numbers: Iterable[int]) -> dict[int, tuple[str, str]]:
        """Language and word by number."""
        rows = self._rows(
            "SELECT id, language, word FROM vocabulary WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps([int(number) for number in numbers]),),
        )
        return {id: (language, word) for id, language, word in rows}

    def numbers_of(self, language: str, words: Iterable[str]) -> list[int]:
        """The numbers of these words, as far as they occur."""
        return self._values(
            "SELECT id FROM vocabulary WHERE language = ? AND word IN (SELECT value FROM json_each(?))",
            (language, json.dumps(sorted(words))),
        )

    def numbers_like(self, language: str, pattern: str) -> list[int]:
        """The numbers of the words that match a pattern with ``*``."""
        prefix = pattern.partition("*")[0]
        glob = "".join(f"[{letter}]" if letter in "?[" else letter for letter in pattern)
        return self._values(
            "SELECT id FROM vocabulary WHERE language = ? AND word >= ? AND word < ? AND word GLOB ?",
            (language, prefix, prefix + "\U0010ffff", glob),
        )

    def numbers_with_stems(self, language: str, word: str) -> list[int]:
        """The numbers of all words of a language that have the stem of this one."""
        stem = stem_in(language)
        return self._values(
            "SELECT id FROM vocabulary WHERE language = ? AND stem = ?", (language, stem(word) if stem else word)
        )

    def vocabulary(self) -> Iterator[tuple[int, str, str, str]]:
        """Every word: number, language, word, stem; by language and word."""
        with self._errors():
            yield from self._connection.execute(
                "SELECT id, language, word, stem FROM vocabulary ORDER BY language, word"
            )

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> WordIndex:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _rows(self, sql: str, parameters: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        with self._errors():
            return self._connection.execute(sql, parameters).fetchall()

    def _values(self, sql: str, parameters: tuple[object, ...] = ()) -> list[int]:
        return [row[0] for row in self._rows(sql, parameters)]

    def _value(self, sql: str) -> Any:
        rows = self._rows(sql)
        return rows[0][0] if rows else None

    def _errors(self) -> _Errors:
        return _Errors(self.path)


class _Errors:
    """Turns errors of SQLite into :class:`DamagedIndex`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, sqlite3.Error):
            raise DamagedIndex(f"{self._path} is damaged: {error}.") from error


_valid: dict[Path, tuple[int, ...]] = {}
"""Files that this process has checked, with what identifies their contents."""


def require_valid(path: Path) -> None:
    """Raise :class:`DamagedIndex` unless a file is a complete word index of this version."""
    try:
        with path.open("rb") as file:
            stat = os.fstat(file.fileno())
            identity = (stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)
            if _valid.get(path) == identity:
                return
            header = file.read(100)
            if int.from_bytes(header[68:72]) != APPLICATION_ID:
                raise DamagedIndex(f"{path} is not a word index of this version.")
            if checksum_of(path) != header[CHECKSUM]:
                raise DamagedIndex(f"{path} is damaged: its checksum is wrong.")
    except OSError as error:
        raise DamagedIndex(f"{path} cannot be read: {error.strerror}.") from error
    _valid[path] = identity


def checksum_of(path: Path) -> bytes:
    """The CRC-32 of a file without the bytes of its checksum."""
    with path.open("rb") as file:
        value = zlib.crc32(file.read(CHECKSUM.start))
        file.seek(CHECKSUM.stop)
        while part := file.read(READ_BYTES):
            value = zlib.crc32(part, value)
    return value.to_bytes(4)


def write_checksum(path: Path) -> None:
    """Complete a word index."""
    checksum = checksum_of(path)
    with path.open("r+b") as file:
        file.seek(CHECKSUM.start)
        file.write(checksum)
