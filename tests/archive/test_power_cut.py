"""What a power cut takes is due again, and what was synced it does not take."""

from __future__ import annotations

import math
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from caliber_crawler.archive import Archive, Entry
from caliber_crawler.items import Extraction
from tests.archive.disk import Disk, tells
from tests.archive.newsroom import NOON, Newsroom, address, article, capture, minutes

ARTICLES = 20
URLS = [f"https://caliber.az/en/post/{1000 + number}" for number in range(ARTICLES)]


@pytest.fixture
def disk(newsroom: Newsroom, path: Path, tmp_path: Path) -> Iterator[Disk]:
    if not tells(tmp_path):
        pytest.skip("this system does not tell what of a file is on the disk")
    # The log is put away every few articles, so that power can also go in the middle of that.
    newsroom.archive.db.execute("PRAGMA wal_autocheckpoint = 120")
    disk = Disk(path)
    disk.look()
    yield disk
    newsroom.archive.close()
    disk.close()


def crawl_one(newsroom: Newsroom, number: int, *, synced: bool) -> Iterator[None]:
    """Keep a page, then what was read on it together with the new state of its address, as a crawl does."""
    url = URLS[number]
    page = f"<p>{number}</p>".encode() * 700
    kept = newsroom.archive.captures.store(capture(minutes(number), url=url, body=page), newsroom.run_id)
    yield
    read = article(url=url, headline=f"Number {number}", body=f"{number} " * 300, views=number)
    with newsroom.archive.transaction(synced_every=0.0 if synced else math.inf):
        saved = newsroom.archive.articles.save(
            Extraction(capture=kept, article=read, layout="new", extractor="1"), newsroom.run_id, [address(url)]
        )
        newsroom.archive.frontier.mark_done(url, minutes(number), status=200, article_id=saved.article_id)
    yield


def check(path: Path, written: int, synced: int) -> int:
    """The archive is whole, and as it was after some commit not before the last sync; how many articles it has."""
    with Archive.open(path, "write") as archive:
        assert [outcome for outcome in archive.verify() if outcome] == []
        left: int = archive.status()["articles"]
        assert synced <= left <= written
        rows = archive.db.execute("SELECT url, state, due_at IS NOT NULL FROM frontier ORDER BY id").fetchall()
        assert rows == [(url, *(("done", 0) if number < left else ("queued", 1))) for number, url in enumerate(URLS)]
        return left


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_what_was_synced_survives_a_power_cut_and_the_rest_is_due_again(
    newsroom: Newsroom, disk: Disk, tmp_path: Path, seed: int
) -> None:
    dice = random.Random(seed)
    entries = [Entry(url=url, site="caliber", kind="article", discovered_via="listing", due_at=NOON) for url in URLS]
    newsroom.archive.frontier.add(entries, newsroom.run_id)
    disk.look()
    last_synced = lost = checkpoints = 0
    for number in range(ARTICLES):
        synced = dice.random() < 0.2
        for commit, _ in enumerate(crawl_one(newsroom, number, synced=synced)):
            disk.look()
            if synced and commit == 1:
                assert disk.everything_is_written()
                last_synced = number + 1
            folder = tmp_path / f"{number}-{commit}"
            folder.mkdir()
            lost += number + commit - check(disk.after_a_power_cut(folder, dice), number + commit, last_synced)
            in_checkpoint = disk.after_a_power_cut_in_the_checkpoint(folder, dice)
            if in_checkpoint is not None:
                # The log was synced before anything of it went into the file.
                check(in_checkpoint, number + commit, number + commit)
                checkpoints += 1
            shutil.rmtree(folder)
    # Cuts that never take anything would prove nothing.
    assert lost > ARTICLES // 2
    assert checkpoints > 0


@pytest.mark.slow
def test_a_capture_alone_waits_for_what_is_read_on_it(newsroom: Newsroom, disk: Disk) -> None:
    newsroom.archive.captures.store(capture(body=b"<p>a page</p>" * 900), newsroom.run_id)
    disk.look()
    assert not disk.everything_is_written()
    newsroom.save(minutes(1))
    disk.look()
    assert disk.everything_is_written()
