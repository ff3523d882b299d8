"""Server of a site over real sockets, with a log of every request for tests of politeness."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Protocol, TextIO
from urllib.parse import urlsplit

import uvicorn

from caliber_crawler.demo.site import Response

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

COMPRESSIBLE = ("text/", "application/rss")
LOGGED_HEADERS = ("user-agent", "from", "referer", "accept", "accept-encoding", "if-none-match", "if-modified-since")
START_TIMEOUT = STOP_TIMEOUT = 10.0
"""Seconds."""


class Answering(Protocol):
    """Any site that can be served: a :class:`DemoSite`, or a wrapper that misbehaves."""

    base_url: str

    def respond(self, target: str, now: datetime | None = None) -> Response:
        """Return the response to ``GET target``."""
        ...


class SiteApp:
    """A site as an ASGI application: HEAD, conditional requests, gzip, and one JSON line per request in ``log``.

    ``latency`` delays every response by this number of seconds, so that concurrent requests become visible.
    """

    def __init__(self, site: Answering, log: TextIO | None = None, latency: float = 0.0) -> None:
        self.site, self.log, self.latency = site, log, latency
        self.in_flight = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        arrived_at, started = datetime.now(UTC), time.perf_counter()
        self.in_flight += 1
        in_flight = self.in_flight
        try:
            if self.latency:
                await asyncio.sleep(self.latency)
            headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
            response = self.answer(scope["method"], _target(scope), headers)
            sent_headers = [(name.encode(), value.encode()) for name, value in response.headers]
            if response.status != 304:
                sent_headers.append((b"content-length", str(len(response.body)).encode()))
            await send({"type": "http.response.start", "status": response.status, "headers": sent_headers})
            sent = b"" if scope["method"] == "HEAD" else response.body
            await send({"type": "http.response.body", "body": sent})
        finally:
            self.in_flight -= 1
        if self.log is not None:
            line = {
                "time": arrived_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                "method": scope["method"],
                "path": _target(scope),
                "status": response.status,
                "bytes": len(sent),
                **{name.replace("-", "_"): headers.get(name) for name in LOGGED_HEADERS},
                "peer_port": scope["client"][1] if scope.get("client") else None,
                "duration_ms": round((time.perf_counter() - started) * 1000, 3),
                "in_flight": in_flight,
            }
            self.log.write(json.dumps(line, ensure_ascii=False) + "\n")

    def answer(self, method: str, target: str, headers: dict[str, str]) -> Response:
        """Return the site's response, conditional and compressed as the client requests."""
        if method not in ("GET", "HEAD"):
            return Response(405, (("allow", "GET, HEAD"), ("content-type", "text/plain")), b"")
        response = self.site.respond(target)
        known = dict(response.headers)
        etag = known.get("etag")
        if etag and etag in [tag.strip() for tag in headers.get("if-none-match", "").split(",")]:
            return Response(304, (("etag", etag),), b"")
        if not known.get("content-type", "").startswith(COMPRESSIBLE):
            return response
        varied = (*response.headers, ("vary", "Accept-Encoding"))
        if "gzip" not in headers.get("accept-encoding", ""):
            return Response(response.status, varied, response.body)
        body = gzip.compress(response.body, compresslevel=1, mtime=0)
        return Response(response.status, (*varied, ("content-encoding", "gzip")), body)


def serve(
    site: Answering,
    port: int = 8000,
    *,
    host: str = "127.0.0.1",
    log: Path | str | None = None,
    latency: float = 0.0,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serve until interrupted. Sets the site's ``base_url`` to the server's URL and passes it to ``ready``.

    Raises :class:`OSError` if the port is in use.
    """
    with _listening(host, port) as listener, _log_file(log) as lines:
        site.base_url = _address(listener)
        if ready is not None:
            ready(site.base_url)
        with suppress(KeyboardInterrupt):
            _server(SiteApp(site, lines, latency)).run(sockets=[listener])


@contextmanager
def running(
    site: Answering,
    port: int = 0,
    *,
    host: str = "127.0.0.1",
    log: Path | str | None = None,
    latency: float = 0.0,
) -> Iterator[str]:
    """Serve from a separate thread during the block; yield the URL, which becomes the site's ``base_url``.

    Port 0 selects any free port. A request is logged just after its response was sent; at the end of the block the log
    is complete.
    """
    with _listening(host, port) as listener, _log_file(log) as lines:
        site.base_url = _address(listener)
        server = _server(SiteApp(site, lines, latency))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="demo site", daemon=True)
        thread.start()
        deadline = time.monotonic() + START_TIMEOUT
        while not server.started:
            if not thread.is_alive() or time.monotonic() > deadline:
                raise RuntimeError(f"The demo site did not start at {site.base_url}.")
            time.sleep(0.005)
        try:
            yield site.base_url
        finally:
            server.should_exit = True
            thread.join(STOP_TIMEOUT)


def _server(app: SiteApp) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="none",
            server_header=False,
            timeout_graceful_shutdown=2,
        )
    )


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    if not _is_loopback(host):
        raise ValueError(f"The demo site can only be served on a loopback address (127.x.x.x), not on {host}.")
    # asyncio disables Nagle's algorithm only if the protocol is explicit; otherwise every response takes 40 ms.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        yield listener


@contextmanager
def _log_file(log: Path | str | None) -> Iterator[TextIO | None]:
    if log is None:
        yield None
        return
    with Path(log).open("a", encoding="utf-8", buffering=1) as lines:
        yield lines


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://{host}:{port}"


def _target(scope: Scope) -> str:
    path: str = scope["raw_path"].decode("latin-1")
    query: str = scope["query_string"].decode("latin-1")
    return urlsplit(path)._replace(query=query).geturl() if query else path
