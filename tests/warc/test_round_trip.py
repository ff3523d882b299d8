"""Export to WARC and ingest again: nothing is lost, and nothing is duplicated."""

from __future__ import annotations

import io
import random
import shutil
import signal
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caliber_crawler.archive import Archive, Selection
from caliber_crawler.items import Capture
from caliber_crawler.warc import WarcReader, write_warc
from tests.conftest import start
from tests.properties import examples
from tests.warc.newsstand import HTML, PAGE, SITE, crawled, exported, held, run, site_resolver, take_in


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("crawled") / "archive.db"
    take_in(path, crawled())
    return path


@pytest.fixture(scope="module")
def warc(archive: Path) -> Path:
    return exported(archive, archive.with_name("export.warc.gz"))


@pytest.mark.slow
def test_the_test_archive_contains_every_kind_of_capture(archive: Path) -> None:
    rows = held(archive)
    assert len(rows["captures"]) == 41
    assert len(rows["articles"]) == 12
    assert len(rows["versions"]) > 12
    assert len(rows["view_counts"]) > 24


@pytest.mark.slow
@pytest.mark.parametrize("format", ["warc", "wacz"])
def test_ingesting_an_export_gives_the_same_archive(archive: Path, tmp_path: Path, format: str) -> None:
    file = exported(archive, tmp_path / f"export.{format}", format)
    result = run("ingest", file, "--archive", tmp_path / "new.db", "--jobs", 1)
    assert result.exit_code == 3  # one of the pages is not an article, and one fetch failed
    assert held(tmp_path / "new.db") == held(archive)


@pytest.mark.slow
def test_a_second_ingest_changes_nothing(warc: Path, tmp_path: Path) -> None:
    new = tmp_path / "new.db"
    run("ingest", warc, "--archive", new, "--jobs", 1)
    before = held(new)
    again = run("ingest", warc, "--archive", new, "--jobs", 1)
    assert again.exit_code == 0
    assert "41 known" in again.output
    assert held(new) == before


def test_an_archive_recognises_its_own_export(archive: Path, warc: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    shutil.copy(archive, copy)
    assert "41 known" in run("ingest", warc, "--archive", copy, "--jobs", 1).output
    assert held(copy) == held(archive)


@pytest.mark.slow
def test_the_order_of_captures_does_not_matter(archive: Path, tmp_path: Path) -> None:
    captures = crawled()
    random.Random(7).shuffle(captures)
    take_in(tmp_path / "shuffled.db", captures)
    shuffled, there = held(tmp_path / "shuffled.db"), held(archive)
    for table in ("captures", "versions", "view_counts", "images", "links"):
        assert shuffled[table] == there[table]


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=20)


@settings(max_examples=examples(8), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(headlines=st.lists(TEXT, min_size=1, max_size=4), body=TEXT)
def test_any_page_survives_the_round_trip(
    tmp_path_factory: pytest.TempPathFactory, headlines: list[str], body: str
) -> None:
    folder = tmp_path_factory.mktemp("any")
    captures = [
        Capture(
            site="caliber",
            url="https://caliber.az/en/post/1",
            fetched_at=datetime(2026, 1, 7, tzinfo=UTC) + timedelta(hours=number),
            status=200,
            headers=HTML,
            body=PAGE.format(headline=headline, body=body, views=number).encode(),
        )
        for number, headline in enumerate(headlines)
    ]
    take_in(folder / "there.db", captures)
    file = io.BytesIO()
    with Archive.open(folder / "there.db") as there:
        write_warc(there.selected_captures(Selection()), file, name="x.warc.gz")
    back = list(WarcReader(lambda: io.BytesIO(file.getvalue()), site_resolver(SITE)))
    take_in(folder / "new.db", [each for each in back if isinstance(each, Capture)])
    assert held(folder / "new.db") == held(folder / "there.db")


def test_a_selection_is_exported_with_every_capture_of_its_articles(archive: Path, tmp_path: Path) -> None:
    path = tmp_path / "en.warc.gz"
    run("export", "warc", "--archive", archive, "--language", "en", "-o", path)
    run("ingest", path, "--archive", tmp_path / "new.db", "--jobs", 1)
    with Archive.open(archive) as there, Archive.open(tmp_path / "new.db") as new:
        wanted = [row["url"] for row in there.rows(Selection(languages=("en",)))]
        assert [row["url"] for row in new.rows(Selection())] == wanted
        assert new.distinct_values("language") == ["en"]


def captures_in(archive: Path) -> int:
    try:
        with closing(sqlite3.connect(f"file:{archive}?mode=ro", uri=True)) as connection:
            count: int = connection.execute("SELECT count(*) FROM captures").fetchone()[0]
            return count
    except sqlite3.Error:
        return 0


@pytest.mark.slow
def test_a_killed_ingest_resumes_without_duplicates(tmp_path: Path) -> None:
    there = tmp_path / "there.db"
    take_in(there, crawled(60))
    file = exported(there, tmp_path / "export.warc.gz")
    new = tmp_path / "new.db"
    for kept in (1, 20, 40):
        process = start("ingest", file, "--archive", new, "--jobs", 2)
        while process.poll() is None and captures_in(new) < kept:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.wait()
    run("ingest", file, "--archive", new, "--jobs", 1)
    assert held(new) == held(there)


@pytest.mark.slow
def test_parallel_ingest_gives_the_same_archive(tmp_path: Path) -> None:
    there = tmp_path / "there.db"
    take_in(there, crawled(40))
    file = exported(there, tmp_path / "export.warc.gz")
    assert run("ingest", file, "--archive", tmp_path / "new.db", "--jobs", 2).exit_code == 3
    assert held(tmp_path / "new.db") == held(there)
    with Archive.open(tmp_path / "new.db") as archive:
        assert [finding for finding in archive.verify() if finding] == []
