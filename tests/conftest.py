"""Fixtures for several packages: a running demo site, and the ``caliber`` command as a user runs it."""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import pytest
from hypothesis import settings

from caliber_crawler.archive.core.connection import require_archive
from caliber_crawler.crawling.outcome import balanced
from caliber_crawler.demo import DemoSite, running
from caliber_crawler.errors import ArchiveError
from caliber_crawler.processes import executor, worker
from tests.preloaded import Fork, Program, interpreter

# Objects created by the collection live until the end. Searching them for garbage would take half of its time.
gc.disable()

# A busy machine must not make a test fail.
settings.register_profile("caliber", deadline=None)
# For `make check`: a tenth of the examples of a property. `make test` runs all of them.
settings.register_profile("quick", settings.get_profile("caliber"), max_examples=10)
settings.load_profile("caliber")

MEMORY = Path("/dev/shm")
"""A file system in memory, where the tests put their files: on a disk, archives wait for it at every commit."""
ENOUGH = 4 * 2**30
"""How much must be free there, in bytes. Containers often have less."""

if "TMPDIR" not in os.environ and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= ENOUGH:
    os.environ["TMPDIR"] = str(MEMORY)
    tempfile.tempdir = None  # forget the default

ROOT = Path(__file__).parents[1]
"""The root of the repository."""

AT = datetime(2026, 1, 7, tzinfo=UTC)
"""The frozen clock of the tests' demo sites: a few hours after their newest article."""


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


# Libraries that report unreleased objects at exit must not report frozen ones. Not earlier: pytest searches for garbage
# when it ends, twice.
atexit.register(gc.unfreeze)

# Scrapy looks up the callers of this module: all of them, in all modules. Here both are few.
importlib.import_module("scrapy.core.downloader.contextfactory")


@pytest.fixture(scope="session", autouse=True)
def preloaded_workers() -> Iterator[None]:
    """The workers of a test's own process are forks too; only ``tests/processes`` starts real ones."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker, "start_python", lambda *words, **options: interpreter().start_worker(*words, **options))
        yield
    executor.end_idle_workers()


@dataclass(frozen=True)
class Served:
    """A running demo site, and the log of its requests."""

    site: DemoSite
    base_url: str
    log: Path

    def requests(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def truth(self, **filters: str) -> dict[str, dict[str, Any]]:
        """The ground truth of each article that matches the filters (``section="analytics"``), by slug."""
        return {
            page["slug"]: page
            for page in self.site.truth(AT)
            if all(page[name] == value for name, value in filters.items())
        }


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Serve demo sites for the duration of a ``with`` block."""

    @contextmanager
    def serving(**options: Any) -> Iterator[Served]:
        log = tmp_path / f"requests-{len(list(tmp_path.glob('requests-*')))}.jsonl"
        site = DemoSite(**{"articles": 60, "seed": 1, "clock": lambda: AT, **options})
        with running(site, log=log) as base_url:
            yield Served(site, base_url, log)

    return serving


@dataclass(frozen=True)
class Result:
    """The exit code and output of a command."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        return json.loads(self.stdout)


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "caliber_crawler", *map(str, arguments)]


def environment(**variables: str) -> dict[str, str]:
    """The environment of a command: the current one, without the settings of ``caliber``.

    Dask sets the seed of hashes in the process that starts its workers.
    """
    current = {name: value for name, value in os.environ.items() if name != "PYTHONHASHSEED"}
    return {name: value for name, value in current.items() if not name.startswith("CALIBER_")} | variables


def run_module(module: str, *arguments: object, folder: Path = ROOT, **variables: str) -> Result:
    """Run a module as a program: ``scrapy``, ``caliber_crawler``, a script of the tests."""
    program = Program(module, tuple(map(str, arguments)), str(folder), environment(**variables))
    return Result(*interpreter().run(program, timeout=400))


def run_code(code: str, *arguments: object) -> Result:
    """Run code as a program, as ``python -c`` does."""
    return run_module("-c", code, *arguments)


def start(
    *arguments: object,
    module: str = "caliber_crawler",
    folder: Path = ROOT,
    stdout: IO[Any] | None = None,
    stderr: IO[Any] | None = None,
    **variables: str,
) -> Fork:
    """Start a program, for tests that stop it. Without a file for its output, the output is lost."""
    program = Program(module, tuple(map(str, arguments)), str(folder), environment(**variables))
    return interpreter().start(program, stdout, stderr)


@pytest.fixture
def caliber(tmp_path: Path) -> Callable[..., Result]:
    """Run ``caliber`` in an empty folder, as a user would."""
    folder = tmp_path / "work"
    folder.mkdir()

    def run(*arguments: object, **variables: str) -> Result:
        result = run_module("caliber_crawler", *arguments, folder=folder, **variables)
        if arguments[0] == "crawl" and "--archive" in arguments:
            assert unbalanced(Path(str(arguments[arguments.index("--archive") + 1]))) == []
        return result

    return run


def unbalanced(archive: Path) -> list[dict[str, int]]:
    """The counts of ended crawls in which an article URL has no outcome, or two."""
    try:
        if not require_archive(archive):
            return []
    except ArchiveError:
        return []
    with closing(sqlite3.connect(f"file:{archive}?mode=ro", uri=True)) as connection:
        ended = "command = 'crawl' AND outcome IN ('finished', 'stopped', 'failed')"
        runs = [json.loads(counts) for (counts,) in connection.execute(f"SELECT counts FROM runs WHERE {ended}")]
    return [counts for counts in runs if not balanced(counts)]
