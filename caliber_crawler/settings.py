"""The wiring diagram: what runs, in which order, how politely."""

import os
import socket

from caliber_crawler import __version__
from caliber_crawler.throttle import ROBOTS_AGENT

BOT_NAME = "caliber_crawler"
SPIDER_MODULES = ["caliber_crawler.spiders", *os.environ.get("CALIBER_SPIDERS", "").split()]
"""CALIBER_SPIDERS names further modules or packages on Python's path in which sites are described."""
NEWSPIDER_MODULE = "caliber_crawler.spiders"

# --- Where everything is kept ---------------------------------------------------------------------
ARCHIVE = os.environ.get("CALIBER_ARCHIVE", "data/archive.db")

# --- Who asks: a site must be able to reach whoever crawls it -------------------------------------
PROJECT_URL = ""
"""The project's own page, once it has one: it then stands for whoever names no contact."""
CONTACT = os.environ.get("CALIBER_CONTACT") or PROJECT_URL
"""An e-mail address or web page. Without one, only this machine (the demo site) may be crawled."""


def user_agent(contact: str) -> str:
    """Who asks, and whom to turn to; on this machine its own name will do."""
    return f"caliber_crawler/{__version__} (+{contact or f'root@{socket.gethostname()}'})"


USER_AGENT = user_agent(CONTACT)
ROBOTSTXT_OBEY = True
ROBOTSTXT_USER_AGENT = ROBOTS_AGENT
ROBOTSTXT_MAX_AGE = 86_400.0  # seconds; RFC 9309: rules should not be used for longer without asking again
COOKIES_ENABLED = False
DEFAULT_REQUEST_HEADERS = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.5"}

# --- How politely: one request a second, one at a time --------------------------------------------
DOWNLOAD_DELAY = 1.0
DOWNLOAD_DELAY_JITTER = 0.0  # jitter would undercut the promised second half of the time
CONCURRENT_REQUESTS_PER_DOMAIN = 1
AUTOTHROTTLE_ENABLED = False  # it lowers delays that robots.txt or the user asked for
RETRY_TIMES = 2
RETRY_HTTP_CODES = [500, 502, 504, 522, 524, 408]  # 429 and 503 are a plea to wait: see BackoffMiddleware
BACKOFF_TRIES = 3  # 429 or 503 responses in a row that end the run
BACKOFF_DELAYS = 30  # wait after the first of them without a Retry-After, in DOWNLOAD_DELAYs; doubled each time
BACKOFF_MAX = 600.0  # seconds; a longer Retry-After ends the run, and the archive remembers it
FAILURES_MAX = 12  # other failures of a host in a row that end the run
REVISITS_MAX = 1000  # maximum number of revisits in one run
DOWNLOAD_TIMEOUT = 30
REDIRECT_MAX_TIMES = 5

# --- Where to stop following what goes on for ever; 0 lifts a bound ----------------------------------
TRAP_VARIANTS = 20  # addresses of articles that differ in their query alone
TRAP_SEGMENTS = 16  # parts of a path, and no part more than three times
TRAP_PARAMETERS = 8  # of a query
TRAP_PAGES = 5000  # pages of one listing in one walk

# --- Web archives whose index is asked by wish (--cdx NAME): address and parameters of each ----------
CDX_SERVICES = {
    "wayback": "https://web.archive.org/cdx/search/cdx"
    "?output=json&fl=original,statuscode&filter=statuscode:200&collapse=urlkey&limit=10000&showResumeKey=true",
    "commoncrawl": "https://index.commoncrawl.org/collinfo.json",
}
CDX_DELAY = 3.0  # seconds between two requests to one of them: the Wayback Machine's allows 24 a minute
CDX_TIMEOUT = 180.0  # they search long

# --- What runs, in which order --------------------------------------------------------------------
SCHEDULER = "caliber_crawler.scheduler.FrontierScheduler"

DOWNLOADER = "caliber_crawler.fetching.downloader.UndelayedDownloader"

DOWNLOADER_MIDDLEWARES = {
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,  # it lets redirects go anywhere
    "caliber_crawler.middlewares.offsite.OffsiteMiddleware": 50,
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,  # it takes a failed robots.txt for consent
    "caliber_crawler.middlewares.robots.RobotsMiddleware": 100,
    "caliber_crawler.middlewares.site_opt_outs.SiteReservationsMiddleware": 150,
    "caliber_crawler.middlewares.conditional.ConditionalMiddleware": 200,
    "caliber_crawler.middlewares.scrolling.ScrollingMiddleware": 500,  # what its browser asks for takes the whole chain
    "caliber_crawler.middlewares.truncated_responses.TruncatedResponseMiddleware": 585,
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,  # it takes half a page for a page
    "caliber_crawler.middlewares.compression.StrictCompressionMiddleware": 590,
    "caliber_crawler.middlewares.backoff.BackoffMiddleware": 800,
    "scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware": None,  # nobody logs in
    "scrapy.downloadermiddlewares.stats.DownloaderStats": None,  # a run keeps its own accounts
}

# The spider yields captures and nothing else: requests come from the frontier, and a 404 is a capture too.
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
    # The next three do their work in one worker process: a page may hang it or crash it.
    "caliber_crawler.pipelines.CleanPipeline": 200,  # Capture → CleanedPage: without navigation, share bars, notices
    "caliber_crawler.pipelines.ExtractPipeline": 300,  # CleanedPage → Extraction: date, headline, body, views …
    "caliber_crawler.pipelines.CheckPipeline": 400,  # Reading → Extraction: an invalid article is refused with a reason
    "caliber_crawler.pipelines.ArchivePipeline": 500,  # Reading → Article: article, version, frontier: one transaction
}

FEED_EXPORT_ENCODING = "utf-8"  # scrapy crawl caliber -O articles.jsonl
FEED_EXPORTERS = {"csv": "caliber_crawler.csv_export.ArticleCsvExporter"}  # images and links as JSON in a cell

CONCURRENT_ITEMS = 1  # a response is one capture; Scrapy starts so many tasks for each response

WARN_ON_GENERATOR_RETURN_VALUE = False  # Scrapy reads the spider's source again for every page to find out

EXTENSIONS = {
    "caliber_crawler.crawling.run.CrawlRun": 0,
    # Nobody steers a crawl over the network; to switch them off alone would still load what they need.
    "scrapy.extensions.remote_control.RemoteControl": None,
    "scrapy.extensions.telnet.TelnetConsole": None,
}

HTTPCACHE_ENABLED = False  # it would serve stale news
LOG_FORMATTER = "caliber_crawler.crawling.log.OneLineFormatter"

# --- What a hostile page or peer must not do ------------------------------------------------------
DOWNLOAD_VERIFY_CERTIFICATES = True
DOWNLOAD_TLS_MIN_VERSION = (
    "TLSv1.2"  # RFC 8996: nothing below is safe, whatever this machine's OpenSSL would still speak
)
DOWNLOAD_HANDLERS = {
    "http": "caliber_crawler.fetching.download_handler.PoliteDownloadHandler",
    "https": "caliber_crawler.fetching.download_handler.PoliteDownloadHandler",
    **dict.fromkeys(("data", "file", "ftp", "s3")),
}
DOWNLOAD_MAXSIZE = 32 * 1024 * 1024
DOWNLOAD_WARNSIZE = 8 * 1024 * 1024
METAREFRESH_ENABLED = False

TWISTED_DNS_RESOLVER = "caliber_crawler.fetching.resolver.PublicAddressResolver"
TWISTED_REACTOR = "twisted.internet.asyncioreactor.AsyncioSelectorReactor"
