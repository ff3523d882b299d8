"""Bulk insert: copy the rows of another archive that are new to this one, many at a time.

New are captures of pages not captured here, and articles whose URLs, post numbers and slugs are all unknown here. They
need no look-up and no comparison. IDs and the checksums over them are assigned anew; a row with a wrong checksum raises
``ArchiveError``. Merging one article at a time gives the same result in three times the time (`benchmarks/bulk.py`).
"""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from caliber_crawler.archive.core.checksums import checksum
from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.pages.bodies import Bodies
from caliber_crawler.archive.pages.cold_pages import ColdPages
from caliber_crawler.errors import ArchiveError

Row = dict[str, Any]
Store = Callable[[Row], None]
"""Stores the page of a capture of the other archive like one that was just fetched; takes the capture's row."""

MIN_DICTIONARY_GAIN = 8
"""Minimum ratio of the bodies compressed with a dictionary to the dictionary itself, in bytes, to copy it."""
ARTICLE_TABLES = ("images", "links", "view_counts", "article_urls", "url_claims")
"""Tables with rows of one article, besides its versions."""

COUNTED = ("captures", "articles", "versions", "view_counts")

BY_URL = '"published_at": "url"'
"""The extraction method of a date that only the URL states."""
INDEXING = "versions_are_indexed"
"""The trigger that adds a version to the full-text index."""
INDEX = """INSERT INTO versions_fts (rowid, headline, subtitle, body, folded)
SELECT id, headline, subtitle, body, folded FROM versions WHERE id IN (SELECT value FROM json_each(?))"""

ADD_AUTHORS = """INSERT INTO authors (name, site)
SELECT DISTINCT j.value, a.site FROM articles a JOIN versions v ON v.id = a.current_version_id, json_each(v.authors) j
WHERE a.id BETWEEN ? AND ? ON CONFLICT (site, name) DO NOTHING"""
LINK_AUTHORS = """INSERT INTO article_authors (article_id, author_id, position)
SELECT a.id, p.id, min(j.key) FROM articles a JOIN versions v ON v.id = a.current_version_id, json_each(v.authors) j
JOIN authors p ON p.site = a.site AND p.name = j.value WHERE a.id BETWEEN ? AND ? GROUP BY a.id, p.id"""
# The cross joins look up each value, whatever SQLite knows of the tables: otherwise it reads all articles of the site.
OF_URLS = """SELECT u.{0} FROM (SELECT DISTINCT value FROM json_each(:among)) k
CROSS JOIN article_urls u ON u.{0} = k.value CROSS JOIN articles a ON a.id = u.article_id WHERE a.site = :site"""
KNOWN = {
    "post_number": f"""{OF_URLS.format("post_number")}
UNION SELECT a.post_number FROM json_each(:among) k
CROSS JOIN articles a ON a.site = :site AND a.post_number = k.value AND a.duplicate_of IS NULL""",
    "slug": f"""{OF_URLS.format("slug")}
UNION SELECT a.slug FROM (SELECT DISTINCT language FROM article_totals WHERE site = :site) l
CROSS JOIN json_each(:among) k
CROSS JOIN articles a ON a.site = :site AND a.language = l.language AND a.slug = k.value AND a.duplicate_of IS NULL""",
}
"""Those values that URLs of articles of a site here have, or its articles: only one may have them."""


