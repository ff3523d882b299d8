"""What was acknowledged survives the death of the process that wrote it."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from caliber_crawler.archive import Archive

WRITER = """
import sys
sys.path.insert(0, sys.argv[2])
from caliber_crawler.archive import Archive
from tests.archive.newsroom import Newsroom, minutes, start_run

newsroom = Newsroom(archive := Archive.open(sys.argv[1], mode="write"), start_run(archive))
first = archive.db.execute("SELECT count(*) FROM articles").fetchone()[0]
for number in range(first, first + 100_000):
    url = f"https://caliber.az/en/post/{1000 + number}"
    newsroom.save(minutes(number), addresses=(url,), page=f"<p>{number}</p>".encode() * 500, views=number)
    print(number, flush=True)
"""


@pytest.mark.slow
def test_a_killed_writer_loses_nothing_it_had_acknowledged(path: Path) -> None:
    pause = random.Random(5)
    acknowledged = -1
    for _ in range(5):
        command = [sys.executable, "-c", WRITER, str(path), str(Path(__file__).parents[2])]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            assert int(writer.stdout.readline()) == acknowledged + 1
            time.sleep(pause.uniform(0.05, 0.5))
            writer.kill()
            # What stands in the pipe was written after its commit had returned.
            acknowledged = max(acknowledged + 1, *(int(line) for line in writer.stdout.read().split()), 0)
            writer.wait(timeout=30)
        with Archive.open(path, mode="write") as archive:
            stored = archive.db.execute("SELECT count(*), max(views) FROM articles").fetchone()
            # The last one may be there unacknowledged: it was killed between the commit and the word of it.
            assert stored in [(acknowledged + 1, acknowledged), (acknowledged + 2, acknowledged + 1)]
            acknowledged = stored[1]
            assert archive.db.execute("PRAGMA quick_check").fetchall() == [("ok",)]
            assert archive.db.execute("PRAGMA foreign_key_check").fetchall() == []
            archive.db.execute("INSERT INTO versions_fts (versions_fts, rank) VALUES ('integrity-check', 1)")
            assert archive.db.execute("SELECT count(*) FROM articles WHERE current_version_id IS NULL").fetchone() == (
                0,
            )
            assert archive.runs.last(1)[0]["outcome"] == "interrupted"
