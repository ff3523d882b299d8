"""Everything that reads stored pages reads those in cold storage, or says which file is missing."""

from __future__ import annotations

import json
import os
import resource
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from parsel import Selector

from caliber_crawler.archive import Archive
from caliber_crawler.archive.pages.cold_files import ColdFile
from caliber_crawler.bulk.extraction import extract_archive
from caliber_crawler.bulk.parts import Part
from caliber_crawler.cold_storage import move_pages
from caliber_crawler.commands.cli import main
from caliber_crawler.errors import ArchiveFull, ColdFileUnavailable
from caliber_crawler.items import Capture, Extraction, Problem
from caliber_crawler.reextraction import Reextractor
from caliber_crawler.reextraction.run import ReextractionRun, StoredPages, extract_stored
from caliber_crawler.site import SiteRegistry
from caliber_crawler.site_learning.learner import sample_pages
from caliber_crawler.spiders.caliber import CaliberSpider
from tests.archive.cold.pages import LATER, captures_of, move_all
from tests.archive.newsroom import Newsroom, article, minutes
from tests.browse.conftest import browsing

SITES = SiteRegistry([CaliberSpider.site])


class WholePage(Reextractor):
    """Takes the page as headline."""

    def extract(self, capture: Capture) -> Extraction | Problem:
        found = article(url=capture.url, headline=capture.body.decode())
        return Extraction(capture=capture, article=found, layout="new", extractor="another")


@pytest.fixture
def cold(newsroom: Newsroom, folder: Path) -> Newsroom:
    newsroom.save(minutes(0), page=b"A headline", headline="Another")
    move_pages(newsroom.archive, LATER, folder)
    return newsroom


def hide(folder: Path) -> None:
    folder.rename(folder.with_name("hidden"))


@pytest.mark.slow
def test_pages_are_re_extracted_from_cold_storage(cold: Newsroom) -> None:
    work = ReextractionRun(cold.archive, WholePage(SITES))
    list(work.run([[1]], cold.run_id))
    assert work.tally.counts == {"pages": 1, "articles": 1, "unreadable": 0, "changed": 1}
    assert cold.values("SELECT headline FROM articles") == ["A headline"]


def test_a_page_that_is_not_available_is_re_extracted_by_a_later_run(cold: Newsroom, folder: Path) -> None:
    hide(folder)
    outcome = extract_stored(StoredPages(cold.archive.path, WholePage(SITES)), 1)
    assert isinstance(outcome, Problem)
    assert outcome.reason == "cold_file_unavailable"
    work = ReextractionRun(cold.archive, WholePage(SITES))
    work._store([(1, outcome)], cold.run_id)
    assert work.tally.counts == {"pages": 1, "articles": 1, "unreadable": 0, "unavailable": 1}
    assert "caliber cold locate FOLDER" in (work.tally.unavailable or "")
    assert cold.values("SELECT extractor FROM captures") == ["caliber_crawler 0.1.0"]


def test_learning_uses_the_pages_that_are_available(cold: Newsroom, folder: Path) -> None:
    assert [page.body for page in sample_pages(cold.archive, "caliber")] == [b"A headline"]
    hide(folder)
    assert sample_pages(cold.archive, "caliber") == []


def test_bulk_extraction_and_editions_end_without_the_file(cold: Newsroom, folder: Path) -> None:
    part = Part(path=cold.archive.path, number=0, begin=1, end=2, size=1, is_archive=True, identity="x")
    hide(folder)
    with pytest.raises(ColdFileUnavailable):
        extract_archive(None, cold.archive, part)  # type: ignore[arg-type]
    with pytest.raises(ColdFileUnavailable):
        list(cold.archive.editions.find())


def test_an_export_has_the_pages_of_cold_storage(small: Path, path: Path, folder: Path, tmp_path: Path) -> None:
    shutil.copy(small, path)
    sizes = []
    for name in ("before", "after"):
        output = tmp_path / f"{name}.warc.gz"
        result = CliRunner().invoke(main, ["export", "warc", "--archive", str(path), "-o", str(output)])
        assert result.exit_code == 0, result.output
        sizes.append(output.stat().st_size)
        move_all(path, folder)
    assert abs(sizes[0] - sizes[1]) < 100


def test_the_page_of_a_capture_is_shown_or_its_file_is_named(cold: Newsroom, folder: Path) -> None:
    with browsing(cold.archive.path) as get:
        assert "<iframe" in get("/archive/-/captures/1").text or "Page source" in get("/archive/-/captures/1").text
        assert get("/archive/-/captures/1/source").text == "A headline"
        hide(folder)
        page = get("/archive/-/captures/1").text
        assert "is in cold storage" in page
        assert "not available" in page
        assert "Page source" not in page
        assert get("/archive/-/captures/1/source").status_code == 404


def test_the_pages_of_the_fleet_and_of_health_count_cold_pages_and_missing_files(cold: Newsroom, folder: Path) -> None:
    cold.archive.sites.store(CaliberSpider.site)
    with browsing(cold.archive.path) as get:
        for page in ("health", "sites"):
            shown = Selector(get(f"/archive/-/{page}").text).css("#cold-storage").xpath("string()").get("")
            assert shown.startswith("1 page (10 bytes) is in cold storage, in 1 file (")
            assert "not available" not in shown
        hide(folder)
        for page in ("health", "sites"):
            shown = Selector(get(f"/archive/-/{page}").text).css("#cold-storage").xpath("string()").get("")
            assert "1 file with 1 page is not available. Mount the storage, or run caliber cold locate FOLDER" in shown


def test_the_status_counts_cold_pages_and_missing_files(cold: Newsroom, folder: Path) -> None:
    (warc,) = folder.glob("*.gz")
    known = {"pages": 1, "served": 10, "files": 1, "size": warc.stat().st_size, "missing_files": 0, "missing_pages": 0}
    assert cold.archive.status()["cold"] == known
    hide(folder)
    assert cold.archive.status()["cold"] == {**known, "missing_files": 1, "missing_pages": 1}
    printed = CliRunner().invoke(main, ["status", "--archive", str(cold.archive.path)]).output
    assert "Pages in cold storage (bytes)" in printed
    assert "missing_files" in printed


def test_a_full_disk_moves_nothing(small: Path, path: Path, folder: Path) -> None:
    shutil.copy(small, path)
    child = os.fork()
    if child == 0:
        outcome = 1
        try:
            limit = path.stat().st_size * 2
            with Archive.open(path, mode="write") as archive:
                resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, limit))
                try:
                    move_pages(archive, LATER, folder)
                except ArchiveFull:
                    outcome = 0
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        finally:
            os._exit(outcome)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert captures_of(path) == captures_of(small)
    assert not list(folder.iterdir())
    assert move_all(path, folder).pages == 16


def test_python_lists_the_files(small: Path, path: Path, folder: Path) -> None:
    shutil.copy(small, path)
    moved = move_all(path, folder, max_size=4_000)
    with Archive.open(path) as archive:
        files: list[ColdFile] = archive.cold_pages.files.all()
        assert [archive.cold_pages.files.find(file) for file in files] == moved.files
        assert sum(map(archive.cold_pages.files.count_pages, files)) == moved.pages
        assert sum(file.size or 0 for file in files) == moved.size
    assert json.loads(CliRunner().invoke(main, ["cold", "list", "--json", "--archive", str(path)]).output)
