"""What works with whole archives also works with pages in cold storage."""

from __future__ import annotations

import json
import lzma
import shutil
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner, Result

from caliber_crawler.archive import Archive, Selection
from caliber_crawler.archive.pages.cold_files import ColdFile
from caliber_crawler.archive.pages.cold_pages import ColdPages
from caliber_crawler.cold_storage import move_pages
from caliber_crawler.commands.cli import main
from caliber_crawler.errors import ArchiveError, ColdFileUnavailable
from tests.archive.cold.pages import LATER, captures_of, findings, move_all
from tests.archive.facts import facts
from tests.archive.forty_articles import reextract
from tests.archive.newsroom import Newsroom, minutes, start_run

DATA = Path(__file__).parents[1] / "data"


@pytest.fixture
def cold(small: Path, path: Path, folder: Path) -> Path:
    """An archive whose pages are all in cold storage."""
    shutil.copy(small, path)
    move_all(path, folder)
    return path


def run(*words: object) -> Result:
    return CliRunner().invoke(main, list(map(str, words)))


def merged(path: Path, *others: Path) -> Path:
    with Archive.open(path, mode="write") as archive:
        for other in others:
            with Archive.open(other) as opened:
                list(archive.merge(opened, {}))
    return path


def texts_of(path: Path) -> list[tuple[object, ...]]:
    with Archive.open(path) as archive:
        return archive.db.execute(
            """SELECT url, number, v.headline, v.body, seen_from, seen_until FROM versions v
            JOIN articles a ON a.id = v.article_id ORDER BY url, number"""
        ).fetchall()


def test_a_merge_copies_references_and_no_file(cold: Path, folder: Path, tmp_path: Path, small: Path) -> None:
    files = sorted(folder.iterdir())
    folder.rename(folder.with_name("hidden"))
    other = merged(tmp_path / "other.db", cold)
    folder.with_name("hidden").rename(folder)
    assert sorted(folder.iterdir()) == files
    assert [page.body for page in captures_of(other)] == [page.body for page in captures_of(small)]
    assert findings(other, cold=True) == ([], [])
    assert texts_of(other) == texts_of(small)


@pytest.mark.parametrize("first", ["cold", "small"])
def test_a_merge_with_the_same_pages_gives_the_same_archive(
    cold: Path, small: Path, tmp_path: Path, first: str
) -> None:
    order = (cold, small) if first == "cold" else (small, cold)
    other = merged(tmp_path / "other.db", *order)
    assert [page.body for page in captures_of(other)] == [page.body for page in captures_of(small)]
    assert findings(other, cold=True) == ([], [])


def test_a_merge_of_captures_one_by_one_copies_references(newsroom: Newsroom, folder: Path, tmp_path: Path) -> None:
    for body in (b"one", b"two"):
        newsroom.save(minutes(0), page=body, headline=body.decode())
    move_pages(newsroom.archive, LATER, folder)
    other = merged(tmp_path / "other.db", newsroom.archive.path)
    assert sorted(page.body for page in captures_of(other)) == [b"one", b"two"]
    assert findings(other, cold=True) == ([], [])


def test_a_backup_has_the_references_and_says_where_the_files_are(cold: Path, folder: Path, tmp_path: Path) -> None:
    result = run("backup", tmp_path / "copy.db", "--archive", cold)
    assert result.exit_code == 0, result.output
    assert f"in {folder}" in result.output
    assert "does not contain" in result.output
    assert json.loads(run("backup", tmp_path / "two.db", "--archive", cold, "--json").output)["cold_files"]
    shutil.copy(tmp_path / "copy.db", cold)
    assert len(captures_of(cold)) == 16


def test_a_light_copy_leaves_the_references_out(cold: Path, tmp_path: Path) -> None:
    with Archive.open(cold) as archive:
        archive.write_light_copy(Selection(), tmp_path / "light.db")
    assert findings(tmp_path / "light.db", cold=True) == ([], [])
    with Archive.open(tmp_path / "light.db") as light:
        assert light.db.execute("SELECT count(*) FROM cold_pages").fetchone() == (0,)


