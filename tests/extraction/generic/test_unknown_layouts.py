"""A page of a known site in a layout that its definition does not describe."""

import re

import pytest

from caliber_crawler.extraction import extract_page
from caliber_crawler.items import Extraction
from tests.extraction.generic.newspage import PARAGRAPHS
from tests.extraction.pages import capture_of, site_named

SITE = site_named("caliber")
TEXT = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
TITLE = "<h1>The road is open again</h1>"


def read(html: str) -> Extraction:
    return extract_page(capture_of(html, url="https://caliber.az/en/post/the-road-is-open-again"), SITE)


def test_the_generic_extractor_runs_if_the_lines_give_no_article() -> None:
    extraction = read(f"<article>{TITLE}<time>January 6, 2026, 7:13 PM</time>{TEXT}</article>")
    found = extraction.article
    assert (extraction.layout, extraction.methods["body"]) == ("unknown", "generic")
    assert found.headline == "The road is open again"
    assert found.body == "\n\n".join(PARAGRAPHS)
    assert str(found.published_at) == "2026-01-06 19:13:00+04:00"
    assert found.language == "en"


def test_a_date_below_the_text_does_not_hide_the_text() -> None:
    extraction = read(f"<article>{TITLE}{TEXT}<p>06 January 2026 19:13</p><p>Views: 354</p></article>")
    assert extraction.article.body.split("\n\n")[: len(PARAGRAPHS)] == PARAGRAPHS
    assert str(extraction.article.published_at) == "2026-01-06 19:13:00+04:00"
    assert extraction.article.views == 354


def test_machine_readable_dates_are_ignored_on_a_known_site() -> None:
    stamp = '<meta property="article:published_time" content="2024-02-02T02:02:02Z">'
    assert read(f"{stamp}<article>{TITLE}{TEXT}</article>").article.published_at is None


@pytest.mark.parametrize("length", [60, 150, 199])
def test_a_brief_stays_short(length: int) -> None:
    brief = (PARAGRAPHS[0] * 2)[:length]
    links = "".join(
        f'<li><a href="/en/post/{number}">The road number {number} is open</a></li>' for number in range(40)
    )
    page = (
        f"<div>{TITLE}<p>06 January 2026 19:13</p><p>{brief}</p><p>Views: 354</p></div><aside><ul>{links}</ul></aside>"
    )
    assert re.sub(r"\W", "", read(page).article.body) == re.sub(r"\W", "", brief)
