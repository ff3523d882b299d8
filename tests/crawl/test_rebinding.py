"""DNS rebinding: the IP address that was checked is the one that is connected to."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from caliber_crawler.demo import DemoSite
from tests.conftest import run_module
from tests.hostile.site import HostileSite, misbehaving

pytestmark = pytest.mark.slow

PUBLIC = "93.184.215.14"


@contextmanager
def canary(port: int) -> Iterator[list[str]]:
    """A server on this machine that must not receive a request."""
    requested: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            requested.append(self.path)
            self.send_error(404)

        def log_message(self, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield requested
        finally:
            server.shutdown()


def test_a_host_name_that_is_rebound_to_this_machine_is_not_requested(tmp_path: Path) -> None:
    demo = DemoSite(articles=12, seed=1, sections=("analytics",), clock=lambda: datetime(2026, 1, 7, tzinfo=UTC))
    log, archive = tmp_path / "log.jsonl", tmp_path / "a.db"
    with misbehaving(HostileSite(demo), log=log, host="127.0.0.2") as served:
        port = int(served.rpartition(":")[2])
        demo.base_url = f"http://news.example:{port}"
        with canary(port) as requested:
            done = run_module("tests.crawl.rebinding_crawl", demo.base_url, archive, PUBLIC, 5)
        assert requested == []
    assert "Traceback" not in done.stderr, done.stderr
    assert done.stdout.split() == [PUBLIC] * 5
    with closing(sqlite3.connect(archive)) as connection:
        stored = connection.execute("select count(*) from articles").fetchone()[0]
        problems = set(connection.execute("select reason, message from problems where fatal").fetchall())
    assert 0 < stored < 5  # robots.txt, lists and tdmrep.json were requested as well
    assert {reason for reason, _ in problems} == {"private_address"}
    assert all("resolves to 127.0.0.1, which is not a public IP address" in message for _, message in problems)
