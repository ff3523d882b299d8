"""A takedown reaches pages in cold storage, or is refused."""

from __future__ import annotations

import gzip
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from caliber_crawler.archive import Archive
from caliber_crawler.archive.pages.cold_files import ColdFile
from caliber_crawler.archive.upkeep.cold_removals import removal_record
from caliber_crawler.cold_storage import move_pages
from caliber_crawler.errors import ArchiveError, ColdFileUnavailable
from caliber_crawler.items import Capture
from tests.archive.cold.pages import LATER, captures_of, digests_in, findings
from tests.archive.newsroom import NOON, Newsroom, minutes

SECRET, OTHER = "https://caliber.az/en/post/hippogriff", "https://caliber.az/en/post/another"
LISTING = "https://caliber.az/en/analytics"
SHARED = b"<p>an empty page</p>"


@pytest.fixture
def cold(newsroom: Newsroom, folder: Path) -> Newsroom:
    """Two articles, one page at URLs of both, and two listings, one of which names the first article: all cold."""
    for minute in (0, 30):
        newsroom.save(minutes(minute), article_urls=(SECRET,), headline="Hippogriff", page=b"hippogriff %d" % minute)
        newsroom.save(minutes(minute), article_urls=(OTHER,), headline="Another", page=b"another %d" % minute)
    for url in (SECRET, OTHER):
        newsroom.archive.captures.store(page_at(url, SHARED, status=404), newsroom.run_id)
    for minute, body in ((1, b"<a href='/en/post/hippogriff'>"), (2, b"<a href='/en/post/another'>")):
        newsroom.archive.captures.store(page_at(LISTING, body, minute, kind="listing"), newsroom.run_id)
    move_pages(newsroom.archive, LATER, folder)
    return newsroom


def page_at(url: str, body: bytes, minute: int = 60, **fields: object) -> Capture:
    return Capture(
        **{"site": "caliber", "url": url, "fetched_at": minutes(minute), "status": 200, "body": body, **fields}
    )  # type: ignore[arg-type]


def everything_in(folder: Path) -> bytes:
    """The content of all cold files and their indexes."""
    return b"".join(
        gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes() for file in folder.iterdir()
    )


def take_down(newsroom: Newsroom, url: str) -> None:
    id = newsroom.archive.articles.find(url)
    assert id is not None
    newsroom.archive.deletion.take_down(id, "test", NOON)
    newsroom.archive.deletion.wipe()


def test_a_takedown_removes_the_article_from_cold_files_and_their_indexes(cold: Newsroom, folder: Path) -> None:
    assert everything_in(folder).count(b"hippogriff") > 5
    sizes = [file.stat().st_size for file in sorted(folder.glob("*.gz"))]
    take_down(cold, SECRET)
    assert b"hippogriff" not in everything_in(folder)
    assert [file.stat().st_size for file in sorted(folder.glob("*.gz"))] == sizes
    assert findings(cold.archive.path, cold=True) == ([], [])


def test_a_takedown_leaves_all_other_pages_as_they_were(cold: Newsroom, folder: Path) -> None:
    before = {page.id: page for page in captures_of(cold.archive.path)}
    take_down(cold, SECRET)
    after = {page.id: page for page in captures_of(cold.archive.path)}
    blanked = [id for id, page in after.items() if page != before[id]]
    assert [after[id].url for id in blanked] == [LISTING]
    assert digests_in(folder) == {page.body: 1 for page in after.values() if page.body and page.body != SHARED}


def test_a_page_that_another_article_shares_returns_to_the_archive(cold: Newsroom, folder: Path) -> None:
    take_down(cold, SECRET)
    assert [page.url for page in captures_of(cold.archive.path) if page.body == SHARED] == [OTHER]
    assert move_pages(cold.archive, LATER, folder).pages == 1
    assert b"hippogriff" not in everything_in(folder)


def test_a_takedown_is_refused_while_a_file_is_not_available(cold: Newsroom, folder: Path) -> None:
    pages = captures_of(cold.archive.path)
    folder.rename(folder.with_name("hidden"))
    with pytest.raises(ColdFileUnavailable, match=r"Nothing was deleted.*Mount the storage"):
        take_down(cold, SECRET)
    folder.with_name("hidden").rename(folder)
    assert captures_of(cold.archive.path) == pages


def test_a_removal_that_was_interrupted_is_completed(
    cold: Newsroom, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object) -> None:
        raise KeyboardInterrupt

    for step in ("shorten_index", "replace_records"):
        monkeypatch.setattr(f"caliber_crawler.archive.upkeep.cold_removals.{step}", fail)
    with pytest.raises(KeyboardInterrupt):
        take_down(cold, SECRET)
    monkeypatch.undo()
    messages, notes = findings(cold.archive.path, cold=True)
    assert not messages
    assert any("must still be removed from cold files" in note for note in notes)
    cold.archive.deletion.wipe()
    assert b"hippogriff" not in everything_in(folder)
    assert findings(cold.archive.path, cold=True) == ([], [])


def test_an_archive_that_refers_to_the_same_file_reports_the_removal(
    cold: Newsroom, folder: Path, tmp_path: Path
) -> None:
    with Archive.open(tmp_path / "merged.db", mode="write") as other:
        list(other.merge(cold.archive, {}))
        assert [page.body for page in other.captures.each()] == [page.body for page in captures_of(cold.archive.path)]
    take_down(cold, OTHER)
    messages, _ = findings(tmp_path / "merged.db", cold=True)
    assert messages
    assert all("removed from" in message and "by a takedown" in message for message in messages)
    with Archive.open(tmp_path / "merged.db", mode="write") as other:
        list(other.merge(cold.archive, {}))
        assert other.articles.find(OTHER) is None
    assert findings(tmp_path / "merged.db", cold=True) == ([], [])


