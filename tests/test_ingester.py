"""Pages that are taken in are followed from then on, as their site's file says."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from caliber_crawler import isolated_extraction
from caliber_crawler.archive import Archive
from caliber_crawler.ingest import Ingester, Item, SiteResolver
from caliber_crawler.ingest.saved_pages import capture_from_file
from caliber_crawler.items import Problem
from caliber_crawler.processes import Limits
from caliber_crawler.site import Revisits, SiteRegistry
from caliber_crawler.spiders.caliber import CaliberSpider

PAGE = Path(__file__).parent / "pages" / "caliber" / "baku-s-geopolitical-formula-as-text" / "page.txt"
URL = "https://caliber.az/en/post/baku-s-geopolitical-formula"
PUBLISHED_AT = datetime(2026, 1, 6, 15, 13, tzinfo=UTC)


def test_a_page_that_was_taken_in_is_visited_again_by_its_sites_own_plan(tmp_path: Path) -> None:
    site = replace(CaliberSpider.site, revisits=Revisits(ages=(timedelta(days=5),), later=timedelta(days=50)))
    capture = capture_from_file(PAGE, site, url=URL, fetched_at=PUBLISHED_AT + timedelta(hours=2))
    with Ingester(tmp_path / "a.db", SiteResolver(sites=SiteRegistry([site]), default=site), {}, [PAGE]) as ingester:
        ingester.ingest(Item(path=PAGE, capture=capture, saved=True), ingester.extract(capture))
    with Archive.open(tmp_path / "a.db") as archive:
        entry = archive.frontier.get(URL)
    assert entry is not None
    assert entry.due_at == PUBLISHED_AT + timedelta(days=5)


def test_a_page_that_takes_too_long_to_read_is_kept_and_put_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(isolated_extraction, "PAGE_LIMITS", Limits(cpu_seconds=0.001))
    site = CaliberSpider.site
    long = PAGE.read_bytes() * 100
    capture = replace(capture_from_file(PAGE, site, url=URL, fetched_at=PUBLISHED_AT), body=long)
    with Ingester(tmp_path / "a.db", SiteResolver(sites=SiteRegistry([site]), default=site), {}, [PAGE]) as ingester:
        outcome = ingester.extract(capture)
        assert isinstance(outcome, Problem)
        ingester.ingest(Item(path=PAGE, capture=capture, saved=False), outcome)
    with Archive.open(tmp_path / "a.db") as archive:
        assert archive.captures.get(1).body == long
        assert [row["reason"] for row in archive.db["problems"].rows] == ["too_slow"]


def test_a_page_that_another_process_packed_is_stored_as_it_was_packed(tmp_path: Path) -> None:
    pages = [replace(capture_from_file(PAGE, CaliberSpider.site), url=f"{URL}-{number}") for number in range(3)]
    first, second, third = (replace(page, body=page.body + b"%d" % number) for number, page in enumerate(pages))
    with Archive.open(tmp_path / "a.db", mode="write") as archive:
        run = archive.runs.start("ingest", site=None, arguments={}, settings={}, software={})
        # The first page becomes the dictionary: what was packed before that is packed anew.
        packed = [archive.captures.compress(page) for page in (first, second)]
        kept = [archive.captures.store(first, run, packed[0]), archive.captures.store(second, run, packed[1])]
        with Archive.open(tmp_path / "a.db") as elsewhere:
            ready = elsewhere.captures.compress(third)
        kept.append(archive.captures.store(third, run, ready))
        assert ready is not None
        assert ready.dictionary is not None
        stored = {row["digest"]: row["data"] for row in archive.db["bodies"].rows}
        assert stored[ready.digest] == ready.data
        assert len(ready.data) < len(packed[1].data) / 10  # type: ignore[union-attr]
        assert [archive.captures.get(page.id or 0).body for page in kept] == [first.body, second.body, third.body]
