"""A crawl of a site with every trick stores the good pages and nothing else."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Result, command, environment, run_module
from tests.crawl.test_isolated_extraction import workers
from tests.hostile import tricks
from tests.hostile.site import answering

pytestmark = pytest.mark.slow

FAST = ("--delay", 0, "--language", "en", "--via", "listing")
MAX_EXTRA_MEMORY = 140
"""Maximum memory of a crawl and its worker in megabytes, beyond that of a crawl without tricks. Measured: 75,
including two pages of maximum size. A decompressed bomb of 512 MB takes many times more."""


def reasons(archive: Path) -> dict[str, str]:
    """The last path segment of each URL with a trick, and the reason code."""
    with closing(sqlite3.connect(archive)) as connection:
        rows = connection.execute("select url, reason from problems where fatal = 1").fetchall()
    return {url.rpartition("/")[2]: reason for url, reason in rows}


def stored(archive: Path) -> set[str]:
    with closing(sqlite3.connect(archive)) as connection:
        return {slug for (slug,) in connection.execute("select slug from articles")}


EXPECTED = {
    "to-elsewhere": "offsite",
    "to-metadata": "offsite",
    "to-private": "offsite",
    "to-decimal": "offsite",
    "to-mapped": "offsite",
    "to-port": "offsite",
    "to-user": "offsite",
    "to-file": "scheme",
    "to-data": "scheme",
    "to-gopher": "scheme",
    "to-nonsense": "offsite",
    "to-longest": "url_too_long",
    "loop": "redirects",
    **{path.rpartition("/")[2]: "truncated" for path in tricks.TRUNCATED},
    "gzip-bomb": "too_large",
    "deflate-bomb": "too_large",
    "brotli-bomb": "too_large",
    "zstd-bomb": "too_large",
    "packed-often": "too_large",
    "huge-length": "too_large",
    "endless": "too_large",
    "header-flood": "too_large",
    "home": "redirect_home",
    "soft-404": "soft_404",
    "login": "login_wall",
    "many-attributes": "too_complex",
    "many-tags": "too_deep",
    "picture": "not_text",
    "nothing": "empty",
    "no-http": "network",
}
"""The reason code of each trick. Pages with wrong charsets are extracted anyway."""


def megabytes(pid: int) -> float:
    """The peak memory of a process; 0 when it has ended."""
    with suppress(OSError):
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
        return int(found[1]) / 1024 if found else 0.0
    return 0.0


def crawl_and_measure(base_url: str, archive: Path) -> tuple[dict[str, Any], str, float]:
    """The JSON output of a crawl, its error output, and the peak memory of it and its worker in megabytes."""
    arguments = ("crawl", "--base-url", base_url, "--archive", archive, *FAST, "--json")
    output, errors = archive.with_suffix(".out"), archive.with_suffix(".err")
    with output.open("w") as out, errors.open("w") as err:
        process = subprocess.Popen(command(*arguments), env=environment(), stdout=out, stderr=err)
        crawl = worker = 0.0
        until = time.monotonic() + 240
        try:
            while process.poll() is None and time.monotonic() < until:
                crawl = max(crawl, megabytes(process.pid))
                worker = max([worker, *map(megabytes, workers(process.pid))])
                time.sleep(0.03)
        finally:
            process.kill()
            process.wait()
    return json.loads(output.read_text()), errors.read_text(), crawl + worker


def test_every_trick_has_its_reason_and_every_good_page_is_stored(
    misbehave: Callable[..., Any], tmp_path: Path
) -> None:
    archive = tmp_path / "a.db"
    with misbehave() as plain:
        _, _, usual = crawl_and_measure(plain.base_url, tmp_path / "plain.db")
    with misbehave(tricks=tricks.TRICKS) as site:
        counts, errors, peak = crawl_and_measure(site.base_url, archive)
        truth = site.truth(language="en")
        assert max(map(site.paths().count, set(site.paths()))) <= 6
    assert "Traceback" not in errors
    assert stored(archive) == truth.keys() | {"wrong-charset", "no-charset"}
    assert reasons(archive) == EXPECTED
    assert counts["discovered"] == len(truth) + len(tricks.TRICKS)
    assert counts["outcome"] == "finished"
    assert 100 < usual < peak < usual + MAX_EXTRA_MEMORY


def test_bot_challenges_end_the_run(
    misbehave: Callable[..., Any], caliber: Callable[..., Result], tmp_path: Path
) -> None:
    page = b"<html><title>Just a moment...</title><script>window._cf_chl_opt={}</script></html>"
    challenges = {f"/en/post/challenge-{n}": answering(403, page, cf_mitigated="challenge") for n in range(9)}
    archive = tmp_path / "a.db"
    with misbehave(tricks=challenges) as site:
        result = caliber("crawl", "--base-url", site.base_url, "--archive", archive, *FAST)
        assert len([path for path in site.paths() if "challenge-" in path]) <= 2
    assert result.exit_code == 15
    assert "bot challenges" in result.stderr
    assert not [slug for slug in stored(archive) if "challenge-" in slug]


def test_a_slow_page_is_aborted_after_its_timeout(misbehave: Callable[..., Any], tmp_path: Path) -> None:
    archive = tmp_path / "a.db"
    with misbehave(tricks=tricks.SLOW) as site:
        arguments = ("-a", f"base_url={site.base_url}", "-a", "language=en", "-a", "via=listing")
        fast = ("-s", "DOWNLOAD_DELAY=0", "-s", "DOWNLOAD_TIMEOUT=2", "-s", "RETRY_TIMES=1", "-s", f"ARCHIVE={archive}")
        assert run_module("scrapy", "crawl", "caliber", *arguments, *fast).exit_code == 0
        assert stored(archive) == site.truth(language="en").keys()
    assert reasons(archive) == {"silent": "timeout", "slow-body": "timeout"}
