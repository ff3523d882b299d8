"""A re-extraction run: batches, access to the stored pages, and the tally."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.archive import Archive, ReextractionFilter
from caliber_crawler.items import Capture, Extraction, Problem
from caliber_crawler.processes import TooSlow
from caliber_crawler.processes.call import Call
from caliber_crawler.reextraction import Reextractor
from caliber_crawler.reextraction.run import (
    BATCH_PAGES,
    ReextractionRun,
    StoredPages,
    Tally,
    batches,
    extract_stored,
)
from caliber_crawler.site import SiteRegistry
from caliber_crawler.spiders.caliber import CaliberSpider
from tests.archive.newsroom import NUMBER_URL, SLUG_URL, article, capture, minutes

OLD, NEW = "old", "new"
KNOWN = SiteRegistry([CaliberSpider.site])


class FirstLine(Reextractor):
    """Takes the body of a page as headline; an empty page is a problem."""

    def extract(self, capture: Capture) -> Extraction | Problem:
        if not capture.body:
            return Problem(stage="extract", reason="no_headline", message="No headline.", fatal=True)
        found = article(url=capture.url, headline=capture.body.decode(), body="Text.")
        return Extraction(capture=capture, article=found, layout="new", extractor=NEW)


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive.open(tmp_path / "a.db", mode="write")


def store(archive: Archive, url: str, *bodies: bytes) -> list[int]:
    run = start_run(archive)
    captures = [capture(minutes(minute), url=url, body=body) for minute, body in enumerate(bodies)]
    return [archive.captures.store(page, run).id or 0 for page in captures]


def start_run(archive: Archive) -> int:
    return archive.runs.start("extract", site=None, arguments={}, settings={}, software={})


def save_old(archive: Archive, body: bytes, headline: str) -> int:
    """Store a page and the article that the old code extracted from it."""
    run = start_run(archive)
    page = archive.captures.store(capture(body=body), run)
    old = Extraction(capture=page, article=article(headline=headline, body="Text."), layout="new", extractor=OLD)
    archive.articles.save(old, run, CaliberSpider.site.article_urls(old.article.urls), FirstLine(KNOWN))
    return page.id or 0


def reextract(archive: Archive, pages: list[list[int]], **options: object) -> ReextractionRun:
    work = ReextractionRun(archive, FirstLine(KNOWN), **options)  # type: ignore[arg-type]
    work.counted = list(work.run(pages, start_run(archive)))  # type: ignore[attr-defined]
    return work


@given(st.lists(st.lists(st.integers(), min_size=1, max_size=150), max_size=12))
def test_batches_keep_the_order_and_the_pages_of_an_article_together(articles: list[list[int]]) -> None:
    found = list(batches(articles))
    assert [pages for batch in found for pages in batch] == articles
    for batch in found[:-1]:
        assert sum(map(len, batch)) >= BATCH_PAGES
    for batch in found:
        assert batch
        assert sum(map(len, batch[:-1])) < BATCH_PAGES


@pytest.mark.parametrize(
    ("pages", "sizes"),
    [(0, []), (1, [1]), (BATCH_PAGES, [BATCH_PAGES]), (BATCH_PAGES + 1, [BATCH_PAGES, 1])],
)
def test_articles_of_one_page_fill_a_batch(pages: int, sizes: list[int]) -> None:
    assert [len(batch) for batch in batches([number] for number in range(pages))] == sizes


@pytest.mark.slow
def test_a_better_headline_is_stored_and_counted(archive: Archive) -> None:
    with archive:
        page = save_old(archive, b"A better headline", "A headline")
        work = reextract(archive, [[page]])
        assert work.counted == [1]  # type: ignore[attr-defined]
        assert work.tally.counts == {"pages": 1, "articles": 1, "unreadable": 0, "changed": 1}
        assert work.tally.fields == {"headline": 1}
        assert [row["headline"] for row in archive.db["articles"].rows] == ["A better headline"]
        assert archive.reextractions.pages(ReextractionFilter(extractors={"caliber": NEW})) == []


@pytest.mark.parametrize(
    ("options", "counts"),
    [({"dry_run": True}, {"changed": 1}), ({"only": "body"}, {"unchanged": 1}), ({"only": "headline"}, {"changed": 1})],
)
def test_a_dry_run_stores_nothing_and_only_one_field_is_compared(
    archive: Archive, options: dict[str, object], counts: dict[str, int]
) -> None:
    with archive:
        page = save_old(archive, b"A better headline", "A headline")
        work = reextract(archive, [[page]], **options)
        assert work.tally.counts == {"pages": 1, "articles": 1, "unreadable": 0, **counts}
        headlines = [row["headline"] for row in archive.db["articles"].rows]
        assert headlines == ["A better headline" if options == {"only": "headline"} else "A headline"]


def test_the_article_of_a_page_that_had_none_is_saved(archive: Archive) -> None:
    with archive:
        readable, empty = store(archive, SLUG_URL, b"A headline"), store(archive, NUMBER_URL, b"")
        work = reextract(archive, [readable, empty])
        assert work.tally.counts == {"pages": 2, "articles": 2, "unreadable": 1, "saved": 1}
        assert [row["headline"] for row in archive.db["articles"].rows] == ["A headline"]


def test_a_page_that_exceeds_a_limit_is_a_problem_of_that_page(archive: Archive) -> None:
    with archive:
        (page,) = store(archive, SLUG_URL, b"A headline")
        call = Call(int)
        call.settle(error=TooSlow("it took long"))
        outcome = ReextractionRun(archive, FirstLine(KNOWN))._outcome(page, call)
        assert isinstance(outcome, Problem)
        assert (outcome.reason, SLUG_URL in outcome.message) == ("too_slow", True)


def test_a_worker_opens_the_archive_once_and_closes_it(archive: Archive) -> None:
    with archive:
        (page,) = store(archive, SLUG_URL, b"A headline")
        pages = StoredPages(archive.path, FirstLine(KNOWN))
        pages.close()
        opened = pages.archive
        assert pages.archive is opened
        outcome = extract_stored(pages, page)
        assert isinstance(outcome, Extraction)
        assert (outcome.article.headline, outcome.capture.body) == ("A headline", b"")
        pages.close()
        assert pages.archive is not opened
        pages.close()


def test_a_damaged_page_is_a_problem(archive: Archive) -> None:
    with archive:
        (page,) = store(archive, SLUG_URL, b"A headline")
        archive.db.execute("DROP TRIGGER bodies_are_immutable")
        archive.db.execute("UPDATE bodies SET data = x'00'")
        pages = StoredPages(archive.path, FirstLine(KNOWN))
        outcome = extract_stored(pages, page)
        assert isinstance(outcome, Problem)
        assert (outcome.reason, outcome.fatal) == ("damaged", True)
        pages.close()


def test_a_tally_without_changes_counts_an_unchanged_article() -> None:
    tally = Tally()
    tally.note([], None)
    assert (tally.counts, tally.fields, tally.examples) == ({"unchanged": 1}, {}, {})
