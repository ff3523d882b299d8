"""Pages move to cold storage and are read from there as before."""

from __future__ import annotations

import json
import shutil
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caliber_crawler.archive import Archive
from caliber_crawler.cold_storage import move_pages, return_pages
from caliber_crawler.errors import ArchiveError, ColdFileUnavailable
from caliber_crawler.items import Capture
from tests.archive.cold.pages import LATER, captures_of, digests_in, findings, move_all
from tests.archive.newsroom import NOON, Newsroom, capture, minutes, start_run
from tests.properties import examples


@pytest.fixture
def archive(small: Path, path: Path) -> Path:
    shutil.copy(small, path)
    return path


def test_a_moved_page_is_read_as_before(archive: Path, folder: Path) -> None:
    before = captures_of(archive)
    moved = move_all(archive, folder)
    assert captures_of(archive) == before
    assert moved.pages == 16
    assert moved.released > 0
    assert [path.parent for path in moved.files] == [folder]
    with Archive.open(archive) as opened:
        assert opened.cold_pages.stored_bytes < moved.released
    assert findings(archive) == findings(archive, cold=True) == ([], [])


def test_only_pages_older_than_the_age_move(archive: Path, folder: Path) -> None:
    with Archive.open(archive, mode="write") as opened:
        assert opened.cold_pages.count_movable(minutes(30))[0] == 8
        assert move_pages(opened, minutes(30), folder).pages == 8
        assert opened.cold_pages.count_movable(minutes(30)) == (0, 0)


def test_a_page_stays_while_one_of_its_captures_is_newer(newsroom: Newsroom, folder: Path) -> None:
    for minute in (0, 60):
        newsroom.archive.captures.store(capture(minutes(minute), body=b"the same"), newsroom.run_id)
    assert move_pages(newsroom.archive, minutes(60), folder).pages == 0
    assert move_pages(newsroom.archive, minutes(61), folder).pages == 1
    again = newsroom.archive.captures.store(capture(minutes(90), body=b"the same"), newsroom.run_id)
    assert again.id is not None
    assert newsroom.archive.captures.get(again.id).body == b"the same"


def test_a_page_that_is_served_again_returns_and_is_not_written_twice(newsroom: Newsroom, folder: Path) -> None:
    newsroom.archive.captures.store(capture(minutes(0), body=b"the same"), newsroom.run_id)
    move_pages(newsroom.archive, minutes(1), folder)
    newsroom.archive.captures.store(capture(minutes(90), body=b"the same"), newsroom.run_id)
    folder.rename(folder.with_name("hidden"))
    assert [page.body for page in newsroom.archive.captures.each()] == [b"the same"] * 2
    folder.with_name("hidden").rename(folder)
    assert move_pages(newsroom.archive, minutes(90), folder).pages == 0
    moved = move_pages(newsroom.archive, minutes(91), folder)
    assert (moved.pages, moved.files) == (1, [])
    assert [page.body for page in newsroom.archive.captures.each()] == [b"the same"] * 2
    assert digests_in(folder) == {b"the same": 1}
    assert findings(newsroom.archive.path, cold=True) == ([], [])


def test_the_files_are_web_archives_with_an_index(archive: Path, folder: Path) -> None:
    pages = {page.body for page in captures_of(archive)}
    move_all(archive, folder, max_size=4_000)
    assert len(list(folder.glob("*.warc.gz"))) > 2
    assert digests_in(folder) == dict.fromkeys(pages, 1)
    for index in folder.glob("*.cdxj"):
        lines = index.read_text().splitlines()
        assert lines == sorted(lines)
        assert {json.loads(line[line.index("{") :])["filename"] for line in lines} == {f"{index.stem}.warc.gz"}


def test_a_folder_below_the_archive_moves_with_it(archive: Path, folder: Path, tmp_path: Path) -> None:
    before = captures_of(archive)
    move_all(archive, folder)
    moved = tmp_path / "moved"
    moved.mkdir()
    shutil.move(archive, moved / archive.name)
    shutil.move(folder, moved / folder.name)
    assert captures_of(moved / archive.name) == before


def test_the_next_move_uses_the_folder_of_the_last_one(archive: Path, folder: Path) -> None:
    with Archive.open(archive, mode="write") as opened:
        with pytest.raises(ArchiveError, match="--to"):
            move_pages(opened, LATER)
        move_pages(opened, minutes(30), folder)
        assert move_pages(opened, LATER).files[0].parent == folder


