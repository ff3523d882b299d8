"""A headless browser scrolls through listings whose request for more teasers is unknown."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from caliber_crawler.demo import DemoSite
from caliber_crawler.errors import SiteError
from tests.browse.chromium import CHROMIUM
from tests.conftest import AT, ROOT, Result, environment, run_module
from tests.hostile.canary import canary
from tests.hostile.site import HostileSite, answering, misbehaving
from tests.hostile.tricks import redirecting

pytestmark = pytest.mark.slow


@pytest.fixture
def scroll(tmp_path: Path) -> Callable[..., Result]:
    """Crawl a site with a browser into ``a.db``."""
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("CI has no Chromium: tests in a browser must run there")
        pytest.skip("no Chromium on this machine")

    return partial(run_module, "tests.discovery.scrolling_crawl")


def rows(archive: Path, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"file:{archive}?mode=ro", uri=True)) as connection:
        return connection.execute(sql).fetchall()


def test_a_browser_scrolls_to_the_last_teaser(
    serve: Callable[..., Any], scroll: Callable[..., Result], tmp_path: Path
) -> None:
    archive = tmp_path / "a.db"
    with serve(articles=180, sections=("analytics",)) as demo:
        result = scroll(demo.base_url, archive)
        truth = demo.truth(language="en")
        requests = demo.requests()
        again = scroll(demo.base_url, archive)
        second = [request["path"] for request in demo.requests()[len(requests) :]]
    assert again.exit_code == 0, again.stdout + again.stderr
    assert [path for path in second if "page=" in path] == [], "a crawled listing is not scrolled again"
    assert "/en/category/analytics" in second
    assert result.exit_code == 0, result.stdout + result.stderr
    assert len(truth) > 40, "the listing has several pages"
    assert {slug for (slug,) in rows(archive, "select slug from articles")} == set(truth)
    (headers, second_headers) = (
        text for (text,) in rows(archive, "select headers from captures where kind = 'listing'")
    )
    assert "; known" in second_headers
    assert "X-Caliber-Scrolled" in headers
    assert not [request for request in requests if request["path"].startswith("/media/")], "images are not requested"
    assert {request["user_agent"].partition("/")[0] for request in requests} == {"caliber_crawler"}


def test_an_endless_listing_is_cut_and_reported(
    serve: Callable[..., Any], scroll: Callable[..., Result], tmp_path: Path
) -> None:
    archive = tmp_path / "a.db"
    with serve(articles=240, sections=("analytics",)) as demo:
        result = scroll(demo.base_url, archive, 1)
        truth = demo.truth(language="en")
    assert result.exit_code == 0, result.stdout + result.stderr
    assert 20 < len(rows(archive, "select slug from articles")) < len(truth)
    assert rows(archive, "select reason from problems where stage = 'pagination'") == [("listing_cut",)]
    assert rows(archive, "select crawled_at from frontier where kind = 'listing'") == [(None,)]


PRYING = """<!DOCTYPE html><html><head>
<link rel="preconnect" href="http://127.0.0.1:{port}"><link rel="prefetch" href="http://127.0.0.1:{port}/prefetch">
<script src="http://localhost:{port}/script.js"></script></head>
<body><div class="float_block"><a href="/en/post/one"><h2 class="float_block_title">One</h2></a></div>
<img src="http://127.0.0.1:{port}/picture"><iframe src="http://127.0.0.1:{port}/frame"></iframe>
<script>
  const ask = (url, options) => fetch(url, options).catch(() => 0);
  ask("/first"); ask("/forbidden/by-robots"); ask("/to-private"); ask("/last");
  ask("http://127.0.0.1:{port}/fetch", {{mode: "no-cors"}});
  navigator.sendBeacon("http://127.0.0.1:{port}/beacon", "x");
  new WebSocket("ws://127.0.0.1:{port}/socket");
  new EventSource("http://127.0.0.1:{port}/events");
  try {{ new WebTransport("https://127.0.0.1:{port}/transport"); }} catch {{}}
  const peer = new RTCPeerConnection({{iceServers: [{{urls: "stun:127.0.0.1:{port}"}}]}});
  peer.createDataChannel("x"); peer.createOffer().then(offer => peer.setLocalDescription(offer));
</script></body></html>"""


def test_requests_of_page_scripts_obey_the_rules_of_a_crawl(
    scroll: Callable[..., Result], caliber: Callable[..., Result], tmp_path: Path
) -> None:
    demo = DemoSite(articles=30, seed=1, sections=("analytics",), clock=lambda: AT)
    with canary() as (port, visits):
        instead = {
            "/robots.txt": answering(200, b"User-agent: *\nDisallow: /forbidden/\n", Content_Type="text/plain"),
            "/en/category/analytics": answering(200, PRYING.format(port=port).encode()),
            "/to-private": redirecting(f"http://127.0.0.1:{port}/redirected"),
            **dict.fromkeys(("/first", "/last"), answering(200, b"{}", Content_Type="application/json")),
        }
        with misbehaving(HostileSite(demo, instead=instead), log=tmp_path / "log.jsonl") as base_url:
            result = caliber("doctor", "--scroll", "--base-url", base_url, "--delay", 0.5)
        requests = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
        assert visits == [], "no request leaves the site"
        with closing(socket.create_connection(("127.0.0.1", port))):
            time.sleep(0.2)
        assert visits == ["tcp"], "the canary records connections"
    assert result.exit_code == 3, result.stderr
    paths = [request["path"] for request in requests]
    assert paths[:2] == ["/robots.txt", "/en/category/analytics"]
    assert sorted(paths[2:]) == ["/first", "/last", "/to-private"], "robots.txt applies to scripts"
    times = [datetime.fromisoformat(request["time"]) for request in requests]
    # A single interval may be shorter if the request before it arrived late.
    assert (times[-1] - times[0]).total_seconds() > 0.8 * 0.5 * (len(times) - 1)
    assert {request["user_agent"].partition("/")[0] for request in requests} == {"caliber_crawler"}
    assert {request["cookie"] for request in requests} == {None}


def test_stopping_a_crawl_does_not_wait_for_the_browser(
    scroll: Callable[..., Result], serve: Callable[..., Any], tmp_path: Path
) -> None:
    with serve(articles=900, sections=("analytics",)) as demo:
        arguments = [sys.executable, "-m", "tests.discovery.scrolling_crawl", demo.base_url, str(tmp_path / "a.db")]
        pipes: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        with subprocess.Popen(arguments, cwd=ROOT, env=environment(), **pipes) as process:
            deadline = time.monotonic() + 60
            while not any("page=2" in request["path"] for request in demo.requests()):
                assert time.monotonic() < deadline
                time.sleep(0.1)
            stopped_at = time.monotonic()
            process.send_signal(signal.SIGINT)
            stdout, stderr = process.communicate(timeout=60)
            seconds = time.monotonic() - stopped_at
    assert "Traceback" not in stderr, stderr
    assert json.loads(stdout)["outcome"] == "stopped"
    assert rows(tmp_path / "a.db", "select count(*) from captures where kind = 'listing'") == [(0,)], "still due"
    assert seconds < 30


def test_a_missing_browser_is_reported() -> None:
    from caliber_crawler.fetching.browser import chromium

    with pytest.raises(SiteError, match="CALIBER_CHROMIUM"):
        chromium("/nowhere/chromium")
