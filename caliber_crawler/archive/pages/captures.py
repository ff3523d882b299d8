"""Captures: every page as served, and every failed request."""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from caliber_crawler.archive.core.checksums import insert_with_checksum
from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.times import utc_text, utc_time, whole_second
from caliber_crawler.archive.pages.bodies import Bodies, CompressedBody
from caliber_crawler.archive.pages.dictionaries import PageClass
from caliber_crawler.errors import ArchiveError
from caliber_crawler.items import Capture
from caliber_crawler.opt_outs import opt_outs
from caliber_crawler.site.urls import without_credentials

# The pages in flight when a crawl was killed are among the last that it stored.
LATEST_RUNS, LATEST_PAGES = 10, 1_000
MAX_SAMPLED = 50_000
"""The newest captures among which a sample is chosen."""
OF_KIND = "CASE WHEN version_id IS NULL THEN kind ELSE 'article' END = ?"
"""A condition on a capture: it is of this kind. A page with a version is an article."""
UNPROCESSED = f"""SELECT f.url, max(c.id) AS id FROM (
  SELECT id FROM runs WHERE site = ? AND command = 'crawl' AND outcome = 'interrupted'
  ORDER BY id DESC LIMIT {LATEST_RUNS}) r
JOIN captures c ON c.id IN (
  SELECT id FROM captures WHERE run_id = r.id AND kind = 'article' ORDER BY id DESC LIMIT {LATEST_PAGES})
JOIN frontier f ON f.url = c.url
WHERE c.error IS NULL AND c.version_id IS NULL AND f.due_at IS NOT NULL
  AND (f.visited_at IS NULL OR f.visited_at < c.fetched_at)
GROUP BY f.url ORDER BY id"""


