"""Sites: title, URL, time zone and terms of use, so that the archive can be used without this program."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.rows import SiteRow
from caliber_crawler.archive.reports.site_reports import SiteReport, site_reports
from caliber_crawler.site import Site


class Sites:
    """The sites whose pages are in an archive."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def store(self, site: Site) -> None:
        """Store or update a site from its definition."""
        facts = {"title": site.title, "url": site.base_url, "timezone": site.timezone, "reuse": site.reuse or None}
        known: Mapping[str, object] | None = self.get(site.name)
        if known is not None and facts.items() <= known.items():
            return
        with self._connection.transaction():
            self._connection.execute(
                """INSERT INTO sites (site, title, url, timezone, reuse) VALUES (?, ?, ?, ?, ?)
                ON CONFLICT (site) DO UPDATE
                SET title = excluded.title, url = excluded.url, timezone = excluded.timezone, reuse = excluded.reuse""",
                (site.name, site.title, site.base_url, site.timezone, site.reuse or None),
            )

    def get(self, name: str) -> SiteRow | None:
        """The row of a site; ``None`` if it was never stored."""
        return self._connection.row_of(SiteRow, "SELECT * FROM sites WHERE site = ?", (name,))

    def withdraw(self, name: str, run_id: int) -> bool:
        """Remove a site of which nothing was fetched, with the URLs that a run added, so that it may begin anew.

        Returns whether that is so.
        """
        with self._connection.transaction():
            if self._connection.value("SELECT 1 FROM captures WHERE site = ? LIMIT 1", (name,)) is not None:
                return False
            self._connection.execute("DELETE FROM frontier WHERE site = ? AND run_id = ?", (name, run_id))
            self._connection.execute("DELETE FROM sites WHERE site = ?", (name,))
        return True

    def base_urls(self) -> dict[str, str]:
        """The base URL at which each site was crawled, by name: its own, a mirror's or the demo site's."""
        return {row["site"]: row["url"] for row in self._connection.rows("SELECT site, url FROM sites")}

    def report(self, now: datetime | None = None) -> list[SiteReport]:
        """The state of every site at a time, by default now: failed sites first, then those with alarms."""
        return site_reports(self._connection, now)

    def visited_urls(self, site: str, count: int = 5_000) -> list[tuple[str, bool]]:
        """The last visited URLs of a site, each with whether an article was found there."""
        rows = self._connection.rows(
            """SELECT url, article_id IS NOT NULL AS is_article FROM frontier
            WHERE site = ? AND visited_at IS NOT NULL ORDER BY id DESC LIMIT ?""",
            (site, count),
        )
        return [(row["url"], bool(row["is_article"])) for row in rows]

    def shown_views(self, site: str, count: int = 500) -> list[str]:
        """The newest view counts of a site, as printed."""
        return self._connection.values(
            """SELECT v.shown FROM view_counts v JOIN articles a ON a.id = v.article_id
            WHERE a.site = ? AND v.shown IS NOT NULL ORDER BY v.observed_at DESC LIMIT ?""",
            (site, count),
        )
