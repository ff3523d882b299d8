"""What stands behind an article's URL is not always the article: walls and error pages are put aside."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from caliber_crawler.archive import PageSetAside
from caliber_crawler.archive.core.times import utc_text
from caliber_crawler.items import Capture, Extraction
from tests.archive.newsroom import SLUG_URL, Newsroom, address, article, capture, minutes

WALL: dict[str, Any] = {
    "headline": "Service temporarily unavailable",
    "body": "Our site is being updated. Please come back in a few minutes.",
    "published_at": None,
}
DAY = 24 * 60


class Site:
    """Saves pages of one site as a crawl does."""

    def __init__(self, newsroom: Newsroom) -> None:
        self.newsroom = newsroom
        self.extractions: dict[int, Extraction] = {}

    def visit(
        self, minute: int, url: str = SLUG_URL, layout: str = "new", dated_by: str = "selector", **fields: Any
    ) -> str:
        """Save a page; return the outcome, or the reason why it was put aside."""
        run_id, archive = self.newsroom.run_id, self.newsroom.archive
        kept = archive.captures.store(capture(minutes(minute), url=url), run_id)
        found = Extraction(
            capture=kept,
            article=article(url=url, **fields),
            layout=layout,
            extractor="x",
            methods={"headline": "selector", "published_at": dated_by},
        )
        assert kept.id is not None
        self.extractions[kept.id] = found
        try:
            return archive.articles.save(found, run_id, [address(url)], self.reextract).outcome
        except PageSetAside as aside:
            archive.runs.record_problem(run_id, aside.problem, url=url, capture_id=kept.id)
            return aside.problem.reason

    def reextract(self, stored: Capture) -> Extraction | None:
        assert stored.id is not None
        return replace(self.extractions[stored.id], capture=stored)

    @property
    def headlines(self) -> list[str]:
        return self.newsroom.values("SELECT headline FROM versions WHERE replaced_by IS NULL ORDER BY seen_from")


@pytest.fixture
def site(newsroom: Newsroom) -> Site:
    return Site(newsroom)


@pytest.mark.parametrize(
    "fields",
    [
        WALL,
        WALL | {"layout": "unknown"},
        WALL | {"layout": "unknown", "published_at": article().published_at},
        WALL | {"published_at": article().published_at, "dated_by": "url"},
    ],
    ids=["no date", "neither", "no layout", "date of the URL"],
)
def test_a_text_that_shares_nothing_and_lost_date_or_layout_is_put_aside(site: Site, fields: dict[str, Any]) -> None:
    assert site.visit(0) == "new"
    assert site.visit(5, **fields) == "unlike_before"
    assert site.headlines == [article().headline]
    assert site.newsroom.values("SELECT count(*) FROM captures WHERE article_id IS NULL") == [1]
    assert site.visit(9) == "unchanged"
    assert [finding for finding in site.newsroom.archive.verify() if finding] == []


@pytest.mark.parametrize(
    "fields",
    [
        WALL | {"published_at": article().published_at},
        {"headline": "Edited", "published_at": None},
        {"body": WALL["body"], "published_at": None, "layout": "unknown"},
    ],
    ids=["a reused URL", "an edit without a date", "one headline"],
)
def test_other_changes_are_edits(site: Site, fields: dict[str, Any]) -> None:
    site.visit(0)
    assert site.visit(5, **fields) == "updated"


def test_a_text_that_lasts_counts_as_an_edit(site: Site) -> None:
    site.visit(0)
    assert site.visit(DAY, **WALL) == "unlike_before"
    assert site.visit(2 * DAY, **WALL) == "unlike_before"
    assert site.visit(4 * DAY, **WALL) == "updated"
    assert site.headlines == [article().headline, WALL["headline"]]


def test_the_time_starts_again_when_the_article_is_seen_in_between(site: Site) -> None:
    site.visit(0)
    site.visit(DAY, **WALL)
    site.visit(2 * DAY)
    assert site.visit(5 * DAY, **WALL) == "unlike_before"


def test_another_text_is_not_lasting(site: Site) -> None:
    site.visit(0)
    site.visit(DAY, **WALL)
    other = WALL | {"headline": "Subscribe", "body": "Choose an offer that suits you, from one euro."}
    assert site.visit(5 * DAY, **other) == "unlike_before"


def test_the_time_is_a_setting(site: Site) -> None:
    site.newsroom.archive.articles.admission.lasting = timedelta(hours=1)
    site.visit(0)
    site.visit(5, **WALL)
    assert site.visit(66, **WALL) == "updated"


def test_an_undated_text_under_a_second_url_is_put_aside(site: Site) -> None:
    others = [f"https://caliber.az/en/post/story-{name}" for name in "abc"]
    assert [site.visit(minute, url, **WALL) for minute, url in enumerate(others)] == [
        "new",
        *["same_text_elsewhere"] * 2,
    ]
    assert site.visit(9, others[0], **WALL) == "unchanged"
    assert site.visit(10, others[1]) == "new"


@pytest.mark.parametrize("fields", [WALL, WALL | {"layout": "unknown", "published_at": article().published_at}])
def test_a_wall_that_came_before_the_article_is_put_aside(site: Site, fields: dict[str, Any]) -> None:
    site.visit(0, **fields)
    assert site.visit(5) == "updated"
    assert site.headlines == [article().headline]
    assert site.newsroom.values("SELECT reason FROM problems") == ["unlike_before"]
    assert site.newsroom.values("SELECT count(*) FROM captures WHERE article_id IS NULL") == [1]
    assert site.newsroom.values("SELECT first_seen_at FROM articles") == [utc_text(minutes(5))]
    assert [finding for finding in site.newsroom.archive.verify() if finding] == []


def test_a_text_that_lasted_stays_when_another_one_comes(site: Site) -> None:
    site.visit(0, **WALL)
    site.visit(3 * DAY, **WALL)
    site.visit(4 * DAY)
    assert site.headlines == [WALL["headline"], article().headline]


def test_one_text_with_a_date_may_have_two_urls(site: Site) -> None:
    assert [site.visit(0, "https://caliber.az/en/post/a"), site.visit(1, "https://caliber.az/en/post/b")] == ["new"] * 2
