"""Pages that a killed crawl fetched: they are processed now, and not requested again."""

from __future__ import annotations

import contextlib

from caliber_crawler.crawling.run import CrawlRun
from caliber_crawler.errors import ArchiveError
from caliber_crawler.items import Capture


def resume_stored_pages(run: CrawlRun) -> list[Capture]:
    """The article pages that killed crawls stored without processing them, as far as this run is to visit them.

    A page whose capture cannot be read from the archive is fetched like others.
    """
    captures = {}
    for url, id in run.archive.captures.unprocessed(run.scope.site.name).items():
        with contextlib.suppress(ArchiveError):
            captures[url] = run.archive.captures.get(id)
    resumed = [captures[entry.url] for entry in run.dispatcher.resume(captures)]
    run.accounts.counts["resumed"] += len(resumed)
    return resumed
