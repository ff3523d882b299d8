"""Crawl the demo site by scrolling, as if the request for more teasers were unknown: ``BASE_URL ARCHIVE [ROUNDS]``."""

from __future__ import annotations

import json
import sys
from dataclasses import replace

from caliber_crawler.commands.crawl import exit_code
from caliber_crawler.commands.crawling import run_spider
from caliber_crawler.crawling.options import CrawlOptions
from caliber_crawler.known_sites import project_settings
from caliber_crawler.news_spider import NewsSpider
from caliber_crawler.spiders.caliber import CaliberSpider

KNOWN = CaliberSpider.site
assert KNOWN.listing is not None
ROUNDS = int(sys.argv[3]) if len(sys.argv) > 3 else 40


class ScrolledSpider(NewsSpider):
    name = "scrolled"
    site = replace(KNOWN, listing=replace(KNOWN.listing, more="", scroll="browser", max_scrolls=ROUNDS))


if __name__ == "__main__":
    settings = project_settings(ARCHIVE=sys.argv[2], DOWNLOAD_DELAY=0, LOG_LEVEL="ERROR")
    run = run_spider(ScrolledSpider, settings, CrawlOptions(base_url=sys.argv[1], language="en", via="listing"))
    sys.stdout.write(json.dumps({"outcome": run.accounts.outcome, "why": run.accounts.why, **run.accounts.counts}))
    sys.exit(exit_code(run))
