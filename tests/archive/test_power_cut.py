"""A power cut loses no synced article, and pages that it loses are due again."""

from __future__ import annotations

import math
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from caliber_crawler.archive import Archive, Entry
from caliber_crawler.items import Extraction
from tests.archive.disk import Disk, can_observe_writes
from tests.archive.newsroom import NOON, Newsroom, address, article, capture, minutes

ARTICLES = 20
URLS = [f"https://caliber.az/en/post/{1000 + number}" for number in range(ARTICLES)]


@pytest.fixture
def disk(newsroom: Newsroom, path: Path, tmp_path: Path) -> Iterator[Disk]:
    if not can_observe_writes(tmp_path):
        pytest.skip("this system does not report which pages of a file are on the disk")
    # Checkpoint every few articles, so that power cuts also happen during checkpoints.
    newsroom.archive.db.execute("PRAGMA wal_autocheckpoint = 120")
    disk = Disk(path)
    disk.look()
    yield disk
    newsroom.archive.close()
    disk.close()


def crawl_one(newsroom: Newsroom, number: int, *, synced: bool) -> Iterator[None]:
    """Store a page, then its article together with the new state of its URL, as a crawl does."""
    url = URLS[number]
    page = f"<p>{number}</p>".encode() * 700
    stored = newsroom.archive.captures.store(capture(minutes(number), url=url, body=page), newsroom.run_id)
    yield
    found = article(url=url, headline=f"Number {number}", body=f"{number} " * 300, views=number)
    with newsroom.archive.transaction(synced_every=0.0 if synced else math.inf):
        saved = newsroom.archive.articles.save(
            Extraction(capture=stored, article=found, layout="new", extractor="1"), newsroom.run_id, [address(url)]
        )
        newsroom.archive.frontier.mark_done(url, minutes(number), status=200, article_id=saved.article_id)
    yield


def check(path: Path, written: int, synced: int) -> int:
    """Check that the archive has the state after a commit since the last sync; return its number of articles."""
    with Archive.open(path, "write") as archive:
        findings = [finding for finding in archive.verify() if finding]
        # Writes that were not synced may be in the log behind a gap. They are lost, as reported, and due again.
        assert [finding for finding in findings if "-wal is damaged" not in finding.message] == []
        left: int = archive.status()["articles"]
        assert synced <= left <= written
        rows = archive.db.execute("SELECT url, state, due_at IS NOT NULL FROM frontier ORDER BY id").fetchall()
        assert rows == [(url, *(("done", 0) if number < left else ("queued", 1))) for number, url in enumerate(URLS)]
        return left


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_synced_articles_survive_a_power_cut_and_the_others_are_due_again(
    newsroom: Newsroom, disk: Disk, tmp_path: Path, seed: int
) -> None:
    rng = random.Random(seed)
    entries = [Entry(url=url, site="caliber", kind="article", discovered_via="listing", due_at=NOON) for url in URLS]
    newsroom.archive.frontier.add(entries, newsroom.run_id)
    disk.look()
    last_synced = lost = checkpoints = 0
    for number in range(ARTICLES):
        synced = rng.random() < 0.2
        for commit, _ in enumerate(crawl_one(newsroom, number, synced=synced)):
            disk.look()
            if synced and commit == 1:
                assert disk.everything_is_written()
                last_synced = number + 1
            folder = tmp_path / f"{number}-{commit}"
            folder.mkdir()
            lost += number + commit - check(disk.after_a_power_cut(folder, rng), number + commit, last_synced)
            in_checkpoint = disk.after_a_power_cut_in_the_checkpoint(folder, rng)
            if in_checkpoint is not None:
                # The log was synced before the checkpoint.
                check(in_checkpoint, number + commit, number + commit)
                checkpoints += 1
            shutil.rmtree(folder)
    # Power cuts that never lose anything would prove nothing.
    assert lost > ARTICLES // 2
    assert checkpoints > 0


@pytest.mark.slow
def test_a_capture_is_synced_with_its_article(newsroom: Newsroom, disk: Disk) -> None:
    newsroom.archive.captures.store(capture(body=b"<p>a page</p>" * 900), newsroom.run_id)
    disk.look()
    assert not disk.everything_is_written()
    newsroom.save(minutes(1))
    disk.look()
    assert disk.everything_is_written()