def test_a_takedown_elsewhere_is_a_note_if_the_own_pages_are_intact(
    cold: Newsroom, folder: Path, tmp_path: Path
) -> None:
    shutil.copy(cold.archive.path, tmp_path / "copy.db")
    shutil.copy(f"{cold.archive.path}-wal", tmp_path / "copy.db-wal")
    with Archive.open(tmp_path / "copy.db", mode="write") as copy:
        copy.db.execute("DELETE FROM cold_pages WHERE digest NOT IN (SELECT body_digest FROM captures WHERE id = 2)")
        copy.db.execute("UPDATE captures SET body_digest = NULL WHERE id <> 2")
        copy.db.execute("DELETE FROM bodies WHERE digest NOT IN (SELECT body_digest FROM captures WHERE id = 2)")
        copy.db.conn.commit()
    take_down(cold, SECRET)
    with Archive.open(tmp_path / "copy.db") as copy:
        checks = copy.verify(cold=True)
        assert not [finding for finding in checks if finding and finding.kind in ("cold", "body")]
        assert any("another archive" in note for note in checks.notes)


@pytest.mark.parametrize(("offset", "extent"), [(1, 300), (0, 300), (0, 10**6)])
def test_nothing_but_whole_records_is_removed_from_a_file(
    cold: Newsroom, folder: Path, offset: int, extent: int
) -> None:
    (warc,) = folder.glob("*.gz")
    content = warc.read_bytes()
    cold.archive.db.execute("INSERT INTO cold_removals VALUES (1, ?, ?)", (offset, extent))
    with pytest.raises(ArchiveError, match="was not changed"):
        cold.archive.deletion.wipe()
    assert warc.read_bytes() == content


@pytest.mark.parametrize("software", ["caliber_crawler/0.1", "wget"])
def test_an_archive_from_outside_removes_nothing_from_a_web_archive_of_another_program(
    cold: Newsroom, folder: Path, software: str
) -> None:
    """Its records are whole, and it has the name that the archive states; or it is a cold file of another name."""
    (warc,) = folder.glob("*.gz")
    first = f"WARC/1.1\r\nWARC-Type: warcinfo\r\nWARC-Filename: mine.warc.gz\r\n\r\nsoftware: {software}\r\n".encode()
    warc.write_bytes(content := gzip.compress(first) + gzip.compress(b"WARC/1.1\r\n\r\n"))
    start = len(gzip.compress(first))
    cold.archive.db.execute("INSERT INTO cold_removals VALUES (1, ?, ?)", (start, len(content) - start))
    with pytest.raises(ArchiveError, match="not a cold file of this name"):
        cold.archive.deletion.wipe()
    assert warc.read_bytes() == content


def test_an_archive_from_outside_cannot_name_another_file(cold: Newsroom, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    shutil.copy(cold.archive.path, other)
    shutil.copy(f"{cold.archive.path}-wal", f"{other}-wal")
    with sqlite3.connect(other) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute("UPDATE cold_files SET name = '../secret.warc.gz'")
    (tmp_path / "secret.warc.gz").write_bytes(b"secret")
    with Archive.open(other) as opened:
        assert [opened.cold_pages.files.find(file) for file in opened.cold_pages.files.all()] == [None]
        with (
            Archive.open(tmp_path / "merged.db", mode="write") as merged,
            pytest.raises(ArchiveError, match="not the name"),
        ):
            list(merged.merge(opened, {}))


def test_an_impossible_place_costs_no_memory(cold: Newsroom) -> None:
    cold.archive.db.execute("UPDATE cold_pages SET length = 1 << 60, extent = 1 << 60")
    with pytest.raises(ArchiveError, match="is impossible"):
        captures_of(cold.archive.path)


def lengths() -> Iterator[int]:
    yield from range(250, 400)
    yield from range(65_400, 66_000, 7)
    yield from (131_070, 131_400, 1_000_000)


def test_the_record_of_a_removal_has_every_length() -> None:
    file = ColdFile(1, "archive-1.warc.gz", "cold", "2026-01-07T12:00:00Z", 1, None)
    for length in lengths():
        record = removal_record(file, 17, length)
        head, _, content = gzip.decompress(record).partition(b"\r\n\r\n")
        assert len(record) == length
        assert int(head.rpartition(b" ")[2]) == len(content) - len(b"\r\n\r\n")


def test_a_damaged_or_missing_file_is_reported(cold: Newsroom, folder: Path) -> None:
    path = cold.archive.path
    (warc,) = folder.glob("*.gz")
    content = warc.read_bytes()
    row = cold.archive.db.execute("SELECT * FROM cold_pages ORDER BY offset DESC LIMIT 1").fetchone()
    damaged = bytearray(content)
    damaged[row[2] + row[3] // 2] ^= 8
    warc.write_bytes(damaged)
    assert findings(path) == ([], [])
    (message,) = findings(path, cold=True)[0]
    assert "is lost in cold storage" in message
    assert "is not that of body" in message
    with pytest.raises(ArchiveError, match="Replace the file by an undamaged copy"):
        captures_of(path)
    warc.write_bytes(content[:-1])
    assert "bytes instead of" in findings(path)[0][0]
    warc.unlink()
    messages, (note,) = findings(path)
    assert not messages
    assert "not available" in note
    assert "not available" in findings(path, cold=True)[0][0]
    warc.write_bytes(content)
    assert findings(path, cold=True) == ([], [])
