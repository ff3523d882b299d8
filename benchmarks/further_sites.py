"""Further sites of a benchmark archive: those of the first one again, with the same texts at URLs of their own.

Rows are copied in a fifth of the CPU time in which new ones are generated and inserted. Pages, digests of pages and
checksums are made anew: nothing is shared but the texts, and search indexes each of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import zstandard

from caliber_crawler.archive import Archive
from caliber_crawler.archive.core.checksums import PRIMARY_KEYS, checksum
from caliber_crawler.archive.merge.bulk_insert import columns
from caliber_crawler.archive.pages.dictionaries import LEVEL
from caliber_crawler.site import Site

PART = 5_000
"""Articles per transaction, as in ``demo_archive``."""
SITES = ("caliber", "copier")
OF_ARTICLES = ("versions", "captures", "view_counts", "article_urls", "images", "links", "article_authors")
INDEX = """INSERT INTO versions_fts (rowid, headline, subtitle, body, folded)
SELECT id, headline, subtitle, body, folded FROM versions WHERE id BETWEEN ? AND ?"""

Row = dict[str, Any]


class FurtherSite:
    """Copies the articles of ``SITES`` to sites with a number in their name."""

    def __init__(self, archive: Archive, number: int, site_named: Callable[[str], Site]) -> None:
        self._archive = archive
        self._connection = archive._connection
        self._sites = {site: site_named(f"{site}{number}") for site in SITES}
        self._hosts = {site_named(site).base_url: to.base_url for site, to in self._sites.items()}
        self._columns = {table: columns(self._connection, table) for table in ("articles", *OF_ARTICLES)}
        tables = ("articles", "captures", "versions", "authors")
        self._shift = {name: self._connection.value(f"SELECT max(id) FROM {name}") for name in tables}
        self._compressor = zstandard.ZstdCompressor(level=LEVEL)
        self._decompressor = zstandard.ZstdDecompressor()

    def add(self, articles: int) -> None:
        """Copy the first articles, and the copies of these that another site has."""
        last = self._connection.value(
            "SELECT max(id) FROM (SELECT id FROM articles WHERE site = ? ORDER BY id LIMIT ?)", (SITES[0], articles)
        )
        for site in self._sites.values():
            self._archive.sites.store(site)
        with self._archive.transaction():
            for table in ("sections", "authors"):
                rows = self._connection.rows(f"SELECT * FROM {table} WHERE site IN (?, ?)", SITES)
                self._insert(table, [self._copied(table, row) for row in rows])
        for first in range(1, last + 1, PART):
            with self._archive.transaction():
                self._add_part(first, min(first + PART - 1, last))

    def _add_part(self, first: int, last: int) -> None:
        articles = self._rows("articles", "id", first, last)
        self._insert("articles", articles)
        trigger = self._connection.value("SELECT sql FROM sqlite_schema WHERE name = 'versions_are_indexed'")
        self._connection.execute("DROP TRIGGER versions_are_indexed")
        for table in OF_ARTICLES:
            rows = self._rows(table, "article_id", first, last)
            if table == "captures":
                self._copy_bodies(rows)
            self._insert(table, rows)
            if table == "versions":
                ids = [row["id"] for row in rows]
                self._connection.execute(INDEX, (min(ids), max(ids)))
        self._connection.execute(trigger)

    def _rows(self, table: str, key: str, first: int, last: int) -> list[Row]:
        names = ", ".join(self._columns[table])
        rows = self._connection.rows(f"SELECT {names} FROM {table} WHERE {key} BETWEEN ? AND ?", (first, last))
        return [self._copied(table, row) for row in rows]

    def _copied(self, table: str, row: Row) -> Row:
        """A row with its IDs, names of sites and URLs changed."""
        for name, of in (
            ("id", table),
            ("article_id", "articles"),
            ("capture_id", "captures"),
            ("version_id", "versions"),
            ("current_version_id", "versions"),
            ("author_id", "authors"),
        ):
            if row.get(name) is not None:
                row[name] += self._shift[of]
        if "site" in row:
            row["site"] = self._sites[row["site"]].name
        if "url" in row:
            for host, other in self._hosts.items():
                row["url"] = row["url"].replace(host, other)
        return row

    def _copy_bodies(self, captures: Iterable[Row]) -> None:
        bodies = []
        for row in captures:
            data = self._connection.value("SELECT data FROM bodies WHERE digest = ?", (row["body_digest"],))
            page = self._decompressor.decompress(data)
            for host, other in self._hosts.items():
                page = page.replace(host.encode(), other.encode())
            row["body_digest"], row["size"] = hashlib.sha256(page).hexdigest(), len(page)
            bodies.append((row["body_digest"], len(page), self._compressor.compress(page)))
        self._connection.execute_many("INSERT INTO bodies (digest, size, data) VALUES (?, ?, ?)", bodies)

    def _insert(self, table: str, rows: Sequence[Row]) -> None:
        if not rows:
            return
        for row in rows if table in PRIMARY_KEYS else ():
            row["checksum"] = checksum(table, row)
        names = list(rows[0])
        self._connection.execute_many(f"INSERT INTO {table} ({', '.join(names)}) VALUES (:{', :'.join(names)})", rows)


def add_site(path: Path, number: int, articles: int, site_named: Callable[[str], Site], cache_kb: int) -> None:
    """Add the sites with this number to an archive that has ``SITES``."""
    with Archive.open(path, mode="write") as archive:
        archive._connection.execute(f"PRAGMA cache_size = -{cache_kb}")
        archive._connection.execute("PRAGMA foreign_keys = OFF")
        run = archive.runs.start("crawl", site=None, arguments={}, settings={}, software={})
        FurtherSite(archive, number, site_named).add(articles)
        archive.runs.finish(run, "finished", None, {"discovered": articles, "stored": articles})
