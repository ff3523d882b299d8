"""A damaged archive is repaired in a new file; the damaged one is kept, and nothing gets worse."""

from __future__ import annotations

import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks.damage import KINDS, Outcome, damage_of, damage_of_log, places_of, rows_of, try_damage, write, write_log
from caliber_crawler.archive import Archive, FileRepair
from caliber_crawler.archive.upkeep.file_repair import missing_rows
from caliber_crawler.archive.upkeep.sqlite_pages import SQLiteFile
from caliber_crawler.archive.upkeep.tree_map import TreeMap
from caliber_crawler.commands.cli import main
from caliber_crawler.errors import ArchiveError, ForeignDatabase, NewerArchive
from tests.archive.forty_articles import reextract

PAGE = 8192
NOISE = random.Random(3).randbytes(PAGE)


@pytest.fixture
def copy(valid: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(valid, tmp_path / "archive.db"))


def pages_of(path: Path, name: str) -> list[int]:
    with SQLiteFile(path) as file:
        return TreeMap(file).pages_of(name)


def root_of(path: Path, name: str) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (name,)).fetchone()[0])


def overwrite(path: Path, number: int, data: bytes = bytes(PAGE), at: int = 0) -> None:
    """Overwrite a page, or a part of it."""
    with path.open("r+b") as file:
        file.seek((number - 1) * PAGE + at)
        file.write(data)


def repair(path: Path) -> FileRepair:
    return Archive.repair_file(path, lambda _: reextract, {})


def changed_tables(path: Path, valid: Path) -> set[str]:
    after, before = rows_of(path), rows_of(valid)
    return {name for name in before if after[name] != before[name]}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("versions", bytes(PAGE)),
        ("versions", NOISE),
        ("articles", NOISE),
        ("article_urls", bytes(PAGE)),
        ("view_counts", NOISE),
        ("images", bytes(PAGE)),
        ("links", NOISE),
        ("captures_url", NOISE),
        ("versions_fts_data", bytes(PAGE)),
    ],
)
def test_a_destroyed_page_is_restored_completely(copy: Path, valid: Path, name: str, content: bytes) -> None:
    overwrite(copy, pages_of(copy, name)[-1], content)
    damaged = copy.read_bytes()
    result = repair(copy)
    assert result.before.findings
    assert (result.left, result.lost, changed_tables(copy, valid)) == ([], [], set())
    assert result.kept is not None
    assert result.kept.read_bytes() == damaged
    assert Archive.verify_file(copy).findings == []


@pytest.mark.parametrize("name", ["versions", "bodies"])
def test_the_rows_below_a_destroyed_inner_page_are_found(copy: Path, valid: Path, name: str) -> None:
    root = root_of(copy, name)
    assert copy.read_bytes()[(root - 1) * PAGE] == 5, "the root is an inner page"
    overwrite(copy, root)
    result = repair(copy)
    assert (result.left, result.lost, changed_tables(copy, valid)) == ([], [], set())


@pytest.mark.parametrize("at", [0, 19, 20, 60])
def test_a_damaged_header_is_found_and_repaired(copy: Path, valid: Path, at: int) -> None:
    overwrite(copy, 1, bytes([copy.read_bytes()[at] ^ 0x40]), at)
    assert Archive.verify_file(copy).findings
    result = repair(copy)
    assert (result.left, result.lost, changed_tables(copy, valid)) == ([], [], set())


