"""Messages to the operator: when they are sent, and how: directly, over a verified connection, without redirects."""

from __future__ import annotations

import json
import socket
import sqlite3
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import trustme

from caliber_crawler.archive import Archive
from caliber_crawler.archive.reports.alarms import SiteState
from caliber_crawler.commands.notification import Notice, notify
from caliber_crawler.demo import DemoSite
from caliber_crawler.notification.webhook import post
from tests.alerts.receivers import webhook
from tests.conftest import Result
from tests.hostile.canary import canary
from tests.hostile.site import HostileSite, answering, misbehaving
from tests.hostile.tricks import redirecting

FAST = ("--delay", 0, "--concurrency", 8)
DEMO = DemoSite(articles=10, seed=1, sections=("analytics",))


def requested_paths(log: Path) -> list[str]:
    return [json.loads(line)["path"] for line in log.read_text().splitlines()]


@pytest.mark.slow
def test_a_redirect_of_a_webhook_is_not_followed(tmp_path: Path) -> None:
    with canary() as (port, visits):
        site = HostileSite(DEMO, instead={"/hook": redirecting(f"http://127.0.0.1:{port}/"), "/fine": answering(204)})
        with misbehaving(site, log=tmp_path / "log.jsonl") as base_url:
            assert post(f"{base_url}/fine", {}) is None
            assert post(f"{base_url}/hook", {}) == "it answered 302"
        assert visits == []
    assert requested_paths(tmp_path / "log.jsonl") == ["/fine", "/hook"], "robots.txt is not requested"


def test_a_webhook_with_an_untrusted_certificate_gets_no_request(tmp_path: Path) -> None:
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(server)
    with misbehaving(HostileSite(DEMO), log=tmp_path / "log.jsonl", tls=server) as base_url:
        assert "CERTIFICATE_VERIFY_FAILED" in str(post(f"{base_url}/hook", {"secret": 1}))
    assert requested_paths(tmp_path / "log.jsonl") == []


@pytest.mark.slow
def test_a_message_is_sent_when_the_state_of_a_site_changes_and_a_sign_of_life_after_each_crawl(
    serve: Callable[..., Any], caliber: Callable[..., Result], tmp_path: Path
) -> None:
    with serve() as demo, webhook() as received:
        arguments = ("--base-url", demo.base_url, "--archive", tmp_path / "a.db", *FAST, "--limit", 3)
        for _ in range(2):
            result = caliber("crawl", *arguments, "--notify", received.url, "--ping", received.url)
            assert (result.exit_code, result.stderr) == (0, "")
    assert received.pings == ["/hook", "/hook"]
    (account,) = received.payloads  # the second crawl is no news
    assert (account["site"], account["stored"], account["exit_code"]) == ("caliber", 3, 0)
    assert (account["state"], account["state_before"]) == ("healthy", None)
    assert account["summary"][0].startswith("Run 1 stopped")


@pytest.mark.slow
def test_a_failing_webhook_is_reported_and_does_not_fail_the_crawl(
    serve: Callable[..., Any], caliber: Callable[..., Result], tmp_path: Path
) -> None:
    with serve() as demo, webhook() as received:
        received.status = 500
        arguments = ("--base-url", demo.base_url, "--archive", tmp_path / "a.db", *FAST, "--limit", 3)
        result = caliber("crawl", *arguments, "--notify", received.url)
    assert result.exit_code == 0
    assert result.stderr == "The message could not be sent to 127.0.0.1: it answered 500. The next crawl sends it.\n", (
        "only the host of the URL is printed"
    )


@pytest.mark.slow
def test_a_crawl_that_cannot_start_is_posted_unless_another_crawl_is_running(
    serve: Callable[..., Any], caliber: Callable[..., Result], tmp_path: Path
) -> None:
    archive = tmp_path / "a.db"
    with serve() as demo, webhook() as received:
        url, accounts = received.url, received.payloads
        arguments = ("crawl", "--base-url", demo.base_url, "--archive", archive, *FAST, "--limit", 1)
        with Archive.open(archive, mode="write") as opened:
            assert caliber(*arguments, CALIBER_NOTIFY=url).exit_code == 9
            assert accounts == [], "another crawl is running, which is not an error"
            opened.runs.start("crawl", site="caliber", arguments={}, settings={}, software={})
            opened.db.execute("update runs set heartbeat_at = '2026-01-07T10:00:00Z'")
            opened.db.conn.commit()
            hanging = caliber(*arguments, CALIBER_NOTIFY=url)
        assert hanging.exit_code == 9
        assert "no heartbeat since 2026-01-07 10:00 UTC: it seems to hang" in hanging.stderr
        with closing(sqlite3.connect(tmp_path / "foreign.db")) as connection:
            connection.execute("create table dishes (name)")
        foreign = ("crawl", "--base-url", demo.base_url, "--archive", tmp_path / "foreign.db", *FAST)
        for _ in range(2):
            assert caliber(*foreign, CALIBER_NOTIFY=url, CALIBER_PING=url).exit_code == 7
    assert received.pings == ["/hook/fail", "/hook/fail"]
    hang, account = accounts
    assert ("it seems to hang" in hang["why"], hang["exit_code"]) == (True, 9)
    assert (account["site"], account["outcome"], account["exit_code"]) == ("caliber", None, 7), "and only once"
    assert "foreign.db" in account["why"]


@contextmanager
def slow_server() -> Iterator[str]:
    """A server that sends its response byte by byte and never ends it."""
    over = threading.Event()

    def drip() -> None:
        with suppress(OSError):
            wire, _ = listener.accept()
            with wire:
                while not over.wait(0.1):
                    wire.sendall(b"H")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/secret"
        over.set()
        thread.join(5)


@pytest.mark.slow
def test_a_slow_webhook_times_out() -> None:
    with slow_server() as url:
        began = time.monotonic()
        assert post(url, {}, timeout=0.5) == "no answer within 0.5 s"
        assert time.monotonic() - began < 2


@pytest.mark.parametrize("url", ["", "hooks.example/secret", "ftp://hooks.example/secret", "http://[::1/secret", "//"])
def test_an_invalid_webhook_url_is_reported_without_the_url(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    notify(url, tmp_path / "a.db", [Notice("caliber", SiteState(0), None, {"site": "caliber"})])
    message = capsys.readouterr().err
    assert "could not be sent" in message
    assert "secret" not in message


@pytest.mark.slow
def test_the_log_does_not_contain_the_url_of_the_webhook(
    serve: Callable[..., Any], caliber: Callable[..., Result], tmp_path: Path
) -> None:
    with serve() as demo, webhook() as received:
        arguments = ("--base-url", demo.base_url, "--archive", tmp_path / "a.db", *FAST, "--limit", 1)
        result = caliber("crawl", *arguments, "--notify", received.url, "-v")
    assert len(received.payloads) == 1
    assert "/hook" not in result.stderr + result.stdout
