"""Scrapy settings: the components of a crawl, their order, and the limits of requests."""

import os
import socket

from caliber_crawler import __version__
from caliber_crawler.throttle import ROBOTS_AGENT

BOT_NAME = "caliber_crawler"
SPIDER_MODULES = ["caliber_crawler.spiders", *os.environ.get("CALIBER_SPIDERS", "").split()]
"""CALIBER_SPIDERS lists further modules or packages with site definitions, separated by spaces."""
DEFINITIONS = os.environ.get("CALIBER_DEFINITIONS", "")
"""A folder of site definitions in TOML."""
STORED_DEFINITIONS = None
"""The definitions of a cluster, by the name of the site; commands and workers of clusters set it."""
SPIDER_LOADER_CLASS = "caliber_crawler.known_sites.DefinedSpiderLoader"
"""Also finds the sites of both kinds of definitions in TOML."""
NEWSPIDER_MODULE = "caliber_crawler.spiders"

# --- The archive ----------------------------------------------------------------------------------
ARCHIVE = os.environ.get("CALIBER_ARCHIVE", "data/archive.db")

# --- Contact: a site must be able to reach the operator of a crawl --------------------------------
PROJECT_URL = ""
"""The project's web page, if it has one: the default contact."""
CONTACT = os.environ.get("CALIBER_CONTACT") or PROJECT_URL
"""An e-mail address or web page. Without it, only sites on this machine (the demo site) may be crawled."""


def user_agent(contact: str) -> str:
    """Return the User-Agent header with the contact; without a contact, with the name of this machine."""
    return f"caliber_crawler/{__version__} (+{contact or f'root@{socket.gethostname()}'})"


USER_AGENT = user_agent(CONTACT)
ROBOTSTXT_OBEY = True
ROBOTSTXT_USER_AGENT = ROBOTS_AGENT
ROBOTSTXT_MAX_AGE = 86_400.0  # seconds; RFC 9309: cached rules should not be used for longer
COOKIES_ENABLED = False
DEFAULT_REQUEST_HEADERS = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.5"}

# --- Rate limit: one request per second, no concurrency -------------------------------------------
DOWNLOAD_DELAY = 1.0
DOWNLOAD_DELAY_JITTER = 0.0  # with jitter, half of the delays would be shorter than promised
CONCURRENT_REQUESTS_PER_DOMAIN = 1
AUTOTHROTTLE_ENABLED = False  # it reduces delays that robots.txt or the user requested
RETRY_TIMES = 2
RETRY_HTTP_CODES = [500, 502, 504, 522, 524, 408]  # 429 and 503: see BackoffMiddleware
BACKOFF_TRIES = 3  # 429 or 503 responses in a row that end the run
BACKOFF_DELAYS = 30  # wait without a Retry-After, as a multiple of DOWNLOAD_DELAY; doubled each time
BACKOFF_MAX = 600.0  # seconds; a longer Retry-After is stored in the archive and ends the run
FAILURES_MAX = 12  # other consecutive failures of a host that end the run
REVISITS_MAX = 1000  # maximum number of revisits in one run
RELIST_DAYS = 30  # days after which a crawl of a listing goes past known articles (0: never)
DOWNLOAD_TIMEOUT = 30
STALL_TIMEOUT = 60.0  # seconds; a crawl whose event loop is blocked for longer ends (0: never)
REDIRECT_MAX_TIMES = 5

# --- Limits for crawler traps: endless URLs and lists; 0 disables a limit -------------------------
TRAP_VARIANTS = 20  # article URLs that differ only in their query
TRAP_SEGMENTS = 16  # segments of a path; no segment may occur more than three times
TRAP_PARAMETERS = 8  # parameters of a query
TRAP_PAGES = 5000  # pages of one listing in one traversal

# --- Pages that are not the article at their URL --------------------------------------------------
LASTING_DAYS = 3  # an entirely different text without date or layout counts as an edit once it was there this long

# --- Indexes of web archives (--cdx NAME): URL and parameters -------------------------------------
CDX_SERVICES = {
    "wayback": "https://web.archive.org/cdx/search/cdx"
    "?output=json&fl=original,statuscode&filter=statuscode:200&collapse=urlkey&limit=10000&showResumeKey=true",
    "commoncrawl": "https://index.commoncrawl.org/collinfo.json",
}
CDX_DELAY = 3.0  # seconds between two requests to an index; the Wayback Machine allows 24 per minute
CDX_TIMEOUT = 180.0  # seconds; searches take long

