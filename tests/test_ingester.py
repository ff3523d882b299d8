"""The ingester: revisits of ingested pages, time limits, and pages compressed by a worker."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from caliber_crawler import isolated_extraction
from caliber_crawler.archive import Archive
from caliber_crawler.archive.core.transactions import BatchUndone
from caliber_crawler.ingest import Ingester, Item, SiteResolver
from caliber_crawler.ingest.saved_pages import capture_from_file
from caliber_crawler.items import Extraction, Problem
from caliber_crawler.processes import Limits
from caliber_crawler.site import Revisits, SiteRegistry
from caliber_crawler.spiders.caliber import CaliberSpider
from tests.archive.newsroom import article, capture, minutes

PAGE = Path(__file__).parent / "pages" / "caliber" / "baku-s-geopolitical-formula-as-text" / "page.txt"
URL = "https://caliber.az/en/post/baku-s-geopolitical-formula"
PUBLISHED_AT = datetime(2026, 1, 6, 15, 13, tzinfo=UTC)


def test_ingested_page_is_revisited_by_the_plan_of_its_site(tmp_path: Path) -> None:
    site = replace(CaliberSpider.site, revisits=Revisits(ages=(timedelta(days=5),), later=timedelta(days=50)))
    capture = capture_from_file(PAGE, site, url=URL, fetched_at=PUBLISHED_AT + timedelta(hours=2))
    with Ingester(tmp_path / "a.db", SiteResolver(sites=SiteRegistry([site]), default=site), {}, [PAGE]) as ingester:
        ingester.ingest(Item(path=PAGE, capture=capture, saved=True), ingester.extract(capture))
    with Archive.open(tmp_path / "a.db") as archive:
        entry = archive.frontier.get(URL)
    assert entry is not None
    assert entry.due_at == PUBLISHED_AT + timedelta(days=5)


def test_page_that_exceeds_the_time_limit_is_stored_and_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(isolated_extraction, "PAGE_LIMITS", Limits(cpu_seconds=0.001))
    site = CaliberSpider.site
    long = PAGE.read_bytes() * 400
    capture = replace(capture_from_file(PAGE, site, url=URL, fetched_at=PUBLISHED_AT), body=long)
    with Ingester(tmp_path / "a.db", SiteResolver(sites=SiteRegistry([site]), default=site), {}, [PAGE]) as ingester:
        outcome = ingester.extract(capture)
        assert isinstance(outcome, Problem)
        ingester.ingest(Item(path=PAGE, capture=capture, saved=False), outcome)
    with Archive.open(tmp_path / "a.db") as archive:
        assert archive.captures.get(1).body == long
        assert [row["reason"] for row in archive.db["problems"].rows] == ["too_slow"]


def test_page_compressed_by_a_worker_is_stored_unchanged(tmp_path: Path) -> None:
    pages = [replace(capture_from_file(PAGE, CaliberSpider.site), url=f"{URL}-{number}") for number in range(3)]
    first, second, third = (replace(page, body=page.body + b"%d" % number) for number, page in enumerate(pages))
    with Archive.open(tmp_path / "a.db", mode="write") as archive:
        run = archive.runs.start("ingest", site=None, arguments={}, settings={}, software={})
        # The first page becomes the dictionary: pages compressed before it exists are compressed again.
        compressed = [archive.captures.compress(page) for page in (first, second)]
        captures = [
            archive.captures.store(first, run, compressed[0]),
            archive.captures.store(second, run, compressed[1]),
        ]
        with Archive.open(tmp_path / "a.db") as worker_archive:
            body = worker_archive.captures.compress(third)
        captures.append(archive.captures.store(third, run, body))
        assert body is not None
        assert body.dictionary is not None
        stored = {row["digest"]: row["data"] for row in archive.db["bodies"].rows}
        assert stored[body.digest] == body.data
        assert len(body.data) < len(compressed[1].data) / 10  # type: ignore[union-attr]
        assert [archive.captures.get(page.id or 0).body for page in captures] == [first.body, second.body, third.body]


UNSTORABLE = "A headline with half a character: \ud83d"


def ingest_headlines(path: Path, headlines: list[str]) -> Ingester:
    """Ingest a page for each headline in one commit."""
    site = CaliberSpider.site
    with Ingester(path, SiteResolver(sites=SiteRegistry([site]), default=site), {}, []) as ingester:
        for number, headline in enumerate(headlines):
            page = capture(minutes(number), url=f"{URL}-{number}", body=f"<p>{number}</p>".encode())
            found = article(
                url=page.url,
                urls=(page.url,),
                headline=headline,
                body=f"Paragraph {number}.",
                views=number,
            )
            outcome = Extraction(capture=page, article=found, layout="new", extractor="caliber_crawler 0.1.0")
            ingester.ingest(Item(path=PAGE, capture=page, saved=True), outcome)
    return ingester


@pytest.mark.parametrize("place", [0, 1, 3])
def test_a_page_that_cannot_be_saved_does_not_affect_the_others(tmp_path: Path, place: int) -> None:
    headlines = ["First", "Second", "Third", "Fourth"]
    headlines[place] = UNSTORABLE
    ingester = ingest_headlines(tmp_path / "a.db", headlines)
    assert {name: count for name, count in ingester.counts.items() if count} == {"new": 3, "refused": 1, "pages": 4}
    assert [each.headline for each in ingester.ingested] == [each for each in headlines if each != UNSTORABLE]
    with Archive.open(tmp_path / "a.db") as archive:
        assert archive.count() == 3
        assert archive.sites.get("caliber") is not None
        assert [row["reason"] for row in archive.db["problems"].rows] == ["internal_error"]
        assert archive.db["captures"].count == 4
        assert [hit.url for hit in archive.search("paragraph 2")] == ([] if place == 2 else [f"{URL}-2"])
        assert archive.db.execute("SELECT total(articles) FROM article_totals").fetchone() == (3,)


def store_and_fail(archive: Archive, run: int) -> None:
    with archive.batch():
        archive.captures.store(capture(), run)
        with archive.transaction():
            archive.captures.store(capture(minutes(1)), run)
            archive.frontier.make_due(URL, PUBLISHED_AT)


def test_a_part_of_a_batch_may_fail_before_it_changes_anything(tmp_path: Path) -> None:
    with Archive.open(tmp_path / "a.db", mode="write") as archive:
        with archive.batch():
            run = archive.runs.start("ingest", site=None, arguments={}, settings={}, software={})
            with pytest.raises(KeyError), archive.transaction():
                archive.frontier.make_due(URL, PUBLISHED_AT)
        assert archive.db["runs"].count == 1
        with pytest.raises(BatchUndone):
            store_and_fail(archive, run)
        assert archive.db["captures"].count == 0
        with pytest.raises(KeyError), archive.transaction(), archive.transaction():
            archive.frontier.make_due(URL, PUBLISHED_AT)
