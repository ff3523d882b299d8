"""The crawl waits for a busy host as long as it asks, a few times; then the run ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from scrapy import Request
from scrapy.http import Response

from caliber_crawler.archive import Archive, Entry
from caliber_crawler.crawling.outcome import Halt
from caliber_crawler.discovery.cdx_indexes import index_entry
from caliber_crawler.fetching.refusals import Refusal
from caliber_crawler.middlewares.backoff import BackoffMiddleware
from caliber_crawler.throttle import Throttle, Wait
from tests.crawl.runs import SCOPE

NOW = datetime(2026, 1, 7, 12, tzinfo=UTC)
PAGE = Request("https://caliber.az/en/post/a")
HOST = "caliber.az"


class Host:
    """The middleware with a fixed clock, and its reasons to end the run."""

    def __init__(self, folder: Path, **changes: Any) -> None:
        self.halts: list[Halt] = []
        self.throttle = Throttle(Archive.open(folder / "a.db", mode="write").hosts, 2.0)
        options = {"tries": 3, "delays": 30, "max_wait": 600.0, "max_failures": 4, "index_delay": 3.0}
        self.middleware = BackoffMiddleware(
            self.throttle,
            self.halts.append,
            clock=lambda: NOW,
            **options | changes,  # type: ignore[arg-type]
        )

    def answers(self, status: int, request: Request = PAGE, **headers: str) -> Response | Request:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.middleware.process_response(request, Response(request.url, status=status, headers=names))

    def wait(self) -> float:
        """Seconds until the host may be requested again."""
        return self.throttle.seconds_until_free(HOST, NOW)

    @property
    def codes(self) -> list[str]:
        return [halt.code for halt in self.halts]


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_host_is_retried_after_doubled_delays(host: Host, status: int) -> None:
    again = host.answers(status)
    assert isinstance(again, Request)
    assert again.dont_filter
    assert host.wait() == 60
    assert isinstance(host.answers(status), Request)
    assert host.wait() == 120
    assert host.codes == []
    last = host.answers(status)
    assert isinstance(last, Response)
    assert last.status == status
    assert host.wait() == 240
    assert host.codes == ["busy"]
    assert f"/en/post/a answered {status}" in host.halts[0].clause


@pytest.mark.parametrize("status", [200, 404, 500, 502])
def test_any_other_response_passes_and_resets_the_count(host: Host, status: int) -> None:
    for _ in range(3):
        host.answers(429)
        host.answers(429)
        answer = host.answers(status)
        assert isinstance(answer, Response)
        host.answers(200)
    assert host.codes == []


def test_hosts_are_counted_separately(host: Host) -> None:
    for name in ("a", "b"):
        for _ in range(2):
            assert isinstance(host.answers(503, Request(f"https://{name}.example/")), Request)
    assert host.codes == []


def test_a_retry_after_is_obeyed_to_the_second(host: Host) -> None:
    assert isinstance(host.answers(503, Retry_After="90"), Request)
    assert host.wait() == 90
    assert host.throttle.retry_after(HOST, NOW) == Wait(NOW + timedelta(seconds=90), NOW, "/en/post/a answered 503")


def test_an_invalid_retry_after_is_ignored(host: Host) -> None:
    host.answers(503, Retry_After="soon")
    assert host.wait() == 60


def test_a_retry_after_above_the_maximum_ends_the_run_and_is_stored(host: Host) -> None:
    assert isinstance(host.answers(503, Retry_After="600"), Request)
    assert host.codes == []
    assert isinstance(host.answers(503, Retry_After="601"), Response)
    assert host.codes == ["busy"]
    assert "until 2026-01-07 12:10:01 UTC" in host.halts[0].clause
    wait = host.throttle.retry_after(HOST, NOW)
    assert wait is not None
    assert wait.until == NOW + timedelta(seconds=601)


@pytest.mark.parametrize(("seconds", "refused"), [(600, False), (601, True)])
def test_a_retry_after_of_an_earlier_run_is_in_force(
    host: Host,
    seconds: int,
    refused: bool,
) -> None:
    host.throttle.back_off(HOST, Wait(NOW + timedelta(seconds=seconds), NOW, "/ answered 429"))
    if refused:
        with pytest.raises(Refusal) as caught:
            host.middleware.process_request(PAGE)
        assert caught.value.code == "busy"
    else:
        host.middleware.process_request(PAGE)
    assert host.codes == (["busy"] if refused else [])


def test_consecutive_failures_end_the_run(host: Host) -> None:
    host.answers(500)
    host.middleware.process_exception(PAGE, TimeoutError())
    host.answers(502)
    assert host.codes == []
    host.middleware.process_exception(PAGE, TimeoutError())
    assert host.codes == ["failing"]
    assert host.halts[0].clause == "caliber.az failed 4 times in a row"


@pytest.mark.parametrize("status", [200, 304, 404, 499])
def test_a_successful_response_resets_the_count_of_failures(host: Host, status: int) -> None:
    for _ in range(3):
        for _ in range(3):
            host.middleware.process_exception(PAGE, TimeoutError())
        host.answers(status)
    assert host.codes == []


def test_a_refused_request_is_not_a_failure_of_the_host(host: Host) -> None:
    for _ in range(9):
        host.middleware.process_exception(PAGE, Refusal("robots", "robots.txt disallows it"))
    assert host.codes == []


def test_the_index_of_a_web_archive_is_throttled_and_ends_no_run(host: Host) -> None:
    entry: Entry = index_entry("wayback", {"wayback": "https://index.example/cdx?output=json"}, SCOPE, NOW)
    index = Request(entry.url, cb_kwargs={"entry": entry})
    host.middleware.process_request(index)
    assert [host.throttle.acquire("index.example", NOW) for _ in range(2)] == [1.0, 4.0]
    for _ in range(9):
        host.middleware.process_exception(index, TimeoutError())
    for _ in range(3):
        host.answers(503, index, Retry_After="9000")
    with pytest.raises(Refusal) as caught:
        host.middleware.process_request(index)
    assert caught.value.code == "index_busy"
    assert host.codes == []
