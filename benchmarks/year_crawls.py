"""The crawls of ``benchmarks/year.py``: real crawls of all sites at each hour, in one process, at a simulated time.

The folder of a year has the archive, the log of the sites (``responses.tsv``), a line of JSON for each round of crawls
(``rounds.jsonl``) and for each other command (``commands.jsonl``). A year that was killed goes on after its last round.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.soak import children
from benchmarks.year_server import Served, served
from benchmarks.year_sites import SINCE_DAY, START, YearSite, redesigns, spiders
from caliber_crawler.archive import Archive
from caliber_crawler.commands.crawl import Result
from caliber_crawler.commands.crawling import ALLOCATIONS
from caliber_crawler.crawl_process import Crawl, CrawlProcess, follow_all
from caliber_crawler.crawling.options import CrawlOptions
from caliber_crawler.known_sites import project_settings
from caliber_crawler.news_spider import NewsSpider

PARALLEL = 20
"""Sites that are crawled at the same time."""
TIMEOUT = 4
"""Seconds in which a site must answer."""
KEPT_BACKUPS = 3
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Plan:
    """The year to run: into which folder, how long, how many sites, how often, and after which time to stop.

    The sites are at one port of 127.19.0.1, 127.19.0.2 and so on.
    """

    folder: Path
    days: int
    sites: int
    hours_between: int
    seconds: float
    port: int
    seed: int = 1

    @property
    def archive(self) -> Path:
        return self.folder / "archive.db"

    @property
    def end(self) -> datetime:
        return START + timedelta(days=self.days)

    def times(self) -> Iterator[datetime]:
        """The times of the rounds of crawls that are still to be run."""
        done = read_lines(self.folder / "rounds.jsonl")
        at = datetime.fromisoformat(done[-1]["at"]) + timedelta(hours=self.hours_between) if done else START
        while at < self.end:
            yield at
            at += timedelta(hours=self.hours_between)

    def year_sites(self) -> list[YearSite]:
        return [YearSite(number, self.days, self.sites, self.port, self.seed) for number in range(self.sites)]


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The lines of a file of JSON; a last line that was not written to its end is left out."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text("utf-8").splitlines(keepends=True) if line.endswith("\n")]


def cpu_seconds(pid: int) -> float:
    """The CPU time of a process, and of its children that are running or have ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    own = sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    return own + sum(map(cpu_seconds, children(pid)))


