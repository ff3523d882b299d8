"""A name that stands at a public address first and on this machine later: what was checked is what is connected to."""

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
    """A server on this machine that nobody outside should ever make us ask."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield asked
        finally:
            server.shutdown()


def test_a_name_that_moves_to_this_machine_is_not_followed_there(tmp_path: Path) -> None:
    demo = DemoSite(articles=12, seed=1, sections=("analytics",), clock=lambda: datetime(2026, 1, 7, tzinfo=UTC))
    log, archive = tmp_path / "log.jsonl", tmp_path / "a.db"
    with misbehaving(HostileSite(demo), log=log, host="127.0.0.2") as served:
        port = int(served.rpartition(":")[2])
        demo.base_url = f"http://news.example:{port}"
        with canary(port) as asked:
            done = run_module("tests.crawl.rebinding_crawl", demo.base_url, archive, PUBLIC, 5)
        assert asked == []
    assert "Traceback" not in done.stderr, done.stderr
    assert done.stdout.split() == [PUBLIC] * 5
    with closing(sqlite3.connect(archive)) as connection:
        stored = connection.execute("select count(*) from articles").fetchone()[0]
        problems = set(connection.execute("select reason, message from problems where fatal").fetchall())
    assert 0 < stored < 5  # robots.txt, the lists and the file of reservations were asked for as well
    assert {reason for reason, _ in problems} == {"private_address"}
    assert all("stands at 127.0.0.1, which is no public address" in message for _, message in problems)
