"""Crawls and commands that are killed again and again: nothing may be lost, and nothing may be there twice.

    python -m benchmarks.kills                           # 30 crawls and 9 commands, ten kills each: about an hour
    python -m benchmarks.kills --crawls 3 --articles 120
    python -m benchmarks.kills --only merge --kills 5 --json

A crawl is ended by SIGKILL, by SIGKILL of its extraction process, by SIGTERM or by two Ctrl-C, or suspended for a
second, at random points; then it is run to its end. Every second one has another scope each time: one language, few
articles, recent dates. A command is killed by SIGKILL at random points of its duration, run again to its end, and
compared with one that was not killed. Archives are verified after each kill and at the end. Exit code 3: something was
lost, is there twice, or verification finds something.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import lzma
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.hostile import children
from caliber_crawler.archive import Archive
from caliber_crawler.archive.core.format import VERSION
from caliber_crawler.demo import DemoSite, running
from caliber_crawler.errors import NoArchive
from tests.conftest import command, environment
from tests.crawl.test_kills import stored_pages

AT = datetime(2026, 1, 7, tzinfo=UTC)
MAX_SECONDS = 300.0
"""Seconds after which a process counts as hung."""
MAX_TRIES = 4
"""Number of starts of a command for each kill: a command may end before it is killed."""
LAST_RUNS = 3
"""Crawls after the kills: what an extraction process was killed on is due in the next one."""
OLD_ARCHIVE = Path(__file__).parents[1] / "tests/archive/data/archive-v3.db.xz"
WAYS = ("SIGKILL", "SIGKILL of the extraction process", "SIGSTOP", "SIGTERM", "Ctrl-C twice")
SCOPES = ((), ("--language", "en"), ("--limit", 5), ("--since", "2025-12-25"), ("--backfill",), ("--via", "feed"))
"""Options of the crawls that are killed, in every second case: a narrower crawl must not hide what it left out."""
NARROW_PAGES = 6
"""Article pages after which a crawl with a narrower scope is killed, at most."""
CONTENT = {
    "articles": "SELECT count(*) FROM articles",
    "texts": "SELECT group_concat(hash, ' ') FROM (SELECT language || url || headline || body AS hash"
    " FROM article_texts ORDER BY 1)",
    "versions": "SELECT count(*) FROM versions",
    "view counts": "SELECT count(*) FROM view_counts",
    "captures": "SELECT group_concat(url || fetched_at || coalesce(body_digest, ''), ' ')"
    " FROM (SELECT * FROM captures ORDER BY url, fetched_at, body_digest)",
    "links": "SELECT count(*) FROM links",
}
"""What must be equal in an archive whose command was killed and in one whose command was not."""


@dataclass
class Result:
    """One crawl or command. All lists are empty if nothing went wrong."""

    name: str
    kills: int = 0
    ways: dict[str, int] = field(default_factory=dict)
    lost: int = 0
    twice: int = 0
    findings: int = 0
    """Findings of verifications."""
    different: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    """Files that should not be there."""
    note: str = ""
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        return not (self.lost or self.twice or self.findings or self.different or self.left)


def value(archive: Path, query: str) -> object:
    with closing(sqlite3.connect(f"file:{archive}?mode=ro", uri=True)) as connection:
        return connection.execute(query).fetchone()[0]


def start(*arguments: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command(*arguments), env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def run(*arguments: object) -> int:
    return start(*arguments).wait(MAX_SECONDS)


def findings(archive: Path) -> list[str]:
    """What a verification finds; nothing if there is no archive yet, or one that is still to be migrated."""
    try:
        if value(archive, "PRAGMA user_version") != VERSION:
            return []
        return [finding.message for finding in Archive.verify_file(archive).findings]
    except (NoArchive, sqlite3.OperationalError):
        return []


# --- crawls -----------------------------------------------------------------------------------------------------------


def killed_crawl(number: int, kills: int, articles: int, folder: Path) -> Result:
    """A crawl that is killed ten times, each time in another way, then run to its end."""
    chance, archive, ways = random.Random(number), folder / f"crawl-{number}.db", Counter[str]()
    site = DemoSite(articles=articles, seed=number, sections=("analytics",), clock=lambda: AT)
    started = time.monotonic()
    with running(site, log=folder / f"crawl-{number}.jsonl") as base_url:
        arguments = ("crawl", "--base-url", base_url, "--archive", archive, "--delay", 0, "--concurrency", 4)
        found = []
        for turn, point in enumerate(sorted(chance.sample(range(max(kills, articles - 10)), kills))):
            way, scope = WAYS[(turn + number) % len(WAYS)], chance.choice(SCOPES) if number % 2 else ()
            if scope:
                point = stored_pages(archive) + chance.randrange(NARROW_PAGES)
            # A narrow crawl may end before it is killed.
            if kill_at(archive, point, way, (*arguments, *scope)) or kill_at(archive, point, way, arguments):
                ways[way] += 1
            found += findings(archive)
        runs = 1
        while (exit_code := run(*arguments)) != 0 and runs < LAST_RUNS:
            runs += 1
            time.sleep(1.1)  # what failed is due a second later
    slugs = Counter(slug for (slug,) in rows(archive, "SELECT slug FROM article_texts"))
    truth = {page["slug"] for page in site.truth(AT)}
    versions = value(archive, "SELECT count(*) FROM versions")
    result = Result(
        name=f"crawl {number}",
        kills=sum(ways.values()),
        ways=dict(ways),
        lost=len(truth - slugs.keys()),
        twice=sum(slugs.values()) - len(slugs) + int(str(versions)) - len(slugs),
        findings=len(found + findings(archive)),
        note=f"{runs} runs after the kills, exit code {exit_code}",
        seconds=round(time.monotonic() - started, 1),
    )
    if exit_code != 0:
        result.different.append(f"exit code {exit_code}")
    result.different += found[:3]
    return result


def rows(archive: Path, query: str) -> list[tuple[str]]:
    with closing(sqlite3.connect(f"file:{archive}?mode=ro", uri=True)) as connection:
        return connection.execute(query).fetchall()


def kill_at(archive: Path, captures: int, way: str, arguments: Sequence[object]) -> bool:
    """Start a crawl, and end it when the archive has this number of article pages; whether it still ran."""
    process = start(*arguments)
    until = time.monotonic() + MAX_SECONDS
    while process.poll() is None and stored_pages(archive) < captures and time.monotonic() < until:
        time.sleep(0.01)
    if process.poll() is not None:
        return False
    match way:
        case "SIGKILL":
            process.kill()
        case "SIGKILL of the extraction process":
            for child in children(process.pid):
                with suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
            time.sleep(0.3)
            process.terminate()
        case "SIGSTOP":
            process.send_signal(signal.SIGSTOP)
            time.sleep(1)
            process.send_signal(signal.SIGCONT)
            time.sleep(0.2)
            process.terminate()
        case "SIGTERM":
            process.terminate()
        case _:
            process.send_signal(signal.SIGINT)
            time.sleep(0.1)
            process.send_signal(signal.SIGINT)
    process.wait(MAX_SECONDS)
    return True


# --- commands ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Command:
    """A command that is killed: how to prepare its folder, its arguments, and the archive or file that it makes."""

    prepare: Callable[[Path, Path], None]
    """Called with the folder of the base archive and the new folder."""
    arguments: Callable[[Path], tuple[object, ...]]
    made: str
    """Name of the archive or file, or pattern of the files, that the command makes or changes."""
    ends: tuple[int, ...] = (0,)
    compared: tuple[str, ...] = tuple(CONTENT)
    """Exit codes of the last run. A command that was killed after its commit may have nothing left to do."""


def copy_of(*names: str) -> Callable[[Path, Path], None]:
    """Copy files of the base into the new folder as ``archive.db``, ``other.db`` and so on."""

    def copy(base: Path, folder: Path) -> None:
        for name, new in zip(names, ("archive.db", "other.db"), strict=False):
            shutil.copy(base / name, folder / new)

    return copy


def old_archive(base: Path, folder: Path) -> None:
    (folder / "archive.db").write_bytes(lzma.decompress(OLD_ARCHIVE.read_bytes()))


def article_one(folder: Path) -> tuple[object, ...]:
    return ("takedown", 1, "--reason", "asked for", "--archive", folder / "archive.db")


COMMANDS = {
    "merge": Command(copy_of("half.db", "base.db"), lambda f: ("merge", f / "other.db", "--archive", f / "archive.db"),
                     "archive.db"),
    "reextract": Command(copy_of("base.db"), lambda f: ("reextract", "--again", "--archive", f / "archive.db"),
                         "archive.db"),
    "backup": Command(copy_of("base.db"), lambda f: ("backup", f / "copy.db", "--archive", f / "archive.db"), "copy.db",
                      (0, 1, 2)),
    "migrate": Command(old_archive, lambda f: ("migrate", "--archive", f / "archive.db"), "archive.db"),
    "takedown": Command(copy_of("base.db"), article_one, "archive.db", (0, 12)),
    "split": Command(copy_of("joined.db"), lambda f: ("split", 1, "--archive", f / "archive.db"), "archive.db", (0, 1)),
    "export sqlite": Command(copy_of("base.db"), lambda f: ("export", "sqlite", "-o", f / "made.db", "--archive",
                             f / "archive.db"), "made.db"),
    "export csv": Command(copy_of("base.db"), lambda f: ("export", "csv", "-o", f / "made.csv", "--archive",
                          f / "archive.db"), "made.csv"),
    "export warc": Command(copy_of("base.db"), lambda f: ("export", "warc", "-o", f / "made.warc.gz", "--archive",
                           f / "archive.db"), "made.warc.gz"),
    "ingest": Command(copy_of(), lambda f: ("ingest", f.parent / "base.warc.gz", "--archive", f / "archive.db",
                      "--base-url", (f.parent / "base-url").read_text()), "archive.db"),
}  # fmt: skip


def make_base(articles: int, folder: Path) -> None:
    """Make the archives that commands work on: by crawls of the demo site, and one wrong join."""
    site = DemoSite(articles=articles, seed=1, sections=("analytics",), clock=lambda: AT)
    with running(site, log=folder / "base.jsonl") as base_url:
        for archive, *some in (("half.db", "--language", "en"), ("base.db",)):
            run("crawl", "--base-url", base_url, "--archive", folder / archive, "--delay", 0, "--concurrency", 4, *some)
    stored, all_articles = value(folder / "base.db", "SELECT count(*) FROM articles"), len(list(site.truth(AT)))
    assert stored == all_articles, f"the base archive has {stored} of {all_articles} articles"
    (folder / "base-url").write_text(site.base_url)
    run("export", "warc", "--archive", folder / "base.db", "-o", folder / "base.warc.gz")
    shutil.copy(folder / "base.db", folder / "joined.db")
    with Archive.open(folder / "joined.db", mode="write") as archive:
        archive.articles._identity._merge(2, 1)
        archive.articles.refresh(1)


def killed_command(name: str, kills: int, folder: Path) -> Result:
    """Kill a command at random points of its duration, run it to its end, and compare it with one not killed.

    If it ends before it is killed, it is compared, and begins anew.
    """
    plan, chance, started = COMMANDS[name], random.Random(name), time.monotonic()
    whole, killed = (folder / f"{name.replace(' ', '-')}-{part}" for part in ("whole", "killed"))
    for each in (whole, killed):
        each.mkdir()
        plan.prepare(folder, each)
    began = time.monotonic()
    exit_code = run(*plan.arguments(whole))
    duration = time.monotonic() - began
    result = Result(name=name, note=f"{duration:.1f} s if not killed")
    if exit_code not in plan.ends:
        result.different.append(f"exit code {exit_code} without a kill")
    found: list[str] = []
    for _ in range(kills * MAX_TRIES):
        process = start(*plan.arguments(killed))
        with suppress(subprocess.TimeoutExpired):
            process.wait(chance.uniform(0.2, 1.0) * duration)
        if process.poll() is None:
            process.kill()
            process.wait()
            result.kills += 1
            found += findings(killed / "archive.db")
            if result.kills == kills:
                break
            continue
        check_end(plan, whole, killed, process.returncode, result)
        shutil.rmtree(killed)
        killed.mkdir()
        plan.prepare(folder, killed)
    check_end(plan, whole, killed, run(*plan.arguments(killed)), result)
    result.findings += len(found)
    result.different += found[:3]
    result.seconds = round(time.monotonic() - started, 1)
    return result


def check_end(plan: Command, whole: Path, killed: Path, exit_code: int, result: Result) -> None:
    """Compare the folder of a killed command that has been run to its end with that of one not killed."""
    if exit_code not in plan.ends:
        result.different.append(f"exit code {exit_code} after {result.kills} kills")
    result.different += differences(whole / plan.made, killed / plan.made, plan.compared)
    archives = [file for file in sorted({killed / "archive.db", killed / plan.made}) if is_archive(file)]
    found = [message for file in archives for message in (*findings(file), *Archive.verify_file(file).notes)]
    result.findings += len(found)
    result.different += found[:3]
    known = {file.name for file in whole.iterdir()}
    result.left += sorted(file.name for file in killed.iterdir() if file.name not in known and not is_copy(file))


def is_archive(file: Path) -> bool:
    return file.suffix == ".db" and file.exists()


def is_copy(file: Path) -> bool:
    """Whether a file is the copy that a migration keeps, or belongs to SQLite."""
    return ".before-" in file.name or ".schema-" in file.name or file.name.endswith(("-wal", "-shm", ".lock"))


def differences(whole: Path, killed: Path, compared: Sequence[str]) -> Iterator[str]:
    """What a killed command made differently."""
    if not killed.exists():
        yield f"{killed.name} is missing"
    elif killed.suffix == ".csv":
        if killed.read_bytes() != whole.read_bytes():
            yield killed.name
    elif killed.suffix == ".db":
        for what in compared:
            one, other = (digest(value(archive, CONTENT[what])) for archive in (whole, killed))
            if one != other:
                yield f"{what}: {one} without kills, {other} with"
    elif killed.stat().st_size == 0:
        yield f"{killed.name} is empty"


def digest(value: object) -> object:
    """A number as it is, a long text as a digest."""
    return hashlib.sha256(value.encode()).hexdigest()[:12] if isinstance(value, str) else value


def print_row(result: Result) -> None:
    """Print a result as soon as it is there."""
    wrong = [*result.different, *(f"left over: {name}" for name in result.left)]
    print(
        f"{result.name:16}{result.kills:>6}{result.lost:>6}{result.twice:>7}{result.findings or 'ok':>8}"
        f"{result.seconds:>9.0f}  {result.note}" + (f"  WRONG: {'; '.join(wrong)}" if wrong else ""),
        flush=True,
    )


def all_results(names: Sequence[str], crawls: int, kills: int, articles: int, folder: Path) -> Iterator[Result]:
    """The results of the crawls, then of the commands."""
    for number in range(crawls if "crawl" in names else 0):
        yield killed_crawl(number, kills, articles, folder)
    if set(names) & COMMANDS.keys():
        make_base(articles, folder)
    for name in COMMANDS:
        if name in names:
            yield killed_command(name, kills, folder)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--crawls", type=int, default=30, help="number of crawls")
    parser.add_argument("--kills", type=int, default=10, help="number of kills of each crawl and command")
    parser.add_argument("--articles", type=int, default=300, help="articles of each site")
    parser.add_argument("--only", action="append", choices=["crawl", *COMMANDS])
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    results: list[Result] = []
    if not options.json:
        print(f"{'':16}{'kills':>6}{'lost':>6}{'twice':>7}{'verify':>8}{'seconds':>9}")
    with tempfile.TemporaryDirectory() as name:
        names = options.only or ["crawl", *COMMANDS]
        for result in all_results(names, options.crawls, options.kills, options.articles, Path(name)):
            results.append(result)
            if options.json:
                print(json.dumps(asdict(result) | {"passed": result.passed}), flush=True)
            else:
                print_row(result)
    return 0 if all(result.passed for result in results) else 3


if __name__ == "__main__":
    raise SystemExit(main())
