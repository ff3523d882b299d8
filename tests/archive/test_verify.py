"""Verification finds every change made to the file by other means; repair restores it or reports it as lost."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import damage
from caliber_crawler.archive import Archive, FileRepair, Finding
from caliber_crawler.archive.upkeep.full_text_check import check_full_text
from caliber_crawler.items import Capture, Extraction
from tests.archive.forty_articles import reextract, write_forty_articles


@pytest.fixture
def copy(valid: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(valid, tmp_path / "archive.db"))


def findings(path: Path) -> list[Finding]:
    with Archive.open(path) as archive:
        return [outcome for outcome in archive.verify() if outcome is not None]


def repair(path: Path, extract: Callable[[Capture], Extraction | None] | None = reextract) -> FileRepair:
    return Archive.repair_file(path, lambda _: extract, {})


def change_file(path: Path, *statements: str) -> None:
    """Change the file as another program could, without triggers."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            sql = connection.execute("SELECT sql FROM sqlite_master WHERE name = ?", (name,)).fetchone()[0]
            connection.execute(f"DROP TRIGGER {name}")
            statements = (*statements, sql)
        for statement in statements:
            connection.execute(statement)


def dump(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [line for line in connection.iterdump() if "versions_fts_" not in line and "sqlite_stat" not in line]


def places_of(path: Path, wanted: str) -> list[tuple[int, int]]:
    """The position of each value in the file (first byte, length), if it is stored contiguously."""
    content = path.read_bytes()
    with closing(sqlite3.connect(path)) as connection:
        values = [row[0] for row in connection.execute(wanted)]
    found = []
    for value in values:
        data = value.encode() if isinstance(value, str) else value
        # Long values continue in overflow pages; their beginning is enough.
        start = content.find(data[:40])
        if start >= 0:
            found.append((start, min(len(data), 40)))
    return found


def test_a_valid_archive_has_no_findings(valid: Path) -> None:
    assert findings(valid) == []


def test_a_name_in_the_schema_that_is_not_valid_text_is_found(copy: Path) -> None:
    copy.write_bytes(copy.read_bytes().replace(b"codes_repetition", b"codes\xdfrepetition", 1))
    assert "schema" in {finding.kind for finding in Archive.verify_file(copy).findings}


def test_sqlite_checks_every_row_beside_a_text_that_is_not_valid(copy: Path) -> None:
    change_file(copy, "UPDATE versions SET body = CAST(x'41ff' AS TEXT), number = 0 WHERE id = 1")
    assert "constraint" in {finding.kind for finding in Archive.verify_file(copy).findings}


def test_sqlite_computes_only_the_folded_column_with_the_function_that_its_check_leaves_out(blank: Path) -> None:
    with Archive.open(blank) as archive:
        schema = archive.db.execute("SELECT name, sql FROM sqlite_schema WHERE sql LIKE '%char(%'").fetchall()
    assert [name for name, _ in schema] == ["versions"]
    before, _, after = schema[0][1].partition("folded TEXT GENERATED")
    assert "char(" not in before + after.partition(") VIRTUAL")[2]


def test_an_empty_archive_is_valid(blank: Path) -> None:
    assert findings(blank) == []


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("versions", "headline = 'Headline 1003'"),
        ("versions", "body = replace(body, 'gas', 'gaz')"),
        ("versions", "body = replace(body, char(10), ' ')"),
        ("versions", "subtitle = 'е'"),
        ("versions", 'authors = \'["A","C"]\''),
        ("versions", "published_at = '2026-01-06T15:14:00Z'"),
        ("versions", "published_local = '2026-01-06T19:13:01+04:00'"),
        ("versions", "word_count = word_count + 1"),
        ("versions", "methods = '{}'"),
        ("versions", "content_digest = replace(content_digest, 'a', 'b')"),
        ("versions", "checksum = checksum + 1"),
        ("captures", "url = 'https://caliber.az/en/post/9999'"),
        ("captures", "status = 304"),
        ("captures", "headers = '[]'"),
        ("captures", "fetched_at = '2026-01-07T12:00:01Z'"),
        ("captures", "version_id = 9"),
        ("view_counts", "shown = '1'"),
        ("view_counts", "views = views + 1"),
        ("images", "alt = 'Khankendi'"),
        ("links", "text = 'speach'"),
        ("article_urls", "slug = 'x'"),
        ("articles", "headline = 'Another'"),
        ("articles", "views = 5"),
        ("articles", "version_count = 1"),
        ("articles", "changed_at = '2026-01-07T11:00:00Z'"),
        ("articles", "changed_at = NULL"),
        ("articles", "authors = '[]'"),
        ("articles", "published_year = '2025'"),
        ("articles", "first_seen_at = '2026-01-07T11:00:00Z'"),
        ("articles", "last_seen_at = '2026-01-08T11:00:00Z'"),
        ("articles", "url = 'https://caliber.az/en/post/9999'"),
        ("articles", "post_number = 9999"),
        ("article_authors", "position = 5 - position"),
        ("bodies", "data = CAST(substr(data, 1, length(data) - 1) || x'00' AS BLOB)"),
        ("bodies", "size = size + 1"),
    ],
)
def test_a_changed_value_is_found_with_its_article(copy: Path, table: str, change: str) -> None:
    row = {
        "articles": "id = 3",
        "captures": "id = 5",
        "bodies": "digest = (SELECT body_digest FROM captures WHERE id = 5)",
    }
    where = row.get(table, "article_id = 3")
    change_file(copy, f"UPDATE {table} SET {change} WHERE {where}")
    found = findings(copy)
    assert found
    assert all(finding.articles in ((3,), ()) for finding in found)
    assert any(finding.articles == (3,) for finding in found)


