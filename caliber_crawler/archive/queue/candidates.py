"""Candidates: the links of a site that is explored, as the frontier knows them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.items import PageKind


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownLink:
    """One known URL of a site, and what is known of it."""

    url: str
    kind: PageKind
    state: str
    discovered_via: str
    discovered_on: str | None
    article_id: int | None
    reason: str | None
    visited_at: str | None
    named: int
    """Number of articles that were found on it first."""


class Candidates:
    """The known URLs of a site that is explored."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def known_links(self, site: str) -> Iterator[KnownLink]:
        """The articles and listings of a site in order of discovery."""
        for row in self._connection.rows(
            """WITH named AS (SELECT discovered_on AS url, count(*) AS articles FROM frontier
              WHERE site = :site AND article_id IS NOT NULL GROUP BY discovered_on)
            SELECT f.url, kind, state, discovered_via, discovered_on, article_id, reason, visited_at,
              coalesce(named.articles, 0) AS named
            FROM frontier f LEFT JOIN named ON named.url = f.url
            WHERE site = :site AND kind IN ('article', 'listing') ORDER BY id""",
            {"site": site},
        ):
            yield KnownLink(**row)

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
