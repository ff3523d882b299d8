"""The wiring diagram: what runs, in which order, how politely."""

import os
import socket

from caliber_crawler import __version__

BOT_NAME = "caliber_crawler"
SPIDER_MODULES = ["caliber_crawler.spiders"]
NEWSPIDER_MODULE = "caliber_crawler.spiders"

# --- Where everything is kept ---------------------------------------------------------------------
ARCHIVE = os.environ.get("CALIBER_ARCHIVE", "data/archive.db")

# --- Who asks: a site must be able to reach whoever crawls it -------------------------------------
CONTACT = os.environ.get("CALIBER_CONTACT", "")
"""An e-mail address or web page. Without one, only this machine (the demo site) may be crawled."""
USER_AGENT = f"caliber_crawler/{__version__} (+{CONTACT or f'root@{socket.gethostname()}'})"
ROBOTSTXT_OBEY = True
ROBOTSTXT_USER_AGENT = "caliber_crawler"
COOKIES_ENABLED = False
REFERER_ENABLED = False
DEFAULT_REQUEST_HEADERS = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.5"}

# --- How politely: one request a second, one at a time --------------------------------------------
DOWNLOAD_DELAY = 1.0
DOWNLOAD_DELAY_JITTER = 0.0  # jitter would undercut the promised second half of the time
CONCURRENT_REQUESTS_PER_DOMAIN = 1
AUTOTHROTTLE_ENABLED = False  # it lowers delays that robots.txt or the user asked for
RETRY_TIMES = 2
DOWNLOAD_TIMEOUT = 30
REDIRECT_MAX_TIMES = 5

# --- What runs, in which order --------------------------------------------------------------------
SCHEDULER = "caliber_crawler.scheduler.FrontierScheduler"

ITEM_PIPELINES = {
    "caliber_crawler.pipelines.CapturePipeline": 100,  # the raw page is kept before anyone tries to read it
    "caliber_crawler.pipelines.CleanPipeline": 200,  # navigation, share bars, notices, advertising: gone
    "caliber_crawler.pipelines.ExtractPipeline": 300,  # date, headline, body, views …
    "caliber_crawler.pipelines.CheckPipeline": 400,  # refuse with a reason, never silently
    "caliber_crawler.pipelines.ArchivePipeline": 500,  # article, version, view count, frontier: one transaction
}

EXTENSIONS = {"caliber_crawler.crawl_run.CrawlRun": 0}

HTTPERROR_ALLOW_ALL = True  # a 404 is a capture too
HTTPCACHE_ENABLED = False  # it would serve stale news
LOG_FORMATTER = "caliber_crawler.crawl_log.OneLineFormatter"

# --- What a hostile page or peer must not do ------------------------------------------------------
DOWNLOAD_VERIFY_CERTIFICATES = True
DOWNLOAD_HANDLERS = {"data": None, "file": None, "ftp": None, "s3": None}
DOWNLOAD_MAXSIZE = 32 * 1024 * 1024
DOWNLOAD_WARNSIZE = 8 * 1024 * 1024
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False
METAREFRESH_ENABLED = False

TWISTED_REACTOR = "twisted.internet.asyncioreactor.AsyncioSelectorReactor"
