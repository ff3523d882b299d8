"""One page that somebody named: it may be an article, a list of articles, or both."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from caliber_crawler.archive import Entry
from caliber_crawler.crawling.run import CrawlRun
from caliber_crawler.crawling.scope import Scope
from caliber_crawler.items import Capture
from caliber_crawler.reading import Unreadable, check, read_page
from caliber_crawler.roads.finds import LIST
from caliber_crawler.site import StartPage


def start_page(road: StartPage, scope: Scope, started_at: datetime) -> Entry:
    """The page, to be read as a list first."""
    return Entry(
        url=scope.site.normal_url(road.url),
        site=scope.site.name,
        kind="listing",
        road=road.name,
        priority=LIST,
        due_at=started_at,
        walk=started_at,
    )


def store_if_article(capture: Capture, run: CrawlRun) -> None:
    """Commit the article on the page where it holds a sound one; a list of articles holds none."""
    site = run.scope.site
    try:
        reading = read_page(replace(capture, kind="article"), site)
    except Unreadable:
        return
    if not any(problem.fatal for problem in check(reading, site, capture.fetched_at)):
        run.counts["discovered"] += 1
        run.store(reading)
