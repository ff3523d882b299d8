"""A real browser without network access: every request of a page goes through the project's downloader.

The rules of a crawl therefore apply to scripts too: robots.txt, site boundary, delay and ``Retry-After``, public IP
addresses only, certificates, size and time limits. Traffic outside the downloader (WebSockets, WebRTC, the browser's
own requests) fails: host names do not resolve, and connections are blocked.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from playwright.async_api import Browser as Chromium
from playwright.async_api import Error as BrowserError
from playwright.async_api import TimeoutError as BrowserTimeout
from playwright.async_api import async_playwright
from scrapy import Request
from scrapy.http.request import NO_CALLBACK

from caliber_crawler.errors import SiteError

if TYPE_CHECKING:
    from playwright.async_api import Page, Playwright, Route
    from playwright.async_api import Request as PageRequest
    from scrapy.http import Response

__all__ = ["Browser", "BrowserError", "BrowserTimeout", "Exchange", "OpenPage", "chromium"]

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-sync",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",  # its name in older versions
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--no-first-run",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
)
NO_PEERS = "delete window.RTCPeerConnection; delete window.webkitRTCPeerConnection; delete window.WebTransport;"
"""Runs in every page and frame before its own scripts: removes the APIs that send packets directly."""
NO_PROXY = {"server": "http://no-network.invalid:9", "bypass": "<-loopback>"}
"""A proxy that does not exist, for all hosts including loopback: requests outside the downloader fail."""
WANTED = frozenset({"document", "script", "xhr", "fetch"})
"""Types of requests that may change the text of a page; images, fonts and style sheets do not."""
OWN_REQUEST_HEADERS = ("user-agent", "accept-encoding", "connection", "content-length", "cookie", "host")
"""Request headers that the downloader sets itself or does not send."""
OWN_RESPONSE_HEADERS = (
    "content-encoding",
    "content-length",
    "transfer-encoding",
    "connection",
    "set-cookie",
    "alt-svc",
)
"""Response headers that do not apply to the decoded body, or that a crawl without cookies ignores."""
LOAD_TIMEOUT = 300.0
"""Maximum number of seconds to load a page and its scripts. The throttle delays each script."""

Download = Callable[[Request], Awaitable["Response"]]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request of an open page, and its response."""

    request: Request
    response: Response


def chromium(path: str = "") -> str:
    """Return the browser at ``path``, or the first one on PATH. Raises :class:`SiteError` if none is found."""
    found = shutil.which(path) if path else next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        where = path or f"PATH ({', '.join(BROWSERS)})"
        raise SiteError(
            f"This site's listings need a browser, but none was found at {where}. Install Chromium (Debian, Ubuntu: apt"
            " install chromium; macOS: brew install --cask chromium), or set CALIBER_CHROMIUM to its path."
        )
    return found


def launch_options(path: str = "") -> dict[str, Any]:
    """Options to start the browser. The sandbox is disabled only for root, because Chromium refuses it for root."""
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    return {"executable_path": chromium(path), "headless": True, "args": [*ARGUMENTS, *sandbox], "proxy": NO_PROXY}


class Browser:
    """A browser whose pages fetch everything with ``download``, and only URLs for which ``admits`` is true."""

    def __init__(self, download: Download, admits: Callable[[str], bool], user_agent: str, path: str = "") -> None:
        self._download, self._admits = download, admits
        self._user_agent, self._path = user_agent, path
        self._one_page = asyncio.Lock()
        self._playwright: Playwright | None = None
        self._chromium: Chromium | None = None

    @asynccontextmanager
    async def open(self, response: Response) -> AsyncIterator[OpenPage]:
        """Open a fetched response in the browser, with its scripts, until the block ends. One page is open at a time.

        Raises :class:`BrowserError` when the browser does not start, or the page does not load within
        :data:`LOAD_TIMEOUT` seconds.
        """
        async with self._one_page:
            browser = await self._running()
            context = await browser.new_context(user_agent=self._user_agent, service_workers="block")
            try:
                await context.add_init_script(NO_PEERS)
                page = OpenPage(await context.new_page(), response, self._download, self._admits)
                await page.load()
                yield page
            finally:
                with suppress(BrowserError):
                    await context.close()

    async def close(self) -> None:
        """Close the browser."""
        if self._chromium is not None:
            with suppress(BrowserError):
                await self._chromium.close()
        if self._playwright is not None:
            await self._playwright.stop()
        self._chromium = self._playwright = None

    async def _running(self) -> Chromium:
        if self._playwright is None:
            self._playwright = await async_playwright().start()
        if self._chromium is None or not self._chromium.is_connected():
            self._chromium = await self._playwright.chromium.launch(**launch_options(self._path))
        return self._chromium


class OpenPage:
    """A page in the browser. ``page`` is Playwright's page; ``exchanges`` are its requests that got a response."""

    def __init__(self, page: Page, response: Response, download: Download, admits: Callable[[str], bool]) -> None:
        self.page = page
        self.exchanges: list[Exchange] = []
        self._document: Response | None = response
        self._download, self._admits = download, admits
        self._pending = 0
        self._last_response_at = 0.0

    async def load(self) -> None:
        """Load the document and wait for its scripts."""
        assert self._document is not None
        await self.page.route("**/*", self._serve)
        await self.page.goto(self._document.url, timeout=LOAD_TIMEOUT * 1000)

    @property
    def seconds_idle(self) -> float:
        """Seconds since the last response; 0 while a request is pending."""
        return 0.0 if self._pending else asyncio.get_running_loop().time() - self._last_response_at

    async def _serve(self, route: Route) -> None:
        if self._document is not None and route.request.is_navigation_request():
            document, self._document = self._document, None
            await _fulfill(route, document)
        elif not (route.request.resource_type in WANTED and self._admits(route.request.url)):
            await _abort(route)
        else:
            self._pending += 1
            try:
                await self._fetch(route)
            finally:
                self._pending -= 1
                self._last_response_at = asyncio.get_running_loop().time()

    async def _fetch(self, route: Route) -> None:
        request = _request(route.request)
        try:
            response = await self._download(request)
        except Exception as error:  # noqa: BLE001 - for any reason, this request has no response
            logger.debug("A script's request for %s got no response: %s", request.url, error)
            await _abort(route)
        else:
            self.exchanges.append(Exchange(request, response))
            await _fulfill(route, response)


def _request(page_request: PageRequest) -> Request:
    headers = {
        name: value
        for name, value in page_request.headers.items()
        if name not in OWN_REQUEST_HEADERS and not name.startswith("sec-")
    }
    return Request(
        page_request.url,
        method=page_request.method,
        headers=headers,
        body=page_request.post_data_buffer or b"",
        callback=NO_CALLBACK,
        dont_filter=True,
    )


async def _fulfill(route: Route, response: Response) -> None:
    headers = {
        name.decode("latin-1").lower(): b", ".join(values).decode("latin-1")
        for name, values in response.headers.items()
    }
    passed_on = {name: value for name, value in headers.items() if name not in OWN_RESPONSE_HEADERS}
    with suppress(BrowserError):  # the page was closed meanwhile
        await route.fulfill(status=response.status, headers=passed_on, body=response.body)


async def _abort(route: Route) -> None:
    with suppress(BrowserError):
        await route.abort()