class Captures:
    """The captures in an archive."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._bodies = Bodies(connection)

    def store(self, capture: Capture, run_id: int, compressed: CompressedBody | None = None) -> Capture:
        """Store a capture and return it as stored: with its ``id`` and its time in whole seconds.

        An identical body is stored once. An identical response (URL, second, status, body) is the same capture, for
        example when a file is ingested twice: the existing capture is returned.

        The transaction is not synced here but with the extracted article. Until then the URL stays due, so a power cut
        costs a request, but not the page. ``compressed`` is the result of :meth:`compress`.
        """
        stored = _without_credentials(capture)
        with self._connection.transaction(synced_every=math.inf):
            digest, is_new = self._put_body(capture, compressed)
            # No capture has the digest of a new body.
            known = self._find(stored, digest) if digest and not is_new else None
            id = known if known is not None else self._insert(stored, digest, run_id)
            return replace(stored, id=id, fetched_at=whole_second(capture.fetched_at))

    def get(self, id: int) -> Capture:
        """A capture with its body. Raises ``ArchiveError`` if there is none or its body is damaged.

        A page with a version is an article, even if an exploration requested it as a listing.
        """
        row = self._connection.row("SELECT * FROM captures WHERE id = ?", (id,))
        if row is None:
            raise ArchiveError(f"{self._connection.path} contains no capture {id}.")
        return self._capture(row, self._bodies.get(row["body_digest"]) if row["body_digest"] else b"")

    def _capture(self, row: Mapping[str, Any], body: bytes) -> Capture:
        return Capture(
            id=row["id"],
            site=row["site"],
            url=row["url"],
            fetched_at=utc_time(row["fetched_at"]),
            kind=row["kind"] if row["version_id"] is None else "article",
            final_url=row["final_url"],
            redirects=tuple(json.loads(row["redirects"])),
            status=row["status"],
            error=row["error"],
            headers=tuple((name, value) for name, value in json.loads(row["headers"])),
            body=body,
        )

    def of_body(self, digest: str) -> Iterator[Capture]:
        """Every capture of a body, oldest first, 304 responses last. Raises ``ArchiveError`` for damage."""
        body = self._bodies.get(digest)
        for row in self._connection.execute(
            "SELECT * FROM captures WHERE body_digest = ? ORDER BY status IS 304, fetched_at, id", (digest,)
        ):
            yield self._capture(row, body)

    def readable(self, ids: Iterable[int]) -> Iterator[Capture]:
        """Those of these captures whose bodies can be read: neither damaged nor in a cold file that is missing."""
        for id in ids:
            with contextlib.suppress(ArchiveError):
                yield self.get(id)

    def is_processed(self, capture: Capture) -> bool:
        """Is this capture already stored, with a known outcome?"""
        digest = hashlib.sha256(capture.body).hexdigest() if capture.body else None
        found = self._connection.value(
            f"""SELECT 1 FROM captures c
            WHERE url = ? AND fetched_at = ? AND body_digest IS ? AND status IS ? AND site = ? AND {OF_KIND}
              AND (version_id IS NOT NULL OR kind <> 'article' OR status = 304
              OR EXISTS (SELECT 1 FROM problems WHERE capture_id = c.id AND fatal))""",
            (capture.url, utc_text(capture.fetched_at), digest, capture.status, capture.site, capture.kind),
        )
        return found is not None

    def urls(self) -> list[str]:
        """Every URL that was ever fetched, without duplicates."""
        return self._connection.values("SELECT DISTINCT url FROM captures ORDER BY url")

    def count_articles(self, site: str) -> int:
        """The number of articles of a site."""
        count: int = self._connection.value(
            "SELECT count(*) FROM articles WHERE site = ? AND duplicate_of IS NULL", (site,)
        )
        return count

    def sample(self, site: str, count: int) -> list[int]:
        """IDs of the newest pages with an article of a site, one for each article, newest first."""
        found: dict[int, int] = {}
        rows = self._connection.rows(
            """SELECT id, article_id FROM (SELECT * FROM captures ORDER BY id DESC LIMIT ?)
            WHERE site = ? AND kind IN ('article', 'listing') AND status = 200 AND article_id IS NOT NULL
            AND body_digest IS NOT NULL
            ORDER BY id DESC""",
            (MAX_SAMPLED, site),
        )
        for row in rows:
            if len(found) >= count:
                break
            found.setdefault(row["article_id"], row["id"])
        return list(found.values())

    def put_aside(self, site: str, reason: str, since: datetime, url: str | None = None) -> list[int]:
        """IDs of the pages of a site, or of one URL, that were put aside for a reason since a time, oldest first."""
        return self._connection.values(
            """SELECT c.id FROM problems p JOIN captures c ON c.id = p.capture_id
            WHERE p.reason = :reason AND c.site = :site AND c.version_id IS NULL AND c.fetched_at >= :since
            AND (:url IS NULL OR c.url = :url) ORDER BY c.fetched_at, c.id""",
            {"reason": reason, "site": site, "since": utc_text(since), "url": url},
        )

    def of_version(self, article_id: int, version_id: int) -> list[int]:
        """IDs of the pages of an article that have the text of a version, newest first."""
        return self._connection.values(
            """SELECT id FROM captures WHERE article_id = ? AND version_id = ? AND body_digest IS NOT NULL
            ORDER BY fetched_at DESC, id DESC""",
            (article_id, version_id),
        )

    def sample_lists(self, site: str, count: int) -> list[int]:
        """IDs of the newest listings, feeds and sitemaps of a site, one for each URL, newest first."""
        return self._connection.values(
            """SELECT max(id) FROM (SELECT * FROM captures ORDER BY id DESC LIMIT ?)
            WHERE site = ? AND kind IN ('listing', 'feed', 'sitemap') AND status = 200 AND body_digest IS NOT NULL
            GROUP BY url ORDER BY 1 DESC LIMIT ?""",
            (MAX_SAMPLED, site, count),
        )

    def unprocessed(self, site: str) -> dict[str, int]:
        """Captures that killed crawls of a site left unprocessed: the URL, which is still due, to the capture's ID."""
        return {row["url"]: row["id"] for row in self._connection.rows(UNPROCESSED, (site,))}

    def latest(self, url: str) -> Capture | None:
        """The newest capture of a URL, if there is one. Raises :class:`ArchiveError` if its body is damaged."""
        id = self._connection.value(
            "SELECT id FROM captures WHERE url = ? ORDER BY fetched_at DESC, id DESC LIMIT 1", (url,)
        )
        return None if id is None else self.get(id)

    def any_outside(self, prefix: str) -> bool:
        """Is there a capture of a URL that does not begin with ``prefix``?"""
        found = self._connection.value(
            "SELECT 1 FROM captures WHERE substr(url, 1, length(?1)) <> ?1 LIMIT 1", (prefix,)
        )
        return found is not None

    def compress(self, capture: Capture) -> CompressedBody | None:
        """Compress the body of a capture for storage; needs only read access to the archive."""
        return self._bodies.compress(capture.body, self._page_class(capture)) if capture.body else None

    def compression(self, capture: Capture) -> Callable[[], CompressedBody] | None:
        """A function that does the same and may be called in another thread; ``None`` if that saves nothing."""
        return self._bodies.compression(capture.body, self._page_class(capture)) if capture.body else None

    def store_body(self, capture: Capture, compressed: CompressedBody | None = None) -> str | None:
        """Store the body of a capture unless it is already stored; return its digest, or ``None`` without a body."""
        return self._put_body(capture, compressed)[0]

    def put_back(self, digest: str) -> None:
        """Store the body of captures in the archive if it is only in cold storage. Raises ``ArchiveError``."""
        capture = next(self.of_body(digest), None)
        if capture is None:
            raise ArchiveError(f"{self._connection.path} is damaged: no capture has body {digest}.")
        self._bodies.put_back(digest, self._page_class(capture), usable_as_dictionary=capture.status == 200)

    def _put_body(self, capture: Capture, compressed: CompressedBody | None) -> tuple[str | None, bool]:
        if not capture.body:
            return None, False
        return self._bodies.put(
            capture.body, self._page_class(capture), usable_as_dictionary=capture.status == 200, compressed=compressed
        )

    def _page_class(self, capture: Capture) -> PageClass:
        # The page is not extracted yet: the frontier has the language of the listing that linked to it.
        language = self._connection.value("SELECT language FROM frontier WHERE url = ?", (capture.url,))
        return PageClass(capture.site, capture.kind, language, capture.media_type)

    def _find(self, capture: Capture, digest: str) -> int | None:
        found: int | None = self._connection.value(
            f"""SELECT id FROM captures WHERE url = ? AND fetched_at = ? AND body_digest = ? AND status IS ?
            AND site = ? AND {OF_KIND}""",
            (capture.url, utc_text(capture.fetched_at), digest, capture.status, capture.site, capture.kind),
        )
        return found

    def _insert(self, capture: Capture, digest: str | None, run_id: int) -> int:
        opted_out = opt_outs(capture)
        row = {
            "run_id": run_id,
            "site": capture.site,
            "kind": capture.kind,
            "url": capture.url,
            "fetched_at": utc_text(capture.fetched_at),
            "status": capture.status,
            "error": capture.error,
            "final_url": capture.final_url,
            "redirects": json.dumps(capture.redirects, ensure_ascii=False),
            "media_type": capture.media_type or None,
            # A server may send any bytes as headers: json.dumps escapes them to valid text.
            "headers": json.dumps(capture.headers),
            "size": len(capture.body),
            "body_digest": digest,
            "opt_outs": json.dumps(opted_out) if opted_out else None,
        }
        id: int = insert_with_checksum(self._connection, "captures", row).lastrowid
        return id

    def each(self) -> Iterator[Capture]:
        """Every capture with its body, in the order in which they were stored."""
        for id in self._connection.values("SELECT id FROM captures ORDER BY id"):
            yield self.get(id)


def _without_credentials(capture: Capture) -> Capture:
    """A capture without the user names and passwords of its URLs, which may come from a redirect."""
    urls = (capture.url, capture.final_url or "", *capture.redirects, capture.error or "")
    if not any("@" in text for text in (*urls, *(value for _, value in capture.headers))):
        return capture
    return replace(
        capture,
        url=without_credentials(capture.url),
        final_url=capture.final_url and without_credentials(capture.final_url),
        redirects=tuple(map(without_credentials, capture.redirects)),
        error=capture.error and without_credentials(capture.error),
        headers=tuple((name, without_credentials(value)) for name, value in capture.headers),
    )
