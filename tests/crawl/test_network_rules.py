"""Every command that fetches obeys the same rules, verified by the logs of servers on this machine."""

from __future__ import annotations

import os
import re
import signal
import ssl
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme

from caliber_crawler.archive import Archive
from caliber_crawler.throttle import LastRequest, Wait
from tests.browse.chromium import CHROMIUM
from tests.conftest import Result, run_module, start
from tests.crawl.conftest import Misbehaving
from tests.hostile.site import answering

pytestmark = pytest.mark.slow

ARTICLE = "/en/post/baku-s-geopolitical-formula"
CHECKS_FAILED, SITE_UNREACHABLE, SITE_BUSY = 3, 10, 14
PLAIN = "text/plain"


@dataclass(frozen=True)
class Call:
    """A command that fetches, with arguments for a short run on a demo site."""

    site: Misbehaving
    folder: Path
    delay: float = 0

    @property
    def archive(self) -> Path:
        return self.folder / "a.db"

    def arguments(self, name: str) -> tuple[object, ...]:
        common = ("--archive", self.archive, "--delay", self.delay)
        at = ("--base-url", self.site.base_url)
        crawl = (*at, *common, "--language", "en", "--via", "listing", "--limit", 2)
        return {
            "crawl": ("crawl", *crawl),
            "record": (
                "record",
                self.site.base_url + ARTICLE,
                "--site",
                "caliber",
                "--pages",
                self.folder / "p",
                *common,
            ),
            "doctor": ("doctor", *at, *common),
            "doctor --scroll": ("doctor", "--scroll", *at, *common),
            "watch": ("watch", "--every", 999, *crawl),
        }[name]


COMMANDS = [
    "crawl",
    "record",
    "doctor",
    pytest.param(
        "doctor --scroll",
        marks=pytest.mark.skipif(CHROMIUM is None and not os.environ.get("CI"), reason="no Chromium on this machine"),
    ),
]
"""``watch`` runs ``crawl``, which one test verifies."""
every_command = pytest.mark.parametrize("name", COMMANDS)


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Result]:
    """Run a command that fetches; stop ``watch`` after its first crawl and return the exit code of that crawl."""

    def running(name: str, call: Call, **variables: str) -> Result:
        if name != "watch":
            return run_module("caliber_crawler", *call.arguments(name), folder=tmp_path, **variables)
        log = tmp_path / "watch.log"
        with log.open("wb") as stderr:
            watch = start(*call.arguments(name), folder=tmp_path, stderr=stderr, **variables)
        deadline = time.monotonic() + 100
        while not (ended := re.search(r"ended with exit code (\d+)", log.read_text())):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        watch.send_signal(signal.SIGINT)
        watch.wait(60)
        return Result(int(ended[1]), "", log.read_text())

    return running


@pytest.mark.parametrize("name", [*COMMANDS, "watch"])
def test_a_robots_txt_that_answers_503_stops_the_command(
    misbehave: Callable[..., Any], run: Callable[..., Result], tmp_path: Path, name: str
) -> None:
    with misbehave(instead={"/robots.txt": answering(503, Retry_After="86400")}) as site:
        result = run(name, Call(site, tmp_path))
        assert site.paths() == ["/robots.txt"]
    assert result.exit_code == SITE_BUSY, result.stderr
    if name != "watch":
        assert "accepts no requests until" in result.stderr


@every_command
def test_disallowed_urls_are_not_fetched(
    misbehave: Callable[..., Any], run: Callable[..., Result], tmp_path: Path, name: str
) -> None:
    rules = b"User-agent: *\nDisallow: /\n"
    with misbehave(instead={"/robots.txt": answering(200, rules, Content_Type=PLAIN)}) as site:
        result = run(name, Call(site, tmp_path))
        # With sitemaps, robots.txt is also a discovery page.
        assert set(site.paths()) == {"/robots.txt"}
    assert result.exit_code == CHECKS_FAILED, result.stderr


@every_command
def test_delays_are_kept_also_after_an_earlier_command(
    misbehave: Callable[..., Any], run: Callable[..., Result], tmp_path: Path, name: str
) -> None:
    with misbehave() as site:
        call, requested_at = Call(site, tmp_path, delay=0.6), datetime.now(UTC)
        with Archive.open(call.archive, mode="write") as archive:
            archive.hosts.record_request(host_of(site), LastRequest(requested_at, delay=5.0))
        run(name, call)
        times = [datetime.fromisoformat(request["time"]) for request in site.requests()]
    assert len(times) >= 2
    assert (times[0] - requested_at).total_seconds() > 4.9
    # A single gap may look shorter if the previous request arrived late.
    assert (times[-1] - times[0]).total_seconds() > 0.8 * 0.6 * (len(times) - 1)
    with Archive.open(call.archive) as archive:
        last = archive.hosts.last_request(host_of(site))
    assert last is not None
    assert abs((last.at - times[-1]).total_seconds()) < 1, "stored for the next command"


@every_command
def test_a_retry_after_of_an_earlier_command_is_obeyed(
    misbehave: Callable[..., Any], run: Callable[..., Result], tmp_path: Path, name: str
) -> None:
    with misbehave() as site:
        call, now = Call(site, tmp_path), datetime.now(UTC)
        with Archive.open(call.archive, mode="write") as archive:
            archive.hosts.record_retry_after(host_of(site), Wait(now + timedelta(hours=1), now, "/en answered 503"))
        result = run(name, call)
        assert site.requests() == []
    assert result.exit_code == SITE_BUSY, result.stderr
    assert "accepts no requests until" in result.stderr


@every_command
def test_an_untrusted_certificate_is_refused(
    misbehave: Callable[..., Any], run: Callable[..., Result], tmp_path: Path, name: str
) -> None:
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(server)
    with misbehave(tls=server) as site:
        result = run(name, Call(site, tmp_path))
        assert site.requests() == []
    assert result.exit_code == SITE_UNREACHABLE, result.stderr
    assert "expired or not trusted" in result.stderr


def test_the_demo_requests_only_its_own_site(caliber: Callable[..., Result], tmp_path: Path) -> None:
    result = caliber("demo", "--articles", 10, "--archive", tmp_path / "demo.db")
    assert result.exit_code == 0, result.stderr
    with closing(Archive.open(tmp_path / "demo.db")) as archive:
        urls = {capture.url for capture in archive.captures.each()}
    assert urls
    assert {url.split(":")[1] for url in urls} == {"//127.0.0.1"}


def host_of(site: Misbehaving) -> str:
    return site.base_url.partition("://")[2]