@pytest.mark.slow
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE versions SET headline = 'Heedline 1002', body = replace(body, 'gas', 'gaz') WHERE article_id = 3",
        "UPDATE versions SET authors = '[' WHERE article_id = 3",
        "UPDATE versions SET checksum = 0 WHERE article_id = 3",
        "UPDATE view_counts SET shown = 'nonsense' WHERE article_id = 3",
        "UPDATE articles SET headline = 'Another', views = 0, version_count = 9, authors = '[', url = 'https://caliber.az/en/post/1'",
        "DELETE FROM article_authors",
        "DROP TRIGGER versions_are_kept",
        "DROP VIEW edits",
        "DROP INDEX captures_url",
        "INSERT INTO versions_fts (versions_fts, rowid, headline, body) VALUES ('delete', 1, 'a', 'b')",
    ],
)
def test_repair_restores_changes_exactly(copy: Path, change: str) -> None:
    before = dump(copy)
    change_file(copy, change) if "TRIGGER" not in change else sqlite3.connect(copy).execute(change)
    assert findings(copy)
    repair(copy)
    assert findings(copy) == []
    assert sorted(dump(copy)) == sorted(before)


@pytest.mark.slow
def test_repair_restores_a_flipped_bit_in_a_page(copy: Path) -> None:
    before = dump(copy)
    start, length = places_of(copy, "SELECT data FROM bodies ORDER BY length(data) LIMIT 9")[8]
    content = bytearray(copy.read_bytes())
    content[start + length - 3] ^= 4
    copy.write_bytes(content)
    (finding,) = findings(copy)
    assert (finding.kind, len(finding.articles)) == ("body", 1)
    repair(copy, None)
    assert findings(copy) == []
    assert sorted(dump(copy)) == sorted(before)


@pytest.mark.slow
def test_lost_data_is_not_changed_and_reported_again(copy: Path) -> None:
    change_file(
        copy,
        "UPDATE bodies SET data = x'00' WHERE digest = (SELECT body_digest FROM captures WHERE id = 5)",
        "UPDATE versions SET headline = 'gone for good' WHERE capture_id = 5",
    )
    before = findings(copy)
    repair(copy)
    assert [finding.kind for finding in findings(copy)] == [f.kind for f in before if f.kind in ("body", "version")]


