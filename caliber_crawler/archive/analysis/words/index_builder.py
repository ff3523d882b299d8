"""Builds a word index, or brings it up to date: only new texts are divided into words."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from caliber_crawler.archive.analysis.words.index_file import (
    APPLICATION_ID,
    OF_SEGMENT,
    SCHEMA,
    DamagedIndex,
    Segment,
    WordIndex,
    write_checksum,
)
from caliber_crawler.archive.analysis.words.segment_writer import (
    MAX_TEXTS,
    MAX_WORDS,
    UNDATED,
    SegmentWriter,
    write_array,
    write_orders,
    write_segment,
)
from caliber_crawler.archive.analysis.words.stems import stem_in
from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.format import sqlite3
from caliber_crawler.archive.core.side_files import WORD_INDEX, side_file
from caliber_crawler.errors import ArchiveFull
from caliber_crawler.output_files import new_path

DIGEST_BYTES = 32
BATCH_SIZE = 200
"""Texts in memory at a time."""
SMALL = 4
"""A segment with fewer than a quarter of the allowed words is filled up."""

CURRENT = """
SELECT a.current_version_id, v.content_digest, a.language FROM articles a JOIN versions v ON v.id = a.current_version_id
WHERE a.duplicate_of IS NULL"""
ORDER = """
SELECT a.current_version_id FROM articles a WHERE a.duplicate_of IS NULL AND a.current_version_id IS NOT NULL
AND a.language = ? ORDER BY a.published_at, a.id"""
TEXTS = """
SELECT v.id, v.content_digest, CAST(strftime('%s', v.published_at) AS INTEGER), v.headline, v.subtitle, v.body
FROM json_each(?) j JOIN versions v ON v.id = j.value
ORDER BY j.key"""

Masks = list[tuple[Segment, NDArray[np.bool_]]]
"""Segments, and for each of their texts, whether it is still current."""
Progress = Callable[[int, int], None]
"""Called with the number of texts done, and of all new texts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What an update of the word index changed: numbers of texts, and what it contains now."""

    added: int
    removed: int
    texts: int
    words: int
    path: Path


@dataclass(frozen=True, slots=True)
class _Texts:
    """The current texts of an archive by version ID."""

    versions: NDArray[np.int64]
    digests: NDArray[np.void]
    languages: dict[str, NDArray[np.int64]]

    def contains(self, segment: Segment) -> NDArray[np.bool_]:
        """For each text of a segment, whether it is a current text of the archive."""
        versions = segment.array("versions")
        if not len(self.versions):
            return np.zeros(len(versions), np.bool_)
        digests = segment.array("digests").view(f"V{DIGEST_BYTES}")
        places = np.minimum(np.searchsorted(self.versions, versions), len(self.versions) - 1)
        of_language = np.isin(versions, self.languages.get(segment.language, np.zeros(0, np.int64)))
        same: NDArray[np.bool_] = (self.versions[places] == versions) & (self.digests[places] == digests) & of_language
        return same


def build(connection: Connection, progress: Progress = lambda done, of: None) -> Built:
    """Build the word index of an archive, or update it. Raises ``ArchiveFull`` if the file cannot be written.

    The file is written anew, so nothing remains in it of a text that is no longer current. It stays as it is if
    nothing changed.
    """
    path = side_file(connection.path, WORD_INDEX)
    if path.exists() and not path.is_file():
        raise ArchiveFull(f"{path} is not a file, so the word index cannot be written.")
    texts = current_texts(connection)
    try:
        with WordIndex(path) as old:
            return update(connection, path, texts, old, progress)
    except DamagedIndex:
        return update(connection, path, texts, None, progress)


def update(connection: Connection, path: Path, texts: _Texts, old: WordIndex | None, progress: Progress) -> Built:
    masks: Masks = [(segment, texts.contains(segment)) for segment in old.segments] if old else []
    kept = np.sort(np.concatenate([np.zeros(0, np.int64), *(each.array("versions")[mask] for each, mask in masks)]))
    removed = sum(int(np.count_nonzero(~mask)) for _, mask in masks)
    added = len(texts.versions) - len(kept)
    if old is not None and not added and not removed:
        return Built(added=0, removed=0, texts=len(kept), words=sum(each.words for each, _ in masks), path=path)
    with new_path(path) as unfinished:
        count, words = write(connection, unfinished, texts, old, masks, kept, progress)
        write_checksum(unfinished)
    return Built(added=added, removed=removed, texts=count, words=words, path=path)


def write(
    connection: Connection,
    path: Path,
    texts: _Texts,
    old: WordIndex | None,
    masks: Masks,
    kept: NDArray[np.int64],
    progress: Progress,
) -> tuple[int, int]:
    """Write an index; return its numbers of texts and words."""
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        prepare(file)
        file.execute("BEGIN")
        if old is not None:
            used = np.zeros(old.size + 1, np.bool_)
            copy_segments(file, masks, used)
            file.executemany(
                "INSERT INTO vocabulary (id, language, word, stem) VALUES (?, ?, ?, ?)",
                (row for row in old.vocabulary() if used[row[0]]),
            )
        add_new(connection, file, texts, kept, progress)
        write_orders(file)
        count, words = file.execute("SELECT coalesce(sum(texts), 0), coalesce(sum(words), 0) FROM segments").fetchone()
        file.execute("COMMIT")
    return count, words


def prepare(file: sqlite3.Connection) -> None:
    """Make an empty index. No journal: an unfinished file is never read."""
    file.executescript(
        f"""PRAGMA page_size = 32768; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -32000;
        PRAGMA application_id = {APPLICATION_ID}; {SCHEMA}"""
    )


def current_texts(connection: Connection) -> _Texts:
    versions: list[int] = []
    digests = bytearray()
    languages: dict[str, list[int]] = {}
    for version, digest, language in connection.execute(CURRENT):
        versions.append(version)
        digests += bytes.fromhex(digest)
        languages.setdefault(language, []).append(version)
    order = np.argsort(np.array(versions, np.int64), kind="stable")
    return _Texts(
        np.array(versions, np.int64)[order],
        np.frombuffer(bytes(digests), f"V{DIGEST_BYTES}")[order],
        {language: np.array(each, np.int64) for language, each in sorted(languages.items())},
    )


def copy_segments(file: sqlite3.Connection, masks: Masks, used: NDArray[np.bool_]) -> None:
    """Copy the texts that are still current; mark their words in ``used``. Small segments of a language are joined."""
    waiting: dict[str, _Joined] = {}
    for segment, mask in masks:
        if mask.all() and segment.words * SMALL >= MAX_WORDS:
            used[segment.array("types")] = True
            copy_segment(file, segment)
        elif mask.any():
            joined = waiting.setdefault(segment.language, _Joined())
            joined.add(segment, mask)
            if joined.size >= MAX_WORDS or joined.texts >= MAX_TEXTS:
                waiting.pop(segment.language).write(file, segment.language, used)
    for language, joined in waiting.items():
        joined.write(file, language, used)


def copy_segment(file: sqlite3.Connection, segment: Segment) -> None:
    number = file.execute(
        "INSERT INTO segments (language, texts, words) VALUES (?, ?, ?)",
        (segment.language, segment.texts, segment.words),
    ).lastrowid
    assert number is not None
    for name in OF_SEGMENT:
        write_array(file, number, name, segment.array(name))


class _Joined:
    """Texts of several segments of one language."""

    def __init__(self) -> None:
        self._versions: list[NDArray[np.int64]] = []
        self._digests: list[NDArray[np.uint8]] = []
        self._published: list[NDArray[np.int64]] = []
        self._starts: list[NDArray[np.uint32]] = []
        self._numbers: list[NDArray[np.int64]] = [np.zeros(1, np.int64)]
        self.size = 1
        self.texts = 0

    def add(self, segment: Segment, mask: NDArray[np.bool_]) -> None:
        """Add the texts of a segment that the mask marks."""
        starts, words = segment.array("starts").astype(np.int64), segment.array("words")
        lengths = np.diff(np.append(starts, len(words)))
        inside = np.repeat(mask, lengths)
        numbers = np.append(np.zeros(1, np.int64), segment.array("types"))[words[1:][inside]]
        kept = lengths[mask]
        self._versions.append(segment.array("versions")[mask])
        self._digests.append(segment.array("digests").reshape(-1, DIGEST_BYTES)[mask].reshape(-1))
        self._published.append(segment.array("published")[mask])
        self._starts.append((self.size + np.append(0, np.cumsum(kept)[:-1])).astype(np.uint32))
        self._numbers.append(numbers)
        self.size += len(numbers)
        self.texts += len(kept)

    def write(self, file: sqlite3.Connection, language: str, used: NDArray[np.bool_]) -> None:
        numbers = np.concatenate(self._numbers)
        used[numbers] = True
        write_segment(
            file,
            language,
            np.concatenate(self._versions),
            np.concatenate(self._digests),
            np.concatenate(self._published),
            np.concatenate(self._starts),
            numbers,
        )


def add_new(
    connection: Connection, file: sqlite3.Connection, texts: _Texts, kept: NDArray[np.int64], progress: Progress
) -> None:
    """Divide the texts that are not in ``kept`` into words, by language and date of publication."""
    of_all, done = len(texts.versions) - len(kept), 0
    for language in texts.languages:
        writer = SegmentWriter(file, language, stem_in(language))
        current = np.array(connection.values(ORDER, (language,)), np.int64)
        new = current[~np.isin(current, kept)]
        for start in range(0, len(new), BATCH_SIZE):
            batch = json.dumps(new[start : start + BATCH_SIZE].tolist())
            for version, digest, published, *texts_of_version in connection.execute(TEXTS, (batch,)):
                at = UNDATED if published is None else published
                writer.add(version, bytes.fromhex(digest), at, *texts_of_version)
                done += 1
            progress(done, of_all)
        writer.flush()
