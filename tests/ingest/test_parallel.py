"""Extraction ahead of storage: errors are problems of their page, and bodies are compressed by the worker."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from caliber_crawler.archive import Archive
from caliber_crawler.ingest import extract_ahead
from caliber_crawler.ingest.parallel import PackingExtractor
from caliber_crawler.ingest.saved_pages import capture_from_file
from caliber_crawler.items import Capture, Extraction, Problem
from caliber_crawler.processes import TooSlow
from caliber_crawler.reextraction import NOT_EXTRACTED, Reextractor
from caliber_crawler.site import SiteRegistry
from caliber_crawler.spiders.caliber import CaliberSpider

SITE = CaliberSpider.site
PAGE = Path(__file__).parents[1] / "pages/caliber/baku-s-geopolitical-formula-as-text/page.txt"
AT = datetime(2026, 1, 7, tzinfo=UTC)
ERRORS = {"error": ZeroDivisionError("an unexpected page"), "slow": TooSlow("it took long"), "large": MemoryError()}


def page(body: str) -> Capture:
    return Capture(site="x", url=f"https://x.example/{body}", fetched_at=AT, status=200, body=body.encode())


def extract(capture: Capture) -> Problem:
    if (error := ERRORS.get(capture.body.decode())) is not None:
        raise error
    return Problem(stage="extract", reason="extracted", message=capture.body.decode())


@pytest.mark.slow
def test_an_error_is_a_problem_of_its_page() -> None:
    found = list(extract_ahead(["first", "error", "slow", "large", "last"], page, extract, 1))
    assert [(item, outcome.reason) for item, outcome in found] == [
        ("first", "extracted"),
        ("error", "internal_error"),
        ("slow", "too_slow"),
        ("large", "out_of_memory"),
        ("last", "extracted"),
    ]
    assert (
        "https://x.example/error raised an internal error: ZeroDivisionError: an unexpected page" in found[1][1].message
    )


@pytest.fixture
def packing(tmp_path: Path) -> PackingExtractor:
    Archive.open(tmp_path / "a.db", mode="write").close()
    return PackingExtractor(Reextractor(SiteRegistry([SITE])), tmp_path / "a.db")


def test_a_worker_returns_the_compressed_body_instead_of_the_body(packing: PackingExtractor, tmp_path: Path) -> None:
    capture = capture_from_file(PAGE, SITE, url="https://caliber.az/en/post/a", fetched_at=AT)
    outcome, packed = packing(capture)
    assert isinstance(outcome, Extraction)
    assert outcome.capture.body == b""
    assert packed is not None
    with Archive.open(tmp_path / "a.db", mode="write") as archive:
        run = archive.runs.start("ingest", site=None, arguments={}, settings={}, software={})
        stored = archive.captures.store(capture, run, packed)
        assert archive.captures.get(stored.id or 0).body == capture.body
    packing.close()
    packing.close()
    assert packing(capture).packed is not None, "the archive is opened again after it was closed"
    packing.close()


def test_a_page_without_an_article_is_compressed_too(packing: PackingExtractor) -> None:
    capture = Capture(site="caliber", kind="listing", url=SITE.base_url, fetched_at=AT, status=200, body=b"<p>" * 99)
    outcome, packed = packing(capture)
    assert (outcome, packed is not None) == (NOT_EXTRACTED, True)
    packing.close()


def test_without_an_archive_the_body_is_not_compressed(tmp_path: Path) -> None:
    packing = PackingExtractor(Reextractor(SiteRegistry([SITE])), tmp_path / "absent.db")
    assert packing(page("text")).packed is None
    packing.close()
