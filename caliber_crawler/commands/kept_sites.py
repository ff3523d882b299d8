"""The sites of an archive, as their files describe them today: what is needed to read its pages again."""

from __future__ import annotations

from caliber_crawler.archive import Archive
from caliber_crawler.commands.crawling import known_spiders, project_settings
from caliber_crawler.rereading import Rereader


def rereader(archive: Archive) -> Rereader:
    """Reads the pages of an archive again; a site that was crawled from another address is read as served there."""
    kept = {name: archive.sites.get(name) for name in known_spiders(project_settings())}
    return Rereader(
        {
            name: spider.site.at(row["url"]) if (row := kept[name]) else spider.site
            for name, spider in known_spiders(project_settings()).items()
        }
    )
