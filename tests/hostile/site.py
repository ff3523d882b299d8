"""A hostile site: good pages, and every trick that a server can play on a crawler.

Each trick is an article URL (``/en/post/gzip-bomb``). Its teaser is at the top of the English listings, so a crawl
reaches it before the good pages. The tricks are in :mod:`tests.hostile.tricks`. Any URL can have its own behaviour.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from ssl import SSLContext
from typing import TextIO
from urllib.parse import parse_qs, urlsplit

from caliber_crawler.demo.server import LOGGED_HEADERS
from caliber_crawler.demo.site import HTML, DemoSite

Behaviour = Callable[["Exchange"], Awaitable[None]]
Headers = Sequence[tuple[str, str]]

TLS_HANDSHAKE = b"\x16"
"""The first byte of a client that expects TLS."""
MAX_SECONDS = 60.0
"""Seconds after which the slowest trick closes the connection."""


@dataclass
class Exchange:
    """One request, and the connection for the response."""

    method: str
    target: str
    headers: Mapping[str, str]
    writer: asyncio.StreamWriter
    site: DemoSite
    status: int = 0
    sent: int = 0

    async def head(self, status: int = 200, headers: Headers = (("Content-Type", HTML),)) -> None:
        """Send the status line and headers; only ``Connection: close`` is added."""
        self.status = status
        lines = [f"HTTP/1.1 {status} Anything", *(f"{name}: {value}" for name, value in headers), "Connection: close"]
        await self.send(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))

    async def answer(self, status: int, body: bytes = b"", headers: Headers = ()) -> None:
        """Send a complete and correct response."""
        known = {name.lower() for name, _ in headers}
        kind = () if "content-type" in known else (("Content-Type", HTML),)
        await self.head(status, [*kind, *headers, ("Content-Length", str(len(body)))])
        if self.method != "HEAD":
            await self.send(body)

    async def send(self, data: bytes) -> None:
        """Send bytes."""
        self.writer.write(data)
        self.sent += len(data)
        await self.writer.drain()

    def reset(self) -> None:
        """Abort the connection."""
        self.writer.transport.abort()


def answering(status: int, body: bytes = b"", **headers: str) -> Behaviour:
    """Always this response; underscores in header names are replaced by hyphens."""

    async def answer(exchange: Exchange) -> None:
        await exchange.answer(status, body, [(name.replace("_", "-"), value) for name, value in headers.items()])

    return answer


def in_turn(*behaviours: Behaviour) -> Behaviour:
    """One behaviour per request, in order; the last one is repeated."""
    left = list(behaviours)

    async def behave(exchange: Exchange) -> None:
        await (left.pop(0) if len(left) > 1 else left[0])(exchange)

    return behave


class HostileSite:
    """A :class:`DemoSite` with tricks among its pages.

    ``tricks`` maps paths of articles to their behaviour; ``instead`` gives any other path its own behaviour (``*``: all
    other paths). All tricks are listed on the first page of a listing, or ``tricks_on_a_page`` on each page.
    """

    def __init__(
        self,
        site: DemoSite,
        tricks: Mapping[str, Behaviour] | None = None,
        instead: Mapping[str, Behaviour] | None = None,
        tricks_on_a_page: int = 0,
    ) -> None:
        self.site = site
        self.tricks = dict(tricks or {})
        self.instead = dict(instead or {})
        self._on_a_page = tricks_on_a_page

    async def behave(self, exchange: Exchange) -> None:
        """Respond to one request."""
        path, query = urlsplit(exchange.target).path, urlsplit(exchange.target).query
        behaviour = self.tricks.get(path) or self.instead.get(exchange.target) or self.instead.get("*")
        if behaviour is not None:
            await behaviour(exchange)
            return
        response = self.site.respond(exchange.target)
        body = response.body
        if path.startswith("/en/category/") and (first := body.find(b'<div class="float_block"')) >= 0:
            page = int(parse_qs(query).get("page", ["1"])[0])
            body = body[:first] + self._teasers(page) + body[first:]
        await exchange.answer(response.status, body, response.headers)

    def _teasers(self, page: int) -> bytes:
        each = self._on_a_page
        some = islice(self.tricks, (page - 1) * each, page * each) if each else self.tricks if page == 1 else ()
        return "".join(
            f'<div class="float_block"><a href="{path}"><h2 class="float_block_title">{path}</h2></a></div>'
            for path in some
        ).encode()


@contextmanager
def misbehaving(
    site: HostileSite, *, log: Path, host: str = "127.0.0.1", port: int = 0, tls: SSLContext | None = None
) -> Iterator[str]:
    """Serve the site from its own thread while the block runs, over TLS if ``tls`` is given; yield the base URL.

    The log has one JSON line per request, written on arrival: time, path, headers and number of open connections.
    """
    loop = asyncio.new_event_loop()
    with log.open("a", encoding="utf-8", buffering=1) as lines:
        serving = asyncio.start_server(_Connection(site, lines).serve, host, port, limit=1 << 20, ssl=tls)
        server = loop.run_until_complete(serving)
        port = server.sockets[0].getsockname()[1]
        site.site.base_url = f"{'https' if tls else 'http'}://{host}:{port}"
        thread = threading.Thread(target=loop.run_forever, name="hostile site", daemon=True)
        thread.start()
        try:
            yield site.site.base_url
        finally:
            asyncio.run_coroutine_threadsafe(_shut(server), loop).result(10)
            loop.call_soon_threadsafe(loop.stop)
            thread.join(10)
            loop.close()


async def _shut(server: asyncio.Server) -> None:
    server.close()
    tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


class _Connection:
    """Handles connections with one request each."""

    def __init__(self, site: HostileSite, log: TextIO) -> None:
        self.site, self.log = site, log
        self.open = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        arrived_at, started = datetime.now(UTC), time.perf_counter()
        self.open += 1
        try:
            first = await reader.readexactly(1)
            if first == TLS_HANDSHAKE:
                writer.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
                return
            head = (first + await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            request, *rest = head.rstrip().split("\r\n")
            method, target, _ = request.split(" ", 2)
            headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
            exchange = Exchange(method, target, headers, writer, self.site.site)
            self._write(exchange, arrived_at)
            with suppress(TimeoutError):
                async with asyncio.timeout(MAX_SECONDS - (time.perf_counter() - started)):
                    await self.site.behave(exchange)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.open -= 1
            writer.close()

    def _write(self, exchange: Exchange, arrived_at: datetime) -> None:
        line = {
            "time": arrived_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "method": exchange.method,
            "path": exchange.target,
            **{name.replace("-", "_"): exchange.headers.get(name) for name in LOGGED_HEADERS},
            "cookie": exchange.headers.get("cookie"),
            "in_flight": self.open,
        }
        self.log.write(json.dumps(line, ensure_ascii=False) + "\n")
