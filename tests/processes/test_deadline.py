"""What takes too long is stopped, and nothing else."""

from __future__ import annotations

import re
import signal
import threading
import time

import pytest

from caliber_crawler.processes.deadline import TooSlow, deadline

pytestmark = pytest.mark.timeout(0)  # its alarm is the one we set


def spin() -> None:
    while True:
        pass


def test_a_loop_is_stopped() -> None:
    started = time.monotonic()
    with pytest.raises(TooSlow), deadline(0.2):
        spin()
    assert time.monotonic() - started < 20


def test_a_regular_expression_that_explodes_is_stopped() -> None:
    started = time.monotonic()
    with pytest.raises(TooSlow), deadline(0.2):
        re.match(r"(a+)+$", "a" * 60 + "b")
    assert time.monotonic() - started < 20


def test_a_library_that_catches_everything_does_not_go_on() -> None:
    def careless() -> str:
        try:
            spin()
            return "never"
        except Exception:  # noqa: BLE001
            return "as if nothing had happened"

    with pytest.raises(TooSlow), deadline(0.2):
        careless()


def test_what_is_in_time_is_left_alone_and_the_alarm_is_off() -> None:
    before = signal.getsignal(signal.SIGALRM)
    with deadline(5):
        pass
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert signal.getsignal(signal.SIGALRM) is before


def test_in_another_thread_there_is_no_alarm() -> None:
    done = []

    def work() -> None:
        with deadline(0.05):
            time.sleep(0.1)
            done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [True]
