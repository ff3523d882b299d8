"""Pages are read in a process of its own: what hangs, dies or is killed there costs no page and stops no crawl."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import command, environment, unbalanced
from tests.hostile.site import answering
from tests.hostile.tricks import article
from tests.processes.calls import is_alive

pytestmark = pytest.mark.slow

LONG_TAGS = article(("<i " + " ".join(f"a{number}=1" for number in range(4_900)) + ">x</i>") * 300)
"""No tag has more attributes than are let through, and libxml2 takes many seconds for all of them: see its bounds."""


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


def readers(parent: int) -> list[int]:
    """The processes that a crawl has its pages read in."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state, owner = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
            reads = b"caliber_crawler.processes.serving" in (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if reads and int(owner) == parent and state != "Z":
            found.append(int(folder.name))
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


def test_a_page_on_which_libxml2_hangs_is_put_aside_and_the_crawl_goes_on(
    misbehave: Callable[..., Any], tmp_path: Path
) -> None:
    archive = tmp_path / "a.db"
    tricks = {"/en/post/long-tags": answering(200, LONG_TAGS)}
    with misbehave(tricks=tricks) as site, crawling(site.base_url, archive, "--delay", 0) as crawl:
        told, complaints = crawl.communicate(timeout=400)
        truth = site.truth(language="en")
    account = json.loads(told)
    assert "Traceback" not in complaints
    assert account["outcome"] == "finished"
    assert account["stored"] == len(truth)
    assert {slug for (slug,) in rows(archive, "SELECT slug FROM articles")} == truth.keys()
    assert rows(archive, "SELECT reason, message FROM problems WHERE fatal") == [
        (
            "too_slow",
            f"{site.base_url}/en/post/long-tags was put aside during extraction: it took more than 3 s of CPU time.",
        )
    ]
    kept = rows(archive, "SELECT status, size FROM captures WHERE url LIKE '%long-tags'")
    assert kept == [(200, len(LONG_TAGS))]
    assert unbalanced(archive) == []


def test_a_reader_that_is_killed_in_the_middle_of_a_crawl_costs_no_page(
    misbehave: Callable[..., Any], tmp_path: Path
) -> None:
    archive = tmp_path / "a.db"
    with misbehave(articles=120) as site, crawling(site.base_url, archive, "--delay", 0.05) as crawl:
        for pages in (3, 12, 20):
            wait_until(lambda pages=pages: len(rows(archive, "SELECT 1 FROM articles")) >= pages, crawl)
            wait_until(lambda: readers(crawl.pid), crawl)
            for reader in readers(crawl.pid):
                os.kill(reader, signal.SIGKILL)
        told, complaints = crawl.communicate(timeout=400)
        truth = site.truth(language="en")
    assert complaints == ""
    assert crawl.returncode == 0
    assert json.loads(told)["stored"] == len(truth) == json.loads(told)["discovered"]
    assert rows(archive, "SELECT * FROM problems WHERE fatal") == []
    assert unbalanced(archive) == []


def test_a_crawl_that_is_killed_leaves_no_reader_behind(misbehave: Callable[..., Any], tmp_path: Path) -> None:
    archive = tmp_path / "a.db"
    with misbehave() as site, crawling(site.base_url, archive, "--delay", 0.2) as crawl:
        wait_until(lambda: rows(archive, "SELECT 1 FROM articles"), crawl)
        (reader,) = readers(crawl.pid)
        crawl.kill()
        crawl.wait()
        until = time.monotonic() + 120
        while is_alive(reader) and time.monotonic() < until:
            time.sleep(0.05)
        assert not is_alive(reader)