# --- Components and their order -------------------------------------------------------------------
SCHEDULER = "caliber_crawler.scheduler.FrontierScheduler"

DOWNLOADER = "caliber_crawler.fetching.downloader.UndelayedDownloader"

DOWNLOADER_MIDDLEWARES = {
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,  # it does not check redirects
    "caliber_crawler.middlewares.offsite.OffsiteMiddleware": 50,
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,  # it treats a failed robots.txt as permission
    "caliber_crawler.middlewares.robots.RobotsMiddleware": 100,
    "caliber_crawler.middlewares.site_opt_outs.SiteOptOutsMiddleware": 150,
    "caliber_crawler.middlewares.conditional.ConditionalMiddleware": 200,
    "caliber_crawler.middlewares.scrolling.ScrollingMiddleware": 500,  # its browser's requests pass all middlewares
    "scrapy.downloadermiddlewares.redirect.MetaRefreshMiddleware": None,  # it parses every page in the event loop
    "caliber_crawler.middlewares.refreshes.RefreshMiddleware": 580,
    "caliber_crawler.middlewares.truncated_responses.TruncatedResponseMiddleware": 585,
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,  # it accepts truncated pages
    "caliber_crawler.middlewares.compression.StrictCompressionMiddleware": 590,
    "caliber_crawler.middlewares.backoff.BackoffMiddleware": 800,
    "scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware": None,  # crawls do not log in
    "scrapy.downloadermiddlewares.stats.DownloaderStats": None,  # a run has its own counts
}

# The spider yields only captures: requests come from the frontier, and a 404 response is a capture too.
SPIDER_MIDDLEWARES = {
    f"scrapy.spidermiddlewares.{middleware}": None
    for middleware in (
        "start.StartSpiderMiddleware",
        "httperror.HttpErrorMiddleware",
        "referer.RefererMiddleware",
        "urllength.UrlLengthMiddleware",
        "depth.DepthMiddleware",
        "metacopy.MetaCopyDetectionMiddleware",
    )
}

ITEM_PIPELINES = {
    "caliber_crawler.pipelines.CapturePipeline": 100,  # Capture → Capture: the raw page is stored before extraction
    # The next three stages run in a worker process, because a page may hang or crash them.
    "caliber_crawler.pipelines.CleanPipeline": 200,  # Capture → CleanedPage: without navigation, share bars, notices
    "caliber_crawler.pipelines.ExtractPipeline": 300,  # CleanedPage → Extraction: date, headline, body, views …
    "caliber_crawler.pipelines.CheckPipeline": 400,  # Extraction → Extraction: invalid articles are refused
    "caliber_crawler.pipelines.ArchivePipeline": 500,  # Extraction → Article: one transaction with the frontier
}

FEED_EXPORT_ENCODING = "utf-8"  # scrapy crawl caliber -O articles.jsonl
FEED_EXPORTERS = {"csv": "caliber_crawler.csv_export.ArticleCsvExporter"}  # images and links as JSON in a cell

CONCURRENT_ITEMS = 1  # tasks per response; a response is one capture

WARN_ON_GENERATOR_RETURN_VALUE = False  # Scrapy would parse the spider's source for every page

EXTENSIONS = {
    "caliber_crawler.crawling.run.CrawlRun": 0,
    # A crawl has no remote control. None also avoids loading their dependencies; *_ENABLED = False does not.
    "scrapy.extensions.remote_control.RemoteControl": None,
    "scrapy.extensions.telnet.TelnetConsole": None,
}

HTTPCACHE_ENABLED = False  # it would return stale pages
LOG_FORMATTER = "caliber_crawler.crawling.log.OneLineFormatter"

# --- Protection against hostile servers -----------------------------------------------------------
DOWNLOAD_VERIFY_CERTIFICATES = True
DOWNLOAD_TLS_MIN_VERSION = "TLSv1.2"  # RFC 8996: older versions are not secure, even if OpenSSL supports them
DOWNLOAD_HANDLERS = {
    "http": "caliber_crawler.fetching.download_handler.PoliteDownloadHandler",
    "https": "caliber_crawler.fetching.download_handler.PoliteDownloadHandler",
    **dict.fromkeys(("data", "file", "ftp", "s3")),
}
DOWNLOAD_MAXSIZE = 32 * 1024 * 1024
DOWNLOAD_WARNSIZE = 8 * 1024 * 1024

TWISTED_DNS_RESOLVER = "caliber_crawler.fetching.resolver.PublicAddressResolver"
TWISTED_REACTOR = "twisted.internet.asyncioreactor.AsyncioSelectorReactor"
