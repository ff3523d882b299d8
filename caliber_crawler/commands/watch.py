"""``caliber watch``."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from types import FrameType

import click

from caliber_crawler.commands.crawl_options import CrawlCommand, command_line, takes
from caliber_crawler.commands.options import archive_option, json_option
from caliber_crawler.commands.terminal import echo
from caliber_crawler.crawling.options import option_fields
from caliber_crawler.cron import cron_times, describe_time, interval_times, require_cron
from caliber_crawler.interpreter import start_python

STOPPING = 40.0
"""Seconds in which a crawl must stop cleanly."""
WRONG_USAGE = 2
"""The exit code of a usage error, which every later crawl would repeat."""
NOT_STARTED = 1
"""The exit code of a crawl that could not be started."""
SIGNALLED = 128
"""Added to the number of the signal that ended a crawl, as shells do."""
MAX_WAIT = 60.0
"""Maximum number of seconds between two looks at the clock, which may be set, or stand still while a machine sleeps."""
MAX_EVERY = 366 * 24 * 60


WATCH_OPTIONS = tuple(
    field.name for field, _ in option_fields(CrawlCommand) if field.name not in ("due", "urls", "cdx")
)
"""Options that a watch passes on to its crawls. It fetches only what is due, and a list of URLs is fetched once."""


@click.command()
@click.argument("sites", nargs=-1, metavar="[SITE]...")
@archive_option
@click.option(
    "--every", type=click.IntRange(1, MAX_EVERY), default=30, show_default=True, help="Minutes between two crawls."
)
@click.option(
    "--cron",
    default="",
    metavar="FIELDS",
    help='Crawl on this schedule instead, as in a crontab: "*/20 6-23 * * 1-5" (1 is Monday), in the time zone of this'
    " machine or of the variable TZ.",
)
@takes(CrawlCommand, WATCH_OPTIONS)
@json_option
def watch(options: CrawlCommand, every: int, cron: str) -> None:
    """Run as a daemon and crawl what is due on each SITE on a schedule.

    Each crawl is a separate process. The first starts immediately; no two run at the same time, and a crawl that ends
    after the next one was due is followed by the one after that. Ctrl-C or SIGTERM stops cleanly, a second signal
    immediately; the next crawl resumes. In a systemd service, set KillMode=mixed so that the crawl receives one signal.

    \b
    Example:
      CALIBER_CONTACT=you@example.org caliber watch caliber --every 30 --notify https://example.org/hook
      CALIBER_CONTACT=you@example.org caliber watch --all --cron "0 5 * * 1"
    """
    if cron:
        try:
            require_cron(cron)
        except ValueError as error:
            raise click.UsageError(f"{cron!r} is not a valid cron expression: {error}.") from None
    started_at = datetime.now(UTC)
    times = cron_times(cron, started_at) if cron else interval_times(every, started_at)
    if cron:
        soonest = next(cron_times(cron, started_at))
        echo(f"Crawling now, and then on the schedule {cron!r}, next on {describe_time(soonest)}.", err=True)
    watching = Watch(["-m", "caliber_crawler", *crawl_words(options)], lambda code: report_end(options, code))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, watching.stop)
    watching.run(times)
    sys.exit(WRONG_USAGE if watching.is_wrong else 0)


def crawl_words(options: CrawlCommand) -> list[str]:
    """The command line of one crawl."""
    given = [*command_line(replace(options, due=True)), *(["--json"] if options.as_json else [])]
    return ["crawl", "--archive", str(options.archive), *given, "--", *options.sites]


def report_end(options: CrawlCommand, code: int) -> None:
    """Send a message if a crawl was killed, and when the next one was not: the crawl itself sends none then."""
    if not options.notify:
        return
    from caliber_crawler.archive.reports.alarms import SiteState
    from caliber_crawler.commands.notification import CRAWL_PROCESS, Notice, notify

    healthy = SiteState(0)
    account: dict[str, object] = {"site": ", ".join(options.sites) or "all sites of the watch", "outcome": None}
    if code < 0:
        state, before = SiteState(SIGNALLED - code), None
        name = signal.strsignal(-code) or "unknown"
        why = f"The crawl was ended by signal {-code} ({name}). If memory was short, the log of the system says so."
    else:
        state, before, why = healthy, healthy, "Crawls are no longer ended by a signal."
    notify(
        options.notify,
        options.archive,
        [Notice(CRAWL_PROCESS, state, before, {**account, "why": why, "exit_code": state.exit_code})],
    )


class Watch:
    """Crawls one after the other, each in a process of its own: Scrapy's reactor can be started only once.

    A usage error ends the watch, because every later crawl would repeat it.
    """

    def __init__(self, crawl: list[str], report_end: Callable[[int], None] = lambda code: None) -> None:
        """``report_end`` receives the exit code of each crawl that was not stopped: negative if a signal ended it."""
        self.is_wrong = False
        self._report_end = report_end
        self._command = crawl
        self._stopped = False
        # A signal handler may use no lock that the interrupted code may have taken, as that of an event.
        self._woken, self._wake = os.pipe()
        self._process: subprocess.Popen[bytes] | None = None
        self._interrupted = False

    def run(self, times: Iterator[datetime]) -> None:
        """Crawl at once and at each of the times that is not over, until :meth:`stop` is called."""
        while True:
            code = self._crawl()
            if self._stopped:
                return
            self._report_end(code)
            ended_at = datetime.now(UTC)
            at = next(time for time in times if time > ended_at)
            echo(
                f"{ended_at:%Y-%m-%d %H:%M:%S} UTC: the crawl ended with exit code {code}."
                f" The next begins on {describe_time(at)}.",
                err=True,
            )
            if not self._wait(at):
                return

    def stop(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal: stop a running crawl cleanly, and kill it after a timeout, which loses no data.

        A second signal kills it immediately.
        """
        if self._stopped and self._process is not None:
            self._process.kill()
        self._stopped = True
        os.write(self._wake, b".")
        self._interrupt()

    def _crawl(self) -> int:
        # A separate process group: Ctrl-C in a terminal reaches the crawl once, through stop().
        try:
            self._process = start_python(*self._command, start_new_session=True)
        except OSError as error:  # no memory, or too many processes
            echo(f"The crawl could not be started: {error.strerror}. The next attempt is the next crawl.", err=True)
            return NOT_STARTED
        if self._stopped:
            self._interrupt()
        code = self._process.wait()
        if code == WRONG_USAGE:
            self.is_wrong = self._stopped = True
        return code

    def _interrupt(self) -> None:
        process = self._process
        if process is None or process.poll() is not None or self._interrupted:
            return
        self._interrupted = True
        # Not SIGINT: what a shell runs in the background ignores it.
        process.send_signal(signal.SIGTERM)
        timer = threading.Timer(STOPPING, process.kill)
        timer.daemon = True
        timer.start()

    def _wait(self, at: datetime) -> bool:
        """Wait until a time; return whether the watch goes on."""
        while (left := (at - datetime.now(UTC)).total_seconds()) > 0:
            if select.select([self._woken], [], [], min(left, MAX_WAIT))[0]:
                return False
        return not self._stopped
