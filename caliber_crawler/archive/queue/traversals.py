"""What the walks through lists have met: on which page an article was found, and whether a walk still goes on."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.times import utc_text_us, utc_time
from caliber_crawler.archive.queue.frontier import Entry


class Traversals:
    """Questions about the walks of an archive's frontier."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def sources(self, urls: Collection[str], before: datetime) -> dict[str, str]:
        """On which page each of these was found, of those that were discovered before a moment."""
        rows = self._connection.rows(
            """SELECT url, discovered_on FROM frontier WHERE url IN (SELECT value FROM json_each(:urls))
            AND discovered_at < :before AND discovered_on IS NOT NULL""",
            {"urls": json.dumps(list(urls)), "before": utc_text_us(before)},
        )
        return {row["url"]: row["discovered_on"] for row in rows}

    def under_way(self, batch: Entry, before: datetime) -> bool:
        """Is a later batch like this one still to be asked for, by a walk that began before a moment?"""
        found = self._connection.value(
            """SELECT 1 FROM frontier INDEXED BY frontier_due WHERE site = ? AND kind = ? AND language IS ?
            AND section IS ? AND priority = ? AND due_at IS NOT NULL AND discovered_on = ? AND traversal_started_at < ? LIMIT 1""",
            (
                *(batch.site, batch.kind, batch.language, batch.section, batch.priority),
                *(batch.discovered_on, utc_text_us(before)),
            ),
        )
        return found is not None

    def published(self, urls: Collection[str]) -> dict[str, datetime]:
        """When the articles at these addresses were published, as far as they were read and tell it."""
        rows = self._connection.rows(
            """SELECT f.url, a.published_at FROM frontier f JOIN articles a ON a.id = f.article_id
            WHERE f.url IN (SELECT value FROM json_each(?)) AND a.published_at IS NOT NULL""",
            (json.dumps(list(urls)),),
        )
        return {row["url"]: utc_time(row["published_at"]) for row in rows}
