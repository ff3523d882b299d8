"""Learning the layout of synthetic sites, and what the learned rules find on other pages of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from caliber_crawler.extraction.slots import DateForm, date_at, headline_at, names_at
from caliber_crawler.learning import learn_layout
from caliber_crawler.learning.fields import common_tail
from tests.learning.themes import THEMES, Story, classic, document, nameless, plain, sample, samples

HELD_OUT = range(40, 60)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("count", [5, 10, 20])
def test_headline_and_date_of_other_pages_are_found(theme: str, count: int) -> None:
    layout = learn_layout(samples(THEMES[theme], count)).layout
    for story in map(Story, HELD_OUT):
        page = document(THEMES[theme](story))
        assert headline_at(page, layout.headline[0]) == story.headline
        found = date_at(page, layout.date[0], DateForm(language="en"))
        assert found is not None
        assert found.at.date() == story.day


@pytest.mark.parametrize("theme", ["classic", "plain"])
def test_the_authors_of_other_pages_are_found(theme: str) -> None:
    layout = learn_layout(samples(THEMES[theme])).layout
    assert [names_at(document(THEMES[theme](Story(number))), layout.authors[0]) for number in HELD_OUT] == [
        (Story(number).author,) for number in HELD_OUT
    ]


def test_selectors_are_short_and_without_names_of_one_page() -> None:
    layout = learn_layout(samples(classic)).layout
    assert layout.headline[0] in (".entry-title", "#entry-title")
    assert layout.date == (".published@datetime",)
    assert layout.body == (".entry-content",)
    assert layout.section == ('[rel~="category"]',)
    assert learn_layout(samples(plain)).layout.body == ("#text",)


def test_the_date_of_the_last_change_is_not_the_date_of_publication() -> None:
    learned = learn_layout([replace(each, day=Story(place).day) for place, each in enumerate(samples(classic))])
    assert not any("updated" in fact.value for fact in learned.facts)


def test_related_posts_inside_the_text_are_dropped() -> None:
    assert learn_layout(samples(classic)).layout.drop == (".related",)


def test_lines_on_many_pages_are_facts_with_the_number_of_pages() -> None:
    learned = learn_layout(samples(classic))
    lines = {fact.value: (fact.confirming, fact.examined) for fact in learned.facts if fact.part == "line"}
    assert lines["All rights reserved by The News of the Town, 2026"] == (10, 10)
    assert not any(line.startswith("Paragraph") for line in lines)


@pytest.mark.parametrize("theme", THEMES)
def test_answers_of_other_articles_teach_no_headline_date_or_body(theme: str) -> None:
    wrong = [sample(Story(number), THEMES[theme], known=Story(number + 100)) for number in range(12)]
    learned = learn_layout(wrong, from_archive=True)
    assert [fact for fact in learned.facts if fact.part in ("headline", "date", "authors", "body")] == []


def test_some_wrong_answers_do_not_hurt() -> None:
    mixed = [
        sample(Story(number), classic, known=Story(number + 100) if number % 5 == 0 else None) for number in range(15)
    ]
    layout = learn_layout(mixed, from_archive=True).layout
    assert (layout.headline[0], layout.date[0], layout.body[0]) == (
        ".entry-title",
        ".published@datetime",
        ".entry-content",
    )


def test_a_date_needs_no_teacher() -> None:
    without = [replace(each, day=None) for each in samples(plain)]
    layout = learn_layout(without).layout
    assert date_at(document(plain(Story(50))), layout.date[0], DateForm(language="en")).at.date() == Story(50).day  # type: ignore[union-attr]


def test_a_teacher_that_names_the_site_in_every_headline_is_corrected() -> None:
    titled = [replace(each, headline=f"{each.headline} | The News") for each in samples(classic)]
    layout = learn_layout(titled).layout
    assert layout.headline_tail == "| The News"
    assert headline_at(document(classic(Story(50))), layout.headline[0], layout.headline_tail) == Story(50).headline


def test_two_templates_of_one_site_get_a_rule_each() -> None:
    mixed = [sample(Story(number), classic if number % 2 else nameless) for number in range(20)]
    layout = learn_layout(mixed).layout
    for story in map(Story, HELD_OUT):
        for theme in (classic, nameless):
            found = next(filter(None, (headline_at(document(theme(story)), rule) for rule in layout.headline)), None)
            assert found == story.headline


def test_four_pages_teach_nothing() -> None:
    assert learn_layout(samples(classic, 4)).layout.is_empty


def test_the_same_page_counts_once() -> None:
    assert learn_layout([sample(Story(1), classic)] * 10).pages == 1


def test_a_tail_needs_a_mark_and_most_headlines() -> None:
    assert common_tail(["One - News", "Two - News", "Three - News"]) == "- News"
    assert common_tail(["One News", "Two News", "Three News"]) == ""
    assert common_tail(["One - News", "Two", "Three", "Four"]) == ""
