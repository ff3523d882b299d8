"""A value and its repetition in an index differ: evidence decides, never the side; what stays unknown is reported."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections import defaultdict
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.damage import Damage, Rows, places_of, readable_rows, rows_of, try_damage
from caliber_crawler.archive import Archive, FileRepair
from caliber_crawler.archive.core.checksums import checksum
from caliber_crawler.archive.upkeep.single_changes import Budget, restore_one_byte, with_one_byte_changed
from tests.archive.forty_articles import reextract, write_forty_articles
from tests.properties import examples

PAGE = 8192
FRONTIER = """INSERT INTO frontier (url, site, kind, discovered_at, discovered_via, etag, visited_at)
VALUES ('https://a.example/' || ?, 'caliber', 'article', '2026-01-07T12:00:00.000000Z', 'feed', 'etag-' || ?,
  '2026-01-07T12:00:00Z')"""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("small") / "archive.db"
    write_forty_articles(path, 4)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executemany(FRONTIER, [(number, number) for number in range(3)])
    return path


@pytest.fixture(scope="module")
def rows(small: Path) -> Rows:
    return rows_of(small)


@pytest.fixture
def copy(small: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(small, tmp_path / "archive.db"))


def change(path: Path, tree: str, old: bytes, new: bytes) -> None:
    """Change the first occurrence of some bytes in a table or index."""
    data = path.read_bytes()
    starts = [(number - 1) * PAGE for number, name in places_of(path).items() if name == tree]
    (at,) = [data.index(old, start) for start in starts if old in data[start : start + PAGE]]
    path.write_bytes(data[:at] + new + data[at + len(old) :])


def repair(path: Path) -> FileRepair:
    return Archive.repair_file(path, lambda _: reextract, {})


@pytest.mark.parametrize(
    ("table", "index", "old", "new"),
    [
        ("captures", "captures_repetition", b"caliber_crawler 0", b"caliber_crawlfr 0"),
        ("frontier", "frontier_repetition", b"feed", b"feee"),
        ("frontier", "frontier_repetition", b"2026-01-07T12:00:00Z", b"2026-91-07T12:00:00Z"),
        ("frontier", "frontier_repetition", b"2026-01-07T12:00:00Z", b"1026-01-07T12:00:00Z"),
        ("frontier", "frontier_repetition", b"etag-1", b"etag\x01-"),
        ("frontier", "frontier_repetition", b"etag-1", b"etag-\xc3"),
    ],
)
def test_evidence_decides_whichever_side_is_damaged(
    copy: Path, rows: Rows, table: str, index: str, old: bytes, new: bytes
) -> None:
    data = copy.read_bytes()
    for damaged in (table, index):
        copy.write_bytes(data)
        change(copy, damaged, old, new)
        result = repair(copy)
        assert result.before.findings, damaged
        assert (result.left, result.lost) == ([], []), damaged
        assert {name for name, found in rows_of(copy).items() if found != rows[name]} == set(), damaged


def test_an_undecided_dispute_is_reported_with_both_values(copy: Path) -> None:
    change(copy, "frontier", b"etag-1", b"etag-7")
    result = repair(copy)
    (message,) = result.lost
    assert "'etag-7' in the table" in message
    assert "'etag-1' in an index" in message
    assert result.kept is not None
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT message FROM problems WHERE reason = 'damaged'").fetchall() == [(message,)]


def test_a_damaged_article_of_a_capture_does_not_spread_to_its_version(copy: Path, rows: Rows) -> None:
    """The checksum of a capture leaves out its article and its version."""
    with closing(sqlite3.connect(copy)) as connection, connection:
        connection.execute("UPDATE captures SET article_id = 1 WHERE id = 4")
    assert Archive.verify_file(copy).findings
    assert repair(copy).left
    with closing(sqlite3.connect(copy)) as connection:
        found = connection.execute("SELECT version_id FROM captures WHERE id = 4").fetchone()[0]
    assert found == dict(rows["captures"][(4,)])["version_id"]


def test_a_damaged_row_id_costs_no_stored_page(copy: Path, rows: Rows) -> None:
    """Nothing refers to the row ID of a page, so that of another one may be in its place."""
    data = bytearray(copy.read_bytes())
    page = next(number for number, name in places_of(copy).items() if name == "bodies")
    start = (page - 1) * PAGE
    cell = start + int.from_bytes(data[start + 8 : start + 10])
    while data[cell] & 0x80:  # the size of the row, before its ID
        cell += 1
    data[cell + 1] += 1
    copy.write_bytes(bytes(data))
    result = repair(copy)
    assert any("out of order" in finding.message for finding in result.before.findings)
    assert (result.left, result.lost, rows_of(copy)["bodies"] == rows["bodies"]) == ([], [], True)


def test_a_url_that_is_no_text_any_more_is_repaired(copy: Path, rows: Rows) -> None:
    data = bytearray(copy.read_bytes())
    page = next(number for number, name in places_of(copy).items() if name == "images")
    data[data.index(b"https://x.az/1003.webp", (page - 1) * PAGE)] ^= 0x80
    copy.write_bytes(bytes(data))
    result = repair(copy)
    assert result.before.findings
    assert (result.left, rows_of(copy)) == ([], rows)


def test_a_violated_constraint_is_found_before_and_after_a_repair(copy: Path) -> None:
    """SQLite does not check constraints in a file that is open read-only."""
    change(copy, "captures", b'[["Content-Type"', b'[["Content-Ty\n\n"')
    before = Archive.verify_file(copy).findings
    assert any("CHECK constraint" in finding.message for finding in before)
    assert len(repair(copy).left) <= len(before)


@given(row=st.fixed_dictionaries({"url": st.text(max_size=40), "size": st.integers(-(2**40), 2**40)}), data=st.data())
@settings(deadline=None, max_examples=examples(10))
def test_one_changed_byte_is_restored(row: dict[str, object], data: st.DataObject) -> None:
    right = {**row, "checksum": checksum("captures", row)}
    name = data.draw(st.sampled_from(["url", "size"]))
    changes = list(with_one_byte_changed(right[name]))  # type: ignore[arg-type]
    damaged = {**right, name: data.draw(st.sampled_from(changes))} if changes else right
    assert restore_one_byte("captures", damaged, Budget(60)) == (None if damaged == right else right)


@given(data=st.data())
@settings(deadline=None, max_examples=examples(15), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_changed_byte_makes_an_archive_worse(small: Path, rows: Rows, tmp_path: Path, data: st.DataObject) -> None:
    content = bytearray(small.read_bytes())
    pages = sorted(number for number, name in places_of(small).items() if not name.startswith("versions_fts"))
    page = data.draw(st.sampled_from(pages))
    used = [at for at in range((page - 1) * PAGE, page * PAGE) if content[at]]
    content[data.draw(st.sampled_from(used))] ^= data.draw(st.integers(1, 255))
    outcome = try_damage(Damage("byte", "", bytes(content)), rows, tmp_path / "damaged.db", lambda _: reextract)
    assert (outcome.worse, outcome.crash) == ("", "")
    assert outcome.found or not outcome.changed or readable_rows(tmp_path / "damaged.db") == rows


KEYS = {
    "field_coverage": ("field", b"headline", b"headlhne"),
    "merge_marks": ("source", b"0123456789abcdef", b"0123456789abbdef"),
    "site_facts": ("fact", b"encoding", b"encodhng"),
    "takedown_keys": ("digest", b"fedcba9876543210", b"fedcba9866543210"),
    "url_claims": ("url", b"https://a.example/claimed", b"https://a.example/clbimed"),
}
"""A key in a table without row IDs and checksums, and with a flipped bit."""


@pytest.fixture
def keyed(copy: Path) -> Path:
    with closing(sqlite3.connect(copy)) as connection, connection:
        connection.executescript(
            """INSERT INTO field_coverage VALUES (1, 'caliber', 'new', 'headline', 'selector', 4, 4);
            INSERT INTO merge_marks VALUES ('0123456789abcdef0123456789ABCDEF', 'b.db', '{}', '2026-01-07T12:00:00Z');
            INSERT INTO site_facts VALUES
              ('caliber', 'encoding', 'utf-8', 3, 4, '2026-01-07T12:00:00Z', '2026-01-07T12:00:00Z', NULL);
            INSERT INTO takedowns VALUES
              (1, 'caliber', 'en', 'asked', '2026-01-07T12:00:00Z', '2026-01-07T12:00:00Z', 1, 1, NULL);
            INSERT INTO takedown_keys VALUES (substr('fedcba9876543210' || hex(zeroblob(32)), 1, 64), 1);
            INSERT INTO url_claims VALUES ('https://a.example/claimed', 1)"""
        )
    return copy


@pytest.mark.parametrize("table", KEYS)
def test_a_damaged_key_is_corrected_or_reported(keyed: Path, table: str) -> None:
    column, old, new = KEYS[table]
    before = rows_of(keyed)
    change(keyed, table, old, new)
    result = repair(keyed)
    assert result.before.findings
    if rows_of(keyed) != before:
        (message,) = result.lost
        assert message.startswith(f"{column} of {table}")
        assert old.decode() in message
        assert new.decode() in message


def test_a_damaged_reference_in_a_key_is_corrected(copy: Path) -> None:
    """The other value refers to nothing."""
    with closing(sqlite3.connect(copy)) as connection, connection:
        connection.execute("INSERT INTO url_claims VALUES ('https://a.example/claimed', 3)")
    before = rows_of(copy)
    change(copy, "url_claims", b"https://a.example/claimed\x03", b"https://a.example/claimed\x43")
    result = repair(copy)
    assert (result.left, result.lost, rows_of(copy)) == ([], [], before)


def test_a_text_whose_type_is_damaged_is_restored(copy: Path, rows: Rows) -> None:
    """One bit of its type makes it a BLOB, which has the same bytes."""
    data = bytearray(copy.read_bytes())
    at = data.index(b"Headline 1003", (root_of_versions(copy) - 1) * PAGE)
    types = data.rindex(bytes([2 * len("Headline 1003") + 13]), at - 120, at)
    data[types] ^= 1
    copy.write_bytes(bytes(data))
    result = repair(copy)
    assert any("non-TEXT value" in finding.message for finding in result.before.findings)
    assert (result.left, result.lost, rows_of(copy)) == ([], [], rows)


@given(chance=st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=examples(15), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_flipped_bit_is_repaired_without_a_word(keyed: Path, tmp_path: Path, chance: random.Random) -> None:
    """A bit of any table or index, whatever its size: all rows are as before, or the repair says what is not."""
    content, pages = bytearray(keyed.read_bytes()), defaultdict(list)
    for number, name in places_of(keyed).items():
        pages[name].append(number)
    start = (chance.choice(pages[chance.choice(sorted(pages))]) - 1) * PAGE
    at = chance.choice([at for at in range(start, start + PAGE) if content[at]])
    content[at] ^= 1 << chance.randrange(8)
    outcome = try_damage(Damage("bit", "", bytes(content)), rows_of(keyed), tmp_path / "bit.db", lambda _: reextract)
    assert (outcome.unreported, outcome.crash) == (False, ""), at
    assert outcome.found or not outcome.changed, at


def root_of_versions(path: Path) -> int:
    return next(number for number, name in places_of(path).items() if name == "versions")
