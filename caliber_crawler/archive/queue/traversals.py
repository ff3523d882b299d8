"""Traversals of listings: on which page an article was found, and whether a traversal is still going on."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.times import utc_text_us, utc_time, utc_time_or_none
from caliber_crawler.archive.queue.entry import Entry

LIMITS_EXCEEDED = ("too_slow", "worker_crashed", "out_of_memory", "stalled")
"""Reason codes of pages that could not be extracted within the limits."""


class Traversals:
    """Queries about the listing traversals in an archive's frontier."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def sources(self, urls: Collection[str], before: datetime) -> dict[str, str]:
        """The page on which each URL was found, for URLs discovered before a time."""
        rows = self._connection.rows(
            """SELECT url, discovered_on FROM frontier WHERE url IN (SELECT value FROM json_each(:urls))
            AND discovered_at < :before AND discovered_on IS NOT NULL""",
            {"urls": json.dumps(list(urls)), "before": utc_text_us(before)},
        )
        return {row["url"]: row["discovered_on"] for row in rows}

    def last_visits(self, urls: Collection[str]) -> dict[str, datetime | None]:
        """When each URL in the frontier was last visited; unknown URLs are left out."""
        rows = self._connection.rows(
            "SELECT url, visited_at FROM frontier WHERE url IN (SELECT value FROM json_each(?))",
            (json.dumps(list(urls)),),
        )
        return {row["url"]: utc_time_or_none(row["visited_at"]) for row in rows}

    def is_under_way(self, page: Entry, before: datetime) -> bool:
        """Is an entry with the same key and ``discovered_on`` still due in a traversal that began before a time?"""
        found = self._connection.value(
            """SELECT 1 FROM frontier INDEXED BY frontier_due WHERE site = ? AND kind = ? AND language IS ?
            AND section IS ? AND priority = ? AND due_at IS NOT NULL AND discovered_on = ? AND traversal_started_at < ?
            LIMIT 1""",
            (
                *(page.site, page.kind, page.language, page.section, page.priority),
                *(page.discovered_on, utc_text_us(before)),
            ),
        )
        return found is not None

    def published(self, urls: Collection[str]) -> dict[str, datetime]:
        """When the articles at these URLs were published; URLs without an article or date are left out."""
        rows = self._connection.rows(
            """SELECT f.url, a.published_at FROM frontier f JOIN articles a ON a.id = f.article_id
            WHERE f.url IN (SELECT value FROM json_each(?)) AND a.published_at IS NOT NULL""",
            (json.dumps(list(urls)),),
        )
        return {row["url"]: utc_time(row["published_at"]) for row in rows}


def broken_lists(connection: Connection, site: str, sources: Collection[str]) -> list[tuple[str | None, str | None]]:
    """The language and section of each page of a list that could not be fetched or extracted, to be retried later.

    A first page that was refused counts only for a limit of extraction: otherwise it is not a list, or forbidden.
    """
    rows = connection.rows(
        """SELECT language, section FROM frontier INDEXED BY frontier_due WHERE site = :site
        AND kind IN ('listing', 'feed', 'sitemap') AND discovered_via IN (SELECT value FROM json_each(:sources))
        AND due_at IS NOT NULL AND (state = 'failed' OR state = 'refused' AND (page_number > 1
          OR reason IN (SELECT value FROM json_each(:limits))))""",
        {"site": site, "sources": json.dumps(list(sources)), "limits": json.dumps(LIMITS_EXCEEDED)},
    )
    return [(row["language"], row["section"]) for row in rows]
