"""Patterns of phrases, and labels that stand before a text."""

from __future__ import annotations

import pytest

from caliber_crawler.extraction.generic.boilerplate import MAX_LABEL_LENGTH, _without_lead
from caliber_crawler.extraction.phrases import any_of


def test_longer_phrases_are_tried_first() -> None:
    assert any_of({"en": ("read", "read more"), "ru": ("фо",)}) == r"read\ more(?!\w)|read(?!\w)|фо"


@pytest.mark.parametrize(
    ("lines", "kept"),
    [
        (["Kicker", "A sentence.", "More"], ["A sentence.", "More"]),
        (["Kicker", "x" * (MAX_LABEL_LENGTH + 1)], ["x" * (MAX_LABEL_LENGTH + 1)]),
        (["Kicker", "x" * MAX_LABEL_LENGTH], ["Kicker", "x" * MAX_LABEL_LENGTH]),
    ],
)
def test_labels_before_the_first_sentence_are_removed(lines: list[str], kept: list[str]) -> None:
    assert _without_lead(lines) == kept
