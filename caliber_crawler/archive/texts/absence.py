"""Responses without an article: "not modified" (304) and "gone" (404, 410, soft 404), applied to an article.

A crawl receives them in order of time. Web archives may contain them in any order, even before the page itself. So
``seen_until`` and ``gone_at`` are computed from all captures of the article's URLs.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.family import FAMILY
from caliber_crawler.archive.core.times import utc_text, utc_time

GONE = (404, 410)
"""Status codes of a page that no longer exists."""
GONE_REASONS = ("redirect_home", "redirected_to_another", "soft_404")
"""Problems of a page that no longer exists although its status is not in ``GONE``."""

SAYS_GONE = f"""c.kind = 'article' AND (c.status IN {GONE}
  OR EXISTS (SELECT 1 FROM problems p WHERE p.capture_id = c.id AND p.reason IN {GONE_REASONS}))"""
AT_ITS_URLS = f"c.url IN (SELECT url FROM article_urls WHERE article_id IN ({FAMILY}))"

NOT_MODIFIED = f"""
SELECT c.fetched_at, (
  SELECT p.version_id FROM captures p WHERE p.article_id IN ({FAMILY}) AND p.version_id IS NOT NULL
    AND p.fetched_at <= c.fetched_at ORDER BY p.fetched_at DESC, p.id DESC LIMIT 1) AS version_id
FROM captures c WHERE {AT_ITS_URLS} AND c.status = 304"""
"""Every 304 response, with the version that it confirms: the one of the last page before it."""

EXTEND_VERSION = "UPDATE versions SET seen_until = :fetched_at WHERE id = :version_id AND seen_until < :fetched_at"
UPDATE_LAST_SEEN = (
    "UPDATE articles SET last_seen_at = :fetched_at WHERE id = :article_id AND last_seen_at < :fetched_at"
)

UPDATE_GONE_AT = f"""
UPDATE articles SET gone_at = (
  SELECT min(at) FROM (
    SELECT min(c.fetched_at) AS at FROM captures c
    WHERE {AT_ITS_URLS} AND c.fetched_at > articles.last_seen_at AND {SAYS_GONE}
    UNION ALL SELECT articles.gone_at WHERE articles.gone_at >= articles.last_seen_at))
WHERE id = :article_id AND (gone_at IS NOT NULL OR EXISTS (
  SELECT 1 FROM captures c WHERE {AT_ITS_URLS} AND c.fetched_at > articles.last_seen_at AND {SAYS_GONE}))"""

LAST_ABSENCE = f"""SELECT c.fetched_at, c.status FROM captures c WHERE c.url = ? AND c.fetched_at > ? AND {SAYS_GONE}
ORDER BY c.fetched_at DESC LIMIT 1"""


@dataclass(frozen=True, slots=True)
class Absence:
    """A response that an article no longer exists."""

    at: datetime
    status: int | None


class Absences:
    """Applies responses without an article. Runs inside the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def apply(self, article_id: int) -> None:
        """Update the times of an article and its versions: ``seen_until``, ``last_seen_at`` and ``gone_at``."""
        key = {"article_id": article_id}
        for row in self._connection.rows(NOT_MODIFIED, key):
            if row["version_id"] is not None:
                self._connection.execute(EXTEND_VERSION, row)
                self._connection.execute(UPDATE_LAST_SEEN, row | key)
        self._connection.execute(UPDATE_GONE_AT, key)

    def last_absence(self, url: str, after: datetime) -> Absence | None:
        """The last response after ``after`` that the page at a URL no longer exists."""
        row = self._connection.row(LAST_ABSENCE, (url, utc_text(after)))
        return None if row is None else Absence(utc_time(row["fetched_at"]), row["status"])
