"""When a host may be asked again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.politeness import LONGEST_GAP, LastRequest, Pace, Wait, read_retry_after

NOW = datetime(2026, 1, 6, 12, tzinfo=UTC)
HOST = "news.example"


class Memory:
    """What an archive remembers, without one."""

    def __init__(self) -> None:
        self.last: dict[str, LastRequest] = {}
        self.waits: dict[str, Wait] = {}

    def last_request(self, host: str) -> LastRequest | None:
        return self.last.get(host)

    def asked(self, host: str, request: LastRequest) -> None:
        self.last[host] = request

    def wait(self, host: str) -> Wait | None:
        return self.waits.get(host)

    def wish(self, host: str, wait: Wait) -> None:
        self.waits[host] = wait


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


@given(st.lists(st.floats(0, 5), min_size=2, max_size=30), st.floats(0.1, 10))
def test_no_two_requests_are_nearer_than_the_gap(pauses: list[float], gap: float) -> None:
    pace, moment, sent = Pace(Memory(), gap), NOW, []
    for pause in pauses:
        moment += timedelta(seconds=pause)
        sent.append(moment + timedelta(seconds=pace.take_turn(HOST, moment)))
    assert all((b - a).total_seconds() >= gap - 1e-5 for a, b in pairwise(sent))


def test_hosts_do_not_wait_for_each_other() -> None:
    pace = Pace(Memory(), 5)
    assert pace.take_turn(HOST, NOW) == pace.take_turn("other.example", NOW) == 0


def test_a_new_process_keeps_the_gap_of_the_old_one() -> None:
    memory = Memory()
    old = Pace(memory, 1)
    old.widen(HOST, 10, NOW)
    sent = later(old.take_turn(HOST, NOW))
    assert Pace(memory, 1).take_turn(HOST, sent + timedelta(seconds=3)) == pytest.approx(7)


def test_a_clock_that_was_set_back_holds_nobody_up() -> None:
    memory = Memory()
    Pace(memory, 1).take_turn(HOST, later(86_400))
    memory.wish(HOST, Wait(later(90_000), later(86_400), "busy"))
    assert Pace(memory, 1).take_turn(HOST, NOW) == 0


def test_a_clock_that_is_set_back_while_we_wait_changes_no_gap() -> None:
    pace = Pace(Memory(), 10)
    pace.take_turn(HOST, NOW)
    assert pace.seconds_until_free(HOST, later(4)) == 6
    assert pace.seconds_until_free(HOST, later(4 - 3_600)) == 6
    assert pace.take_turn(HOST, later(6 - 3_600)) == 4


def test_the_hosts_of_one_site_are_asked_as_one() -> None:
    memory = Memory()
    pace = Pace(memory, 5, together=(HOST, "cdn.news.example"))
    assert [pace.take_turn(host, NOW) for host in (HOST, f"www.{HOST}", "cdn.news.example", "else.example")] == [
        *(0, 5, 10),
        0,
    ]
    pace.hold(f"www.{HOST}", Wait(later(60), NOW, "busy"))
    assert pace.asked_to_wait(HOST, later(1)) is not None
    again = Pace(memory, 5, together=(HOST, "cdn.news.example"))
    assert again.take_turn(f"www.{HOST}", later(50)) == 10


def test_a_robots_txt_cannot_ask_for_more_than_ten_minutes() -> None:
    pace = Pace(Memory(), 1)
    pace.widen(HOST, 1e9, NOW)
    pace.take_turn(HOST, later(1_000))
    assert pace.take_turn(HOST, later(1_000)) == LONGEST_GAP


def test_a_wish_outlives_the_process_and_ends() -> None:
    memory = Memory()
    Pace(memory, 1).hold(HOST, Wait(later(30), NOW, "busy"))
    assert Pace(memory, 1).take_turn(HOST, later(10)) == 20
    assert Pace(memory, 1).asked_to_wait(HOST, later(31)) is None


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
    ],
)
def test_retry_after_is_read_in_both_forms(value: str, expected: datetime | None) -> None:
    assert read_retry_after(value, NOW) == expected


@given(st.text())
def test_no_retry_after_can_hurt(value: str) -> None:
    until = read_retry_after(value, NOW)
    assert until is None or until >= NOW
