"""Sites: what an archive must say of where its texts come from, so that the file can be used without this program."""

from __future__ import annotations

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.rows import SiteRow
from caliber_crawler.site import Site


class Sites:
    """The sites whose pages are in an archive."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def store(self, site: Site) -> None:
        """Record a site as it is described today."""
        with self._connection.transaction():
            self._connection.execute(
                """INSERT INTO sites (site, title, url, timezone, reuse) VALUES (?, ?, ?, ?, ?)
                ON CONFLICT (site) DO UPDATE
                SET title = excluded.title, url = excluded.url, timezone = excluded.timezone, reuse = excluded.reuse""",
                (site.name, site.title, site.base_url, site.timezone, site.reuse or None),
            )

    def get(self, name: str) -> SiteRow | None:
        """What the archive says of a site; ``None`` when it was never described."""
        return self._connection.row_of(SiteRow, "SELECT * FROM sites WHERE site = ?", (name,))

    def base_urls(self) -> dict[str, str]:
        """Where each site was crawled, by name: its own base URL, a mirror's, or the demo site's."""
        return {row["site"]: row["url"] for row in self._connection.rows("SELECT site, url FROM sites")}
