"""Sites: title, URL, time zone and terms of use, so that the archive can be used without this program."""

from __future__ import annotations

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.rows import SiteRow
from caliber_crawler.site import Site


class Sites:
    """The sites whose pages are in an archive."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def store(self, site: Site) -> None:
        """Store or update a site from its definition."""
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

    def base_urls(self) -> dict[str, str]:
        """The base URL at which each site was crawled, by name: its own, a mirror's or the demo site's."""
        return {row["site"]: row["url"] for row in self._connection.rows("SELECT site, url FROM sites")}
