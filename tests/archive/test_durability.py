"""Acknowledged writes survive the death of the writing process."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from caliber_crawler.archive import Archive
from caliber_crawler.errors import ArchiveFull
from tests.archive.newsroom import Newsroom, start_run
from tests.conftest import ROOT, run_code
from tests.small_disk import small_disk_at

WRITER = """
import sys
sys.path.insert(0, sys.argv[2])
from caliber_crawler.archive import Archive
from tests.archive.newsroom import Newsroom, minutes, start_run

newsroom = Newsroom(archive := Archive.open(sys.argv[1], mode="write"), start_run(archive))
first = archive.db.execute("SELECT count(*) FROM articles").fetchone()[0]
for number in range(first, first + 100_000):
    url = f"https://caliber.az/en/post/{1000 + number}"
    newsroom.save(minutes(number), article_urls=(url,), page=f"<p>{number}</p>".encode() * 500, views=number)
    print(number, flush=True)
"""


ROUNDS = """
import os, random, select, signal, sys, time
sys.path.insert(0, sys.argv[2])
from caliber_crawler.archive import Archive
from tests.archive.newsroom import Newsroom, minutes, start_run

def write(pipe):
    newsroom = Newsroom(archive := Archive.open(sys.argv[1], mode="write"), start_run(archive))
    first = archive.db.execute("SELECT count(*) FROM articles").fetchone()[0]
    for number in range(first, first + 100_000):
        url = f"https://caliber.az/en/post/{1000 + number}"
        newsroom.save(minutes(number), article_urls=(url,), page=f"<p>{number}</p>".encode() * 500, views=number)
        os.write(pipe, b"%d " % number)

rng, acknowledged = random.Random(5), -1
for killed in range(int(sys.argv[3])):
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        write(write_end)
    os.close(write_end)
    # Half of the writers are killed while they open the archive, the others at one of their first writes.
    if killed % 2:
        select.select([read_end], [], [], 60)
    time.sleep(rng.uniform(0, 0.025))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    # Each number in the pipe was written after its commit had returned.
    with os.fdopen(read_end) as pipe:
        acknowledged = max([acknowledged, *map(int, pipe.read().split())])
    with Archive.open(sys.argv[1], mode="write") as archive:
        count, last = archive.db.execute("SELECT count(*), coalesce(max(views), -1) FROM articles").fetchone()
        # The last article may be unacknowledged: the writer was killed between the commit and the acknowledgement.
        assert count == last + 1 and last in (acknowledged, acknowledged + 1), (killed, count, last, acknowledged)
        acknowledged = last
        assert archive.db.execute("PRAGMA quick_check").fetchall() == [("ok",)]
        assert archive.db.execute("PRAGMA foreign_key_check").fetchall() == []
        assert archive.db.execute("SELECT count(*) FROM articles WHERE current_version_id IS NULL").fetchone() == (0,)
        if killed % 20 == 0:
            assert [outcome for outcome in archive.verify() if outcome] == []
print(acknowledged)
"""


@pytest.mark.slow
def test_a_writer_killed_at_a_hundred_points_loses_no_acknowledged_write(path: Path) -> None:
    done = run_code(ROUNDS, path, ROOT, 100)
    assert done.exit_code == 0, done.stderr
    assert int(done.stdout) > 25
    with Archive.open(path) as archive:
        assert [outcome for outcome in archive.verify() if outcome] == []


LIMITED = """
import resource, sys
sys.path.insert(0, sys.argv[2])
from caliber_crawler.archive import Archive
from caliber_crawler.errors import ArchiveFull
from tests.archive.newsroom import Newsroom, minutes, start_run

newsroom = Newsroom(archive := Archive.open(sys.argv[1], mode="write"), start_run(archive))
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), -1))
try:
    for number in range(100_000):
        url = f"https://caliber.az/en/post/{1000 + number}"
        newsroom.save(minutes(number), article_urls=(url,), body=f"{number} " * 4000, views=number)
        print(number, flush=True)