def test_texts_are_repaired_from_pages_in_cold_storage(cold: Path) -> None:
    texts = texts_of(cold)
    with sqlite3.connect(cold) as connection:
        connection.execute("DROP TRIGGER versions_are_append_only")
        connection.execute("UPDATE versions SET body = 'damaged' || body || 'damaged' WHERE id = 3")
    result = Archive.repair_file(cold, lambda archive: reextract, {})
    assert result.before.findings
    assert not result.left
    assert texts_of(cold) == texts


@pytest.mark.parametrize("table", ["bodies", "cold_pages", "cold_files"])
def test_lost_rows_are_restored_from_those_that_repeat_them(cold: Path, table: str) -> None:
    pages = captures_of(cold)
    with sqlite3.connect(cold) as connection:
        root = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()[0]
        size = connection.execute("PRAGMA page_size").fetchone()[0]
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    content = bytearray(cold.read_bytes())
    content[(root - 1) * size : root * size] = bytes(size)
    cold.write_bytes(content)
    result = Archive.repair_file(cold, lambda archive: reextract, {})
    assert result.before.findings
    assert not result.left
    assert not result.lost
    assert captures_of(cold) == pages
    assert findings(cold, cold=True) == ([], [])


def test_a_body_without_data_and_place_is_damage(cold: Path) -> None:
    with sqlite3.connect(cold) as connection:
        connection.execute("DELETE FROM cold_pages WHERE digest = (SELECT body_digest FROM captures WHERE id = 1)")
    messages, _ = findings(cold)
    assert any("The page of" in message and "is damaged" in message for message in messages)
    with pytest.raises(ArchiveError, match="damaged"):
        captures_of(cold)


def test_a_body_without_a_place_cannot_lose_its_data(small: Path, path: Path) -> None:
    shutil.copy(small, path)
    with sqlite3.connect(path) as connection, pytest.raises(sqlite3.IntegrityError, match="never change"):
        connection.execute("UPDATE bodies SET data = x'', dictionary_id = NULL")


@pytest.mark.slow
def test_nothing_else_changes_in_an_archive_of_an_early_schema(path: Path, folder: Path, tmp_path: Path) -> None:
    path.write_bytes(lzma.decompress((DATA / "archive-v3.db.xz").read_bytes()))
    assert run("migrate", "--archive", path).exit_code == 0
    pages, before = captures_of(path), facts(path, tmp_path)
    with Archive.open(path, mode="write") as archive:
        moved = move_pages(archive, datetime(2100, 1, 1, tzinfo=UTC), folder)
    assert moved.pages == len({page.body for page in pages if page.body})
    assert captures_of(path) == pages
    after = facts(path, tmp_path)
    for part, sizes in (("sums", ("bodies", "totals")), ("status", ("bodies",))):
        for name in sizes:
            changed = [(was, now) for was, now in zip(before[part].pop(name), after[part].pop(name), strict=True)]
            assert [was - now for was, now in changed if was != now] == [moved.released]
    assert after == before
    assert findings(path, cold=True) == ([], [])


def test_the_commands_move_list_and_locate(small: Path, path: Path, folder: Path, tmp_path: Path) -> None:
    shutil.copy(small, path)
    options = ("--archive", path, "--json")
    dry = json.loads(run("cold", "move", "--older-than", "1d", "--dry-run", *options).output)
    assert dry["pages"] == 16
    assert "Would move 16 pages" in run("cold", "move", "--older-than", "1d", "--dry-run", "--archive", path).output
    moved = json.loads(run("cold", "move", "--older-than", "1w", "--to", folder, "--vacuum", *options).output)
    assert moved["pages"] == 16
    assert moved["free"] == 0
    assert moved["released"] == dry["stored"] or moved["released"] > 0
    assert "No page of" in run("cold", "move", "--older-than", "1d", "--archive", path).output
    (row,) = json.loads(run("cold", "list", *options).output)
    assert row["path"] == moved["files"][0]
    folder.rename(tmp_path / "new")
    assert "not available" in run("cold", "list", "--archive", path).output
    result = run("export", "warc", "--archive", path, "-o", tmp_path / "out.warc.gz")
    assert result.exit_code == 1
    assert "caliber cold locate FOLDER" in result.output
    assert "Recorded" in run("cold", "locate", tmp_path / "new", "--archive", path).output
    assert run("verify", "--cold", "--archive", path).output.startswith("OK:")
    assert run("cold", "locate", tmp_path, "--archive", path).exit_code == 1
    assert run("cold", "move", "--older-than", "soon", "--archive", path).exit_code == 2


