"""The extraction of a story does not depend on the page layout or on invisible changes."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.extraction.generic.newspage import read
from tests.extraction.generic.shapes import CHANGES, HEADLINE, PUBLISHED, SHAPES, STORY, Change
from tests.properties import examples


def assert_is_the_story(html: str) -> None:
    extraction = read(html)
    assert extraction.headline == HEADLINE
    assert [line.text for line in extraction.body] == list(STORY)
    assert extraction.published_at is not None
    assert extraction.published_at.isoformat() == PUBLISHED


@pytest.mark.parametrize("shape", SHAPES)
def test_a_story_is_extracted_from_every_layout(shape: str) -> None:
    assert_is_the_story(SHAPES[shape]())


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.name)
@pytest.mark.parametrize("shape", SHAPES)
def test_an_invisible_change_does_not_change_the_extraction(shape: str, change: Change) -> None:
    assert_is_the_story(change.apply(SHAPES[shape](), random.Random(shape)))


@pytest.mark.slow
@given(
    st.sampled_from(sorted(SHAPES)),
    st.lists(st.sampled_from(CHANGES), min_size=2, max_size=5, unique=True),
    st.integers(0, 999),
)
@settings(max_examples=examples(60), deadline=None)
def test_several_invisible_changes_do_not_change_the_extraction(shape: str, changes: list[Change], seed: int) -> None:
    html = SHAPES[shape]()
    for change in changes:
        html = change.apply(html, random.Random(seed))
    assert_is_the_story(html)
