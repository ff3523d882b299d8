"""``caliber watch``."""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime
from types import FrameType

import click

from caliber_crawler.commands.crawl_options import CrawlCommand, command_line, takes
from caliber_crawler.commands.options import archive_option, json_option
from caliber_crawler.commands.terminal import echo
from caliber_crawler.crawling.options import option_fields

STOPPING = 40.0
"""Seconds in which a crawl must stop cleanly."""
WRONG_USAGE = 2
"""The exit code of a usage error, which every later crawl would repeat."""


WATCH_OPTIONS = tuple(
    field.name for field, _ in option_fields(CrawlCommand) if field.name not in ("due", "urls", "cdx")
)
"""Options that a watch passes on to its crawls. It fetches only what is due, and a list of URLs is fetched once."""


@click.command()
@click.argument("sites", nargs=-1, metavar="[SITE]...")
@archive_option
@click.option("--every", type=click.IntRange(min=1), default=30, show_default=True, help="Minutes between two crawls.")
@click.option(
    "--cron", default="", metavar="FIELDS", help='Crawl on this schedule instead, as in a crontab: "*/20 6-23 * * *".'
)
@takes(CrawlCommand, WATCH_OPTIONS)
@json_option
def watch(options: CrawlCommand, every: int, cron: str) -> None:
    """Run as a daemon and crawl what is due on each SITE on a schedule.

    Each crawl is a separate process. The first starts immediately; no two run at the same time. Ctrl-C or SIGTERM stops
    cleanly, a second signal immediately; the next crawl resumes. In a systemd service, set KillMode=mixed so that the
    crawl receives one signal.

    \b
    Example:
      CALIBER_CONTACT=you@example.org caliber watch caliber --every 30 --notify https://example.org/hook
      CALIBER_CONTACT=you@example.org caliber watch --all --every 60
    """
    from apscheduler.schedulers.background import BackgroundScheduler
    from apscheduler.triggers.cron import CronTrigger
    from apscheduler.triggers.interval import IntervalTrigger

    try:
        trigger = CronTrigger.from_crontab(cron) if cron else IntervalTrigger(minutes=every)
    except ValueError as error:
        raise click.UsageError(f"{cron!r} is not a valid cron expression: {error}") from None
    stopped = threading.Event()
    crawl = Crawl([sys.executable, "-m", "caliber_crawler", *crawl_words(options)], stopped)

    def stop(number: int, frame: FrameType | None) -> None:
        if stopped.is_set():
            crawl.kill()
        stopped.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # it logs each run that a long crawl skips
    scheduler = BackgroundScheduler(timezone=UTC)
    scheduler.add_job(
        crawl.run, trigger, next_run_time=datetime.now(UTC), coalesce=True, max_instances=1, misfire_grace_time=None
    )
    scheduler.start()
    stopped.wait()
    scheduler.pause()
    crawl.stop()
    scheduler.shutdown(wait=False)
    sys.exit(WRONG_USAGE if crawl.is_wrong else 0)


def crawl_words(options: CrawlCommand) -> list[str]:
    """The command line of one crawl."""
    given = [*command_line(replace(options, due=True)), *(["--json"] if options.as_json else [])]
    return ["crawl", "--archive", str(options.archive), *given, "--", *options.sites]


class Crawl:
    """A crawl as a child process, because Scrapy's reactor can be started only once in a process.

    A usage error ends the watch, because every later crawl would repeat it.
    """

    def __init__(self, command: list[str], stopped: threading.Event) -> None:
        self.is_wrong = False
        self._command = command
        self._stopped = stopped
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._ended = False

    def run(self) -> None:
        """Crawl once and print the exit code."""
        with self._lock:
            if self._ended:
                return
            # A separate process group: Ctrl-C in a terminal reaches the crawl once, through stop().
            self._process = subprocess.Popen(self._command, start_new_session=True)  # noqa: S603
        code = self._process.wait()
        echo(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC: the crawl ended with exit code {code}.", err=True)
        if code == WRONG_USAGE:
            self.is_wrong = True
            self._stopped.set()

    def kill(self) -> None:
        """Kill a running crawl."""
        if self._process is not None:
            self._process.kill()

    def stop(self) -> None:
        """Stop a running crawl cleanly; kill it after a timeout, which loses no data."""
        with self._lock:
            self._ended = True
            process = self._process
        if process is None or process.poll() is not None:
            return
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOPPING)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
