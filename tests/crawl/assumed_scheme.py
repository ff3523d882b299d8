"""Crawl a site whose scheme is assumed, as ``caliber crawl HOST`` does: ``HOST:PORT ARCHIVE``.

With a third argument, it is crawled as a job of the cluster.

A host of this machine is asked over HTTP by the command, so that a test cannot use it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, cast

from caliber_crawler.cluster.crawler import JobCrawler
from caliber_crawler.crawl_process import Crawl, CrawlProcess, crawl_sites
from caliber_crawler.known_sites import project_settings, spider_among

if __name__ == "__main__":
    host, path, *as_job = sys.argv[1:]
    crawl = Crawl(spider=spider_among({}, f"https://{host}/"), over_http=spider_among({}, f"http://{host}/"))
    settings = project_settings(ARCHIVE=path, DOWNLOAD_DELAY=0, LOG_LEVEL="ERROR")
    if as_job:
        process, unused = CrawlProcess(settings), cast(Any, None)
        jobs = JobCrawler(process, unused, unused, unused, Path(path).parent)
        process.run(cast(Any, jobs.follow(crawl, settings, Path(path))))
    else:
        crawl_sites([crawl], settings)
    assert crawl.run is not None
    accounts = crawl.run.accounts
    sys.stdout.write(json.dumps({"outcome": accounts.outcome, "remark": crawl.remark, **accounts.counts}))
