"""Candidates: the links of a site that is explored, as the frontier knows them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.times import utc_text
from caliber_crawler.items import PageKind


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownLink:
    """One known URL of a site, and what is known of it."""

    id: int
    url: str
    state: str
    discovered_via: str
    is_article: bool
    is_dated: bool
    """Whether the article is dated."""
    reason: str | None


class Candidates:
    """The known URLs of a site that is explored. They may be millions: no method returns them all."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def requested(self, site: str, count: int) -> Iterator[KnownLink]:
        """The last articles and listings that were requested, at most ``count``, latest discovery first."""
        rows = self._connection.execute(
            """SELECT f.id, f.url, f.state, f.discovered_via, f.article_id IS NOT NULL AS is_article,
              a.published_at IS NOT NULL AS is_dated, f.reason
            FROM frontier f LEFT JOIN articles a ON a.id = f.article_id
            WHERE f.site = ? AND f.kind IN ('article', 'listing') AND f.state <> 'queued'
            ORDER BY f.id DESC LIMIT ?""",
            (site, count),
        )
        for id, url, state, via, is_article, is_dated, reason in rows:
            yield KnownLink(
                id=id,
                url=url,
                state=state,
                discovered_via=via,
                is_article=bool(is_article),
                is_dated=bool(is_dated),
                reason=reason,
            )

    def waiting(
        self, site: str, priority: int, now: datetime, count: int, *, after: int = 0, refused_for: str = ""
    ) -> list[tuple[int, str, str]]:
        """The links of this priority that were not requested, failed and are due again, or were refused for a reason.

        Returns at most ``count``, each with its ID and its source, from the ID ``after`` on.
        """
        rows = self._connection.execute(
            """SELECT id, url, discovered_via FROM frontier
            WHERE site = ? AND id > ? AND kind IN ('article', 'listing') AND priority = ?
            AND (state = 'queued' OR state = 'failed' AND due_at <= ? OR state = 'refused' AND reason = ?)
            ORDER BY id LIMIT ?""",
            (site, after, priority, utc_text(now), refused_for, count),
        )
        return [(id, url, via) for id, url, via in rows]

    def count_waiting(self, site: str, priority: int, *, after: int) -> int:
        """The number of links of this priority that were not requested, from the ID ``after`` on."""
        count: int = self._connection.value(
            """SELECT count(*) FROM frontier WHERE site = ? AND id > ? AND kind IN ('article', 'listing')
            AND priority = ? AND state = 'queued'""",
            (site, after, priority),
        )
        return count

    def count_articles(self, site: str) -> int:
        """The number of URLs at which an article was found."""
        count: int = self._connection.value(
            "SELECT count(*) FROM frontier WHERE site = ? AND article_id IS NOT NULL", (site,)
        )
        return count

    def naming(self, site: str, count: int) -> dict[str, int]:
        """The pages on which most articles were found first, with their number."""
        rows = self._connection.execute(
            """SELECT discovered_on, count(*) AS named FROM frontier
            WHERE site = ? AND article_id IS NOT NULL AND discovered_on IS NOT NULL
            GROUP BY discovered_on ORDER BY named DESC, discovered_on LIMIT ?""",
            (site, count),
        )
        return dict(rows.fetchall())

    def lists(self, site: str, kind: PageKind) -> list[tuple[str, int]]:
        """The listings, or feeds, of a site that were fetched, with the number of articles found on each first."""
        rows = self._connection.execute(
            """SELECT f.url, count(a.article_id) AS named FROM frontier f
            LEFT JOIN frontier a ON a.discovered_on = f.url AND a.site = f.site
            WHERE f.site = ? AND f.kind = ? AND f.state = 'done'
            AND f.last_status IN (200, 304) GROUP BY f.url ORDER BY named DESC, f.url""",
            (site, kind),
        )
        return [(url, named) for url, named in rows]
