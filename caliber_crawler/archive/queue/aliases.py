"""Aliases: other URLs of an article in the frontier. One URL is revisited; if it is gone, the others become due."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.times import utc_text, utc_text_us
from caliber_crawler.site import ArticleURL

KNOWN = """SELECT a.id FROM article_urls u JOIN articles a ON a.id = u.article_id WHERE {names} AND a.site = :site
AND (:language IS NULL OR a.language = :language) AND a.gone_at IS NULL
AND (NOT EXISTS (SELECT 1 FROM url_claims c WHERE c.url = u.url AND c.article_id = u.article_id)
  OR u.kind <> 'other' AND EXISTS (SELECT 1 FROM article_urls v WHERE v.article_id = u.article_id
    AND v.kind NOT IN ('other', u.kind)
    AND NOT EXISTS (SELECT 1 FROM url_claims c WHERE c.url = v.url AND c.article_id = v.article_id)))
AND EXISTS (
  SELECT 1 FROM frontier f WHERE f.article_id = a.id AND f.due_at IS NOT NULL AND f.state = 'done' AND f.url <> :url)"""
"""An online article that is visited under another URL. A URL that it only claims counts if its page has the other kind
of URL: an article has one post number and one slug, but a page that claims another slug may be wrong."""
KNOWN_BY_URL = KNOWN.format(names="u.url = :url")
KNOWN_BY_NUMBER = KNOWN.format(names="u.post_number = :number")
KNOWN_BY_SLUG = KNOWN.format(names="u.slug = :slug AND u.language IS :language")


class Aliases:
    """The URLs of an archive's articles in the frontier."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def visited_under_other_url(self, article_url: ArticleURL, site: str) -> int | None:
        """The article that a URL identifies, if it is online and visited under another URL."""
        values = {
            "url": article_url.url,
            "site": site,
            "language": article_url.language,
            "number": article_url.number,
            "slug": article_url.slug,
        }
        found: int | None = self._connection.value(KNOWN_BY_URL, values)
        if found is None and article_url.number is not None:
            found = self._connection.value(KNOWN_BY_NUMBER, values)
        if found is None and article_url.slug is not None:
            found = self._connection.value(KNOWN_BY_SLUG, values)
        return found

    def skip_alias(self, url: str, article_id: int) -> None:
        """Mark a URL as done without a visit: its article is visited under another URL."""
        self._connection.execute(
            "UPDATE frontier SET state = 'done', due_at = NULL, article_id = ? WHERE url = ?", (article_id, url)
        )

    def suspend(self, article_id: int, active: Collection[str], now: datetime) -> int:
        """Stop visits to an article's URLs except the ``active`` ones. They stay known.

        ``active`` contains the URL that was just fetched and those in flight. Returns how many of the others were due.
        """
        visited = self._connection.rows(
            """SELECT url, due_at FROM frontier
            WHERE article_id = ? AND due_at IS NOT NULL AND state IN ('done', 'gone')""",
            (article_id,),
        )
        others = [row for row in visited if row["url"] not in active]
        for row in others:
            self._connection.execute("UPDATE frontier SET due_at = NULL WHERE url = ?", (row["url"],))
        return sum(row["due_at"] <= utc_text(now) for row in others)

    def resume(self, url: str, now: datetime) -> None:
        """A URL is gone: make all other URLs of its article due, including those that were never fetched.

        One that was never printed is requested with a trailing slash if the URL that is gone was.
        """
        values = {"url": url, "now": utc_text(now), "precise": utc_text_us(now)}
        self._connection.execute(
            """INSERT INTO frontier (url, site, kind, language, section, priority, due_at, discovered_at, discovered_on,
              discovered_via, run_id, article_id, request_url)
            SELECT u.url, f.site, f.kind, f.language, f.section, f.priority, :now, :precise, f.url, f.discovered_via,
              f.run_id, f.article_id, CASE WHEN f.request_url = f.url || '/' AND u.url NOT GLOB '*[?]*'
                AND u.url NOT GLOB '*/' THEN u.url || '/' END
            FROM frontier f JOIN article_urls u ON u.article_id = f.article_id
            WHERE f.url = :url AND u.url GLOB 'http*' ON CONFLICT (url) DO NOTHING""",
            values,
        )
        self._connection.execute(
            """UPDATE frontier SET due_at = :now WHERE state = 'done' AND due_at IS NULL AND url <> :url
            AND article_id = (SELECT article_id FROM frontier WHERE url = :url)""",
            values,
        )
