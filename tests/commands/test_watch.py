"""A watch crawls at once and at each time, in processes of its own, until a signal."""

from __future__ import annotations

import errno
import os
import signal
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from click.testing import CliRunner

from caliber_crawler.commands.crawl_options import CrawlCommand
from caliber_crawler.commands.watch import Watch, report_end, watch
from tests.alerts.receivers import webhook

RECORD = "import sys, time; open(sys.argv[1], 'a').write('crawl\\n'); time.sleep(float(sys.argv[2])); sys.exit({code})"


def crawl(log: Path, seconds: float = 0.0, code: int = 0) -> Watch:
    return Watch(["-c", RECORD.format(code=code), str(log), str(seconds)])


def every(seconds: float) -> Iterator[datetime]:
    start = datetime.now(UTC)
    return (start + timedelta(seconds=seconds) * number for number in count(1))


def wait_for(log: Path, crawls: int) -> None:
    deadline = time.monotonic() + 30
    while not log.exists() or log.read_text().count("crawl") < crawls:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def run(watching: Watch, times: Iterator[datetime]) -> threading.Thread:
    thread = threading.Thread(target=watching.run, args=(times,), daemon=True)
    thread.start()
    return thread


def test_a_watch_crawls_until_it_is_stopped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    watching = crawl(tmp_path / "log")
    thread = run(watching, every(0.05))
    wait_for(tmp_path / "log", 3)
    watching.stop(signal.SIGTERM, None)
    thread.join(10)
    assert not thread.is_alive()
    assert "the crawl ended with exit code 0. The next begins on " in capsys.readouterr().err


@pytest.mark.slow
def test_a_time_that_a_long_crawl_misses_is_skipped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    watching = crawl(tmp_path / "log", 0.3)
    start = datetime.now(UTC)
    missed = (start + timedelta(seconds=seconds) for seconds in (0.1, 0.2, 3600))
    thread = run(watching, iter(missed))
    wait_for(tmp_path / "log", 1)
    while "The next begins" not in capsys.readouterr().err:
        time.sleep(0.01)
    watching.stop(signal.SIGINT, None)
    thread.join(10)
    assert (tmp_path / "log").read_text() == "crawl\n"


def test_a_signal_interrupts_the_crawl_and_ends_the_watch(tmp_path: Path) -> None:
    watching = crawl(tmp_path / "log", 60.0)
    thread = run(watching, every(3600))
    wait_for(tmp_path / "log", 1)
    watching.stop(signal.SIGTERM, None)
    thread.join(10)
    assert not thread.is_alive()


@pytest.mark.slow
def test_a_second_signal_kills_a_crawl_that_does_not_stop(tmp_path: Path) -> None:
    deaf = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {RECORD.format(code=0)}"
    watching = Watch(["-c", deaf, str(tmp_path / "log"), "60"])
    thread = run(watching, every(3600))
    wait_for(tmp_path / "log", 1)
    watching.stop(signal.SIGINT, None)
    thread.join(0.2)
    assert thread.is_alive()
    watching.stop(signal.SIGINT, None)
    thread.join(10)
    assert not thread.is_alive()


def test_a_usage_error_ends_the_watch(tmp_path: Path) -> None:
    watching = crawl(tmp_path / "log", code=2)
    watching.run(every(0.01))
    assert watching.is_wrong
    assert (tmp_path / "log").read_text() == "crawl\n"


@pytest.mark.parametrize("cron", ["0 0 30 2 *", "* * * * * *", "0 25 * * *", "R * * * *"])
def test_an_invalid_cron_expression_is_refused(cron: str) -> None:
    result = CliRunner().invoke(watch, ["--cron", cron])
    assert result.exit_code == 2
    assert f"'{cron}' is not a valid cron expression" in result.output


def test_the_help_states_the_time_zone_and_the_weekdays() -> None:
    help = " ".join(CliRunner().invoke(watch, ["--help"]).output.split())
    assert "(1 is Monday), in the time zone of this machine" in help


@pytest.mark.slow
def test_a_crawl_that_is_killed_is_reported_once_and_so_is_its_recovery(tmp_path: Path) -> None:
    kills = "import os, sys; log = open(sys.argv[1], 'a+'); log.seek(0); done = len(log.read()); log.write('x');"
    kills += " log.close(); os.kill(os.getpid(), 9) if 1 <= done <= 3 else None"
    codes: list[int] = []
    with webhook() as received:
        options = CrawlCommand(archive=tmp_path / "a.db", notify=received.url, sites=("gazette",))

        def end(code: int) -> None:
            report_end(options, code)
            codes.append(code)
            if len(codes) == 7:
                watching.stop(signal.SIGTERM, None)

        watching = Watch(["-c", kills, str(tmp_path / "log")], end)
        run(watching, every(0.01)).join(60)
    assert codes == [0, -9, -9, -9, 0, 0, 0]
    assert [(message["site"], message["state"], message["exit_code"]) for message in received.payloads] == [
        ("gazette", "failed", 137),
        ("gazette", "healthy", 0),
    ]
    assert "signal 9 (Killed)" in received.payloads[0]["why"]


def test_a_crawl_that_cannot_be_started_does_not_end_the_watch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    attempts = []

    def refuse(*arguments: object, **options: object) -> None:
        attempts.append(arguments)
        if len(attempts) == 3:
            watching.stop(signal.SIGTERM, None)
        raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))

    monkeypatch.setattr("caliber_crawler.commands.watch.start_python", refuse)
    watching = crawl(tmp_path / "log")
    watching.run(every(0.01))
    assert len(attempts) == 3
    assert "The crawl could not be started: Cannot allocate memory." in capsys.readouterr().err
