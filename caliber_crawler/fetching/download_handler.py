"""The last step before the network: throttles every request, including robots.txt, redirects and retries."""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from scrapy.core.downloader.handlers.http11 import (
    HTTP11DownloadHandler,
    _LenientHTTP11ClientProtocol,
    _LenientHTTPClientParser,
)
from scrapy.exceptions import DownloadTimeoutError
from twisted.web._newclient import HEADER, STATUS
from twisted.web.client import _HTTP11ClientFactory

from caliber_crawler.crawling.run import CrawlRun
from caliber_crawler.fetching.stopping import finish, require_running, sleep

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from twisted.internet.defer import Deferred
    from twisted.internet.interfaces import IAddress
    from twisted.web._newclient import Request as TxRequest
    from twisted.web.iweb import IResponse

MAX_HEADER_BYTES = 256 * 1024
"""Maximum size of the headers of one response; browsers have similar limits."""
_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A valid name of a header (RFC 9110, 5.6.2)."""


class PoliteDownloadHandler(HTTP11DownloadHandler):
    """Sends a request when the throttle of its host allows it, and limits the size of response headers."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        # A worker of a cluster may have lost its lease: see caliber_crawler.cluster.lease.
        self._confirm: Callable[[], None] = getattr(getattr(crawler.spider, "lease", None), "confirm", _confirm_nothing)
        # Twisted allows another protocol only through the pool's factory.
        self._pool._factory = partial(_BoundedHeadersFactory, self._begin_sending)  # type: ignore[assignment]
        self._queues: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def download_request(self, request: Request) -> Response:
        """Wait until the throttle allows the request, then send it."""
        await self.wait_for_throttle(request)
        started = monotonic()
        self._share_time(request)
        try:
            if request.meta.get("page_timeout"):
                return await finish(super().download_request(request), self._crawler)
            return await super().download_request(request)
        finally:
            request.meta["seconds_spent"] = request.meta.get("seconds_spent", 0.0) + monotonic() - started
            if (run := self._crawler.get_extension(CrawlRun)) is not None:
                entry = request.cb_kwargs.get("entry")
                run.watch(request.url if entry is None else entry.url)

    async def close(self) -> None:
        """Close the open connections; do not wait longer than a second for those whose hosts do not answer.

        Scrapy limits this time by a second call of the same Deferred, which Twisted logs as an error when a process was
        busy until both were due.
        """
        closing: Deferred[object] = self._pool.closeCachedConnections()  # type: ignore[no-untyped-call]
        closed = closing.asFuture(asyncio.get_running_loop())
        done, _ = await asyncio.wait({closed}, timeout=self._disconnect_timeout)
        for each in done:
            each.result()

    def _share_time(self, request: Request) -> None:
        """Apply the time limit to the page: its redirects share the limit; a retry has a new one."""
        tries = request.meta.get("retry_times", 0)
        if request.meta.setdefault("spent_on_try", tries) != tries:
            request.meta.update(spent_on_try=tries, seconds_spent=0.0)
        for_page = request.meta.get("page_timeout") or self._crawler.settings.getfloat("DOWNLOAD_TIMEOUT")
        limit = for_page - request.meta.get("seconds_spent", 0.0)
        if limit <= 0:
            raise DownloadTimeoutError(f"{request.url} took too long, including redirects")
        request.meta["download_timeout"] = limit

    async def wait_for_throttle(self, request: Request) -> None:
        """Sleep until the request may be sent. Raises :class:`Refusal` when the crawl stops meanwhile."""
        run = self._crawler.get_extension(CrawlRun)
        if run is None:
            return
        require_running(self._crawler)
        host = urlsplit(request.url).netloc
        # One at a time: the delay counts from when the previous request was actually sent.
        async with self._queues[host]:
            await sleep(run.throttle.seconds_until_free(host, datetime.now(UTC)), self._crawler)
            await sleep(run.throttle.acquire(host, datetime.now(UTC)), self._crawler)
        self._confirm()

    def _begin_sending(self, request: TxRequest) -> None:
        """Confirm the lease, and count the delay from now on: the request may have waited for its connection."""
        self._confirm()
        if request.absoluteURI and (run := self._crawler.get_extension(CrawlRun)) is not None:
            host = urlsplit(request.absoluteURI.decode()).netloc
            run.throttle.mark_sent(host, datetime.now(UTC))
            # The next iteration of the event loop writes it to the socket, which may take long in a busy process.
            loop = asyncio.get_running_loop()
            loop.call_soon(loop.call_soon, self._mark_written, run, host)

    def _mark_written(self, run: CrawlRun, host: str) -> None:
        """Count the delay from now on: the request has been written."""
        if self._crawler.crawling:
            run.throttle.mark_sent(host, datetime.now(UTC))


class _TolerantParser(_LenientHTTPClientParser):
    """Reads headers as browsers do.

    A header whose name is invalid is skipped, not the page. A line may be as long as all headers together: some servers
    send policies and lists of links of more than 16 KiB, Twisted's limit.
    """

    MAX_LENGTH = MAX_HEADER_BYTES

    def lineReceived(self, line: bytes) -> None:
        # The first line of the headers cannot continue a header.
        if self.state != HEADER or self._partialHeader is not None or line[:1] not in (b" ", b"\t"):
            super().lineReceived(line)

    def headerReceived(self, name: bytes, value: bytes) -> None:
        name = name.rstrip()
        is_void = name.lower() == b"transfer-encoding" and value.lower() == b"identity"
        if _TOKEN.fullmatch(name) and not is_void:
            super().headerReceived(name, value)  # type: ignore[no-untyped-call]


class _BoundedHeadersProtocol(_LenientHTTP11ClientProtocol):
    """Aborts a response whose headers exceed the size limit."""

    _header_bytes = 0
    begin_sending: Callable[[TxRequest], None]

    def request(self, request: TxRequest) -> Deferred[IResponse]:
        self.begin_sending(request)  # as late as possible: the request may have waited until here
        self._header_bytes = 0
        response = super().request(request)
        assert self._parser is not None
        # Scrapy's protocol does the same: Twisted has no option for another parser. This one has no further state.
        self._parser.__class__ = _TolerantParser
        return response

    def dataReceived(self, bytes: bytes) -> None:
        parser = self._parser
        if parser is not None and parser.state in (STATUS, HEADER):
            self._header_bytes += len(bytes)
            if self._header_bytes > MAX_HEADER_BYTES:
                assert self.transport is not None
                self.transport.abortConnection()
                return
        super().dataReceived(bytes)  # type: ignore[no-untyped-call]


class _BoundedHeadersFactory(_HTTP11ClientFactory):
    noisy = False

    def __init__(self, begin_sending: Callable[[TxRequest], None], *arguments: Any) -> None:
        super().__init__(*arguments)  # type: ignore[no-untyped-call]
        self._begin_sending = begin_sending

    def buildProtocol(self, addr: IAddress | None) -> _BoundedHeadersProtocol:
        protocol = _BoundedHeadersProtocol(self._quiescentCallback)  # type: ignore[no-untyped-call]
        protocol.begin_sending = self._begin_sending
        return protocol


def _confirm_nothing() -> None:
    """Do nothing: a crawl without a lease has nothing to confirm."""