except ArchiveFull as error:
    print(error, file=sys.stderr)
    archive.close()
    sys.exit(error.exit_code)
"""


@pytest.mark.slow
@pytest.mark.parametrize("limit", [600_000, 2_000_000, 5_000_000])
def test_a_failed_write_is_reported_and_the_next_run_continues(path: Path, limit: int) -> None:
    """For SQLite, a limit on the size of a file is like a full disk: a write fails."""
    done = run_code(LIMITED, path, ROOT, limit)
    assert done.exit_code == ArchiveFull.exit_code, done.stderr
    assert re.fullmatch(r"(.* cannot be written: .*|The disk is full: .* cannot grow)\.\n", done.stderr)
    acknowledged = len(done.stdout.split())
    with Archive.open(path, mode="write") as archive:
        assert archive.status()["articles"] == acknowledged
        assert [outcome for outcome in archive.verify() if outcome] == []
        newsroom = Newsroom(archive, start_run(archive))
        assert newsroom.save(article_urls=("https://caliber.az/en/post/next",)).outcome == "new"


FILLING = """
import sys
sys.path.insert(0, sys.argv[2])
from caliber_crawler.archive import Archive
from caliber_crawler.errors import ArchiveFull
from tests.archive.newsroom import Newsroom, minutes, start_run

try:
    with Archive.open(sys.argv[1], mode="write") as archive:
        newsroom = Newsroom(archive, start_run(archive))
        for number in range(100_000):
            url = f"https://caliber.az/en/post/{1000 + number}"
            newsroom.save(minutes(number), article_urls=(url,), body=f"{number} " * 4000, views=number)
            print(number, flush=True)
except ArchiveFull as error:
    print(error, file=sys.stderr)
    sys.exit(error.exit_code)
"""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk_at(tmp_path / "disk", megabytes=7) as disk:
        yield disk


@pytest.mark.slow
def test_a_full_disk_is_reported_and_writing_works_after_space_is_freed(small_disk: Path) -> None:
    path = small_disk / "archive.db"
    (ballast := small_disk / "ballast").write_bytes(bytes(2_000_000))
    full = run_code(FILLING, path, ROOT)
    assert (full.exit_code, full.stderr) == (ArchiveFull.exit_code, f"The disk is full: {path} cannot grow.\n")
    acknowledged = len(full.stdout.split())
    assert acknowledged > 10
    still_full = run_code(FILLING, path, ROOT)
    assert (still_full.exit_code, still_full.stderr) == (full.exit_code, full.stderr)
    with Archive.open(path) as archive:
        assert archive.status()["articles"] >= acknowledged
        assert [outcome for outcome in archive.verify() if outcome] == []
    ballast.unlink()
    with Archive.open(path, mode="write") as archive:
        newsroom = Newsroom(archive, start_run(archive))
        assert newsroom.save(article_urls=("https://caliber.az/en/post/next",)).outcome == "new"


@pytest.mark.slow
def test_the_log_stays_small_while_a_reader_is_connected(newsroom: Newsroom, path: Path) -> None:
    log = Path(f"{path}-wal")
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as reader:
        largest = 0
        for number in range(200):
            newsroom.save(article_urls=(f"https://caliber.az/en/post/{1000 + number}",), body=f"{number} " * 6000)
            assert reader.execute("SELECT count(*) FROM articles").fetchone() == (number + 1,)
            largest = max(largest, log.stat().st_size)
        # It is checkpointed at 4,000 pages of 8 KB, possibly after a further commit; all writes together take 64 MB.
        assert largest < 40_000_000


def test_a_reader_in_a_transaction_only_delays_the_checkpoint(newsroom: Newsroom, path: Path) -> None:
    log = Path(f"{path}-wal")
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM articles").fetchone()
        for number in range(100):
            newsroom.save(article_urls=(f"https://caliber.az/en/post/{1000 + number}",), body=f"{number} " * 2000)
        grown = log.stat().st_size
    newsroom.archive.close()
    assert grown > 1_000_000
    assert not log.exists() or log.stat().st_size == 0
