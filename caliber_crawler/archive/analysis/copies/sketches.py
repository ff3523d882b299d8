"""The side file of near-duplicates: which texts were compared, their keys, and the outcome.

``ARCHIVE.copies`` is an SQLite file beside the archive. It contains no text, only hashes of runs of words. It may be
deleted at any time: the next pass compares every text anew, with the same result. A pass commits it step by step, so a
killed pass continues where it stopped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from caliber_crawler.archive.analysis.copies.shingles import METHOD
from caliber_crawler.archive.analysis.side_file import SideFile
from caliber_crawler.archive.core.side_files import COPIES, side_file

SCHEMA = """
CREATE TABLE texts (
  article_id INTEGER PRIMARY KEY, version_id INTEGER NOT NULL, seen_from TEXT NOT NULL, published TEXT NOT NULL,
  original_id INTEGER, similarity REAL, containment REAL
) STRICT;
CREATE INDEX texts_original ON texts (original_id) WHERE original_id IS NOT NULL;
CREATE INDEX texts_published ON texts (published);
CREATE TABLE keys (
  key INTEGER NOT NULL, article_id INTEGER NOT NULL, runs INTEGER NOT NULL, PRIMARY KEY (key, article_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE copy_keys (
  key INTEGER NOT NULL, article_id INTEGER NOT NULL, runs INTEGER NOT NULL, PRIMARY KEY (key, article_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE excerpts (
  article_id INTEGER NOT NULL, original_id INTEGER NOT NULL, similarity REAL NOT NULL, containment REAL NOT NULL,
  PRIMARY KEY (article_id, original_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX excerpts_original ON excerpts (original_id);
CREATE TABLE pending (article_id INTEGER PRIMARY KEY) STRICT;
"""

MAX_OF_KEY = 32
"""A run of words that more texts than this have in common says nothing: a motto, a notice, a repeated sentence."""

Position = tuple[str, int]
"""The order of articles: time of publication, then ID. Those without a time come last."""
UNDATED = "~"
"""Sorts after every timestamp."""


@dataclass(frozen=True, slots=True)
class ComparedText:
    """A text that was compared: the version, and the article that it copies, if any."""

    article_id: int
    version_id: int
    seen_from: str
    published: str
    original_id: int | None = None
    similarity: float | None = None
    containment: float | None = None

    @property
    def position(self) -> Position:
        return self.published, self.article_id


class Sketches(SideFile):
    """The side file, open for writing. Close it."""

    def __init__(self, archive: Path) -> None:
        super().__init__(side_file(archive, COPIES), METHOD, SCHEMA)

    def texts(self) -> Iterator[ComparedText]:
        """Every compared text, by article ID."""
        for row in self._db.execute("SELECT * FROM texts ORDER BY article_id"):
            yield ComparedText(*row)

    def get(self, article_id: int) -> ComparedText | None:
        row = self._db.execute("SELECT * FROM texts WHERE article_id = ?", (article_id,)).fetchone()
        return None if row is None else ComparedText(*row)

    def is_last(self, position: Position) -> bool:
        """Whether no compared text is later."""
        found = self._db.execute(
            "SELECT 1 FROM texts WHERE published >= ?1 AND (published, article_id) > (?1, ?2) LIMIT 1", position
        )
        return found.fetchone() is None

    def copies_of(self, article_id: int) -> list[int]:
        return self._values("SELECT article_id FROM texts WHERE original_id = ?", article_id)

    def unsettled(self) -> list[int]:
        """Articles to evaluate anew: what an interrupted pass left, and copies of what is no original any more."""
        return self._values(
            """SELECT article_id FROM pending UNION
            SELECT t.article_id FROM texts t LEFT JOIN texts o ON o.article_id = t.original_id
            WHERE t.original_id IS NOT NULL AND (o.article_id IS NULL OR o.original_id IS NOT NULL)"""
        )

    def put(self, text: ComparedText) -> None:
        """Store the outcome of a text; what was known of it before goes."""
        self._db.execute(
            "INSERT OR REPLACE INTO texts VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                text.article_id,
                text.version_id,
                text.seen_from,
                text.published,
                text.original_id,
                text.similarity,
                text.containment,
            ),
        )
        self._db.execute("DELETE FROM pending WHERE article_id = ?", (text.article_id,))

    def defer(self, ids: Iterable[int]) -> None:
        """Remember articles that are to be evaluated anew."""
        self._db.executemany("INSERT OR IGNORE INTO pending VALUES (?)", [(id,) for id in ids])

    def discard(self, ids: Sequence[int]) -> None:
        """Remove everything about articles that are gone."""
        self._delete(ids, ("texts", "pending", "excerpts", "keys", "copy_keys"))
        self._db.executemany("DELETE FROM excerpts WHERE original_id = ?", [(id,) for id in ids])

    def delete_keys(self, ids: Sequence[int]) -> None:
        """Remove the keys of earlier texts. No index leads to them, so this reads every key once."""
        self._delete(ids, ("keys", "copy_keys"))

    def add_keys(self, article_id: int, bands: Sequence[int], runs: Sequence[int], *, is_copy: bool) -> None:
        table, count = ("copy_keys" if is_copy else "keys"), len(runs)
        self._db.executemany(
            f"INSERT OR REPLACE INTO {table} VALUES (?, ?, ?)", [(key, article_id, count) for key in (*bands, *runs)]
        )

    def sharing(
        self, bands: Sequence[int], runs: Sequence[int], *, copies: bool
    ) -> tuple[set[int], Counter[tuple[int, int]]]:
        """The originals, or the copies, that share a band; and how many runs each shares, with its number of runs."""
        table = "copy_keys" if copies else "keys"
        by_band: set[int] = set()
        for key in bands:
            by_band |= {row[0] for row in self._db.execute(f"SELECT article_id FROM {table} WHERE key = ?", (key,))}
        by_run: Counter[tuple[int, int]] = Counter()
        for key in runs:
            rows = self._db.execute(
                f"SELECT article_id, runs FROM {table} WHERE key = ? LIMIT ?",
                (key, -1 if copies else MAX_OF_KEY + 1),
            ).fetchall()
            if copies or len(rows) <= MAX_OF_KEY:
                by_run.update(rows)
        return by_band, by_run

    def put_excerpt(self, article_id: int, original_id: int, similarity: float, containment: float) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO excerpts VALUES (?, ?, ?, ?)", (article_id, original_id, similarity, containment)
        )

    def delete_excerpts(self, article_id: int) -> None:
        self._db.execute("DELETE FROM excerpts WHERE article_id = ?1 OR original_id = ?1", (article_id,))

    def outcomes(self) -> dict[tuple[int, int], tuple[str, float, float]]:
        """Relation, similarity and containment of every copy and excerpt, by its article and the original."""
        found = {
            (row[0], row[1]): ("near-duplicate", row[2], row[3])
            for row in self._db.execute(
                "SELECT article_id, original_id, similarity, containment FROM texts WHERE original_id IS NOT NULL"
            )
        }
        found |= {(row[0], row[1]): ("excerpt", row[2], row[3]) for row in self._db.execute("SELECT * FROM excerpts")}
        return found
