"""Articles of several editions that tell one story: the ground truth for links between editions."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest

from caliber_crawler.demo import DemoSite
from caliber_crawler.demo.truth import Truth


@pytest.fixture(scope="module")
def truths() -> dict[str, Truth]:
    return {truth["url"]: truth for truth in DemoSite(1_500, seed=5).truth()}


def test_counterparts_name_each_other_and_are_in_other_editions(truths: dict[str, Truth]) -> None:
    pairs = [(truth, truths[url]) for truth in truths.values() for url in truth["counterparts"]]
    assert len(pairs) > 100
    for one, other in pairs:
        assert one["url"] in other["counterparts"]
        assert one["language"] != other["language"]


def test_counterparts_are_published_within_days_and_state_the_same_numbers(truths: dict[str, Truth]) -> None:
    def numbers(truth: Truth) -> set[str]:
        """The digits of each paragraph that has several numbers; their separators differ by language."""
        digits = {re.sub(r"\D", "", paragraph) for paragraph in truth["body"].split("\n\n")}
        return {each for each in digits if len(each) > 5}

    for truth in truths.values():
        for other in (truths[url] for url in truth["counterparts"]):
            gap = datetime.fromisoformat(truth["published_at"]) - datetime.fromisoformat(other["published_at"])
            assert abs(gap) <= timedelta(days=4)
            assert truth["edits"] or other["edits"] or numbers(truth) & numbers(other)


def test_some_counterparts_have_the_same_cover_and_no_article_links_to_one(truths: dict[str, Truth]) -> None:
    pairs = [(truth, truths[url]) for truth in truths.values() for url in truth["counterparts"]]
    shared = sum(one["cover_image"] == other["cover_image"] for one, other in pairs)
    assert 0 < shared < len(pairs)
    assert [one["url"] for one, other in pairs if set(one["links"]) & set(other["urls"])] == []
