"""Limits of the download handler: the size of headers, the time of a page and its redirects, and the delay."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy import Request
from scrapy.exceptions import DownloadTimeoutError
from scrapy.settings import Settings
from twisted.internet.defer import Deferred
from twisted.internet.testing import StringTransport
from twisted.web._newclient import Request as TxRequest
from twisted.web.client import URI
from twisted.web.http_headers import Headers

from caliber_crawler.crawling.run import CrawlRun
from caliber_crawler.fetching.download_handler import (
    MAX_HEADER_BYTES,
    PoliteDownloadHandler,
    _BoundedHeadersFactory,
    _BoundedHeadersProtocol,
)
from caliber_crawler.fetching.downloader import UndelayedDownloader
from caliber_crawler.throttle import Throttle
from tests.test_throttle import Memory

STATUS_LINE, END_OF_HEADERS = b"HTTP/1.1 200 OK\r\n", b"\r\n\r\n"


def connection(confirmed: list[int] | None = None) -> tuple[_BoundedHeadersProtocol, StringTransport]:
    """A connection in memory."""
    factory = _BoundedHeadersFactory(
        lambda request: (confirmed if confirmed is not None else []).append(1), lambda _: None, {}
    )
    protocol, transport = factory.buildProtocol(None), StringTransport()
    protocol.makeConnection(transport)
    return protocol, transport


def send(protocol: _BoundedHeadersProtocol) -> None:
    request = TxRequest(b"GET", b"/", Headers({b"host": [b"a.example"]}), None, persistent=True)
    protocol.request(request).addErrback(lambda failure: None)


def headers_of(size: int) -> bytes:
    """Unfinished headers of this many bytes, in lines that are not too long for the parser."""
    line = b"X-A: " + b"a" * 1_000 + b"\r\n"
    return (STATUS_LINE + line * (size // len(line) + 1))[:size]


@pytest.mark.parametrize(("size", "aborted"), [(MAX_HEADER_BYTES, False), (MAX_HEADER_BYTES + 1, True)])
def test_headers_over_the_limit_end_the_connection(size: int, aborted: bool) -> None:
    protocol, transport = connection()
    send(protocol)
    headers = headers_of(size)
    protocol.dataReceived(headers[:-1])
    assert not transport.disconnecting
    protocol.dataReceived(headers[-1:])
    assert transport.disconnecting == aborted


def test_a_long_body_does_not_count_as_headers() -> None:
    protocol, transport = connection()
    send(protocol)
    length = 2 * MAX_HEADER_BYTES
    protocol.dataReceived(STATUS_LINE + b"Content-Length: %d" % length + END_OF_HEADERS)
    for _ in range(4):
        protocol.dataReceived(b"a" * (length // 4))
    assert not transport.disconnecting


def test_a_request_is_confirmed_before_it_is_sent() -> None:
    confirmed: list[int] = []
    protocol, transport = connection(confirmed)
    assert transport.value() == b""
    send(protocol)
    assert confirmed == [1]
    assert transport.value().startswith(b"GET / HTTP/1.1\r\n")


def test_the_delay_of_a_host_counts_from_the_time_its_request_is_written() -> None:
    async def send_in_a_busy_process() -> None:
        throttle = Throttle(Memory(), 30)
        throttle.acquire("a.example:8000", datetime.now(UTC) - timedelta(seconds=25))
        run = SimpleNamespace(throttle=throttle)
        crawler = SimpleNamespace(get_extension=lambda kind: run, crawling=True)
        confirmed: list[int] = []
        handler: Any = SimpleNamespace(_crawler=crawler, _confirm=lambda: confirmed.append(1))
        handler._mark_written = partial(PoliteDownloadHandler._mark_written, handler)
        factory = _BoundedHeadersFactory(partial(PoliteDownloadHandler._begin_sending, handler), lambda _: None, {})
        protocol = factory.buildProtocol(None)
        protocol.makeConnection(StringTransport())
        assert throttle.seconds_until_free("a.example:8000", datetime.now(UTC)) < 6
        uri, headers = URI.fromBytes(b"http://a.example:8000/en"), Headers({b"host": [b"a.example:8000"]})
        protocol.request(TxRequest._construct(b"GET", b"/en", headers, None, True, uri)).addErrback(
            lambda failure: None
        )
        assert 29 < throttle.seconds_until_free("a.example:8000", datetime.now(UTC)) <= 30
        assert confirmed == [1]
        time.sleep(0.2)  # Other crawls keep the event loop busy until it writes to the socket.
        for _ in range(3):
            await asyncio.sleep(0)
        assert 29.9 < throttle.seconds_until_free("a.example:8000", datetime.now(UTC)) <= 30

    asyncio.run(send_in_a_busy_process())


def close(closed: Deferred[None], *, closes_after: float | None) -> float:
    """Close a handler whose connections close after these seconds, in a busy process; return the seconds it took."""
    handler: Any = SimpleNamespace(
        _pool=SimpleNamespace(closeCachedConnections=lambda: closed), _disconnect_timeout=0.05
    )

    async def close_in_a_busy_process() -> float:
        loop = asyncio.get_running_loop()
        errors: list[dict[str, Any]] = []
        loop.set_exception_handler(lambda loop, context: errors.append(context))
        began = loop.time()
        if closes_after is not None:
            loop.call_later(closes_after, closed.callback, None)
            loop.call_later(closes_after, time.sleep, 0.05)
        await PoliteDownloadHandler.close(handler)
        await asyncio.sleep(0.01)
        assert not errors
        return loop.time() - began

    return asyncio.run(close_in_a_busy_process())


def test_connections_that_close_when_their_time_is_over_are_no_error() -> None:
    closed: Deferred[None] = Deferred()
    assert close(closed, closes_after=0.04) >= 0.09
    assert closed.called


def test_connections_that_never_close_do_not_keep_a_crawl_from_ending() -> None:
    closed: Deferred[None] = Deferred()
    assert close(closed, closes_after=None) < 5
    assert not closed.called


def share_time(request: Request, limit: int = 100) -> float:
    """The time limit that a request gets."""
    handler: Any = SimpleNamespace(_crawler=SimpleNamespace(settings=Settings({"DOWNLOAD_TIMEOUT": limit})))
    PoliteDownloadHandler._share_time(handler, request)
    seconds: float = request.meta["download_timeout"]
    return seconds


@pytest.mark.parametrize(
    ("meta", "seconds"),
    [
        ({}, 100),
        ({"page_timeout": 30}, 30),
        ({"seconds_spent": 40.0}, 60),
        ({"seconds_spent": 40.0, "page_timeout": 50}, 10),
        ({"seconds_spent": 40.0, "spent_on_try": 0, "retry_times": 1}, 100),
        ({"seconds_spent": 40.0, "spent_on_try": 1, "retry_times": 1}, 60),
    ],
)
def test_redirects_share_the_time_of_a_page(meta: dict[str, Any], seconds: float) -> None:
    assert share_time(Request("https://caliber.az/a", meta=meta)) == seconds


@pytest.mark.parametrize("spent", [100.0, 101.0])
def test_a_page_without_time_left_fails(spent: float) -> None:
    with pytest.raises(DownloadTimeoutError, match="too long, including redirects"):
        share_time(Request("https://caliber.az/a", meta={"seconds_spent": spent}))


@pytest.mark.parametrize(("extension", "delay"), [(object(), 0.0), (None, 3.0)])
def test_scrapy_delays_only_crawls_without_a_throttle(
    monkeypatch: pytest.MonkeyPatch, extension: object, delay: float
) -> None:
    crawler: Any = SimpleNamespace(get_extension=lambda kind: extension if kind is CrawlRun else None)

    def with_delay(downloader: Any, crawler: Any) -> None:
        downloader._delay = 3.0

    monkeypatch.setattr("scrapy.core.downloader.Downloader.__init__", with_delay)
    downloader: Any = UndelayedDownloader(crawler)
    assert downloader._delay == delay
