"""Captures: every page as it was served, and every failure to get one."""

from __future__ import annotations

import json
from dataclasses import replace

from caliber_crawler.archive.bodies import Bodies, Lane
from caliber_crawler.archive.connection import Connection
from caliber_crawler.archive.times import utc_text, utc_time, whole_second
from caliber_crawler.errors import ArchiveError
from caliber_crawler.items import Capture


class Captures:
    """The captures in an archive."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._bodies = Bodies(connection)

    def keep(self, capture: Capture, run_id: int) -> Capture:
        """Store a capture and return it as the archive holds it: with its ``id``, its time in whole seconds.

        The same body is stored once, however often it was served. The same answer (address, second, status, body) is
        the same capture: kept again, as when a saved file is read twice, it is found and not doubled.
        """
        kept = replace(capture, fetched_at=whole_second(capture.fetched_at))
        with self._connection.transaction():
            digest = self._put_body(capture)
            known = self._known(kept, digest) if digest else None
            return replace(kept, id=known if known is not None else self._insert(kept, digest, run_id))

    def get(self, id: int) -> Capture:
        """A capture with its body, as it was kept; ``ArchiveError`` when there is none or its body is damaged."""
        row = self._connection.row("SELECT * FROM captures WHERE id = ?", (id,))
        if row is None:
            raise ArchiveError(f"{self._connection.path} holds no capture {id}.")
        return Capture(
            id=row["id"],
            site=row["site"],
            url=row["url"],
            fetched_at=utc_time(row["fetched_at"]),
            kind=row["kind"],
            final_url=row["final_url"],
            redirects=tuple(json.loads(row["redirects"])),
            status=row["status"],
            error=row["error"],
            headers=tuple((name, value) for name, value in json.loads(row["headers"])),
            body=self._bodies.get(row["body_digest"]) if row["body_digest"] else b"",
        )

    def _put_body(self, capture: Capture) -> str | None:
        if not capture.body:
            return None
        return self._bodies.put(capture.body, self._lane(capture), exemplary=capture.status == 200)

    def _lane(self, capture: Capture) -> Lane:
        # The page has not been read yet: its language is that of the listing which led to it.
        language = self._connection.value("SELECT language FROM frontier WHERE url = ?", (capture.url,))
        return Lane(capture.site, capture.kind, language, capture.media_type)

    def _known(self, capture: Capture, digest: str) -> int | None:
        found: int | None = self._connection.value(
            """SELECT id FROM captures WHERE url = ? AND fetched_at = ? AND body_digest = ? AND status IS ? AND site = ?
            AND kind = ?""",
            (capture.url, utc_text(capture.fetched_at), digest, capture.status, capture.site, capture.kind),
        )
        return found

    def _insert(self, capture: Capture, digest: str | None, run_id: int) -> int:
        cursor = self._connection.execute(
            """INSERT INTO captures (run_id, site, kind, url, fetched_at, status, error, final_url, redirects,
              media_type, headers, size, body_digest)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
            (
                run_id,
                capture.site,
                capture.kind,
                capture.url,
                utc_text(capture.fetched_at),
                capture.status,
                capture.error,
                capture.final_url,
                json.dumps(capture.redirects, ensure_ascii=False),
                capture.media_type or None,
                # A server may send any bytes as headers: escaped, they are valid text.
                json.dumps(capture.headers),
                len(capture.body),
                digest,
            ),
        )
        assert cursor.lastrowid is not None
        return cursor.lastrowid
