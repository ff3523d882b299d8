"""When a host may be requested again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from protego import Protego

from caliber_crawler.throttle import MAX_DELAY, LastRequest, Throttle, Wait, parse_retry_after, requested_delay

NOW = datetime(2026, 1, 6, 12, tzinfo=UTC)
HOST = "news.example"


class Memory:
    """The memory of a throttle without an archive."""

    def __init__(self) -> None:
        self.last: dict[str, LastRequest] = {}
        self.waits: dict[str, Wait] = {}

    def last_request(self, host: str) -> LastRequest | None:
        return self.last.get(host)

    def record_request(self, host: str, request: LastRequest) -> None:
        self.last[host] = request

    def retry_after(self, host: str) -> Wait | None:
        return self.waits.get(host)

    def record_retry_after(self, host: str, wait: Wait) -> None:
        self.waits[host] = wait


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


@given(st.lists(st.tuples(st.floats(0, 5), st.floats(0, 20)), min_size=2, max_size=30), st.floats(0.1, 10))
def test_the_delay_separates_all_requests(pauses: list[tuple[float, float]], delay: float) -> None:
    throttle, now, sent = Throttle(Memory(), delay), NOW, []
    for pause, lag in pauses:
        now += timedelta(seconds=pause)
        now += timedelta(seconds=throttle.acquire(HOST, now) + lag)  # a busy process sends it later
        throttle.mark_sent(HOST, now)
        sent.append(now)
    assert all((b - a).total_seconds() >= delay - 1e-5 for a, b in pairwise(sent))


def test_hosts_have_separate_delays() -> None:
    throttle = Throttle(Memory(), 5)
    assert throttle.acquire(HOST, NOW) == throttle.acquire("other.example", NOW) == 0


def test_a_new_process_keeps_the_delay_of_the_old_one() -> None:
    memory = Memory()
    old = Throttle(memory, 1)
    old.raise_delay(HOST, 10, NOW)
    sent = later(old.acquire(HOST, NOW))
    assert Throttle(memory, 1).acquire(HOST, sent + timedelta(seconds=3)) == pytest.approx(7)


def test_a_new_process_counts_the_delay_from_a_request_that_was_sent_late() -> None:
    memory = Memory()
    old = Throttle(memory, 10)
    old.acquire(HOST, NOW)
    old.mark_sent(HOST, later(8))
    assert Throttle(memory, 10).acquire(HOST, later(12)) == pytest.approx(6)


def test_timestamps_in_the_future_are_ignored() -> None:
    memory = Memory()
    Throttle(memory, 1).acquire(HOST, later(86_400))
    memory.record_retry_after(HOST, Wait(later(90_000), later(86_400), "busy"))
    assert Throttle(memory, 1).acquire(HOST, NOW) == 0


def test_a_clock_that_is_set_back_does_not_change_the_delay() -> None:
    throttle = Throttle(Memory(), 10)
    throttle.acquire(HOST, NOW)
    assert throttle.seconds_until_free(HOST, later(4)) == 6
    assert throttle.seconds_until_free(HOST, later(4 - 3_600)) == 6
    assert throttle.acquire(HOST, later(6 - 3_600)) == 4


def test_the_hosts_of_one_site_share_one_delay() -> None:
    memory = Memory()
    throttle = Throttle(memory, 5, together=(HOST, "cdn.news.example"))
    assert [throttle.acquire(host, NOW) for host in (HOST, f"www.{HOST}", "cdn.news.example", "else.example")] == [
        *(0, 5, 10),
        0,
    ]
    throttle.back_off(f"www.{HOST}", Wait(later(60), NOW, "busy"))
    assert throttle.retry_after(HOST, later(1)) is not None
    again = Throttle(memory, 5, together=(HOST, "cdn.news.example"))
    assert again.acquire(f"www.{HOST}", later(50)) == 10


def test_robots_txt_can_request_a_delay_of_at_most_ten_minutes() -> None:
    throttle = Throttle(Memory(), 1)
    throttle.raise_delay(HOST, 1e9, NOW)
    throttle.acquire(HOST, later(1_000))
    assert throttle.acquire(HOST, later(1_000)) == MAX_DELAY


def test_a_retry_after_outlives_the_process_and_expires() -> None:
    memory = Memory()
    Throttle(memory, 1).back_off(HOST, Wait(later(30), NOW, "busy"))
    assert Throttle(memory, 1).acquire(HOST, later(10)) == 20
    assert Throttle(memory, 1).retry_after(HOST, later(31)) is None


def test_a_retry_after_is_in_force_from_its_receipt_until_its_end() -> None:
    throttle, wait = Throttle(Memory(), 1), Wait(later(30), NOW, "busy")
    throttle.back_off(HOST, wait)
    expected = {-1: None, 0: wait, 29: wait, 30: None}
    assert {seconds: throttle.retry_after(HOST, later(seconds)) for seconds in expected} == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("120", later(120)),
        (" 0 ", NOW),
        (format_datetime(later(60), usegmt=True), later(60)),
        (format_datetime(later(-60), usegmt=True), None),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("9" * 400, NOW + timedelta(days=366)),
        ("١٢", None),
        ("Fri, 31 Dec 9999 23:59:59 -1200", None),
        ("Mon, 01 Jan 0001 00:00:00 +1400", None),
    ],
)
def test_retry_after_is_parsed_in_both_formats(value: str, expected: datetime | None) -> None:
    assert parse_retry_after(value, NOW) == expected


@given(st.text())
def test_any_retry_after_is_invalid_or_in_the_future(value: str) -> None:
    until = parse_retry_after(value, NOW)
    assert until is None or until >= NOW


@pytest.mark.parametrize(
    ("rules", "delay"),
    [
        ("", 0),
        ("Crawl-delay: 3", 3),
        ("Request-rate: 1/5", 5),
        ("Request-rate: 2/10", 5),
        ("Crawl-delay: 3\nRequest-rate: 1/5", 5),
        ("Crawl-delay: 7\nRequest-rate: 1/5", 7),
    ],
)
def test_the_longer_delay_of_robots_txt_is_requested(rules: str, delay: float) -> None:
    assert requested_delay(Protego.parse(f"User-agent: *\n{rules}\n"), "caliber_crawler") == delay
