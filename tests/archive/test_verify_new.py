"""`caliber verify --new`: what is new since the last clean verification is checked, and nothing is when in doubt."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from caliber_crawler.archive import Archive
from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.upkeep.file_repair import Check
from caliber_crawler.archive.upkeep.new_rows import Mark, NewRowsVerification
from caliber_crawler.commands.cli import main
from caliber_crawler.commands.merge import merge_one
from caliber_crawler.errors import ArchiveLocked, NoArchive
from tests.archive.newsroom import NOON, Newsroom, minutes, start_run
from tests.archive.test_query_plans import ROWS, steps
from tests.archive.test_verify import change_file

OLD, NEW = ("https://caliber.az/en/post/1001",), ("https://caliber.az/en/post/5000",)
ALWAYS = 2
"""The checks of the schema and of the header."""


@pytest.fixture
def verified(valid: Path, tmp_path: Path) -> Path:
    """An archive of forty articles that was verified and found clean."""
    path = Path(shutil.copy(valid, tmp_path / "archive.db"))
    assert verify(path).findings == []
    return path


def verify(path: Path) -> Check:
    return Archive.verify_new_rows(path, {"python": "3.11"})


def save(path: Path, urls: tuple[str, ...] = NEW, at: int = 120) -> None:
    with Archive.open(path, mode="write") as archive:
        newsroom = Newsroom(archive, start_run(archive))
        newsroom.save(minutes(at), article_urls=urls, headline="News", page=b"<p>News</p>", views=77)
        archive.runs.finish(newsroom.run_id, "finished", None, {})


def test_the_first_verification_checks_everything_and_the_next_one_only_what_is_new(
    valid: Path, tmp_path: Path
) -> None:
    path = Path(shutil.copy(valid, tmp_path / "archive.db"))
    assert verify(path).checked == Archive.verify_file(path).checked
    again = verify(path)
    assert (again.checked, again.findings) == (ALWAYS, [])
    assert again.notes[0].startswith("Only rows that are new since run 2 (")
    save(path)
    # Dictionary, body, capture, version, view count, URL, article.
    assert (verify(path).checked, verify(path).checked) == (ALWAYS + 7, ALWAYS)


RUN = "run_id = (SELECT max(id) FROM runs WHERE command = 'crawl')"
NEW_ROWS = {
    "captures": RUN,
    "versions": RUN,
    "view_counts": "views = 77",
    "bodies": f"digest = (SELECT body_digest FROM captures WHERE {RUN})",
    "article_urls": f"url = '{NEW[0]}'",
    "articles": f"url = '{NEW[0]}'",
}
DAMAGE = [
    ("captures", "headers = '[1]'"),
    ("versions", "headline = 'Views'"),
    ("view_counts", "shown = 'Views: 78'"),
    ("bodies", "data = zeroblob(length(data))"),
    ("article_urls", "checksum = checksum + 1"),
    ("articles", "headline = 'Views'"),
    ("articles", "views = 3"),
]


@pytest.mark.parametrize(("table", "change"), DAMAGE)
def test_damage_to_a_new_row_is_found_each_time(verified: Path, table: str, change: str) -> None:
    save(verified)
    change_file(verified, f"UPDATE {table} SET {change} WHERE {NEW_ROWS[table]}")
    found = verify(verified).findings
    assert found
    assert set(found) <= set(Archive.verify_file(verified).findings)
    assert verify(verified).findings == found  # damage is not recorded as verified


@pytest.mark.parametrize("rows", [None, ROWS], ids=["without statistics", "large"])
def test_new_rows_are_found_without_reading_a_whole_table(
    blank: Path, tmp_path: Path, rows: dict[str, int] | None
) -> None:
    path = Path(shutil.copy(blank, tmp_path / "archive.db"))
    statements: set[str] = set()
    with contextlib.closing(Connection.open(path, "read")) as connection:
        verification = NewRowsVerification(connection, Mark(1, "2026-01-07T10:00:00Z", 1, 1))
        connection.raw.set_trace_callback(statements.add)
        assert not any(verification)
    plans = steps(path, {statement for statement in statements if "run_id > 1" in statement}, rows)
    assert len(plans) >= len(verification.conditions)
    assert [(sql, step) for sql, plan in plans.items() for step in plan if step.startswith("SCAN")] == []


def test_damage_to_an_older_row_is_found_by_a_full_verification_only(verified: Path) -> None:
    save(verified)
    change_file(verified, "UPDATE captures SET headers = '[1]' WHERE id = 1")
    assert verify(verified).findings == []
    assert [finding.key for finding in Archive.verify_file(verified).findings] == [(1,)]


def test_all_rows_of_an_article_are_checked_when_it_changes(verified: Path) -> None:
    change_file(verified, "UPDATE view_counts SET shown = '7' WHERE article_id = 2 AND observed_at LIKE '%T15:13:00Z'")
    assert verify(verified).findings == []
    with Archive.open(verified) as archive:
        (url,) = archive.db.execute("SELECT url FROM articles WHERE id = 2").fetchone()
    save(verified, (url,))
    assert verify(verified).findings == [
        finding for finding in Archive.verify_file(verified).findings if finding.articles == (2,)
    ]


def take_down(path: Path) -> Path:
    with Archive.open(path, mode="write") as archive:
        archive.deletion.take_down(40, "asked", NOON)
    return path


def copy(path: Path) -> Path:
    return Path(shutil.copy(path, path.with_name("copy.db")))


def damage_mark(path: Path) -> Path:
    change_file(path, "UPDATE runs SET arguments = '{}' WHERE command = 'verify'")
    return path


@pytest.mark.parametrize("change", [take_down, copy, damage_mark])
def test_everything_is_checked_where_the_last_verification_may_not_count(
    verified: Path, change: Callable[[Path], Path]
) -> None:
    changed = change(verified)
    assert verify(changed).checked == Archive.verify_file(changed).checked > ALWAYS
    assert verify(changed).checked == ALWAYS


def test_rows_of_a_merged_archive_are_new_although_it_was_verified(verified: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    save(other)
    assert verify(other).findings == []
    with Archive.open(verified, mode="write") as here, Archive.open(other) as there:
        merge_one(here, there)
    change_file(verified, f"UPDATE captures SET headers = '[1]' WHERE url = '{NEW[0]}'")
    check = verify(verified)
    assert [finding.kind for finding in check.findings] == ["capture"]
    assert check.notes[0].startswith("Only rows that are new")


def test_a_clean_verification_is_recorded_as_a_run(verified: Path) -> None:
    with Archive.open(verified) as archive:
        run = archive.runs.last()[0]
    assert (run["command"], run["outcome"], run["software"]) == ("verify", "finished", {"python": "3.11"})
    assert run["arguments"]["since"] is None
    assert run["counts"]["checks"] > 100


def test_a_full_verification_writes_nothing(verified: Path) -> None:
    before = verified.read_bytes()
    Archive.verify_file(verified)
    assert verified.read_bytes() == before


def test_no_other_process_may_write_meanwhile(verified: Path) -> None:
    with Archive.open(verified, mode="write"), pytest.raises(ArchiveLocked):
        verify(verified)


def test_a_missing_archive_is_not_created(tmp_path: Path) -> None:
    with pytest.raises(NoArchive):
        verify(tmp_path / "none.db")
    assert list(tmp_path.iterdir()) == []


def test_the_command_says_what_it_did_not_check(verified: Path) -> None:
    done = CliRunner().invoke(main, ["verify", "--new", "--archive", str(verified)])
    assert (done.exit_code, done.stdout) == (0, "OK: 2 checks passed.\n")
    assert "`caliber verify` checks everything." in done.stderr
    both = CliRunner().invoke(main, ["verify", "--new", "--repair", "--archive", str(verified)])
    assert (both.exit_code, "leave out --new" in both.stderr) == (2, True)
