"""The sites of an archive, as their definitions describe them today, for the re-extraction of its pages."""

from __future__ import annotations

from caliber_crawler.archive import Archive
from caliber_crawler.known_sites import known_sites
from caliber_crawler.reextraction import Reextractor
from caliber_crawler.site import SiteRegistry
from caliber_crawler.site_learning import learned_layouts


def archived_sites(archive: Archive) -> SiteRegistry:
    """Every known site. A site that was crawled at another base URL keeps that base URL."""
    sites = known_sites().served_at(archive.sites.base_urls())
    sites.remember_layouts(learned_layouts(archive))
    return sites


def reextractor(archive: Archive) -> Reextractor:
    """A re-extractor for the pages of an archive."""
    return Reextractor(archived_sites(archive))
