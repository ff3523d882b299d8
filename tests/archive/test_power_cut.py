"""A power cut loses no synced article, and pages that it loses are due again."""

from __future__ import annotations

import math
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import damage
from caliber_crawler.archive import Archive, Entry
from caliber_crawler.items import Extraction, Problem
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
    # Writes that were not synced may be in the log behind a gap. They are lost, as reported, and due again.
    assert Archive.verify_file(path).findings == []
    with Archive.open(path, "write") as archive:
        assert [finding for finding in archive.verify() if finding] == []
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


FRAME = 24 + 8192


def cut(newsroom: Newsroom, path: Path, folder: Path) -> tuple[Path, int]:
    """A copy of an archive with three synced and three unsynced commits in its log; the number of synced frames."""
    newsroom.archive.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for number in range(6):
        if number == 3:
            synced = (Path(f"{path}-wal").stat().st_size - 32) // FRAME
        with newsroom.archive.transaction(synced_every=0 if number < 3 else math.inf):
            newsroom.archive.runs.record_problem(
                1, Problem(stage="check", reason="odd", message=f"{number}"), url=URLS[number]
            )
    for part in ("", "-wal", ".lock"):
        shutil.copy(f"{path}{part}", folder / f"cut.db{part}")
    return folder / "cut.db", synced


def overwrite_frame(archive: Path, number: int, content: bytes = bytes(FRAME)) -> None:
    with Path(f"{archive}-wal").open("r+b") as log:
        log.seek(32 + number * FRAME)
        log.write(content)


def test_a_gap_in_what_was_not_synced_is_no_damage(newsroom: Newsroom, path: Path, tmp_path: Path) -> None:
    archive, synced = cut(newsroom, path, tmp_path)
    overwrite_frame(archive, synced + 1)
    check = Archive.verify_file(archive)
    assert check.findings == []
    assert "transactions were not yet on the disk when the machine stopped" in str(check.notes)


@pytest.mark.parametrize("number", [0, 1])
def test_a_gap_in_what_was_synced_is_damage(newsroom: Newsroom, path: Path, tmp_path: Path, number: int) -> None:
    archive, synced = cut(newsroom, path, tmp_path)
    overwrite_frame(archive, number)
    assert "-wal is damaged" in str(Archive.verify_file(archive).findings)
    assert number < synced


def test_damage_in_the_last_synced_transaction_is_found(newsroom: Newsroom, path: Path, tmp_path: Path) -> None:
    archive, synced = cut(newsroom, path, tmp_path)
    log = Path(f"{archive}-wal")
    log.write_bytes(log.read_bytes()[: 32 + synced * FRAME])
    assert Archive.verify_file(archive).findings == []
    overwrite_frame(archive, synced - 1, log.read_bytes()[-FRAME:-9] + b"damaged!!")
    assert "1 transaction in it is ignored" in str(Archive.verify_file(archive).findings)
    log.write_bytes(log.read_bytes()[:-FRAME])
    assert "1 transaction in it is ignored" in str(Archive.verify_file(archive).findings)


def test_without_the_record_a_gap_is_damage(newsroom: Newsroom, path: Path, tmp_path: Path) -> None:
    archive, synced = cut(newsroom, path, tmp_path)
    overwrite_frame(archive, synced + 1)
    Path(f"{archive}.lock").unlink()
    assert "-wal is damaged" in str(Archive.verify_file(archive).findings)


def test_the_next_writer_leaves_nothing_behind_a_gap(newsroom: Newsroom, path: Path, tmp_path: Path) -> None:
    archive, synced = cut(newsroom, path, tmp_path)
    overwrite_frame(archive, synced + 1)
    with Archive.open(archive, "write") as opened:
        opened.runs.record_problem(1, Problem(stage="check", reason="odd", message="after"), url="u")
        killed = tmp_path / "killed.db"
        for part in ("", "-wal", ".lock"):
            shutil.copy(f"{archive}{part}", f"{killed}{part}")
    check = Archive.verify_file(killed)
    assert (check.findings, check.notes) == ([], [])


@pytest.mark.parametrize("place", [3, 7, 8, 16, 23, 24 + 8100])
def test_a_flipped_bit_in_the_last_synced_frame_loses_nothing(
    newsroom: Newsroom, path: Path, tmp_path: Path, place: int
) -> None:
    """The number of the page, the end of the transaction, salts, checksums, and the content of the page."""
    archive, synced = cut(newsroom, path, tmp_path)
    log = Path(f"{archive}-wal")
    content = bytearray(log.read_bytes()[: 32 + synced * FRAME])
    log.write_bytes(content)
    undamaged = tmp_path / "undamaged.db"
    damage.write(undamaged, archive.read_bytes(), bytes(content))
    expected = damage.rows_of(undamaged)
    content[32 + (synced - 1) * FRAME + place] ^= 1
    log.write_bytes(content)
    result = Archive.repair_file(archive, lambda _: None, {})
    assert any("-wal is damaged" in finding.message for finding in result.before.findings)
    assert (result.left, result.lost, damage.rows_of(archive)) == ([], [], expected)


def test_a_repair_reports_what_is_missing_in_the_log(newsroom: Newsroom, path: Path, tmp_path: Path) -> None:
    archive, synced = cut(newsroom, path, tmp_path)
    log = Path(f"{archive}-wal")
    log.write_bytes(log.read_bytes()[: 32 + (synced - 2) * FRAME])
    result = Archive.repair_file(archive, lambda _: None, {})
    assert "the write-ahead log: 2 pages" in str(result.lost)
