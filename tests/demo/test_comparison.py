"""What is in an archive and what is true on the demo site are compared article by article."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from caliber_crawler.demo import DemoSite
from caliber_crawler.demo.comparison import differences

AT = datetime(2026, 1, 7, tzinfo=UTC)
TRUTH = list(DemoSite(articles=10, clock=lambda: AT, base_url="http://127.0.0.1:8000").truth(AT))


def archived(page: dict[str, Any], **changes: object) -> dict[str, Any]:
    """The row of an article that was extracted without a mistake."""
    names = ("headline", "subtitle", "published_at", "published_local", "section", "language", "body")
    row = {name: page[name] for name in names}
    return {
        **row,
        "url": f"http://127.0.0.1:8000/en/post/{quote(page['slug'])}/",
        "authors": "; ".join(page["authors"]),
        **changes,
    }


def test_an_archive_that_holds_the_truth_differs_in_nothing() -> None:
    assert any(not page["slug"].isascii() for page in TRUTH)
    assert differences(TRUTH, map(archived, TRUTH)) == []


def test_each_article_that_is_wrong_is_one_line() -> None:
    first, second, third, *others = TRUTH
    rows = [
        archived(first, headline="Another", authors="Nobody"),
        archived(second, url="http://127.0.0.1:8000/en/post/invented"),
        *map(archived, [third, *others]),
    ]
    assert differences(TRUTH, rows) == sorted(
        [
            f"{first['slug']} differs in headline, authors",
            f"{second['slug']} is missing",
            "invented is in the archive and not on the site",
        ]
    )
