"""Pages are extracted in a worker process: a hang, crash or kill there loses no page and stops no crawl."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import command, environment, unbalanced
from tests.hostile.site import answering
from tests.hostile.tricks import article
from tests.processes.calls import is_alive

pytestmark = pytest.mark.slow

LONG_TAGS = article(("<i " + " ".join(f"a{number}=1" for number in range(4_900)) + ">x</i>") * 300)
"""Each tag is within the attribute limit, but libxml2 takes many seconds for all of them."""


@contextmanager
def crawling(base_url: str, archive: Path, *options: object) -> Iterator[subprocess.Popen[str]]:
    arguments = ("crawl", "--base-url", base_url, "--archive", archive, "--language", "en", "--via", "listing")
    process = subprocess.Popen(
        command(*arguments, "--json", *options),
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdout, process.stderr):
            assert stream is not None
            stream.close()


def workers(parent: int) -> list[int]:
    """The process IDs of a crawl's extraction workers."""
    found = []
    for children in Path(f"/proc/{parent}/task").glob("*/children"):
        with suppress(OSError):
            for child in children.read_text().split():
                state = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0]
                is_worker = b"caliber_crawler.processes.serving" in Path(f"/proc/{child}/cmdline").read_bytes()
                if is_worker and state != "Z":
                    found.append(int(child))
    return found


def rows(archive: Path, query: str) -> list[Any]:
    try:
        with closing(sqlite3.connect(f"file:{archive}?mode=ro", uri=True)) as connection:
            return connection.execute(query).fetchall()
    except sqlite3.Error:
        return []


def wait_until(condition: Callable[[], Any], process: subprocess.Popen[str]) -> None:
    until = time.monotonic() + 240
    while not condition():
        assert process.poll() is None, "the crawl ended too early"
        assert time.monotonic() < until
        time.sleep(0.02)


def test_a_page_on_which_libxml2_hangs_is_skipped_and_the_crawl_continues(
    misbehave: Callable[..., Any], tmp_path: Path
) -> None:
    archive = tmp_path / "a.db"
    tricks = {"/en/post/long-tags": answering(200, LONG_TAGS)}
    with misbehave(tricks=tricks) as site, crawling(site.base_url, archive, "--delay", 0) as crawl:
        output, errors = crawl.communicate(timeout=400)
        truth = site.truth(language="en")
    counts = json.loads(output)
    assert "Traceback" not in errors
    assert counts["outcome"] == "finished"
    assert counts["stored"] == len(truth)
    assert {slug for (slug,) in rows(archive, "SELECT slug FROM articles")} == truth.keys()
    assert rows(archive, "SELECT reason, message FROM problems WHERE fatal") == [
        (
            "too_slow",
            f"Extraction of {site.base_url}/en/post/long-tags failed: it took more than 3 s of CPU time.",
        )
    ]
    stored = rows(archive, "SELECT status, size FROM captures WHERE url LIKE '%long-tags'")
    assert stored == [(200, len(LONG_TAGS))]
    assert unbalanced(archive) == []


def test_a_killed_worker_loses_no_page(misbehave: Callable[..., Any], tmp_path: Path) -> None:
    archive = tmp_path / "a.db"
    with misbehave(articles=120) as site, crawling(site.base_url, archive, "--delay", 0.05) as crawl:
        for pages in (3, 12, 20):
            wait_until(lambda pages=pages: len(rows(archive, "SELECT 1 FROM articles")) >= pages, crawl)
            wait_until(lambda: workers(crawl.pid), crawl)
            for worker in workers(crawl.pid):
                os.kill(worker, signal.SIGKILL)
        output, errors = crawl.communicate(timeout=400)
        truth = site.truth(language="en")
    assert errors == ""
    assert crawl.returncode == 0
    assert json.loads(output)["stored"] == len(truth) == json.loads(output)["discovered"]
    assert rows(archive, "SELECT * FROM problems WHERE fatal") == []
    assert unbalanced(archive) == []


def test_a_killed_crawl_leaves_no_worker_behind(misbehave: Callable[..., Any], tmp_path: Path) -> None:
    archive = tmp_path / "a.db"
    with misbehave() as site, crawling(site.base_url, archive, "--delay", 0.2) as crawl:
        wait_until(lambda: rows(archive, "SELECT 1 FROM articles"), crawl)
        (worker,) = workers(crawl.pid)
        crawl.kill()
        crawl.wait()
        until = time.monotonic() + 120
        while is_alive(worker) and time.monotonic() < until:
            time.sleep(0.05)
        assert not is_alive(worker)