class Year:
    """Runs the rounds of a plan."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._sites = plan.year_sites()
        self._changes = redesigns(plan.days, plan.sites)
        self._clock: Any = None

    def run(self) -> None:
        """Run until the end of the plan, or until its seconds have passed."""
        import time_machine  # not needed to compare a year that was run elsewhere

        plan = self._plan
        plan.folder.mkdir(parents=True, exist_ok=True)
        settings = project_settings(
            ARCHIVE=str(plan.archive),
            LOG_LEVEL="ERROR",
            DOWNLOAD_DELAY=0,
            DOWNLOAD_TIMEOUT=TIMEOUT,
            RETRY_TIMES=1,
        )
        process = CrawlProcess(settings)
        gc.freeze()
        gc.set_threshold(ALLOCATIONS, *gc.get_threshold()[1:])
        with (
            served(plan.days, plan.sites, plan.port, plan.seed, plan.folder / "responses.tsv") as server,
            time_machine.travel(START, tick=True) as self._clock,
        ):
            process.run(self._rounds(process, server))

    async def _rounds(self, process: CrawlProcess, server: Served) -> None:
        plan, began = self._plan, time.monotonic()
        archive: Archive | None = None
        before: datetime | None = None
        try:
            for at in plan.times():
                if time.monotonic() - began > plan.seconds or process.stopping:
                    return
                before = before or at - timedelta(hours=plan.hours_between)
                if due := self._commands(before, at):
                    if archive is not None:
                        archive.close()
                        archive = None
                    for command in due:
                        self._run_command(at, command)
                archive = archive or Archive.open(plan.archive, mode="write")
                await self._round(at, process, server, archive)
                before = at
        finally:
            if archive is not None:
                archive.close()

    async def _round(self, at: datetime, process: CrawlProcess, server: Served, archive: Archive) -> None:
        """Crawl all sites, and write a line with what it took and what was unusual."""
        began, cpu, server_cpu = time.monotonic(), cpu_seconds(os.getpid()), cpu_seconds(server.pid)
        self._clock.move_to(at)
        server.set_clock(at)
        definitions = spiders(self._sites, at)
        crawls = [self._crawl(*each, archive) for each in zip(definitions, self._sites, strict=True)]
        await follow_all(process, crawls, archive, PARALLEL, lambda crawls: None)
        if process.stopping:
            return
        counts: Counter[str] = Counter()
        unusual = {}
        for site, crawl in zip(self._sites, crawls, strict=True):
            result = Result(site.name, crawl)
            state = None if crawl.run is None else crawl.run.state
            notice = result.notice()
            counts["notices"] += notice.state.differs_from(notice.before)
            if crawl.run is not None:
                counts.update({name: crawl.run.accounts.counts[name] for name in ("pages", "new", "updated")})
                counts["without_requests"] += not crawl.run.accounts.counts["pages"]
            if state is None or state.name != "healthy":
                account = result.account()
                unusual[site.name] = {
                    "exit_code": result.exit_code,
                    "alarms": [] if state is None else state.alarms,
                    "why": account["why"],
                    "anomalies": account.get("anomalies", []),
                    "error": None if result.error is None else str(result.error),
                }
        server_used = cpu_seconds(server.pid) - server_cpu
        line = {
            "at": at.isoformat(),
            "crawls": len(crawls),
            **counts,
            "cpu": round(cpu_seconds(os.getpid()) - cpu - server_used, 3),
            "server_cpu": round(server_used, 3),
            "seconds": round(time.monotonic() - began, 3),
            "unusual": unusual,
        }
        before = at - timedelta(hours=self._plan.hours_between)
        if (at - START) // WEEK != (before - START) // WEEK:
            line["growth"] = growth(archive)
            print(progress(line), file=sys.stderr, flush=True)
        self._write("rounds", line)

    def _crawl(self, spider: type[NewsSpider], site: YearSite, archive: Archive) -> Crawl:
        """The first crawl of a site states its scope, which the archive keeps for those of what is due."""
        if archive.sites.get(site.name) is None:
            return Crawl(spider=spider, options=CrawlOptions(language=site.language, since=SINCE_DAY))
        return Crawl(spider=spider, options=CrawlOptions(due=True))

    def _commands(self, before: datetime, at: datetime) -> list[list[str]]:
        """The commands between two rounds: backups, retention and verification, upgrades, acknowledgements."""
        found: list[list[str]] = []
        is_short = self._plan.days < 60
        is_new = (at - START) // WEEK != (before - START) // WEEK if is_short else at.month != before.month
        if is_new and before >= START:
            cold = self._plan.folder / "cold"
            cold.mkdir(exist_ok=True)
            found += [
                ["backup", str(self._plan.folder / "backups"), "--keep", str(KEPT_BACKUPS)],
                ["cold", "move", "--older-than", f"{min(30, self._plan.days // 4)}d", "--to", str(cold)],
                ["verify"],
            ]
        for change in self._changes:
            if before < change.fixed_at <= at:
                site = self._sites[change.site].name
                found += (
                    [["migrate"], ["verify", "--new"]]
                    if change.by_definition
                    else [["status", "--acknowledge", site, "--by", "benchmark"]]
                )
        return found

    def _run_command(self, at: datetime, command: list[str]) -> None:
        plan = self._plan
        line: dict[str, Any] = {"at": at.isoformat(), "command": command[0]}
        arguments = ["benchmarks.year_command", at.isoformat(), *command, "--archive", str(plan.archive)]
        before = os.times()
        ended = subprocess.run([sys.executable, "-m", *arguments], capture_output=True, text=True, timeout=3_600)
        after = os.times()
        cpu = after.children_user + after.children_system - before.children_user - before.children_system
        self._write(
            "commands",
            line
            | {"exit_code": ended.returncode, "cpu": round(cpu, 2), "output": (ended.stdout + ended.stderr)[-500:]},
        )

    def _write(self, name: str, line: dict[str, Any]) -> None:
        with (self._plan.folder / f"{name}.jsonl").open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(line) + "\n")


def growth(archive: Archive) -> dict[str, float]:
    """The size of an archive."""
    database = archive.db
    tables = ("articles", "versions", "captures", "view_counts", "frontier", "runs", "problems")
    sizes: dict[str, float] = {name: database.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in tables}
    pages = (
        database.execute("PRAGMA page_count").fetchone()[0] - database.execute("PRAGMA freelist_count").fetchone()[0]
    )
    return sizes | {"megabytes": pages * database.execute("PRAGMA page_size").fetchone()[0] / 1e6}


def progress(line: dict[str, Any]) -> str:
    """A line for the terminal."""
    sizes = line["growth"]
    return (
        f"{datetime.fromisoformat(line['at']).astimezone(UTC):%Y-%m-%d}: {sizes['articles']:,} articles,"
        f" {sizes['versions']:,} versions, {sizes['captures']:,} captures, {sizes['megabytes']:,.0f} MB;"
        f" {line['crawls']} crawls in {line['cpu']} s of CPU"
    )
