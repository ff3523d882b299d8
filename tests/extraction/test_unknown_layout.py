"""A redesign: all classes and IDs of a page change. The article is still extracted, and the run reports it."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caliber_crawler.demo import DemoSite
from caliber_crawler.extraction import check, extract_page
from caliber_crawler.items import Extraction
from tests.extraction.pages import PAGES, READ_AT, capture_of, expected_of, recorded_capture, site_named
from tests.properties import examples

SITE = site_named("caliber")
DEMO = DemoSite(300, base_url="https://caliber.az")
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
RECORDED = [
    folder for folder in sorted(PAGES.glob("caliber/*/")) if expected_of(folder).get("layout") == "new"
]  # fmt: skip


def redesigned(html: str, seed: int) -> str:
    """Return the page with every class and element name replaced by a meaningless one, consistently."""
    chance = Random(seed)
    names: dict[str, str] = {}

    def rename(match: re.Match[str]) -> str:
        new = (
            names.setdefault(name, f"{chance.choice('abcxyz')}{chance.getrandbits(40):x}") for name in match[3].split()
        )
        return f"{match[1]}={match[2]}{' '.join(new)}{match[2]}"

    page = re.sub(r"\b(class|id)=([\"'])(.*?)\2", rename, html)
    assert page != html
    return page


def shingles(text: str) -> Counter[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return Counter(tuple(words[at : at + 4]) for at in range(max(1, len(words) - 3)))


def f1(read: str, true: str) -> float:
    ours, theirs = shingles(read), shingles(true)
    return 2 * sum((ours & theirs).values()) / (sum(ours.values()) + sum(theirs.values()))


@cache
def truths() -> list[dict[str, Any]]:
    return list(DEMO.truth(NOW))


def read_redesigned(url: str, html: str, seed: int) -> Extraction:
    return extract_page(capture_of(redesigned(html, seed), url=url), SITE)


def demo_page(url: str) -> str:
    return DEMO.respond(url.removeprefix(DEMO.base_url), NOW).body.decode()


@pytest.mark.slow
@settings(max_examples=examples(60))
@given(st.integers(0, 299), st.integers(0, 10**6))
def test_a_redesigned_page_gives_the_same_article(number: int, seed: int) -> None:
    truth = truths()[number % len(truths())]
    extraction = read_redesigned(truth["url"], demo_page(truth["url"]), seed)
    article = extraction.article
    assert f1(article.body, truth["body"]) >= 0.97
    assert (article.headline, article.subtitle) == (truth["headline"], truth["subtitle"])
    assert article.published_at is not None
    assert article.published_at.isoformat() == truth["published_local"]
    assert (article.views, article.section, list(article.authors)) == (
        truth["views"],
        truth["section"],
        truth["authors"],
    )


@settings(max_examples=examples(30))
@given(st.integers(0, 299), st.integers(0, 10**6))
def test_a_redesign_is_reported(number: int, seed: int) -> None:
    truth = truths()[number % len(truths())]
    extraction = read_redesigned(truth["url"], demo_page(truth["url"]), seed)
    assert extraction.layout == "unknown"
    problems = {problem.reason: problem for problem in check(extraction, SITE, READ_AT)}
    assert "unknown_layout" in problems
    assert not any(problem.fatal for problem in problems.values())


@pytest.mark.parametrize("folder", RECORDED, ids=lambda folder: folder.name)
@pytest.mark.parametrize("seed", range(3))
def test_a_recorded_page_survives_its_redesign(folder: Path, seed: int) -> None:
    capture, expected = recorded_capture(folder), expected_of(folder)["article"]
    article = read_redesigned(capture.url, capture.body.decode(), seed).article
    assert f1(article.body, "\n\n".join(expected["body"])) >= 0.97
    assert (article.headline, article.views) == (expected["headline"], expected["views"])
    assert article.published_at is not None
    assert article.published_at.isoformat() == expected["published_at"]
