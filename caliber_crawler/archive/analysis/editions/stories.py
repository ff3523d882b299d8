"""The side file of editions: articles that were compared, their URLs, and the links of their pages to other languages.

``ARCHIVE.editions`` is an SQLite file beside the archive, and may be deleted at any time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from caliber_crawler.archive.analysis.side_file import SideFile
from caliber_crawler.archive.core.side_files import EDITIONS, side_file
from caliber_crawler.site.urls import normal_url

METHOD = "names, numbers, pictures v1"
UNDATED = -1_000_000
"""The block of articles without a date: only a link of a page can lead to their counterparts."""

SCHEMA = """
CREATE TABLE texts (
  article_id INTEGER PRIMARY KEY, version_id INTEGER NOT NULL, seen_from TEXT NOT NULL, published TEXT NOT NULL,
  site TEXT NOT NULL, language TEXT NOT NULL, block INTEGER NOT NULL
) STRICT;
CREATE INDEX texts_block ON texts (site, block);
CREATE TABLE urls (key TEXT NOT NULL, article_id INTEGER NOT NULL, PRIMARY KEY (key, article_id)) STRICT, WITHOUT ROWID;
CREATE INDEX urls_article ON urls (article_id);
CREATE TABLE stated (
  article_id INTEGER NOT NULL, key TEXT NOT NULL, language TEXT NOT NULL, method TEXT NOT NULL,
  PRIMARY KEY (article_id, key, language)
) STRICT, WITHOUT ROWID;
CREATE INDEX stated_key ON stated (key);
CREATE TABLE dirty (site TEXT NOT NULL, block INTEGER NOT NULL, PRIMARY KEY (site, block)) STRICT, WITHOUT ROWID;
"""

# The links of pages whose target is an article in the language that the link names.
STATED = """
SELECT s.article_id, u.article_id, s.method FROM stated s
JOIN urls u ON u.key = s.key
JOIN texts a ON a.article_id = s.article_id
JOIN texts b ON b.article_id = u.article_id AND b.article_id <> a.article_id
WHERE b.language = s.language AND a.language <> b.language"""
Block = tuple[str, int]
"""A site and two weeks."""


@dataclass(frozen=True, slots=True)
class Story:
    """An article that was compared."""

    article_id: int
    version_id: int
    seen_from: str
    published: str
    site: str
    language: str
    block: int


@dataclass(frozen=True, slots=True)
class StatedPair:
    """A link of a page to another article."""

    article_id: int
    target_id: int
    method: Literal["hreflang", "link"]


class Stories(SideFile):
    """The side file, open for writing. Close it."""

    def __init__(self, archive: Path) -> None:
        super().__init__(side_file(archive, EDITIONS), METHOD, SCHEMA)

    def all(self) -> Iterator[Story]:
        """Every compared article, by ID."""
        for row in self._db.execute("SELECT * FROM texts ORDER BY article_id"):
            yield Story(*row)

    def put(self, story: Story, urls: Iterable[str], stated: Iterable[tuple[str, str, str]]) -> None:
        """Store an article with its URLs, and the URL, language and method of each link of its page."""
        id = story.article_id
        self.discard([id])
        self._db.execute(
            "INSERT INTO texts VALUES (?, ?, ?, ?, ?, ?, ?)",
            (id, story.version_id, story.seen_from, story.published, story.site, story.language, story.block),
        )
        keys = {key for key in map(key_of, urls) if key is not None}
        self._db.executemany("INSERT INTO urls VALUES (?, ?)", [(key, id) for key in sorted(keys)])
        links = [(id, key_of(url), language, method) for url, language, method in stated]
        self._db.executemany(
            "INSERT OR IGNORE INTO stated VALUES (?, ?, ?, ?)", [link for link in links if link[1] not in (None, *keys)]
        )

    def discard(self, ids: Sequence[int]) -> None:
        """Remove everything about articles."""
        for table in ("texts", "urls", "stated"):
            self._db.executemany(f"DELETE FROM {table} WHERE article_id = ?", [(id,) for id in ids])

    def mark(self, blocks: Iterable[Block]) -> None:
        """Mark blocks whose articles are to be compared."""
        self._db.executemany("INSERT OR IGNORE INTO dirty VALUES (?, ?)", sorted(set(blocks)))

    def unmark(self, blocks: Iterable[Block]) -> None:
        self._db.executemany("DELETE FROM dirty WHERE site = ? AND block = ?", list(blocks))

    def marked(self) -> list[Block]:
        """The marked blocks, by site and time."""
        return [(row[0], row[1]) for row in self._db.execute("SELECT site, block FROM dirty ORDER BY site, block")]

    def articles_in(self, site: str, first: int, last: int) -> dict[int, int]:
        """The articles of a range of blocks, each with its block."""
        rows = self._db.execute(
            "SELECT article_id, block FROM texts WHERE site = ? AND block BETWEEN ? AND ?", (site, first, last)
        )
        return {row[0]: row[1] for row in rows}

    def block_of(self, article_id: int) -> Block | None:
        row = self._db.execute("SELECT site, block FROM texts WHERE article_id = ?", (article_id,)).fetchone()
        return None if row is None else (row[0], row[1])

    def has_languages(self) -> bool:
        """Whether there are articles in several languages."""
        return bool(self._db.execute("SELECT min(language) < max(language) FROM texts").fetchone()[0])

    def stated_pairs(self, ids: Iterable[int]) -> list[StatedPair]:
        """The links of pages of these articles, and the links of pages to them."""
        found: set[tuple[int, int, Literal["hreflang", "link"]]] = set()
        for id in ids:
            found |= set(
                self._db.execute(f"{STATED} AND s.article_id = ?1 UNION {STATED} AND u.article_id = ?1", (id,))
            )
        return [StatedPair(*row) for row in sorted(found)]


def key_of(url: str) -> str | None:
    """A URL as a key: the same for all spellings of it, also with another scheme or with www."""
    try:
        parts = urlsplit(url)
        return normal_url(url, f"{parts.scheme}://{parts.netloc}").partition("://")[2].removeprefix("www.")
    except ValueError:
        return None
