"""Rows that a salvage could not read: where they come from, and how they are inserted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from caliber_crawler.archive.core.checksums import insert_with_checksum
from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.format import sqlite3
from caliber_crawler.archive.pages.captures import Captures
from caliber_crawler.archive.texts.articles import Reextract
from caliber_crawler.archive.upkeep.index_rows import rows_from_indexes
from caliber_crawler.archive.upkeep.row_layout import Row, layouts
from caliber_crawler.archive.upkeep.salvage import Salvaged
from caliber_crawler.errors import ArchiveError
from caliber_crawler.items import Extraction

MAX_EXTRACTIONS = 256
"""Extractions in memory: several steps need that of the same page."""


class RestoredRows:
    """Inserts restored rows; ``counts`` has their number, by table."""

    def __init__(self, connection: Connection, salvaged: Salvaged, reextract: Reextract | None) -> None:
        self._connection = connection
        self._salvaged = salvaged
        self._reextract = reextract
        self._captures = Captures(connection)
        self._extract = lru_cache(maxsize=MAX_EXTRACTIONS)(self._load)
        self.counts: Counter[str] = Counter()

    def from_indexes(self, table: str) -> Iterable[Row]:
        """Lost rows of a table, with the columns that its indexes repeat."""
        if table not in self._salvaged.incomplete:
            return []
        return rows_from_indexes(self._salvaged.trees, self._connection, table).values()

    def insert(self, table: str, row: Mapping[str, Any]) -> bool:
        """Insert a row unless the table's constraints forbid it or its key is known."""
        try:
            if "checksum" in layouts()[table].columns:
                insert_with_checksum(self._connection, table, row)
            else:
                names, places = ", ".join(row), ", ".join(f":{name}" for name in row)
                self._connection.execute(f"INSERT INTO {table} ({names}) VALUES ({places})", row)
        except (sqlite3.IntegrityError, UnicodeEncodeError):
            return False
        self.counts[table] += 1
        return True

    def extraction(self, capture_id: int) -> Extraction | None:
        """The article on a stored page, extracted again; ``None`` when page or article are missing."""
        return self._extract(capture_id)

    def _load(self, capture_id: int) -> Extraction | None:
        if self._reextract is None:
            return None
        try:
            return self._reextract(self._captures.get(capture_id))
        except (ArchiveError, ValueError):
            return None
