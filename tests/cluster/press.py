"""Demo newspapers, each on its own loopback address, and a module with their site definitions."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import uvicorn

from caliber_crawler.demo import DemoSite, Response
from caliber_crawler.demo.server import Receive, Scope, Send, SiteApp
from tests.conftest import AT

MODULE = "press_of_the_tests"


class ChangingSite(DemoSite):
    """A demo site whose class names can be changed, as by a redesign, and that can keep a crawl waiting."""

    renamed: tuple[bytes, bytes] | None = None
    gate: threading.Event | None = None
    """Articles after the third wait for it. The server of all papers waits, too."""
    _articles = 0

    def respond(self, target: str, now: datetime | None = None) -> Response:
        response = super().respond(target, now)
        self._articles += "/post/" in target
        if self.gate is not None and self._articles > 3:
            assert self.gate.wait(60)
        if self.renamed is None:
            return response
        old, new = (b'class="%s"' % name for name in self.renamed)
        return replace(response, body=response.body.replace(old, new))


@dataclass(frozen=True)
class Paper:
    """A newspaper that is being served."""

    name: str
    site: ChangingSite
    base_url: str
    log: Path

    @property
    def host(self) -> str:
        return self.base_url.removeprefix("http://")

    def truth(self) -> set[str]:
        """The slugs of its articles."""
        return {page["slug"] for page in self.site.truth(AT)}

    def requests(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]


@dataclass(frozen=True)
class Press:
    """All newspapers, and the folder of the module with their definitions."""

    papers: list[Paper]
    folder: Path

    @property
    def variables(self) -> dict[str, str]:
        """Environment variables that make them known to ``caliber``."""
        return {"PYTHONPATH": str(self.folder), "CALIBER_SPIDERS": MODULE}


@contextmanager
def serve_press(folder: Path, papers: int, articles: int = 10, latency: float = 0.0) -> Iterator[Press]:
    """Serve newspapers until the block ends, from 127.0.0.2 upwards, all on the same port."""
    with ExitStack() as stack:
        served: list[Paper] = []
        apps: dict[str, SiteApp] = {}
        listeners = _listeners(papers)
        for number, listener in enumerate(listeners):
            stack.enter_context(listener)
            host, port = listener.getsockname()
            site = ChangingSite(articles=articles, seed=number + 1, sections=("analytics",), clock=_clock)
            site.base_url = f"http://{host}:{port}"
            log = folder / f"paper-{number:02}.jsonl"
            lines = stack.enter_context(log.open("w", encoding="utf-8", buffering=1))
            apps[host] = SiteApp(site, lines, latency)
            served.append(Paper(f"paper-{number:02}", site, site.base_url, log))
        (folder / f"{MODULE}.py").write_text(module_of(served))
        stack.enter_context(_server_for(apps, listeners))
        yield Press(served, folder)


def _listeners(number: int) -> list[socket.socket]:
    """Sockets on the same port of many addresses. If the port is in use on one of them, try another port."""
    for _ in range(10):
        listeners: list[socket.socket] = []
        try:
            port = 0
            for last in range(2, number + 2):
                listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
                listeners.append(listener)
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                listener.bind((f"127.0.0.{last}", port))
                port = listener.getsockname()[1]
        except OSError:
            for listener in listeners:
                listener.close()
        else:
            return listeners
    raise AssertionError("no port is free on all addresses")


@contextmanager
def _server_for(apps: dict[str, SiteApp], listeners: list[socket.socket]) -> Iterator[None]:
    """One server for all newspapers: one server for each would take longer than the crawls."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await apps[scope["server"][0]](scope, receive, send)

    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", ws="none", server_header=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": listeners}, daemon=True)
    thread.start()
    deadline = time.monotonic() + 60
    while not server.started:
        assert thread.is_alive()
        assert time.monotonic() < deadline
        time.sleep(0.005)
    try:
        yield
    finally:
        server.should_exit = server.force_exit = True
        thread.join(10)


def _clock() -> datetime:
    return AT


def module_of(papers: list[Paper]) -> str:
    lines = [
        '"""Newspapers of the tests."""',
        "from dataclasses import replace",
        "from caliber_crawler.news_spider import NewsSpider",
        "from caliber_crawler.spiders.caliber import CaliberSpider",
    ]
    for paper in papers:
        facts = f"name={paper.name!r}, title={paper.name!r}, base_url={paper.base_url!r}, hosts=()"
        lines += [
            f"class {paper.name.title().replace('-', '')}(NewsSpider):",
            f"    name = {paper.name!r}",
            f"    site = replace(CaliberSpider.site, {facts})",
        ]
    return "\n".join(lines) + "\n"
