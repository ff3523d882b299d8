"""Crawl a site whose scheme is assumed, as ``caliber crawl HOST`` does: ``HOST:PORT ARCHIVE``.

A host of this machine is asked over HTTP by the command, so that a test cannot use it.
"""

from __future__ import annotations

import json
import sys

from caliber_crawler.crawl_process import Crawl, crawl_sites
from caliber_crawler.known_sites import project_settings, spider_among

if __name__ == "__main__":
    host, archive = sys.argv[1:]
    crawl = Crawl(spider=spider_among({}, f"https://{host}/"), over_http=spider_among({}, f"http://{host}/"))
    crawl_sites([crawl], project_settings(ARCHIVE=archive, DOWNLOAD_DELAY=0, LOG_LEVEL="ERROR"))
    assert crawl.run is not None
    accounts = crawl.run.accounts
    sys.stdout.write(json.dumps({"outcome": accounts.outcome, "remark": crawl.remark, **accounts.counts}))