class BulkInsert:
    """Inserts new rows. Runs inside the caller's transaction; ``counts`` has the number of new rows per table.

    ``run_of`` and ``capture_of`` map IDs of runs and captures there to IDs here; inserted captures are added. ``among``
    are the articles to insert; ``None`` means all.
    """

    def __init__(
        self,
        here: Connection,
        there: Connection,
        run_of: Mapping[int, int],
        capture_of: dict[int, int],
        store: Store,
        among: Collection[int] | None = None,
    ) -> None:
        self._here = here
        self._there = there
        self._run_of = run_of
        self._capture_of = capture_of
        self._store = store
        self._bodies = Bodies(there)
        self._cold = ColdPages(here)
        self._columns = {table: columns(here, table) for table in ("captures", "articles", "versions", *ARTICLE_TABLES)}
        self._dictionary_of: dict[int, int | None] = {}
        self._ambiguous = ambiguous(there, among)
        self.counts: Counter[str] = Counter()
        self.doubtful: set[int] = set()
        """The inserted articles whose pages state no date: they may be walls."""

    # --- captures -----------------------------------------------------------------------------------------------------

    def insert_captures(self, ids: Sequence[int]) -> list[int]:
        """Insert those captures whose URL was not captured here at that time; return the IDs of the others."""
        rows = self._rows("captures", "id", ids)
        known = {
            (row[0], row[1])
            for row in self._here.execute(
                """SELECT DISTINCT h.url, h.fetched_at FROM json_each(?) j JOIN captures h
                ON h.url = json_extract(j.value, '$[0]') AND h.fetched_at = json_extract(j.value, '$[1]')""",
                (json.dumps([(row["url"], row["fetched_at"]) for row in rows]),),
            )
        }
        times = Counter((row["url"], row["fetched_at"]) for row in rows)
        new = [row for row in rows if times[row["url"], row["fetched_at"]] == 1]
        new = [row for row in new if (row["url"], row["fetched_at"]) not in known]
        self._insert_bodies(new)
        self._capture_of |= self._new_ids("captures", new)
        own = {"article_id": None, "version_id": None, "extractor": None}
        self._insert("captures", [row | own | self._mapped(row, "id", "run_id") for row in new])
        return [id for id in ids if id not in self._capture_of]

    def _insert_bodies(self, captures: Iterable[Row]) -> None:
        of = {row["body_digest"]: row for row in captures if row["body_digest"] is not None}
        sizes = self._here.execute(
            "SELECT digest, stored FROM bodies WHERE digest IN (SELECT value FROM json_each(?))", json_list(of)
        ).fetchall()
        known = [row["digest"] for row in sizes]
        for row in sizes:
            if not row["stored"]:  # in cold storage
                self._store(of[row["digest"]])
        cold = self._cold.import_from(self._there, of.keys() - set(known))
        stored = self._there.execute(
            """SELECT b.digest, b.dictionary_id, b.size, b.data, d.digest AS dictionary FROM bodies b
            LEFT JOIN dictionaries d ON d.id = b.dictionary_id WHERE b.digest IN (SELECT value FROM json_each(?))
            ORDER BY b.rowid""",
            json_list(of.keys() - set(known) - cold),
        ).fetchall()
        if len(stored) + len(known) + len(cold) < len(of):
            missing = min(of.keys() - set(known) - cold - {row["digest"] for row in stored})
            raise ArchiveError(f"{self._there.path} contains no body {missing}; run `caliber verify` on it.")
        for row in stored:
            dictionary_id = row["dictionary_id"]
            if dictionary_id is not None:
                dictionary_id = self._dictionary_here(row["dictionary_id"])
                if dictionary_id is None:
                    self._store(of[row["digest"]])
                    continue
            if not self._bodies.fits(row["data"], row["digest"], row["size"], row["dictionary"]):
                raise self._damage_error("bodies", row["digest"])
            self._here.execute(
                "INSERT INTO bodies (digest, dictionary_id, size, data) VALUES (?, ?, ?, ?)",
                (row["digest"], dictionary_id, row["size"], row["data"]),
            )

    def _dictionary_here(self, there: int) -> int | None:
        """The ID here of a dictionary; ``None`` when the pages compressed with it are to be compressed again."""
        if there not in self._dictionary_of:
            self._dictionary_of[there] = self._insert_dictionary(there)
        return self._dictionary_of[there]

    def _insert_dictionary(self, there: int) -> int | None:
        row = self._there.rows("SELECT * FROM dictionaries WHERE id = ?", (there,))[0]
        known: int | None = self._here.value("SELECT id FROM dictionaries WHERE digest = ?", (row["digest"],))
        if known is not None:
            return known
        compressed = self._there.value("SELECT sum(length(data)) FROM bodies WHERE dictionary_id = ?", (there,))
        # A dictionary contains parts of pages: it must not restore a page under takedown.
        if (
            compressed < MIN_DICTIONARY_GAIN * len(row["data"])
            or self._here.value("SELECT 1 FROM takedown_keys") is not None
        ):
            return None
        if not self._bodies.is_dictionary_valid(row["digest"]):
            raise self._damage_error("dictionaries", row["digest"])
        del row["id"]
        names, places = ", ".join(row), ", ".join(f":{name}" for name in row)
        return self._here.execute(f"INSERT INTO dictionaries ({names}) VALUES ({places})", row).lastrowid

    # --- articles -----------------------------------------------------------------------------------------------------

    def insert_articles(self, ids: Sequence[int], article_of: dict[int, int]) -> list[int]:
        """Insert those articles that are unknown here and add them to ``article_of``; return the IDs of the others."""
        new = self._new_articles(ids)
        if new:
            article_of |= self._insert_articles(new)
        return [id for id in ids if id not in article_of]

    def _insert_articles(self, ids: Sequence[int]) -> dict[int, int]:
        articles, versions = self._rows("articles", "id", ids), self._rows("versions", "article_id", ids)
        article_of, version_of = self._new_ids("articles", articles), self._new_ids("versions", versions)
        # Articles and versions reference each other. Deferring that check would make SQLite scan all captures for rows
        # that wait for a version.
        self._insert("articles", [row | {"id": article_of[row["id"]], "current_version_id": None} for row in articles])
        self._insert_versions(versions, article_of, version_of)
        for table in ARTICLE_TABLES:
            rows = self._rows(table, "article_id", ids)
            self._insert(
                table,
                [row | {"article_id": article_of[row["article_id"]]} | self._mapped(row, "capture_id") for row in rows],
            )
        self._here.raw.executemany(
            "UPDATE articles SET current_version_id = ? WHERE id = ?",
            [(version_of.get(row["current_version_id"]), article_of[row["id"]]) for row in articles],
        )
        self._point_captures(ids, article_of, version_of)
        first, last = min(article_of.values()), max(article_of.values())
        for sql in (ADD_AUTHORS, LINK_AUTHORS):
            self._here.execute(sql, (first, last))
        return article_of

    def _insert_versions(
        self, versions: Sequence[Row], article_of: Mapping[int, int], version_of: Mapping[int, int]
    ) -> None:
        with self._batch_indexing(version_of):
            self._insert(
                "versions",
                [
                    row
                    | {"id": version_of[row["id"]], "article_id": article_of[row["article_id"]], "replaced_by": None}
                    | self._mapped(row, "capture_id", "run_id")
                    for row in versions
                ],
            )
        self.doubtful |= {
            article_of[row["article_id"]]
            for row in versions
            if row["replaced_by"] is None and (row["published_at"] is None or BY_URL in row["methods"])
        }
        replaced = [row for row in versions if row["replaced_by"] is not None]
        self._here.raw.executemany(
            "UPDATE versions SET replaced_by = ? WHERE id = ?",
            [(version_of[row["replaced_by"]], version_of[row["id"]]) for row in replaced],
        )

    @contextlib.contextmanager
    def _batch_indexing(self, version_of: Mapping[int, int]) -> Iterator[None]:
        """Index new versions for search together at the end; one by one takes longer."""
        trigger = self._here.value("SELECT sql FROM sqlite_schema WHERE name = ?", (INDEXING,))
        self._here.execute(f"DROP TRIGGER {INDEXING}")
        yield
        self._here.execute(trigger)
        self._here.execute(INDEX, json_list(sorted(version_of.values())))

    def _new_articles(self, ids: Sequence[int]) -> list[int]:
        """The articles without duplicates whose pages are all new here and whose identifiers are all unknown here."""
        among = json_list(ids)
        merged = set(
            self._there.values(
                "SELECT duplicate_of FROM articles WHERE duplicate_of IN (SELECT value FROM json_each(?))", among
            )
        )
        pages: dict[int, set[int | None]] = {id: set() for id in ids}
        for table, column in (("captures", "id"), ("versions", "capture_id"), ("view_counts", "capture_id")):
            for row in self._there.execute(
                f"SELECT article_id, {column} FROM {table} WHERE article_id IN (SELECT value FROM json_each(?))", among
            ):
                pages[row[0]].add(self._capture_of.get(row[1]))
        assigned = set(
            self._here.values(
                """SELECT id FROM captures WHERE id IN (SELECT value FROM json_each(?)) AND article_id IS NOT NULL""",
                json_list({page for each in pages.values() for page in each if page is not None}),
            )
        )
        names = identifiers_of(self._there, ids)
        known_identifiers = self._ambiguous | self._known_identifiers(
            {name for each in names.values() for name in each}
        )
        return [
            id
            for id in ids
            if id not in merged
            and None not in pages[id]
            and not pages[id] & assigned
            and not names.get(id, set()) & known_identifiers
        ]

    def _known_identifiers(self, names: Collection[tuple[Any, ...]]) -> set[tuple[Any, ...]]:
        """Those identifiers that articles here have."""
        found: set[tuple[Any, ...]] = set()
        by_kind: dict[tuple[Any, ...], list[Any]] = {}
        for name in names:
            by_kind.setdefault(name[:-1], []).append(name[-1])
        for kind, among in by_kind.items():
            column, *site = kind
            if not site:
                known = self._here.values(
                    """SELECT url FROM article_urls WHERE url IN (SELECT value FROM json_each(?1))
                    UNION SELECT url FROM url_claims WHERE url IN (SELECT value FROM json_each(?1))""",
                    json_list(among),
                )
            else:
                known = self._here.values(KNOWN[column], {"among": json_list(among)[0], "site": site[0]})
            found |= {(*kind, name) for name in known}
        return found

    def _point_captures(self, ids: Sequence[int], here: Mapping[int, int], version_of: Mapping[int, int]) -> None:
        self._here.raw.executemany(
            "UPDATE captures SET article_id = ?, version_id = ?, extractor = ? WHERE id = ?",
            [
                (
                    here[row["article_id"]],
                    version_of.get(row["version_id"]),
                    row["extractor"],
                    self._capture_of[row["id"]],
                )
                for row in self._there.execute(
                    """SELECT id, article_id, version_id, extractor FROM captures
                    WHERE article_id IN (SELECT value FROM json_each(?))""",
                    json_list(ids),
                )
            ],
        )

    # --- rows ---------------------------------------------------------------------------------------------------------

    def _rows(self, table: str, key: str, ids: Sequence[int]) -> list[Row]:
        names = ", ".join(f"t.{name}" for name in self._columns[table])
        # A cross join looks up each key, whatever SQLite knows of the tables: statistics of an archive that was once
        # tiny would have it scan the table for each list of keys.
        rows = self._there.rows(
            f"SELECT {names} FROM (SELECT DISTINCT value FROM json_each(?)) k CROSS JOIN {table} t"
            f" ON t.{key} = k.value ORDER BY 1",
            json_list(ids),
        )
        for row in rows if "checksum" in self._columns[table] else ():
            if row["checksum"] is not None and checksum(table, row) != row["checksum"]:
                raise self._damage_error(table, row.get("id", row.get("url")))
        return rows

    def _new_ids(self, table: str, rows: Iterable[Row]) -> dict[int, int]:
        """New IDs for rows, by their IDs there."""
        first = 1 + (self._here.value(f"SELECT max(id) FROM {table}") or 0)
        return {row["id"]: id for id, row in enumerate(rows, first)}

    def _mapped(self, row: Row, *names: str) -> Row:
        """The values of these ID columns here, for the columns that the row has."""
        of = {"id": self._capture_of, "capture_id": self._capture_of, "run_id": self._run_of}
        return {name: of[name][row[name]] for name in names if name in row}

    def _insert(self, table: str, rows: Sequence[Row]) -> None:
        names = self._columns[table]
        if "checksum" in names:
            for row in rows:
                row["checksum"] = checksum(table, row)
        places = ", ".join(f":{name}" for name in names)
        self._here.raw.executemany(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({places})", rows)
        if table in COUNTED:
            self.counts[table] += len(rows)

    def _damage_error(self, table: str, name: object) -> ArchiveError:
        return ArchiveError(f"{self._there.path} is damaged: {table} {name}; run `caliber verify` for details.")


def columns(connection: Connection, table: str) -> list[str]:
    """The columns of a table, without generated ones."""
    return connection.values(f"SELECT name FROM pragma_table_info('{table}')")


def json_list(values: Iterable[Any]) -> tuple[str]:
    """Values for ``IN (SELECT value FROM json_each(?))``."""
    return (json.dumps(list(values)),)


def identifiers_of(connection: Connection, ids: Iterable[int]) -> dict[int, set[tuple[Any, ...]]]:
    """The identifiers of articles: their URLs, and their post numbers and slugs with the site."""
    found: dict[int, set[tuple[Any, ...]]] = {}
    among = json_list(ids)
    for row in connection.execute(
        """SELECT a.id, a.site, u.url, u.post_number, u.slug FROM article_urls u JOIN articles a ON a.id = u.article_id
        WHERE a.id IN (SELECT value FROM json_each(?1)) UNION ALL
        SELECT id, site, url, post_number, slug FROM articles WHERE id IN (SELECT value FROM json_each(?1)) UNION ALL
        SELECT a.id, a.site, c.url, NULL, NULL FROM url_claims c JOIN articles a ON a.id = c.article_id
        WHERE a.id IN (SELECT value FROM json_each(?1))""",
        among,
    ):
        names = found.setdefault(row["id"], set())
        names.add(("url", row["url"]))
        names |= {(name, row["site"], row[name]) for name in ("post_number", "slug") if row[name] is not None}
    return found


def ambiguous(connection: Connection, among: Collection[int] | None = None) -> set[tuple[Any, ...]]:
    """Post numbers and slugs that several articles of an archive share; their articles are merged one at a time.

    With ``among``, only identifiers of these articles.
    """
    found: set[tuple[Any, ...]] = set()
    for name in ("post_number", "slug"):
        some = f"""AND u.{name} IN (SELECT {name} FROM article_urls
          WHERE article_id IN (SELECT value FROM json_each(?)) AND {name} IS NOT NULL)"""
        rows = connection.execute(
            f"""SELECT a.site, u.{name} FROM article_urls u JOIN articles a ON a.id = u.article_id
            WHERE u.{name} IS NOT NULL {some if among is not None else ""}
            GROUP BY a.site, u.{name} HAVING count(DISTINCT u.article_id) > 1""",
            () if among is None else json_list(among),
        )
        found |= {(name, row[0], row[1]) for row in rows}
    return found
