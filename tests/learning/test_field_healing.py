"""A selector of a single part that finds nothing any more."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from caliber_crawler.doctor.corrections import corrected_definition
from caliber_crawler.items import Extraction
from caliber_crawler.site import Layout, LearnedLayout
from caliber_crawler.site_learning.field_healing import FIELDS, FieldWatch
from caliber_crawler.spiders.caliber import CaliberSpider
from tests.archive.newsroom import article, capture, minutes

STORED = {"published_at": "selector", "views_shown": "selector"}


def page(number: int, **methods: str) -> Extraction:
    return Extraction(capture=capture(minutes(number)), article=article(), layout="new", extractor="x", methods=methods)


def test_a_selector_has_failed_after_five_of_ten_pages() -> None:
    watch = FieldWatch(FIELDS)
    found = [watch.note(page(number, views_shown="selector"), STORED) for number in range(7)]
    assert found == [None, None, None, None, "date", None, None], "tried again only after five more pages"
    assert len(watch.pages("date")) == 7
    watch.forget("date")
    assert watch.note(page(8, views_shown="selector"), STORED) is None


def test_a_field_that_the_article_never_had_by_its_selector_says_nothing() -> None:
    watch = FieldWatch(FIELDS)
    assert {watch.note(page(number), {"published_at": "structured_data"}) for number in range(10)} == {None}


def test_a_learned_selector_of_one_part_stands_beside_the_stated_one() -> None:
    stated = Layout(name="new", article="article", headline="h1", date="time.old@datetime", views=".hits")
    learned = LearnedLayout(date=("time@datetime",), views=(".count",))
    corrected = learned.corrected(stated)
    assert (corrected.headline, corrected.date, corrected.views) == (
        "h1",
        "time.old, time@datetime",
        ".hits, .count",
    )
    assert LearnedLayout(date=(".when",)).corrected(stated).date == ".when"


@pytest.mark.parametrize(
    ("learned", "stated", "correct"),
    [
        (LearnedLayout(views=(".post_counter",)), 'views=".post_hits"', 'views=".post_hits, .post_counter"'),
        (LearnedLayout(date=("time@datetime",)), 'date=".post_time"', 'date="time@datetime"'),
        (
            LearnedLayout(headline=(".title::headline",)),
            'headline="h1.post_title"',
            'headline="h1.post_title, .title"',
        ),
    ],
)
def test_the_doctor_corrects_only_the_selector_that_was_replaced(
    learned: LearnedLayout, stated: str, correct: str
) -> None:
    source = Path(inspect.getsourcefile(CaliberSpider) or "").read_text(encoding="utf-8")
    changed = corrected_definition(source, CaliberSpider.site, learned, ())
    assert changed == source.replace(stated, correct, 1) != source
