"""The sites of an archive, as their files describe them today: what is needed to read its pages again."""

from __future__ import annotations

from caliber_crawler.archive import Archive
from caliber_crawler.known_sites import known_sites
from caliber_crawler.rereading import Rereader
from caliber_crawler.site import Site


def kept_sites(archive: Archive) -> dict[str, Site]:
    """Every known site by name; one that was crawled from another address, as served there."""
    return {
        name: site.at(row["url"]) if (row := archive.sites.get(name)) else site for name, site in known_sites().items()
    }


def rereader(archive: Archive) -> Rereader:
    """Reads the pages of an archive again."""
    return Rereader(kept_sites(archive))
