"""Recovery after a killed crawl: its stored pages are processed without another request."""

from __future__ import annotations

import contextlib

from caliber_crawler.crawling.run import CrawlRun
from caliber_crawler.errors import ArchiveError
from caliber_crawler.items import Capture


def resume_stored_pages(run: CrawlRun) -> list[Capture]:
    """Return the article pages that killed crawls stored but did not process, if they are due and in scope.

    A page whose capture cannot be loaded from the archive is fetched again.
    """
    captures = {}
    for url, id in run.archive.captures.unprocessed(run.scope.site.name).items():
        with contextlib.suppress(ArchiveError):
            captures[url] = run.archive.captures.get(id)
    resumed = [captures[entry.url] for entry in run.dispatcher.resume(captures)]
    run.accounts.counts["resumed"] += len(resumed)
    return resumed
