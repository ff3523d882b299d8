"""What a crawl that was killed had fetched: it is read now, and not asked for again."""

from __future__ import annotations

import contextlib

from caliber_crawler.crawling.run import CrawlRun
from caliber_crawler.errors import ArchiveError
from caliber_crawler.items import Capture


def taken_up(run: CrawlRun) -> list[Capture]:
    """The pages of articles that killed crawls kept and came no further with, of those that this one is to visit.

    A page that cannot be got back out of the archive is fetched like others.
    """
    captures = {}
    for url, id in run.archive.captures.unread(run.scope.site.name).items():
        with contextlib.suppress(ArchiveError):
            captures[url] = run.archive.captures.get(id)
    taken = [captures[entry.url] for entry in run.handout.take_up(captures)]
    run.counts["taken_up"] += len(taken)
    return taken
