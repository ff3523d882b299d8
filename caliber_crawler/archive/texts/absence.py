"""Absences that bring no page: "not modified", and "no more". What they say of an article, in whatever order they come.

A crawl meets them one after the other. Web archives bring them in any order, the page itself perhaps last: so until
when a text stood, and since when an article has been gone, is worked out from all that was captured at its addresses.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.family import FAMILY
from caliber_crawler.archive.core.times import utc_text, utc_time

GONE = (404, 410)
"""Status codes of a page that is no more."""
GONE_REASONS = ("redirect_home", "soft_404")
"""Problems of a page that is no more although its status says otherwise."""

SAYS_GONE = f"""c.kind = 'article' AND (c.status IN {GONE}
  OR EXISTS (SELECT 1 FROM problems p WHERE p.capture_id = c.id AND p.reason IN {GONE_REASONS}))"""
AT_ITS_URLS = f"c.url IN (SELECT url FROM article_urls WHERE article_id IN ({FAMILY}))"

NOT_MODIFIED = f"""
SELECT c.fetched_at, (
  SELECT p.version_id FROM captures p WHERE p.article_id IN ({FAMILY}) AND p.version_id IS NOT NULL
    AND p.fetched_at <= c.fetched_at ORDER BY p.fetched_at DESC, p.id DESC LIMIT 1) AS version_id
FROM captures c WHERE {AT_ITS_URLS} AND c.status = 304"""
"""Every "not modified", and the text it speaks of: that of the last page before it."""

WIDEN = "UPDATE versions SET seen_until = :fetched_at WHERE id = :version_id AND seen_until < :fetched_at"
SEEN = "UPDATE articles SET last_seen_at = :fetched_at WHERE id = :article_id AND last_seen_at < :fetched_at"

SINCE = f"""
UPDATE articles SET gone_at = (
  SELECT min(moment) FROM (
    SELECT min(c.fetched_at) AS moment FROM captures c
    WHERE {AT_ITS_URLS} AND c.fetched_at > articles.last_seen_at AND {SAYS_GONE}
    UNION ALL SELECT articles.gone_at WHERE articles.gone_at >= articles.last_seen_at))
WHERE id = :article_id"""

LAST = f"""SELECT c.fetched_at, c.status FROM captures c WHERE c.url = ? AND c.fetched_at > ? AND {SAYS_GONE}
ORDER BY c.fetched_at DESC LIMIT 1"""


@dataclass(frozen=True, slots=True)
class Absence:
    """An answer that an article is no more."""

    at: datetime
    status: int | None


class Absences:
    """The answers without a page in an archive. Runs inside the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def apply(self, article_id: int) -> None:
        """Have an article's texts stand for as long, and the article be gone since when, these answers say."""
        key = {"article_id": article_id}
        for row in self._connection.rows(NOT_MODIFIED, key):
            if row["version_id"] is not None:
                self._connection.execute(WIDEN, row)
                self._connection.execute(SEEN, row | key)
        self._connection.execute(SINCE, key)

    def last_absence(self, url: str, after: datetime) -> Absence | None:
        """The last answer from an address, after some moment, that there is no more to be had."""
        row = self._connection.row(LAST, (url, utc_text(after)))
        return None if row is None else Absence(utc_time(row["fetched_at"]), row["status"])
