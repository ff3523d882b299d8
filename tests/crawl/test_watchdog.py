"""A crawl whose event loop stands still ends; the page that stalled it is put aside, and everything else is kept."""

from __future__ import annotations

import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from caliber_crawler.archive import Archive
from caliber_crawler.crawling.watchdog import Watchdog
from tests.conftest import run_code
from tests.crawl.runs import url_of

STALLING = """
import asyncio, re, sys, time
from pathlib import Path
from caliber_crawler.crawling import watchdog
from tests.crawl.runs import capture, dispatched, running_on, store

async def crawl(run, page):
    async def live():
        while True:
            watchdog.WATCHDOG.tick()
            await asyncio.sleep(0.05)
    task = asyncio.create_task(live())
    run.watch(page.url)
    await asyncio.sleep(0.5)  # an event loop that runs is left alone
    with run.archive.transaction():
        run.archive.frontier.make_due(page.url, run.started_at)
        print("stalls", flush=True)
        exec(sys.argv[2])

watchdog.INTERVAL = 0.1
with running_on(Path(sys.argv[1])) as run:
    bad, good = dispatched(run, "bad", "good")
    watchdog.WATCHDOG.join(run, 0.3)
    asyncio.run(crawl(run, bad))
"""


ENDLESS_SQL = """
run.archive.db.execute("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT sum(i) FROM n")
"""
"""SQLite handles no signals."""


@pytest.mark.slow
@pytest.mark.parametrize(
    "code",
    ["while True: pass", 're.match("(a+)+$", "a" * 60 + "b")', "time.sleep(60)", ENDLESS_SQL],
    ids=["loop", "regex", "wait", "sql"],
)
def test_a_stalled_crawl_ends_and_puts_its_page_aside(code: str, tmp_path: Path) -> None:
    ended = run_code(STALLING, tmp_path, code)
    assert (ended.exit_code, ended.stdout) == (1, "stalls\n")
    assert f"while {url_of('bad')} was processed" in ended.stderr
    assert "The page is put aside." in ended.stderr
    assert "Traceback" not in ended.stderr
    with Archive.open(tmp_path / "run.db", mode="write") as archive:
        bad, good = archive.frontier.get(url_of("bad")), archive.frontier.get(url_of("good"))
        assert bad is not None
        assert good is not None
        assert (bad.state, good.state) == ("refused", "queued")
        assert bad.due_at is not None
        assert bad.due_at > datetime.now(UTC) + timedelta(hours=23)
        (run,) = archive.runs.last(1)
        assert (run["outcome"], run["counts"]["refused"], run["counts"]["remaining"]) == ("stopped", 1, 1)
        assert url_of("bad") in run["reason"]
        assert [row["reason"] for row in archive.db.query("select reason from problems")] == ["stalled"]


@pytest.mark.slow
def test_a_call_that_nothing_interrupts_ends_the_process(tmp_path: Path) -> None:
    code = "import hashlib; hashlib.pbkdf2_hmac('sha256', b'a', b'b', 2_000_000_000)"
    ended = run_code(STALLING, tmp_path, code)
    assert (ended.exit_code, ended.stdout) == (1, "stalls\n")
    assert f"heard no signal for 1 s while {url_of('bad')} was processed" in ended.stderr


class Recorder:
    """A run that only records its end."""

    def __init__(self) -> None:
        self.ended: list[str | None] = []

    def end_stalled(self, url: str | None, clause: str) -> None:
        self.ended.append(url)
        raise RuntimeError("the archive cannot be written")

    def interrupt(self) -> None:
        raise AssertionError("signals are handled")


def test_only_the_run_of_the_page_puts_it_aside_and_no_error_keeps_the_process() -> None:
    codes: list[int] = []
    watchdog, culprit, other = Watchdog(codes.append), Recorder(), Recorder()
    before = signal.getsignal(signal.SIGALRM)
    for run in (culprit, other):
        watchdog.join(run, 3)
    watchdog.watch(other, "https://news.example/a")
    watchdog.watch(culprit, "https://news.example/b")
    for _ in range(2):
        watchdog._check(signal.SIGALRM, None)
    watchdog.tick()
    for _ in range(2):
        watchdog._check(signal.SIGALRM, None)
    assert codes == []
    watchdog._check(signal.SIGALRM, None)
    assert (codes, culprit.ended, other.ended) == ([1], ["https://news.example/b"], [None])
    for run in (culprit, other):
        watchdog.leave(run)
    assert signal.getsignal(signal.SIGALRM) == before


def test_a_crawl_that_is_being_stopped_may_stall_less_long_and_puts_nothing_aside() -> None:
    codes: list[int] = []
    watchdog, run = Watchdog(codes.append), Recorder()
    watchdog.join(run, 60)
    watchdog.watch(run, "https://news.example/a")
    watchdog.stop_soon()
    for _ in range(15):
        assert codes == []
        watchdog._check(signal.SIGALRM, None)
    watchdog.leave(run)
    assert (codes, run.ended) == ([1], [None])
