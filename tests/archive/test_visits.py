"""Visits in the frontier: a crawl, an ingest and a re-extraction record the same for a saved article."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path

import pytest

from caliber_crawler.archive import Archive, Entry
from caliber_crawler.crawling.run import CrawlRun
from caliber_crawler.crawling.scope import Scope
from caliber_crawler.ingest import Ingester, Item, SiteResolver
from caliber_crawler.items import Capture, Extraction
from caliber_crawler.reextraction import Reextractor
from caliber_crawler.reextraction.run import ReextractionRun
from caliber_crawler.revisit import REVISIT, next_visit
from caliber_crawler.site import SiteRegistry
from caliber_crawler.spiders.caliber import CaliberSpider
from caliber_crawler.visits import record_visit, visited_url
from tests.archive.newsroom import NOON, NUMBER_URL, SLUG_URL, Newsroom, article, capture, minutes
from tests.extraction.pages import PAGES

SITE = CaliberSpider.site
PUBLISHED_AT = datetime(2026, 1, 6, 15, 13, tzinfo=UTC)
PAGE = (PAGES / "caliber/baku-s-geopolitical-formula-as-text/page.txt").read_bytes()
URL = "https://caliber.az/en/post/baku-s-geopolitical-formula"
HEADERS = (("Content-Type", "text/plain"), ("ETag", '"17"'), ("Last-Modified", "Tue, 06 Jan 2026 15:13:00 GMT"))


def page_capture(at: datetime = NOON, url: str = URL, **fields: object) -> Capture:
    return capture(at, url=url, headers=HEADERS, body=PAGE, **fields)


def facts_of(archive: Archive, url: str = URL) -> dict[str, object]:
    entry = archive.frontier.get(url)
    assert entry is not None
    names = ("state", "visited_at", "due_at", "last_status", "article_id", "priority", "etag", "last_modified")
    return {name: getattr(entry, name) for name in names}


def crawl_page(path: Path) -> None:
    scope = Scope(site=SITE, languages=("en",), sections=("analytics",))
    run = CrawlRun(Archive.open(path, mode="write"), scope, user_agent="test", settings={})
    run.archive.frontier.add([Entry(url=URL, site="caliber", kind="article", discovered_via="listing")], run.id)
    stored = run.archive.captures.store(page_capture(), run.id)
    extraction = Reextractor(SiteRegistry([SITE])).extract(stored)
    assert isinstance(extraction, Extraction)
    run.settlement._save(extraction, lambda extraction: None, None)
    run.close("finished")


def ingest_page(path: Path) -> None:
    with Ingester(path, SiteResolver(sites=SiteRegistry([SITE]), default=SITE), {}, []) as ingester:
        ingester.ingest(Item(path=path, capture=page_capture(), saved=False), ingester.extract(page_capture()))


def reextract_page(path: Path) -> None:
    with Archive.open(path, mode="write") as archive:
        run_id = archive.runs.start("reextract", site=None, arguments={}, settings={}, software={})
        stored = archive.captures.store(page_capture(), run_id)
        work = ReextractionRun(archive, Reextractor(SiteRegistry([SITE])))
        assert list(work.run([[stored.id or 0]], run_id)) == [1]


@pytest.mark.parametrize("entrance", [crawl_page, ingest_page, reextract_page])
def test_every_entrance_records_the_same_visit(entrance: Callable[[Path], None], tmp_path: Path) -> None:
    entrance(tmp_path / "a.db")
    with Archive.open(tmp_path / "a.db") as archive:
        assert facts_of(archive) == {
            "state": "done",
            "visited_at": NOON,
            "due_at": next_visit(PUBLISHED_AT, NOON),
            "last_status": 200,
            "article_id": 1,
            "priority": REVISIT,
            "etag": '"17"',
            "last_modified": "Tue, 06 Jan 2026 15:13:00 GMT",
        }
        entry = archive.frontier.get(URL)
        assert entry is not None
        assert (entry.language, entry.section) in (("en", "analytics"), (None, None))


class Visitor:
    """Saves pages of one article and records their visits."""

    def __init__(self, newsroom: Newsroom) -> None:
        self.newsroom, self.archive = newsroom, newsroom.archive

    def visit(self, at: datetime, url: str = SLUG_URL, **fields: object) -> int:
        stored = self.archive.captures.store(capture(at, url=url), self.newsroom.run_id)
        self.newsroom.save(at, kept=stored, article_urls=(url, SLUG_URL, NUMBER_URL))
        extraction = Extraction(capture=stored, article=article(url=url), layout="new", extractor="x")
        with self.archive.transaction():
            return record_visit(self.archive, SITE, extraction, 1, self.newsroom.run_id, **fields)  # type: ignore[arg-type]

    def gone(self, at: datetime, url: str) -> None:
        self.archive.captures.store(capture(at, url=url, status=404, body=b""), self.newsroom.run_id)

    def due(self) -> dict[str, datetime | None]:
        entries = (self.archive.frontier.get(url) for url in (SLUG_URL, NUMBER_URL))
        return {entry.url: entry.due_at for entry in entries if entry is not None}


@pytest.fixture
def visitor(newsroom: Newsroom) -> Visitor:
    return Visitor(newsroom)


def test_an_older_page_does_not_change_a_later_visit(visitor: Visitor) -> None:
    visitor.visit(minutes(60))
    before = facts_of(visitor.archive, SLUG_URL)
    visitor.visit(minutes(5))
    assert facts_of(visitor.archive, SLUG_URL) == before


def test_an_older_page_does_not_restore_a_url_that_was_gone_later(visitor: Visitor) -> None:
    entry = Entry(url=SLUG_URL, site="caliber", kind="article", discovered_via="listing")
    visitor.archive.frontier.add([entry], visitor.newsroom.run_id)
    visitor.archive.frontier.mark_gone(SLUG_URL, minutes(60), status=404)
    visitor.visit(minutes(5))
    facts = facts_of(visitor.archive, SLUG_URL)
    assert (facts["state"], facts["visited_at"], facts["due_at"]) == ("gone", minutes(60), None)
    assert facts["article_id"] == 1, "the URL still belongs to the article"


def test_a_failed_page_counts_as_a_visit_once_it_is_extracted(visitor: Visitor) -> None:
    entry = Entry(url=SLUG_URL, site="caliber", kind="article", discovered_via="listing")
    visitor.archive.frontier.add([entry], visitor.newsroom.run_id)
    visitor.archive.frontier.mark_failed(SLUG_URL, NOON, status=200, reason="too_slow", due_at=minutes(60))
    visitor.visit(NOON)
    facts = facts_of(visitor.archive, SLUG_URL)
    assert (facts["state"], facts["due_at"]) == ("done", next_visit(PUBLISHED_AT, NOON))


def test_a_page_in_flight_is_not_due_even_if_the_clock_was_set_back(visitor: Visitor) -> None:
    visitor.visit(minutes(60))
    visitor.archive.frontier.make_due(SLUG_URL, minutes(5))
    visitor.visit(minutes(5), in_flight=[SLUG_URL])
    assert visitor.due()[SLUG_URL] == next_visit(PUBLISHED_AT, minutes(5))


def test_a_page_with_a_later_404_is_not_due(visitor: Visitor) -> None:
    visitor.gone(minutes(30), SLUG_URL)
    visitor.visit(minutes(5))
    facts = facts_of(visitor.archive, SLUG_URL)
    assert (facts["state"], facts["visited_at"], facts["last_status"]) == ("gone", minutes(30), 404)


@pytest.mark.parametrize("order", list(permutations([(SLUG_URL, 5), (NUMBER_URL, 10), (SLUG_URL, 15)])))
def test_only_the_url_visited_last_is_due_in_any_order_of_pages(visitor: Visitor, order: list[tuple[str, int]]) -> None:
    for url, minute in order:
        visitor.visit(minutes(minute), url)
    assert visitor.due() == {SLUG_URL: next_visit(PUBLISHED_AT, minutes(15)), NUMBER_URL: None}


def test_a_visit_counts_other_due_urls_of_the_article_except_those_in_flight(visitor: Visitor) -> None:
    visitor.visit(minutes(1), NUMBER_URL)
    assert visitor.visit(minutes(2), SLUG_URL, now=NOON) == 0, "it was not due yet"
    visitor.archive.frontier.make_due(NUMBER_URL, NOON)
    assert visitor.visit(minutes(3), SLUG_URL, in_flight=[NUMBER_URL], now=NOON) == 0
    assert visitor.due()[NUMBER_URL] == NOON
    assert visitor.visit(minutes(4), SLUG_URL, now=NOON) == 1
    assert visitor.due()[NUMBER_URL] is None


def test_the_age_of_an_article_comes_from_the_archive(visitor: Visitor) -> None:
    undated = article(published_at=None)
    visitor.visit(NOON)
    stored = visitor.archive.captures.store(capture(minutes(600)), visitor.newsroom.run_id)
    extraction = Extraction(capture=stored, article=undated, layout="new", extractor="x")
    record_visit(visitor.archive, SITE, extraction, 1, visitor.newsroom.run_id)
    assert visitor.due()[SLUG_URL] == next_visit(PUBLISHED_AT, minutes(600))


def test_a_site_may_define_its_revisit_schedule(visitor: Visitor) -> None:
    schedule = replace(SITE.revisits, ages=(timedelta(days=5),))
    stored = visitor.archive.captures.store(capture(NOON), visitor.newsroom.run_id)
    visitor.newsroom.save(NOON, kept=stored, article_urls=(SLUG_URL,))
    extraction = Extraction(capture=stored, article=article(), layout="new", extractor="x")
    record_visit(visitor.archive, replace(SITE, revisits=schedule), extraction, 1, visitor.newsroom.run_id)
    assert visitor.due()[SLUG_URL] == PUBLISHED_AT + timedelta(days=5)


@pytest.mark.parametrize(
    ("url", "final_url", "canonical", "visited"),
    [
        (NUMBER_URL, None, SLUG_URL, NUMBER_URL),
        (NUMBER_URL, SLUG_URL, SLUG_URL, SLUG_URL),
        (NUMBER_URL, "https://caliber.az/", SLUG_URL, NUMBER_URL),
        (NUMBER_URL + "/?utm_source=x", None, SLUG_URL, NUMBER_URL),
        ("urn:sha256:00", None, SLUG_URL, SLUG_URL),
        ("urn:sha256:00", None, "urn:article:caliber:en:x", None),
        ("https://example.org/copy", None, "https://example.org/copy", None),
    ],
)
def test_a_revisit_uses_the_url_that_was_fetched_and_avoids_redirects(
    url: str, final_url: str | None, canonical: str, visited: str | None
) -> None:
    extraction = Extraction(
        capture=capture(url=url, final_url=final_url), article=article(url=canonical), layout="new", extractor="x"
    )
    assert visited_url(SITE, extraction) == visited


def test_a_page_without_a_url_of_the_site_is_not_revisited(visitor: Visitor) -> None:
    visitor.visit(NOON)
    lost = Extraction(
        capture=capture(url="urn:sha256:00"), article=article(url="urn:article:x"), layout="new", extractor="x"
    )
    assert record_visit(visitor.archive, SITE, lost, 1, visitor.newsroom.run_id) == 0
    assert visitor.newsroom.values("SELECT count(*) FROM frontier") == [1]


def test_a_page_under_takedown_is_not_added_to_the_frontier(visitor: Visitor) -> None:
    visitor.visit(NOON)
    visitor.archive.deletion.take_down(1, "asked", NOON)
    assert visitor.archive.frontier.get(SLUG_URL) is None
    later = Extraction(
        capture=capture(minutes(5), url=SLUG_URL), article=article(url=SLUG_URL), layout="new", extractor="x"
    )
    with visitor.archive.transaction():
        assert record_visit(visitor.archive, SITE, later, 1, visitor.newsroom.run_id) == 0
    assert visitor.archive.frontier.get(SLUG_URL) is None
