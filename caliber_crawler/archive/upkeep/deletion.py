"""Deletion: carry out a takedown by deleting an article from every table, index and page of an archive.

The recorded takedown (:mod:`~caliber_crawler.archive.core.takedowns`) blocks the article from being archived again.
Pages of other articles that mention it belong to those articles and stay.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict
from urllib.parse import quote, unquote, unquote_to_bytes, urlsplit

from caliber_crawler.archive.core.checksums import checksum
from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.family import FAMILY, TABLES_OF_ARTICLE
from caliber_crawler.archive.core.rows import ArticleUrlRow
from caliber_crawler.archive.core.side_files import WORD_INDEX, delete_side_file, side_file
from caliber_crawler.archive.core.takedowns import Takedowns, address_of, keys_of, spellings_of
from caliber_crawler.archive.core.times import utc_now, utc_text, utc_time
from caliber_crawler.archive.pages.bodies import Bodies
from caliber_crawler.archive.upkeep.cold_removals import ColdRemovals
from caliber_crawler.errors import ArchiveError, ArchiveLocked, ColdPageRemoved, NoSuchArticle
from caliber_crawler.items import Capture
from caliber_crawler.site import ArticleURL


@dataclass(frozen=True, slots=True, kw_only=True)
class Takedown:
    """What a takedown deleted: numbers of rows."""

    id: int
    versions: int
    view_counts: int
    captures: int
    blanked: int
    """Listings, feeds and sitemaps that named it: their captures stay, without the page."""
    mentioned_by: tuple[int, ...]
    """Other articles whose text links to it."""


class ArticleName(TypedDict):
    """The columns that identify an article."""

    site: str
    language: str
    url: str
    post_number: int | None
    slug: str | None


class Deletion:
    """Deletes articles from an archive and records a takedown for each."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._takedowns = Takedowns(connection)
        self._cold = ColdRemovals(connection)

    def take_down(self, article_id: int, reason: str, requested_at: datetime) -> Takedown:
        """Delete an article and record why. Call :meth:`wipe` afterwards to remove its bytes from the file.

        Runs in one transaction. Raises ``NoSuchArticle``, or ``ColdFileUnavailable`` if pages that must be searched or
        removed are in cold storage that is not available or cannot be changed.
        """
        key = {"article_id": article_id}
        article = self._connection.row_of(
            ArticleName,
            """SELECT site, language, url, post_number, slug FROM articles
            WHERE id = :article_id AND duplicate_of IS NULL""",
            key,
        )
        if article is None:
            raise NoSuchArticle(f"{self._connection.path} contains no article {article_id}.")
        self._connection.execute("PRAGMA secure_delete = ON")
        with self._connection.transaction(), self._deferred_foreign_keys():
            family = self._connection.values(f"SELECT id FROM ({FAMILY})", key)
            urls = self._connection.rows_of(
                ArticleUrlRow, "SELECT * FROM article_urls WHERE article_id = :article_id", key
            )
            known = {row["url"] for row in urls} | {article["url"]}
            among = json.dumps(sorted(known))
            captures = self._connection.rows(
                """SELECT id FROM captures WHERE kind IN ('article', 'listing') AND (
                  article_id IN (SELECT value FROM json_each(?)) OR url IN (SELECT value FROM json_each(?2))
                  OR final_url IN (SELECT value FROM json_each(?2)))""",
                (json.dumps(family), among),
            )
            self._cold.require_files(article["site"], [row["id"] for row in captures])
            count = {
                table: self._connection.value(
                    f"SELECT count(*) FROM {table} WHERE article_id IN (SELECT value FROM json_each(?))",
                    (json.dumps(family),),
                )
                for table in ("versions", "view_counts")
            }
            takedown_id = self._record(article, urls, reason, requested_at, count["versions"], len(captures))
            mentioned_by = self._connection.values(
                """SELECT DISTINCT article_id FROM links WHERE url IN (SELECT value FROM json_each(?))
                AND article_id NOT IN (SELECT value FROM json_each(?))""",
                (among, json.dumps(family)),
            )
            self._connection.execute("DELETE FROM links WHERE url IN (SELECT value FROM json_each(?))", (among,))
            self._delete_article(takedown_id, family, among)
            # Until the file is wiped; negative, because triggers allow deletion of the article that this column names.
            self._connection.execute("UPDATE takedowns SET article_id = ? WHERE id = ?", (-article_id, takedown_id))
            self._delete_spellings(article["site"], known)
            self._delete_captures([row["id"] for row in captures], from_cold_files=True)
            blanked = self._blank_listings(article["site"], search_terms(known))
        return Takedown(
            id=takedown_id, captures=len(captures), blanked=blanked, mentioned_by=tuple(mentioned_by), **count
        )

    def matching(self, pattern: str) -> list[int]:
        """The IDs of the articles with a URL of a pattern in which ``*`` matches any characters."""
        # In SQLite's patterns, these characters also have a meaning.
        glob = pattern.replace("[", "[[]").replace("?", "[?]")
        return self._connection.values(
            """SELECT DISTINCT coalesce(a.duplicate_of, a.id) FROM article_urls u JOIN articles a ON a.id = u.article_id
            WHERE u.url GLOB ? ORDER BY 1""",
            (glob,),
        )

    def unwiped(self) -> list[int]:
        """The IDs of takedowns whose deleted bytes may still be in the file, because :meth:`wipe` did not end."""
        return unwiped_takedowns(self._connection)

    def wipe(self) -> None:
        """Remove deleted bytes from the file, from cold files, and the word index.

        Raises ``ArchiveLocked`` while another program reads old bytes, and ``ColdFileUnavailable``.
        """
        self.remove_cold_records()
        # The other side files forget single articles: `Analyses.forget_deleted`.
        delete_side_file(side_file(self._connection.path, WORD_INDEX))
        self._connection.execute("INSERT INTO versions_fts (versions_fts) VALUES ('optimize')")
        self._connection.execute("VACUUM")
        busy = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if busy:
            raise ArchiveLocked(
                f"The article was deleted from {self._connection.path}, but another program reads the file, so its"
                f" old bytes remain in {self._connection.path}-wal. Close that program and run the command again."
            )
        self._connection.execute("UPDATE takedowns SET article_id = NULL WHERE article_id < 0")

    def remove_cold_records(self) -> None:
        """Remove the records of deleted pages from cold files. Raises ``ColdFileUnavailable``."""
        self._cold.carry_out()

    def reject(self, capture: Capture, article_urls: Iterable[ArticleURL] = ()) -> None:
        """Delete a capture that belongs to an article under takedown, and block the URL that led to it."""
        takedown_id = self._takedowns.covering(capture.site, article_urls)
        with self._connection.transaction(), self._deferred_foreign_keys():
            for url in {capture.url, capture.effective_url} if takedown_id is not None else ():
                self._takedowns.record_keys(takedown_id, keys_of(capture.site, ArticleURL(url=url)))
                self._connection.execute("DELETE FROM frontier WHERE url = ?", (url,))
            self._delete_captures([capture.id] if capture.id is not None else [])

    def import_from(self, there: Connection) -> None:
        """Carry out the takedowns of another archive in this one. Runs inside the caller's transaction."""
        for row in there.rows("SELECT * FROM takedowns ORDER BY id"):
            keys = there.values("SELECT digest FROM takedown_keys WHERE takedown_id = ?", (row["id"],))
            known = "SELECT digest FROM takedown_keys WHERE digest IN (SELECT value FROM json_each(?))"
            unknown = set(keys) - set(self._connection.values(known, (json.dumps(keys),)))
            if not unknown:
                continue
            for article in self._connection.rows("SELECT id, site FROM articles WHERE duplicate_of IS NULL"):
                urls = self._connection.rows_of(
                    ArticleUrlRow, "SELECT * FROM article_urls WHERE article_id = ?", (article["id"],)
                )
                if any(digest in unknown for url in urls for digest in spellings_of(article["site"], address_of(url))):
                    self.take_down(article["id"], row["reason"], utc_time(row["requested_at"]))
            names = ("site", "language", "reason", "requested_at", "carried_out_at", "versions", "captures")
            cursor = self._connection.execute(
                f"INSERT INTO takedowns ({', '.join(names)}) VALUES ({', '.join(f':{name}' for name in names)})", row
            )
            self._takedowns.record_keys(cursor.lastrowid, unknown)

    @contextlib.contextmanager
    def _deferred_foreign_keys(self) -> Iterator[None]:
        # Rows reference each other in cycles, so foreign keys are checked at the commit.
        self._connection.execute("PRAGMA defer_foreign_keys = ON")
        yield

    def _record(
        self,
        article: ArticleName,
        urls: Sequence[ArticleUrlRow],
        reason: str,
        requested_at: datetime,
        versions: int,
        captures: int,
    ) -> int:
        cursor = self._connection.execute(
            """INSERT INTO takedowns (site, language, reason, requested_at, carried_out_at, versions, captures)
            VALUES (?, ?, ?, ?, ?, ?, ?)""",
            (
                article["site"],
                article["language"],
                reason,
                utc_text(requested_at),
                utc_text(utc_now()),
                versions,
                captures,
            ),
        )
        takedown_id = cursor.lastrowid
        assert takedown_id is not None
        own = ArticleURL(
            url=article["url"], language=article["language"], number=article["post_number"], slug=article["slug"]
        )
        for article_url in (own, *map(address_of, urls)):
            self._takedowns.record_keys(takedown_id, keys_of(article["site"], article_url))
        return takedown_id

    def _delete_article(self, takedown_id: int, family: Sequence[int], urls: str) -> None:
        names = self._connection.values(
            """SELECT DISTINCT author_id FROM article_authors WHERE article_id IN (SELECT value FROM json_each(?))""",
            (json.dumps(family),),
        )
        self._connection.execute(
            """DELETE FROM frontier WHERE url IN (SELECT value FROM json_each(?))
            OR article_id IN (SELECT value FROM json_each(?))""",
            (urls, json.dumps(family)),
        )
        for table in ("problems", "url_claims"):
            self._connection.execute(f"DELETE FROM {table} WHERE url IN (SELECT value FROM json_each(?))", (urls,))
        for id in family:
            # The append-only triggers allow deletion of the article that this column names.
            self._connection.execute("UPDATE takedowns SET article_id = ? WHERE id = ?", (id, takedown_id))
            for table in TABLES_OF_ARTICLE:
                self._connection.execute(f"DELETE FROM {table} WHERE article_id = ?", (id,))
            self._connection.execute("DELETE FROM articles WHERE id = ?", (id,))
        self._connection.execute(
            """DELETE FROM authors WHERE id IN (SELECT value FROM json_each(?))
            AND NOT EXISTS (SELECT 1 FROM article_authors w WHERE w.author_id = authors.id)""",
            (json.dumps(names),),
        )

    def _delete_spellings(self, site: str, urls: Iterable[str]) -> None:
        """Remove the other spellings of these URLs from the frontier."""
        for page in {url.partition("?")[0] for url in urls}:
            # "@" follows "?" in ASCII: the range contains the URLs of this path with a query.
            for url in self._connection.values(
                "SELECT url FROM frontier WHERE url > ? AND url < ?", (page, f"{page}@")
            ):
                if self._takedowns.covers(site, [ArticleURL(url=url)]):
                    self._connection.execute("DELETE FROM frontier WHERE url = ?", (url,))

    def _delete_captures(self, ids: Sequence[int], *, from_cold_files: bool = False) -> None:
        among = json.dumps(list(ids))
        digests = self._connection.values(
            """SELECT DISTINCT body_digest FROM captures WHERE body_digest IS NOT NULL
            AND id IN (SELECT value FROM json_each(?))""",
            (among,),
        )
        self._connection.execute("DELETE FROM problems WHERE capture_id IN (SELECT value FROM json_each(?))", (among,))
        self._connection.execute("DELETE FROM captures WHERE id IN (SELECT value FROM json_each(?))", (among,))
        self._delete_bodies(digests)
        # A body that another capture has stays, but its records in a cold file name the deleted captures.
        for digest in digests if from_cold_files else ():
            try:
                Bodies(self._connection).bring_back(digest)
            except ArchiveError:
                self._blank([digest])

    def _delete_bodies(self, digests: Iterable[str]) -> None:
        """Delete those bodies that no capture has any more, and the dictionaries that contain parts of them."""
        captured = "SELECT 1 FROM captures WHERE body_digest = ?"
        Bodies(self._connection).delete(
            [digest for digest in digests if self._connection.value(captured, (digest,)) is None]
        )

    def _blank_listings(self, site: str, wanted: Sequence[bytes]) -> int:
        """Delete pages of listings, feeds and sitemaps that name the article; return the number of captures."""
        bodies = Bodies(self._connection)
        named: set[str] = set()
        for digest in self._connection.values(
            """SELECT DISTINCT body_digest FROM captures WHERE site = ? AND kind <> 'article'
            AND body_digest IS NOT NULL""",
            (site,),
        ):
            try:
                body = bodies.get(digest)
            except ColdPageRemoved:
                named.add(digest)
            except ArchiveError:
                continue
            else:
                if any(needle in body for needle in wanted):
                    named.add(digest)
        return self._blank(named)

    def _blank(self, digests: Collection[str]) -> int:
        """Delete these pages; their captures stay without them. Return the number of captures."""
        rows = self._connection.rows(
            "SELECT * FROM captures WHERE body_digest IN (SELECT value FROM json_each(?))",
            (json.dumps(sorted(digests)),),
        )
        for row in rows:
            empty = row | {"body_digest": None}
            self._connection.execute(
                "UPDATE captures SET body_digest = NULL, checksum = ? WHERE id = ?",
                (checksum("captures", empty), row["id"]),
            )
        self._delete_bodies(digests)
        return len(rows)


def unwiped_takedowns(connection: Connection) -> list[int]:
    """The IDs of takedowns whose deleted bytes may still be in the file."""
    return connection.values("SELECT id FROM takedowns WHERE article_id < 0 ORDER BY id")


def search_terms(urls: Iterable[str]) -> list[bytes]:
    """The spellings of a URL's path that may occur in a page."""
    found: dict[bytes, None] = {}
    for url in urls:
        path = urlsplit(url).path.rstrip("/")
        if path.count("/") >= 1 and len(path) > 1:
            plain = unquote(path)
            for form in (path, plain, quote(plain), plain.replace("/", "\\/")):
                found[form.encode()] = None
            found[unquote_to_bytes(path)] = None  # in another charset
    return list(found)
