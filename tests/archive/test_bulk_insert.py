"""Bulk insert of new rows gives the same result as merging one article at a time."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from caliber_crawler.archive import Archive
from caliber_crawler.archive.merge.bulk_insert import BulkInsert
from caliber_crawler.commands.merge import merge_one
from caliber_crawler.errors import ArchiveError
from caliber_crawler.items import Image, Link
from tests.archive.newsroom import NOON, Newsroom, minutes, start_run
from tests.archive.test_merge import Sighting, facts, findings, make, merge_into, sightings, texts
from tests.properties import examples

MANY = 20


def newspaper(path: Path, first: int = 0, count: int = MANY) -> Path:
    """Make an archive of different articles with authors, views, images and links."""
    with Archive.open(path, mode="write") as archive:
        newsroom = Newsroom(archive, start_run(archive))
        for number in range(first, first + count):
            for minute in (0, 5):
                newsroom.save(
                    minutes(number * 10 + minute),
                    article_urls=(
                        f"https://caliber.az/en/post/{number + 1}",
                        f"https://caliber.az/en/post/slug-{number}",
                    ),
                    page=b"<p>shared content</p>" * 400 + f"<h1>{number} {minute}</h1>".encode(),
                    headline=f"Headline {number // 2} {minute}",
                    views=number + minute,
                    images=(Image(url=f"https://x.az/{number}.webp"),),
                    links=(Link(url=f"https://president.az/{number}", text="speech"),),
                    authors=("A", f"Author {number % 3}"),
                )
        archive.runs.finish(newsroom.run_id, "finished", None, {})
    return path


def merge_one_by_one(monkeypatch: pytest.MonkeyPatch, into: Path, *others: Path) -> Path:
    with monkeypatch.context() as patched:
        patched.setattr(BulkInsert, "insert_captures", lambda _, ids: ids)
        patched.setattr(BulkInsert, "insert_articles", lambda _, ids, article_of: ids)
        return merge_into(into, *others)


def bodies(path: Path) -> set[tuple[str, int, bytes]]:
    with Archive.open(path) as archive:
        return {tuple(row) for row in archive.db.execute("SELECT digest, dictionary_id IS NULL, data FROM bodies")}


@pytest.mark.slow
def test_bulk_insert_equals_merging_one_by_one(
    path: Path, tmp_path: Path, blank: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(blank, path)
    other = newspaper(tmp_path / "other.db")
    one_by_one = merge_one_by_one(monkeypatch, Path(shutil.copy(path, tmp_path / "one.db")), other)
    assert facts(merge_into(path, other)) == facts(one_by_one) == facts(other)
    assert texts(path) == texts(other)
    assert findings(path) == []
    with Archive.open(path) as archive, Archive.open(other) as there:
        for query in ("Headline", "Author", "president"):
            assert len(archive.search(query)) == len(there.search(query))


@pytest.mark.slow
@settings(max_examples=examples(12), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sightings, sightings)
def test_bulk_insert_equals_merging_one_by_one_for_any_two_archives(
    tmp_path_factory: pytest.TempPathFactory,
    blank: Path,
    monkeypatch: pytest.MonkeyPatch,
    a: list[Sighting],
    b: list[Sighting],
) -> None:
    folder = tmp_path_factory.mktemp("merge")
    for name, pages in {"a": a, "b": b}.items():
        make(Path(shutil.copy(blank, folder / f"{name}.db")), pages)
    copy = Path(shutil.copy(folder / "a.db", folder / "copy.db"))
    parallel = merge_into(folder / "a.db", folder / "b.db")
    assert facts(parallel) == facts(merge_one_by_one(monkeypatch, copy, folder / "b.db"))
    assert findings(parallel) == []


@pytest.mark.slow
def test_bodies_are_copied_without_recompression(path: Path, tmp_path: Path) -> None:
    Archive.open(path, mode="write").close()
    other = newspaper(tmp_path / "other.db")
    assert bodies(merge_into(path, other)) == bodies(other)


@pytest.mark.slow
def test_a_dictionary_used_by_few_pages_is_not_copied(path: Path, tmp_path: Path) -> None:
    newspaper(path)
    other = newspaper(tmp_path / "other.db", first=MANY, count=1)
    with Archive.open(other) as archive:
        (digest,) = [row[0] for row in archive.db.execute("SELECT digest FROM dictionaries")]
    with Archive.open(merge_into(path, other)) as archive:
        assert list(archive.db.query("SELECT 1 FROM dictionaries WHERE digest = ?", [digest])) == []
    assert findings(path) == []


@pytest.mark.slow
def test_a_page_under_takedown_does_not_return_inside_a_dictionary(path: Path, tmp_path: Path) -> None:
    other = newspaper(tmp_path / "other.db")
    newspaper(path, count=2)
    with Archive.open(path, mode="write") as archive:
        archive.deletion.take_down(1, "asked for", NOON)
        archive.deletion.wipe()
    with Archive.open(merge_into(path, other)) as archive:
        digests = [row[0] for row in archive.db.execute("SELECT digest FROM dictionaries")]
        stored = [archive.captures.get(row[0]).body for row in archive.db.execute("SELECT id FROM captures")]
        assert len(stored) == 2 * (MANY - 1)
        assert not any(b"<h1>0 0</h1>" in body for body in stored)
    with Archive.open(other) as archive:
        theirs = {row[0] for row in archive.db.execute("SELECT digest FROM dictionaries")}
    assert not theirs & set(digests)


@pytest.mark.slow
@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE captures SET fetched_at = '2026-01-07T12:00:01Z' WHERE id = 3",
        "UPDATE links SET text = 'another' WHERE article_id = 2",
        "UPDATE article_urls SET kind = 'slug' WHERE url LIKE '%/2'",
    ],
)
def test_a_damaged_row_does_not_get_a_new_checksum(path: Path, tmp_path: Path, damage: str) -> None:
    other = newspaper(tmp_path / "other.db", count=3)
    with Archive.open(other, mode="write") as archive:
        archive.db.execute(damage)
    with (
        Archive.open(path, mode="write") as here,
        Archive.open(other) as there,
        pytest.raises(ArchiveError, match=r"is damaged: .*run `caliber verify` for details"),
    ):
        merge_one(here, there)


@pytest.mark.slow
def test_folded_letters_are_indexed_in_bulk(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    with Archive.open(other, mode="write") as archive:
        newsroom = Newsroom(archive, start_run(archive))
        for number, letter in enumerate("ёЁəƏıİa"):
            newsroom.save(article_urls=(f"https://caliber.az/en/post/{number + 1}",), headline=f"b{letter}ku {number}")
    with Archive.open(merge_into(path, other)) as archive:
        rows = archive.db.execute("SELECT folded IS NOT NULL FROM versions ORDER BY id").fetchall()
        assert [row[0] for row in rows] == [1] * 6 + [0]
    assert findings(path) == []


@pytest.mark.slow
def test_partly_known_articles_are_merged_one_by_one(path: Path, tmp_path: Path) -> None:
    newspaper(path, count=20)
    other = newspaper(tmp_path / "other.db", first=10, count=20)
    merge_into(path, other)
    assert facts(path) == facts(newspaper(tmp_path / "all.db", count=30))
    assert findings(path) == []
