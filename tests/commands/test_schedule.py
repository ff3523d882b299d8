"""Crawls that run by themselves."""

from __future__ import annotations

import http.server
import json
import shlex
import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from apscheduler.triggers.cron import CronTrigger
from click.testing import CliRunner

from caliber_crawler.commands.schedule import calendar, cron_minutes, schedule
from tests.conftest import Result, command, environment

FAST = ("--delay", 0, "--concurrency", 8)


def printed(*arguments: str) -> str:
    result = CliRunner().invoke(schedule, list(arguments))
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.parametrize("every", [5, 17, 30, 59, 60, 90, 240, 720, 1440])
def test_every_interval_is_a_timetable_that_a_scheduler_understands(every: int) -> None:
    assert CronTrigger.from_crontab(cron_minutes(every))
    assert calendar(every)


def test_the_crontab_line_is_one_command_that_crawls_what_is_due() -> None:
    line = next(line for line in printed("--format", "crontab").splitlines() if line.startswith("*/30"))
    words = shlex.split(line.split(" ", 5)[5])
    assert words[0] == "cd"
    assert words[words.index("crawl") :][:3] == ["crawl", "caliber", "--due"]


def test_a_path_with_blanks_and_percent_signs_survives() -> None:
    crontab = printed("--format", "crontab", "--archive", "/tmp/my news/100%.db")
    assert r"'/tmp/my news/100\%.db'" in crontab
    assert '"/tmp/my news/100%%.db"' in printed("--format", "systemd", "--archive", "/tmp/my news/100%.db")


def test_the_workflow_names_no_path_of_this_machine() -> None:
    text = printed("--format", "github")
    assert "caliber crawl caliber --due --archive kept/archive.db" in text
    assert str(Path.cwd()) not in text
    assert "${{ vars.CALIBER_CONTACT }}" in text


@contextmanager
def hook(status: int = 200) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A webhook that remembers what it was told."""
    told: list[dict[str, Any]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/hook", told
        server.shutdown()


@pytest.mark.slow
def test_the_summary_is_posted(serve: Callable[..., Any], caliber: Callable[..., Result], tmp_path: Path) -> None:
    with serve() as demo, hook() as (url, told):
        arguments = ("--base-url", demo.base_url, "--archive", tmp_path / "a.db", *FAST, "--limit", 3)
        result = caliber("crawl", *arguments, "--notify", url)
    assert result.exit_code == 0, result.stderr
    (account,) = told
    assert (account["site"], account["stored"], account["exit_code"]) == ("caliber", 3, 0)
    assert account["summary"][0].startswith("Run 1 stopped")


@pytest.mark.slow
def test_a_summary_that_cannot_be_posted_is_said_and_fails_nothing(
    serve: Callable[..., Any], caliber: Callable[..., Result], tmp_path: Path
) -> None:
    with serve() as demo, hook(500) as (url, _):
        arguments = ("--base-url", demo.base_url, "--archive", tmp_path / "a.db", *FAST, "--limit", 3)
        result = caliber("crawl", *arguments, "--notify", url)
    assert result.exit_code == 0
    assert "it answered 500" in result.stderr


@pytest.mark.slow
def test_a_watch_crawls_at_once_and_stops_cleanly(serve: Callable[..., Any], tmp_path: Path) -> None:
    archive = tmp_path / "a.db"
    with serve() as demo:
        arguments = ("watch", "--archive", archive, "--base-url", demo.base_url, "--delay", 0.3)
        process = subprocess.Popen(command(*arguments), env=environment(), stderr=subprocess.PIPE, text=True)
        try:
            deadline = time.monotonic() + 40
            while time.monotonic() < deadline and _captures(archive) < 3:
                time.sleep(0.1)
            process.send_signal(signal.SIGTERM)
            _, stderr = process.communicate(timeout=45)
        finally:
            process.kill()
            process.wait()
    assert process.returncode == 0
    assert "Traceback" not in stderr
    with closing(sqlite3.connect(archive)) as connection:
        assert connection.execute("select outcome from runs").fetchall() == [("stopped",)]


def _captures(archive: Path) -> int:
    try:
        with closing(sqlite3.connect(f"file:{archive}?mode=ro", uri=True)) as connection:
            return int(connection.execute("select count(*) from captures").fetchone()[0])
    except sqlite3.Error:
        return 0
