"""A real browser without a network of its own: every request of a page goes through the project's downloader.

So the rules of a crawl hold for the scripts of a page too: robots.txt, the site's boundary, the delay and
``Retry-After``, public IP addresses only, certificates, size and time limits. What does not pass the downloader (a
WebSocket, WebRTC, a request of the browser for itself) finds no network: no host name resolves, no IP address answers.
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
"""For every page and frame before its own scripts: what sends packets of its own is not there."""
NO_PROXY = {"server": "http://no-network.invalid:9", "bypass": "<-loopback>"}
"""A proxy that does not exist, for every host, loopback included: what is not served by the downloader fails."""
WANTED = frozenset({"document", "script", "xhr", "fetch"})
"""Types of requests that may change the text of a page. Pictures, fonts and style sheets do not."""
OWN_REQUEST_HEADERS = ("user-agent", "accept-encoding", "connection", "content-length", "cookie", "host")
"""Headers of a request that the downloader sets itself, or does not send."""
OWN_RESPONSE_HEADERS = (
    "content-encoding",
    "content-length",
    "transfer-encoding",
    "connection",
    "set-cookie",
    "alt-svc",
)
"""Headers of a response that are not true of the decoded body, or that a crawl without cookies ignores."""
LOAD_TIMEOUT = 300.0
"""Maximum number of seconds in which a page and its scripts load. Each script waits for its turn."""

Download = Callable[[Request], Awaitable["Response"]]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request that an open page made, and the response."""

    request: Request
    response: Response


def chromium(path: str = "") -> str:
    """The browser at ``path``, or the first one on PATH. Raises :class:`SiteError` when there is none."""
    found = shutil.which(path) if path else next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        where = path or f"PATH ({', '.join(BROWSERS)})"
        raise SiteError(
            f"This site's listings need a browser, and there is none at {where}; set CALIBER_CHROMIUM to its path."
        )
    return found


def launch_options(path: str = "") -> dict[str, Any]:
    """How the browser is started. It gives up its sandbox only to root, to whom it refuses it."""
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    return {"executable_path": chromium(path), "headless": True, "args": [*ARGUMENTS, *sandbox], "proxy": NO_PROXY}


class Browser:
    """A browser whose pages fetch everything with ``download``, and only URLs that ``admits`` lets through."""

    def __init__(self, download: Download, admits: Callable[[str], bool], user_agent: str, path: str = "") -> None:
        self._download, self._admits = download, admits
        self._user_agent, self._path = user_agent, path
        self._one_page = asyncio.Lock()
        self._playwright: Playwright | None = None
        self._chromium: Chromium | None = None

    @asynccontextmanager
    async def open(self, response: Response) -> AsyncIterator[OpenPage]:
        """Show a response that was fetched already, with its scripts, until the block ends. One page is open at a time.

        Raises :class:`BrowserError` when the browser does not start, or the page does not load in
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
        """End the browser."""
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
    """A page in the browser. ``page`` is playwright's; ``exchanges`` are its requests so far that got a response."""

    def __init__(self, page: Page, response: Response, download: Download, admits: Callable[[str], bool]) -> None:
        self.page = page
        self.exchanges: list[Exchange] = []
        self._document: Response | None = response
        self._download, self._admits = download, admits
        self._pending = 0
        self._last_answer = 0.0

    async def load(self) -> None:
        """Show the document, and wait for its scripts."""
        assert self._document is not None
        await self.page.route("**/*", self._serve)
        await self.page.goto(self._document.url, timeout=LOAD_TIMEOUT * 1000)

    @property
    def seconds_idle(self) -> float:
        """Seconds since the last response, 0 while a request waits for its own."""
        return 0.0 if self._pending else asyncio.get_running_loop().time() - self._last_answer

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
                self._last_answer = asyncio.get_running_loop().time()

    async def _fetch(self, route: Route) -> None:
        request = _request(route.request)
        try:
            response = await self._download(request)
        except Exception as error:  # noqa: BLE001 - whatever the reason, this request of the page has no response
            logger.debug("A script's request for %s has no response: %s", request.url, error)
            await _abort(route)
        else:
            self.exchanges.append(Exchange(request, response))
            await _fulfill(route, response)


def _request(asked: PageRequest) -> Request:
    headers = {
        name: value
        for name, value in asked.headers.items()
        if name not in OWN_REQUEST_HEADERS and not name.startswith("sec-")
    }
    return Request(
        asked.url,
        method=asked.method,
        headers=headers,
        body=asked.post_data_buffer or b"",
        callback=NO_CALLBACK,
        dont_filter=True,
    )


async def _fulfill(route: Route, response: Response) -> None:
    headers = {
        name.decode("latin-1").lower(): b", ".join(values).decode("latin-1")
        for name, values in response.headers.items()
    }
    kept = {name: value for name, value in headers.items() if name not in OWN_RESPONSE_HEADERS}
    with suppress(BrowserError):  # the page was closed meanwhile
        await route.fulfill(status=response.status, headers=kept, body=response.body)


async def _abort(route: Route) -> None:
    with suppress(BrowserError):
        await route.abort()
