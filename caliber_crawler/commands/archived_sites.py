"""The sites of an archive, as their files describe them today: what is needed to read its pages again."""

from __future__ import annotations

from caliber_crawler.archive import Archive
from caliber_crawler.known_sites import known_sites
from caliber_crawler.reextraction import Reextractor
from caliber_crawler.site import SiteRegistry


def archived_sites(archive: Archive) -> SiteRegistry:
    """Every known site; one that was crawled at another base URL, as served there."""
    return known_sites().served_at(archive.sites.base_urls())


def reextractor(archive: Archive) -> Reextractor:
    """Reads the pages of an archive again."""
    return Reextractor(archived_sites(archive))