def test_files_are_found_where_they_were_moved(
    archive: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = captures_of(archive)
    move_all(archive, folder)
    elsewhere = tmp_path / "elsewhere"
    folder.rename(elsewhere)
    with pytest.raises(ColdFileUnavailable, match=r"caliber cold locate FOLDER"):
        captures_of(archive)
    monkeypatch.setenv("CALIBER_COLD_FOLDER", str(elsewhere))
    assert captures_of(archive) == before
    monkeypatch.delenv("CALIBER_COLD_FOLDER")
    with Archive.open(archive, mode="write") as opened:
        assert len(opened.cold_pages.files.locate(elsewhere)) == 1
    assert captures_of(archive) == before


def test_a_missing_folder_is_an_error_and_moves_nothing(archive: Path, tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="mount the storage"):
        move_all(archive, tmp_path / "absent")
    assert findings(archive) == ([], [])


def test_a_record_that_differs_from_what_was_written_moves_nothing(
    archive: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = captures_of(archive)
    monkeypatch.setattr("caliber_crawler.archive.pages.cold_pages.read_at", lambda *place: b"another")
    with pytest.raises(ArchiveError, match="no page left the archive"):
        move_all(archive, folder)
    monkeypatch.undo()
    assert captures_of(archive) == before
    with Archive.open(archive) as opened:
        assert opened.cold_pages.count_movable(LATER)[0] == 16


def test_a_damaged_page_stays_and_the_others_move(archive: Path, folder: Path) -> None:
    with sqlite3.connect(archive) as connection:
        connection.execute("DROP TRIGGER bodies_are_immutable")
        connection.execute("UPDATE bodies SET data = zeroblob(20) WHERE rowid = 3")
    moved = move_all(archive, folder)
    assert (moved.pages, moved.damaged) == (15, 1)
    messages, _ = findings(archive, cold=True)
    assert any("The page of" in message for message in messages)


def test_dictionaries_that_no_page_needs_are_deleted(newsroom: Newsroom, folder: Path) -> None:
    for number in range(40):
        page = f"{'frame ' * 1000}{number}{'x' * number * 100}".encode()
        newsroom.archive.captures.store(capture(minutes(number), body=page), newsroom.run_id)
    move_pages(newsroom.archive, LATER, folder)
    assert newsroom.values("SELECT count(*) FROM dictionaries") == [1]
    stored = newsroom.archive.captures.store(capture(minutes(50), body=b"frame " * 900), newsroom.run_id)
    assert stored.id is not None
    assert newsroom.archive.captures.get(stored.id).body == b"frame " * 900


def test_all_pages_return_to_the_archive(archive: Path, folder: Path) -> None:
    before = captures_of(archive)
    with Archive.open(archive, mode="write") as opened:
        stored = opened.cold_pages.stored_bytes
        files = move_pages(opened, LATER, folder, max_size=4_000).files
        result = return_pages(opened)
        assert (result.pages, result.damaged, result.files) == (16, 0, files)
        assert opened.cold_pages.stored_bytes < 2 * stored
        assert return_pages(opened).pages == 0
    shutil.rmtree(folder)
    assert captures_of(archive) == before
    assert findings(archive, cold=True) == ([], [])


def test_a_page_that_cannot_be_read_does_not_return(archive: Path, folder: Path) -> None:
    move_all(archive, folder)
    (warc,) = folder.glob("*.gz")
    content = bytearray(warc.read_bytes())
    with Archive.open(archive, mode="write") as opened:
        offset, length = opened.db.execute("SELECT offset, length FROM cold_pages ORDER BY offset LIMIT 1").fetchone()
        content[offset + length // 2] ^= 1
        warc.write_bytes(content)
        result = return_pages(opened)
        assert (result.pages, result.damaged, result.files) == (15, 1, [])
        content[offset + length // 2] ^= 1
        warc.write_bytes(content)
        assert return_pages(opened).files == [warc]
        move_pages(opened, LATER, folder)
        folder.rename(folder.with_name("hidden"))
        with pytest.raises(ColdFileUnavailable):
            return_pages(opened)


@st.composite
def served(draw: st.DrawFn) -> Capture:
    """A capture of any kind, one second of an hour."""
    url = draw(st.sampled_from(["https://caliber.az/en/post/1", "https://caliber.az/ru/пост?x=1&y= 2", "urn:file:1"]))
    redirected = draw(st.booleans()) and url.startswith("https")
    return capture(
        NOON + timedelta(seconds=draw(st.integers(0, 3600))),
        url=url,
        kind=draw(st.sampled_from(["article", "listing", "feed"])),
        status=draw(st.sampled_from([200, 200, 200, 301, 304, 404, 500, 599])),
        final_url="https://caliber.az/en/final" if redirected else None,
        headers=tuple(draw(st.lists(st.tuples(st.sampled_from(HEADERS), st.text(max_size=20)), max_size=4))),
        body=draw(st.one_of(st.binary(max_size=300), st.sampled_from([b"", b"\r\n\r\n", b"x", b"frame " * 2000]))),
    )


HEADERS = ["Content-Type", "Content-Encoding", "Transfer-Encoding", "Content-Length", "Content-Disposition", "X-É"]


@pytest.mark.slow
@settings(max_examples=examples(30), deadline=None)
@given(st.lists(served(), max_size=12), st.lists(st.integers(-1, 3601), min_size=1, max_size=3))
def test_pages_are_identical_after_moves_at_any_ages(
    blank: Path, tmp_path_factory: pytest.TempPathFactory, pages: list[Capture], ages: list[int]
) -> None:
    home = tmp_path_factory.mktemp("home")
    path, folder = Path(shutil.copy(blank, home / "archive.db")), home / "cold"
    folder.mkdir()
    with Archive.open(path, mode="write") as archive:
        run_id = start_run(archive)
        for page in pages:
            archive.captures.store(page, run_id)
        before = list(archive.captures.each())
        for age in ages:
            move_pages(archive, NOON + timedelta(seconds=age), folder, max_size=2_000)
            assert list(archive.captures.each()) == before
        newest = max(ages)
        for page in before:
            is_here = page.status != 304 and page.fetched_at >= NOON + timedelta(seconds=newest)
            stored = archive.db.execute(
                "SELECT b.stored FROM captures c JOIN bodies b ON b.digest = c.body_digest WHERE c.id = ?", (page.id,)
            ).fetchone()
            assert not is_here or stored is None or stored[0] > 0
    assert findings(path, cold=True) == ([], [])