def runs_of(path: Path) -> list[tuple[str, str, dict[str, int]]]:
    """Command, outcome and counts of the runs of `cold`, oldest first."""
    with Archive.open(path) as archive:
        last = archive.runs.last(50)[::-1]
    return [(run["command"], run["outcome"], run["counts"]) for run in last if run["command"].startswith("cold")]


def test_a_move_and_a_return_are_runs_with_their_counts(small: Path, path: Path, folder: Path) -> None:
    shutil.copy(small, path)
    for _ in range(2):
        run("cold", "move", "--older-than", "1d", "--to", folder, "--archive", path)
    assert run("cold", "return", "--archive", path).exit_code == 0
    assert run("cold", "return", "--archive", path).exit_code == 0
    (moved, returned) = runs_of(path)
    size = sum(file.stat().st_size for file in folder.glob("*.gz"))
    assert moved[:2] == ("cold move", "finished")
    assert {name: moved[2][name] for name in ("pages", "files", "bytes")} == {"pages": 16, "files": 1, "bytes": size}
    assert returned == ("cold return", "finished", {"pages": 16, "files": 1})
    assert "cold move" in run("status", "--archive", path).output


def test_a_move_that_fails_is_a_run_with_what_it_moved(
    small: Path, path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(small, path)
    complete, calls = ColdPages.complete, []

    def fail_at_second(self: ColdPages, file: ColdFile) -> int:
        calls.append(file)
        if len(calls) == 2:
            self.files.require(file).unlink()
        return complete(self, file)

    monkeypatch.setattr(ColdPages, "complete", fail_at_second)
    words = ("cold", "move", "--older-than", "1d", "--to", folder, "--max-size", "4KB", "--archive", path)
    result = run(*words)
    assert result.exit_code == ColdFileUnavailable.exit_code
    ((command, outcome, counts),) = runs_of(path)
    assert (command, outcome, counts["files"]) == ("cold move", "failed", 1)
    with Archive.open(path) as archive:
        assert counts["pages"] == sum(map(archive.cold_pages.files.count_pages, archive.cold_pages.files.all()))
        assert "not available" in (archive.runs.last(1)[0]["reason"] or "")
    monkeypatch.undo()
    assert run(*words).exit_code == 0
    assert captures_of(path) == captures_of(small)


def test_free_space_is_stated(path: Path, folder: Path) -> None:
    with Archive.open(path, mode="write") as archive:
        newsroom = Newsroom(archive, start_run(archive))
        for minute in range(3):
            newsroom.save(minutes(minute), page=Random(minute).randbytes(50_000))
    output = run("cold", "move", "--older-than", "1d", "--to", folder, "--archive", path).output
    size = path.stat().st_size
    assert "Moved 3 pages" in output
    assert "`--vacuum` gives it back to the disk" in output
    run("cold", "move", "--older-than", "1d", "--vacuum", "--archive", path)
    assert path.stat().st_size < size - 40_000


def test_an_article_is_not_split_without_its_pages(cold: Path, folder: Path) -> None:
    folder.rename(folder.with_name("hidden"))
    result = run("split", "1", "--archive", cold)
    assert result.exit_code == ColdFileUnavailable.exit_code
    assert "not available" in result.output


def test_a_missing_file_is_a_note_and_with_cold_a_failed_check(cold: Path, folder: Path) -> None:
    folder.rename(folder.with_name("hidden"))
    plain = run("verify", "--archive", cold)
    assert plain.exit_code == 0, plain.output
    assert f"not available in {folder}" in plain.output
    full = run("verify", "--cold", "--archive", cold)
    assert full.exit_code == 3
    assert "the archive itself is valid" in full.output
    assert run("verify", "--cold", "--repair", "--archive", cold).exit_code == 2
