"""The rows of tables for verification: those that are found right in batches need no check of their own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import and_, itemgetter
from typing import Any, Literal, TypeVar

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.pages.bodies import Bodies
from caliber_crawler.archive.texts.text_columns import digest_of_plain, plain
from caliber_crawler.archive.upkeep.doubtful_rows import doubtful_rows
from caliber_crawler.archive.upkeep.row_batches import UNREADABLE, Batch, Examine, RowBatches, Stored, text
from caliber_crawler.archive.upkeep.row_content import RowContent, size_of
from caliber_crawler.archive.upkeep.row_layout import layouts

Item = TypeVar("Item")
Related = Literal["captures", "versions", "articles"]


class CheckedTables:
    """Reads tables in batches of rows.

    A row is ``None`` if it is right by itself and does not contradict others; otherwise the checks of
    :mod:`~caliber_crawler.archive.upkeep.verification` decide.
    """

    def __init__(self, connection: Connection, conditions: Mapping[str, str], indexed: Sequence[str]) -> None:
        self._connection = connection
        self._batches = RowBatches(connection, conditions, indexed)
        self._pages = Bodies(connection)
        self._dictionaries: dict[int | None, str | None] = {None: None}

    def plain(self, table: str) -> Iterator[list[Any]]:
        """The rows of a table in which each is right if it has its checksum."""
        return self._rows(table, RowContent(table, layouts()[table].columns).examine)

    def unchecked(self, table: str) -> Iterator[list[Any]]:
        """The rows of a table that are only checked one by one."""
        return self._rows(table, lambda rows: ([False] * len(rows), sum(map(size_of, rows))))

    def captures(self) -> Iterator[list[Any]]:
        columns = layouts()["captures"].columns
        return self._rows("captures", RowContent("captures", columns).examine, self._related("captures", columns))

    def versions(self) -> Iterator[list[Any]]:
        columns = layouts()["versions"].columns
        content, text_check = RowContent("versions", columns), TextCheck(columns)

        def examine(rows: Sequence[Stored]) -> tuple[list[bool], int]:
            right, size = content.examine(rows)
            return list(map(and_, right, map(text_check.is_right, rows))), size

        return self._rows("versions", examine, self._related("versions", columns))

    def articles(self) -> Iterator[list[Any]]:
        """The IDs of articles."""
        for batch in self._batches.read("articles", ("id",), lambda rows: ([True] * len(rows), 0)):
            ids = [row[0] for row in batch.rows]
            doubtful = self._doubtful("articles", ids)
            yield [id if id in doubtful else None for id in ids]

    def bodies(self) -> Iterator[list[Any]]:
        """The digests of bodies."""
        for batch in self._batches.read("bodies", ("digest", "dictionary_id", "size", "data"), weigh):
            # By dictionary: the pages of many sites alternate, and only some dictionaries are kept in memory.
            found: list[Any] = [None] * len(batch.rows)
            for place in sorted(range(len(found)), key=[str(row[1]) for row in batch.rows].__getitem__):
                digest, *stored = batch.rows[place][:4]
                if not self._is_body_right(text(digest), *stored):
                    found[place] = text(digest)
            yield found

    def _rows(
        self, table: str, examine: Examine, doubtful: Callable[[Batch], set[int]] | None = None
    ) -> Iterator[list[Any]]:
        columns = layouts()[table].columns
        for batch in self._batches.read(table, columns, examine):
            if doubtful is None and all(batch.right):
                yield [None] * len(batch.rows)
                continue
            ids = set[int]() if doubtful is None else doubtful(batch)
            yield [
                None if right and place not in ids else dict(zip(columns, map(text, row), strict=False))
                for place, (row, right) in enumerate(zip(batch.rows, batch.right, strict=True))
            ]

    def _related(self, table: Related, columns: Sequence[str]) -> Callable[[Batch], set[int]]:
        """A function for the places of rows that may contradict others."""
        id = columns.index("id")

        def places(batch: Batch) -> set[int]:
            of = {row[id]: place for place, row in enumerate(batch.rows)}
            return {of[id] for id in self._doubtful(table, of)}

        return places

    def _doubtful(self, table: Related, ids: Iterable[int]) -> Iterable[int]:
        try:
            return doubtful_rows(self._connection, table, ids)
        except UNREADABLE:
            return ids  # one of them cannot be read

    def _is_body_right(self, digest: Any, dictionary_id: Any, size: Any, data: Any) -> bool:
        try:
            if dictionary_id not in self._dictionaries:
                self._dictionaries[dictionary_id] = self._connection.value(
                    "SELECT digest FROM dictionaries WHERE id = ?", (dictionary_id,)
                )
            dictionary = self._dictionaries[dictionary_id]
            if dictionary_id is not None and dictionary is None:
                return False
            return self._pages.fits(data, digest, size, dictionary)
        except UNREADABLE:
            return False


class TextCheck:
    """Checks the text of versions against their digests and their numbers of words."""

    def __init__(self, columns: Sequence[str]) -> None:
        names = ("headline", "subtitle", "authors", "body", "published_at", "content_digest", "word_count")
        self._values = itemgetter(*(columns.index(name) for name in names))

    def is_right(self, row: Stored) -> bool:
        try:
            headline, subtitle, authors, body, at, digest, words = self._values(row)
            line = plain(b" ".join(filter(None, body.split(b"\n"))).decode())  # of bytes, paragraphs are joined faster
            if words != (line.count(" ") + 1 if line else 0):
                return False
            names = [] if authors == b"[]" else json.loads(authors.decode())
            found = digest_of_plain(headline.decode(), decoded(subtitle), names, line, decoded(at))
            return bool(found.encode() == digest)
        except UNREADABLE:
            return False


def decoded(text: bytearray | None) -> str | None:
    """A text as a string. Raises ``ValueError`` for invalid UTF-8."""
    return None if text is None else text.decode()


def weigh(rows: Sequence[Stored]) -> tuple[list[bool], int]:
    """Leave the rows of bodies to another check. Their last value but one is the page."""
    return [True] * len(rows), sum([len(row[-2]) if isinstance(row[-2], bytes) else size_of(row) for row in rows])


def singly(items: Iterable[Item]) -> Iterator[list[Item]]:
    """Batches of one."""
    return ([item] for item in items)