@pytest.mark.slow
def test_repair_does_not_replace_a_text_by_that_of_another_extractor(copy: Path) -> None:
    change_file(copy, "UPDATE versions SET headline = 'gone for good' WHERE id = 5")

    def better(capture: Capture) -> Extraction | None:
        extraction = reextract(capture)
        return extraction and replace(extraction, article=replace(extraction.article, headline="Better"))

    repair(copy, better)
    with Archive.open(copy) as archive:
        assert archive.db.execute("SELECT headline FROM versions WHERE id = 5").fetchone() == ("gone for good",)


@pytest.mark.slow
def test_every_change_in_a_hundred_damaged_copies_is_found(tmp_path: Path) -> None:
    """Bytes and bits are changed in texts, pages and other columns; a single flipped bit can be repaired."""
    write_forty_articles(valid := tmp_path / "valid.db", count=12)
    chance = random.Random(11)
    texts = places_of(valid, "SELECT body FROM versions") + places_of(valid, "SELECT headline || '' FROM versions")
    pages = places_of(valid, "SELECT data FROM bodies")
    counters = places_of(valid, "SELECT alt || '' FROM images") + places_of(valid, "SELECT url FROM captures")
    assert len(texts) > 30
    assert len(pages) == 24
    content = valid.read_bytes()
    repaired = 0
    for number in range(100):
        damaged = bytearray(content)
        start, length = chance.choice([texts, pages, counters][number % 3])
        place = start + chance.randrange(length)
        damaged[place] ^= 1 << chance.randrange(8) if number % 2 else chance.randrange(1, 256)
        path = tmp_path / f"{number}.db"
        path.write_bytes(damaged)
        assert findings(path), f"byte {place} of copy {number}: {content[place]} → {damaged[place]}"
        if number % 2:
            repair(path)
            repaired += findings(path) == []
        path.unlink()
    assert repaired == 50


def test_the_check_of_the_full_text_index_needs_no_write_lock(copy: Path) -> None:
    change_file(copy, "INSERT INTO versions_fts (versions_fts, rowid, headline, body) VALUES ('delete', 1, 'a', 'b')")
    with closing(sqlite3.connect(copy, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        check = Archive.verify_file(copy)
    assert ({finding.kind for finding in check.findings}, check.notes) == ({"index"}, [])


def test_a_writer_never_waits_for_a_verification(copy: Path) -> None:
    with (
        ThreadPoolExecutor(1) as executor,
        closing(sqlite3.connect(copy, isolation_level=None, timeout=0)) as writer,
    ):
        verified = executor.submit(Archive.verify_file, copy)
        commits = 0
        while not verified.done():
            writer.execute("UPDATE runs SET heartbeat_at = heartbeat_at")  # raises if the archive is locked
            commits += 1
        assert (verified.result().findings, verified.result().notes) == ([], [])
    assert commits > 1


@pytest.mark.parametrize("settings", ["UPDATE versions_fts_config SET v = 5", "DELETE FROM versions_fts_config"])
def test_damaged_settings_of_the_full_text_index_are_found_and_repaired(copy: Path, settings: str) -> None:
    change_file(copy, settings)
    assert [finding.kind for finding in findings(copy)] == ["file"]
    assert repair(copy).left == []
    assert findings(copy) == []


def test_a_copy_of_the_full_text_index_has_the_same_damage(copy: Path, valid: Path) -> None:
    """What FTS5 finds in an archive itself, it finds in the copy."""
    trees = damage.places_of(valid)
    pages = [number for number, name in trees.items() if name == "versions" or name.startswith("versions_fts")]
    content, chance, found = valid.read_bytes(), random.Random(5), 0
    for _ in range(40):
        start = (chance.choice(pages) - 1) * 8192
        place = chance.choice([at for at in range(start, start + 8192) if content[at]])
        damaged = bytearray(content)
        damaged[place] ^= 1 << chance.randrange(8)
        damage.write(copy, bytes(damaged), b"")
        with closing(sqlite3.connect(copy)) as connection:
            try:
                connection.execute("INSERT INTO versions_fts (versions_fts, rank) VALUES ('integrity-check', 1)")
            except sqlite3.DatabaseError:
                found += 1
                with Archive.open(copy) as archive:
                    assert list(check_full_text(archive._connection, [])), place
    assert found > 10