@pytest.mark.slow
def test_transactions_after_damage_in_the_log_are_kept(valid: Path, tmp_path: Path) -> None:
    """SQLite ignores them: it reads the log up to the first wrong checksum."""
    path = tmp_path / "archive.db"
    data, log, _ = write_log(valid, tmp_path / "logged.db")
    write(path, data, log)
    expected = rows_of(path)
    frames = len(log) // (PAGE + 24)
    damaged = bytearray(log)
    damaged[32 + (PAGE + 24) * (frames * 3 // 4) + 20] ^= 1  # in the checksum of a frame
    write(path, data, bytes(damaged))
    assert any("-wal is damaged" in finding.message for finding in Archive.verify_file(path).findings)
    result = repair(path)
    assert (result.left, result.lost, rows_of(path)) == ([], [], expected)


@pytest.mark.slow
def test_an_archive_without_its_schema_is_salvaged(copy: Path, valid: Path) -> None:
    overwrite(copy, 1)
    repair(copy)
    assert Archive.verify_file(copy).findings == []
    assert changed_tables(copy, valid) <= {
        "runs",
        "hosts",
        "sites",
        "site_facts",
        "sections",
        "authors",
        "article_authors",
    }


@pytest.mark.slow
def test_a_lost_frontier_is_restored_from_its_indexes(tmp_path: Path, valid: Path) -> None:
    path = tmp_path / "archive.db"
    shutil.copy(valid, path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executemany(
            """INSERT INTO frontier (url, site, kind, state, discovered_at, discovered_via, due_at)
            VALUES (?, 'caliber', 'article', 'queued', '2026-01-07T12:00:00.000000Z', 'feed', ?)""",
            [(f"https://caliber.az/en/post/{number}", f"2026-02-01T00:00:{number % 60:02}Z") for number in range(300)],
        )
    sql = "SELECT id, url, site, kind, state, due_at FROM frontier"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        before = connection.execute(sql).fetchall()
    overwrite(path, pages_of(path, "frontier")[1])
    assert repair(path).restored["frontier"] > 20
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute(sql).fetchall() == before


@pytest.mark.parametrize(("column", "value"), [("due_at", "2026-13-45T00:00:00Z"), ("failures", -4)])
def test_an_impossible_value_in_the_frontier_is_found(copy: Path, column: str, value: object) -> None:
    with closing(sqlite3.connect(copy)) as connection, connection:
        connection.execute(
            f"""INSERT INTO frontier (url, site, kind, state, discovered_at, discovered_via, {column})
            VALUES ('https://caliber.az/en/post/1', 'caliber', 'article', 'queued', '2026-01-07T12:00:00.000000Z',
            'feed', ?)""",
            (value,),
        )
    (finding,) = Archive.verify_file(copy).findings
    assert (finding.kind, finding.key) == ("frontier", (1,))


DERIVED = ("copies", "counterparts", "name_searches", "mentions", "quotations")
UNCHECKED = {
    "articles": "UPDATE articles SET cover_image = 'mark-of-the-value' WHERE id = 1",
    "captures": "UPDATE captures SET extractor = 'mark-of-the-value' WHERE id = 1",
    "frontier": """INSERT INTO frontier (url, site, kind, discovered_at, discovered_via, etag)
        VALUES ('https://a.example/1', 'a', 'article', '2026-01-07T12:00:00.000000Z', 'feed', 'mark-of-the-value')""",
    "problems": """INSERT INTO problems (run_id, noted_at, stage, reason, message, fatal)
        VALUES (1, '2026-01-07T12:00:00Z', 'check', 'odd', 'mark-of-the-value', 0)""",
    "hosts": "INSERT INTO hosts (host, robots) VALUES ('a.example', 'mark-of-the-value')",
    "runs": "UPDATE runs SET user_agent = 'mark-of-the-value' WHERE id = 1",
    "sites": """INSERT INTO sites (site, title, url, timezone)
        VALUES ('a', 'mark-of-the-value', 'https://a.example', 'UTC')""",
    "copies": """INSERT INTO copies (article_id, original_id, relation, similarity, containment, method, found_at)
        VALUES (2, 1, 'near-duplicate', 0.75, 1, 'mark-of-the-value', '2026-01-07T12:00:00Z')""",
    "counterparts": """INSERT INTO counterparts (article_id, counterpart_id, method, score, evidence, found_at)
        VALUES (1, 2, 'content', 0.75, '"mark-of-the-value"', '2026-01-07T12:00:00Z')""",
    "name_searches": """INSERT INTO name_searches (article_id, version_id, method, searched_at)
        VALUES (1, 1, 'mark-of-the-value', '2026-01-07T12:00:00Z')""",
    "mentions": """INSERT INTO mentions (article_id, version_id, start_offset, end_offset, kind, name, written)
        VALUES (1, 1, 0, 4, 'person', 'Anna Example', 'mark-of-the-value')""",
    "quotations": """INSERT INTO quotations (article_id, version_id, start_offset, end_offset, cue)
        VALUES (1, 1, 0, 4, 'mark-of-the-value')""",
}


def test_changed_bits_in_values_without_a_checksum_are_found(copy: Path) -> None:
    with closing(sqlite3.connect(copy)) as connection, connection:
        for sql in UNCHECKED.values():
            connection.execute(sql)
    for table in UNCHECKED:
        (place,) = [number for number in pages_of(copy, table) if b"mark-of-the-value" in page_at(copy, number)]
        overwrite(copy, place, b"n", page_at(copy, place).index(b"mark-of-the-value"))
    messages = [finding.message for finding in Archive.verify_file(copy).findings]
    for table in UNCHECKED:
        assert any(f"index {table}_" in message for message in messages), table
    assert len(messages) == len(UNCHECKED)


@pytest.mark.slow
def test_lost_rows_are_restored_from_indexes_that_repeat_every_value(copy: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(copy)) as connection, connection:
        for sql in UNCHECKED.values():
            connection.execute(sql)
    before = shutil.copy(copy, tmp_path / "before.db")
    for table in ("runs", "problems", "hosts", "sites", "frontier", *DERIVED):
        overwrite(copy, pages_of(copy, table)[-1])
    result = repair(copy)
    assert (result.left, result.lost, changed_tables(copy, before)) == ([], [], set())


EMPTY_LEAF = {True: b"\x0a", False: b"\x0d"}
"""The first byte of a leaf without rows, of an index or a table without row IDs, and of a table with them."""


@pytest.mark.parametrize("table", ["sections", "sites", "hosts", "problems"])
def test_rows_that_a_valid_empty_page_hides_are_restored(copy: Path, tmp_path: Path, table: str) -> None:
    with closing(sqlite3.connect(copy)) as connection, connection:
        for sql in UNCHECKED.values():
            connection.execute(sql)
        (sql,) = connection.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (table,)).fetchone()
    before = shutil.copy(copy, tmp_path / "before.db")
    leaf = EMPTY_LEAF["WITHOUT ROWID" in sql]
    overwrite(copy, root_of(copy, table), (leaf + bytes(4) + PAGE.to_bytes(2) + b"\0").ljust(PAGE, b"\0"))
    result = repair(copy)
    assert (result.left, result.lost, changed_tables(copy, before)) == ([], [], set())
    assert result.restored[table] > 0


def page_at(path: Path, number: int) -> bytes:
    return path.read_bytes()[(number - 1) * PAGE : number * PAGE]


def test_a_lost_page_is_reported_and_its_text_is_kept(copy: Path, valid: Path) -> None:
    overwrite(copy, pages_of(copy, "bodies")[-1])
    result = repair(copy)
    assert result.left == []
    assert any("bodies are lost" in message for message in result.lost)
    assert changed_tables(copy, valid) == {"bodies", "captures", "problems", "totals"}
    with closing(sqlite3.connect(copy)) as connection:
        lost = connection.execute("SELECT count(*) FROM captures WHERE body_digest IS NULL").fetchone()[0]
        named = connection.execute(
            "SELECT count(*) FROM problems WHERE reason = 'damaged' AND message GLOB '*SHA-256*'"
        )
        assert lost == named.fetchone()[0] > 0


@pytest.mark.slow
def test_a_damaged_text_does_not_overwrite_what_is_right(copy: Path) -> None:
    """Without its page, the text cannot be repaired; the row of the article still has the right headline."""
    with closing(sqlite3.connect(copy)) as connection, connection:
        (sql,) = connection.execute("SELECT sql FROM sqlite_schema WHERE name = 'versions_are_append_only'").fetchone()
        connection.execute("DROP TRIGGER versions_are_append_only")
        connection.execute("UPDATE versions SET headline = 'Wrong twice' WHERE id = 2")
        connection.execute(sql)
    before = rows_of(copy)["articles"]
    result = Archive.repair_file(copy, lambda _: None, {})
    assert "version" in {finding.kind for finding in result.left}
    assert rows_of(copy)["articles"] == before


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_no_damage_is_overlooked_or_made_worse(valid: Path, tmp_path: Path, kind: str) -> None:
    data, places, rows = valid.read_bytes(), places_of(valid), rows_of(valid)
    logged = write_log(valid, tmp_path / "logged.db")
    for number in range(3):
        chance = random.Random(number)
        damage = damage_of_log(*logged, chance) if kind == "log" else damage_of(data, places, chance, kind)
        outcome: Outcome = try_damage(damage, rows, tmp_path / "damaged.db", lambda _: reextract)
        assert (outcome.crash, outcome.worse) == ("", ""), (number, damage.place)
        assert outcome.found or not outcome.changed or kind == "log", (number, damage.place, outcome.values)


def test_a_repaired_copy_must_contain_every_sound_row(copy: Path, valid: Path) -> None:
    assert missing_rows(valid, copy) == 0
    with closing(sqlite3.connect(copy)) as connection, connection:
        connection.execute("DELETE FROM images WHERE article_id = 3")
    assert missing_rows(valid, copy) == 1


def test_files_of_others_are_not_repaired(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    path.write_text("some text, " * 3_000)
    with pytest.raises(ForeignDatabase):
        repair(path)
    path.unlink()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE versions (id INTEGER PRIMARY KEY, body TEXT)")
        connection.execute("INSERT INTO versions (body) VALUES ('x')")
    before = path.read_bytes()
    with pytest.raises(ForeignDatabase):
        repair(path)
    assert path.read_bytes() == before


def test_an_archive_of_a_later_version_is_not_repaired(copy: Path) -> None:
    with closing(sqlite3.connect(copy)) as connection, connection:
        connection.execute("ALTER TABLE versions ADD COLUMN later TEXT")
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(NewerArchive):
        repair(copy)


@pytest.fixture
def hostile(copy: Path) -> Path:
    """An archive from outside with a view that never ends in the place of a table."""
    with closing(sqlite3.connect(copy)) as connection, connection:
        connection.execute("ALTER TABLE problems RENAME TO problems_before")
        connection.execute(
            """CREATE VIEW problems AS WITH RECURSIVE n (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n)
            SELECT id, id AS run_id, 'x' AS reason FROM n"""
        )
    return copy


def test_a_table_that_is_a_view_is_not_read(hostile: Path, valid: Path) -> None:
    check = Archive.verify_file(hostile)
    assert any(finding.kind == "schema" for finding in check.findings)
    assert any("rows were not checked" in note for note in check.notes)


@pytest.mark.slow
def test_pages_that_lead_to_each_other_are_read_once(copy: Path) -> None:
    root = root_of(copy, "versions")
    overwrite(copy, root, root.to_bytes(4), at=8)
    assert repair(copy).left == []
    assert Archive.verify_file(copy).findings == []


@pytest.mark.slow
def test_the_command_keeps_the_damaged_file_and_says_so(copy: Path) -> None:
    overwrite(copy, pages_of(copy, "captures_url")[0])
    command = ["verify", "--archive", str(copy)]
    assert CliRunner().invoke(main, command).exit_code == 3
    done = CliRunner().invoke(main, [*command, "--repair"])
    assert done.exit_code == 0, done.output
    (kept,) = copy.parent.glob("archive.db.damaged-*[0-9]Z")
    assert f"The damaged file was kept as {kept}" in done.output
    assert CliRunner().invoke(main, command).exit_code == 0
    assert sorted(file.name for file in copy.parent.iterdir() if "repairing" in file.name) == []


def test_nothing_is_changed_when_a_repair_would_not_help(copy: Path) -> None:
    """Only a header and a schema are left: there is nothing to salvage."""
    copy.write_bytes(copy.read_bytes()[: 2 * PAGE])
    before = copy.read_bytes()
    with pytest.raises(ArchiveError):
        repair(copy)
    assert copy.read_bytes() == before
