"""The demo site over real sockets."""

from __future__ import annotations

import gzip
import http.client
import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from caliber_crawler.demo import DemoSite, running, serve
from tests.demo.visible import LATER

pytestmark = pytest.mark.slow

PATH = "/en/post/baku-s-geopolitical-formula"


@contextmanager
def connected(base_url: str) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection(urlsplit(base_url).netloc, timeout=10)
    try:
        yield connection
    finally:
        connection.close()


def fetch(
    connection: http.client.HTTPConnection, path: str, method: str = "GET", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    response = connection.getresponse()
    return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()


def still() -> DemoSite:
    return DemoSite(100, clock=lambda: LATER)


def logged(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]


def test_the_server_sends_the_site_s_response_with_its_base_url() -> None:
    site = still()
    with running(site) as base_url, connected(base_url) as connection:
        assert urlsplit(base_url).hostname == "127.0.0.1"
        assert site.base_url == base_url
        status, headers, body = fetch(connection, PATH)
        assert (status, body) == (200, site.respond(PATH, LATER).body)
        assert int(headers["content-length"]) == len(body)
        assert next(site.truth())["url"].startswith(base_url)
        assert f"{base_url}/media/photos/".encode() in body


def test_one_connection_serves_many_requests(tmp_path: Path) -> None:
    log = tmp_path / "requests.jsonl"
    with running(still(), log=log) as base_url, connected(base_url) as connection:
        for _ in range(20):
            assert fetch(connection, "/robots.txt")[0] == 200
    assert len({line["peer_port"] for line in logged(log)}) == 1
    assert len(logged(log)) == 20


def test_text_is_compressed_if_the_client_accepts_it() -> None:
    site = still()
    with running(site) as base_url, connected(base_url) as connection:
        _, headers, body = fetch(connection, PATH, accept_encoding="gzip, deflate")
        assert headers["content-encoding"] == "gzip"
        assert headers["vary"] == "Accept-Encoding"
        assert gzip.decompress(body) == site.respond(PATH, LATER).body
        _, headers, _ = fetch(connection, PATH, accept_encoding="identity")
        assert "content-encoding" not in headers


def test_head_gives_only_headers_and_other_methods_are_rejected() -> None:
    with running(still()) as base_url, connected(base_url) as connection:
        status, headers, body = fetch(connection, PATH, "HEAD")
        assert (status, body) == (200, b"")
        assert int(headers["content-length"]) > 10_000
        assert fetch(connection, PATH, "POST")[0] == 405


def test_an_unchanged_text_gives_304_on_a_site_with_validators() -> None:
    site = DemoSite(100, clock=lambda: LATER, validators=True)
    with running(site) as base_url, connected(base_url) as connection:
        _, headers, _ = fetch(connection, PATH)
        status, _, body = fetch(connection, PATH, if_none_match=headers["etag"])
        assert (status, body) == (304, b"")
        assert fetch(connection, PATH, if_none_match='W/"other"')[0] == 200


def test_requests_are_served_concurrently(tmp_path: Path) -> None:
    log = tmp_path / "requests.jsonl"

    def visit(base_url: str) -> int:
        with connected(base_url) as connection:
            return fetch(connection, PATH)[0]

    with running(still(), log=log, latency=0.3) as base_url, ThreadPoolExecutor(8) as visitors:
        assert list(visitors.map(visit, [base_url] * 8)) == [200] * 8
    assert max(line["in_flight"] for line in logged(log)) > 1
    assert all(line["duration_ms"] >= 300 for line in logged(log))


def test_the_log_contains_client_and_target_of_every_request(tmp_path: Path) -> None:
    log = tmp_path / "requests.jsonl"
    with running(still(), log=log) as base_url, connected(base_url) as connection:
        fetch(connection, f"{PATH}?fbclid=x", user_agent="caliber-crawler/1", accept_encoding="gzip")
        fetch(connection, "/en/post/none", **{"from": "someone@example.org", "referer": base_url})
    first, second = logged(log)
    assert first["path"] == f"{PATH}?fbclid=x"
    assert (first["method"], first["status"], first["user_agent"]) == ("GET", 200, "caliber-crawler/1")
    assert first["accept_encoding"] == "gzip"
    assert 1_000 < first["bytes"] < 12_000
    assert first["in_flight"] == 1
    assert first["time"].endswith("Z")
    assert first["from"] is first["referer"] is first["if_none_match"] is None
    assert (second["status"], second["from"], second["referer"]) == (404, "someone@example.org", base_url)
    assert first["time"] <= second["time"]


def test_a_log_is_appended_and_not_overwritten(tmp_path: Path) -> None:
    log = tmp_path / "requests.jsonl"
    for _ in range(2):
        with running(still(), log=log) as base_url, connected(base_url) as connection:
            fetch(connection, "/robots.txt")
    assert len(logged(log)) == 2


def test_after_the_block_the_port_is_closed_and_the_thread_has_ended() -> None:
    with running(still()) as base_url, connected(base_url) as connection:
        fetch(connection, "/robots.txt")
    assert not [thread for thread in threading.enumerate() if thread.name == "demo site"]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((urlsplit(base_url).hostname, urlsplit(base_url).port), timeout=5)


def test_the_site_stops_even_when_the_block_fails() -> None:
    with pytest.raises(KeyError), running(still()) as base_url:
        raise KeyError
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((urlsplit(base_url).hostname, urlsplit(base_url).port), timeout=5)


def test_two_sites_run_in_parallel() -> None:
    with running(still()) as one, running(still(), host="127.0.0.2") as two:
        assert urlsplit(two).hostname == "127.0.0.2"
        for base_url in (one, two):
            with connected(base_url) as connection:
                assert fetch(connection, "/robots.txt")[0] == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.1", "example.org"])
def test_only_loopback_addresses_are_served(host: str) -> None:
    with pytest.raises(ValueError, match="on a loopback address"):
        serve(still(), 0, host=host)


def test_a_port_in_use_is_an_immediate_error() -> None:
    with running(still()) as base_url, pytest.raises(OSError, match="in use"):
        serve(still(), urlsplit(base_url).port or 0)
