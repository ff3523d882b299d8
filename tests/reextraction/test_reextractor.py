"""The re-extractor: which captures are extracted again, and why others are not."""

from __future__ import annotations

import pickle
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from caliber_crawler.ingest.saved_pages import capture_from_file
from caliber_crawler.items import Capture, Extraction, PageKind, Problem
from caliber_crawler.reextraction import NOT_EXTRACTED, Reextractor
from caliber_crawler.site import SiteRegistry
from caliber_crawler.spiders.caliber import CaliberSpider

SITE = CaliberSpider.site
REEXTRACTOR = Reextractor(SiteRegistry([SITE]))
PAGE = Path(__file__).parents[1] / "pages/caliber/baku-s-geopolitical-formula-as-text/page.txt"


def stored_page(**facts: object) -> Capture:
    at = datetime(2026, 1, 7, tzinfo=UTC)
    capture = capture_from_file(PAGE, SITE, url="https://caliber.az/en/post/a", fetched_at=at)
    return replace(capture, **facts)  # type: ignore[arg-type]


@pytest.mark.slow
def test_a_stored_article_is_extracted_with_its_capture() -> None:
    capture = stored_page()
    outcome = REEXTRACTOR.extract(capture)
    assert isinstance(outcome, Extraction)
    assert (outcome.capture, outcome.article.url) == (capture, capture.url)
    article = REEXTRACTOR(capture)
    assert article is not None
    assert article.article == outcome.article


@pytest.mark.parametrize("kind", ["listing", "feed", "sitemap"])
def test_a_list_is_not_extracted(kind: PageKind) -> None:
    assert REEXTRACTOR.extract(stored_page(kind=kind)) == NOT_EXTRACTED
    assert REEXTRACTOR(stored_page(kind=kind)) is None


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"status": 404}, "http_404"),
        ({"body": b""}, "empty"),
    ],
)
def test_a_page_without_an_article_is_a_problem(facts: dict[str, object], reason: str) -> None:
    outcome = REEXTRACTOR.extract(stored_page(**facts))
    assert isinstance(outcome, Problem)
    assert outcome.reason == reason
    assert REEXTRACTOR(stored_page(**facts)) is None


def test_a_page_of_a_site_without_a_definition_is_a_problem() -> None:
    outcome = Reextractor(SiteRegistry()).extract(stored_page(site="unheard-of", url="file:///page.txt"))
    assert isinstance(outcome, Problem)
    assert (outcome.reason, outcome.fatal) == ("unknown_site", True)
    assert "'unheard-of'" in outcome.message


def test_a_worker_gets_the_same_extractor() -> None:
    assert pickle.loads(pickle.dumps(REEXTRACTOR)).extract(stored_page(status=404)) == REEXTRACTOR.extract(
        stored_page(status=404)
    )
