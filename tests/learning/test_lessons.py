"""Lessons: captures of a site in, facts out; and what the learned layout changes in the extraction."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from caliber_crawler.extraction_steps import extract_page
from caliber_crawler.items import Capture, Extraction, Problem
from caliber_crawler.site import LearnedLayout, Site
from caliber_crawler.site.generic import generic_site
from caliber_crawler.site_learning import layout_facts, learn_pages, learned_layout
from caliber_crawler.site_learning.healing import Healing
from caliber_crawler.site_learning.learner import is_lesson_due, learn_site, store_lesson
from caliber_crawler.site_learning.teaching import compare_page, is_same
from tests.archive.newsroom import Newsroom, minutes
from tests.learning.themes import THEMES, Story, Theme, classic

NOW = datetime(2026, 11, 1, tzinfo=UTC)
HTML = (("Content-Type", "text/html; charset=utf-8"),)


def capture(story: Story, theme: Theme = classic, page: str | None = None, url: str | None = None) -> Capture:
    body = (page or theme(story)).encode()
    url = url or story.url
    return Capture(site="news.example", url=url, fetched_at=NOW, status=200, headers=HTML, body=body)


def site_with(layout: LearnedLayout | None, *, is_trusted: bool = False) -> Site:
    learned = None if layout is None else replace(layout, is_trusted=is_trusted)
    return replace(generic_site("https://news.example/"), learned=learned)


def test_a_line_about_other_articles_below_the_text_is_no_part_of_it() -> None:
    """The generic extraction alone takes it for text."""
    lesson = learn_pages([capture(Story(number), THEMES["plain"]) for number in range(10)], site_with(None), NOW)
    assert (lesson.learned.layout.drop, lesson.agreeing, lesson.compared) == ((".side",), 10, 10)
    outcome = extract_page(capture(Story(40), THEMES["plain"]), site_with(lesson.learned.layout), NOW)
    assert isinstance(outcome, Extraction)
    assert outcome.article.body.split("\n\n") == Story(40).paragraphs


def with_last_paragraph_apart(story: Story) -> str:
    """Prose of the article in an element of its own below the text."""
    apart = Story(story.number + 50).paragraphs[story.number % 4]
    return THEMES["plain"](story).replace(
        '<div class="side"><p>Newest: ', f'<div class="end"><p>{apart}</p></div><div><p>'
    )


def test_prose_below_the_text_is_part_of_it() -> None:
    captures = [capture(Story(number), with_last_paragraph_apart) for number in range(10)]
    assert ".end" not in learn_pages(captures, site_with(None), NOW).learned.layout.drop


def test_a_layout_that_fits_half_of_the_pages_is_not_trusted() -> None:
    captures = [capture(Story(number), THEMES["classic" if number % 2 else "nameless"]) for number in range(10)]
    lesson = learn_pages(captures, site_with(None), NOW)
    assert lesson.agreeing < lesson.compared == 10


@pytest.fixture(scope="module", params=THEMES)
def theme(request: pytest.FixtureRequest) -> Theme:
    return THEMES[request.param]


@pytest.fixture(scope="module")
def layout(theme: Theme) -> LearnedLayout:
    return learn_pages([capture(Story(number), theme) for number in range(10)], site_with(None), NOW).learned.layout


@pytest.mark.parametrize("is_trusted", [False, True])
def test_learned_rules_find_the_fields_of_other_pages(theme: Theme, layout: LearnedLayout, is_trusted: bool) -> None:
    for story in map(Story, (40, 41)):
        found = extract_page(capture(story, theme), site_with(layout, is_trusted=is_trusted), NOW)
        assert isinstance(found, Extraction)
        article = found.article
        assert (article.headline, article.published_at.date()) == (story.headline, story.day)  # type: ignore[union-attr]
        assert [line for line in article.body.split("\n\n") if line.startswith("Paragraph")] == story.paragraphs


@pytest.mark.parametrize("theme", ["classic", "nameless"])
def test_a_trusted_layout_gives_the_same_article_under_the_method_learned(theme: str) -> None:
    lesson = learn_pages([capture(Story(number), THEMES[theme]) for number in range(10)], site_with(None), NOW)
    assert (lesson.agreeing, lesson.compared) == (10, 10)
    page, layout = capture(Story(45), THEMES[theme]), lesson.learned.layout
    assert compare_page(page, site_with(layout, is_trusted=True), NOW)
    found = extract_page(page, site_with(layout, is_trusted=True), NOW)
    assert isinstance(found, Extraction)
    assert {found.methods[name] for name in ("headline", "body")} == {"learned"}


def undated(story: Story) -> str:
    return re.sub("<time.*?</time>", "", classic(story), flags=re.DOTALL)


def test_a_site_without_dates_is_trusted_and_a_page_with_a_date_is_not_of_its_layout() -> None:
    def page(number: int, theme: Theme) -> Capture:
        return capture(Story(number), theme, url=f"https://news.example/story-number-{number}-of-the-year")

    lesson = learn_pages([page(number, undated) for number in range(10)], site_with(None), NOW)
    assert (lesson.agreeing, lesson.compared) == (10, 10)
    site = site_with(lesson.learned.layout, is_trusted=True)
    found, dated = extract_page(page(41, undated), site, NOW), extract_page(page(41, classic), site, NOW)
    assert isinstance(found, Extraction)
    assert (found.methods["body"], found.article.published_at) == ("learned", None)
    assert isinstance(dated, Extraction)
    assert dated.article.published_at is not None


@pytest.mark.parametrize("is_trusted", [False, True])
def test_a_list_in_the_same_design_is_not_an_article(is_trusted: bool) -> None:
    lesson = learn_pages([capture(Story(number)) for number in range(10)], site_with(None), NOW)
    teasers = "".join(
        f'<article class="post"><h2 class="entry-title"><a href="{Story(number).url}">{Story(number).headline}</a></h2>'
        f'<time class="published" datetime="{Story(number).day}">{Story(number).day}</time>'
        f'<div class="entry-content"><p>{Story(number).paragraphs[0]}</p></div></article>'
        for number in range(8)
    )
    page = f'<html><body class="archive category category-politics"><h1>Politics</h1>{teasers}</body></html>'
    listing = capture(Story(1), page=page, url="https://news.example/politics-and-all-that")
    found = extract_page(listing, site_with(lesson.learned.layout, is_trusted=is_trusted), NOW)
    assert isinstance(found, Problem)


def test_a_headline_that_the_generic_extraction_gets_wrong_is_corrected() -> None:
    """The headline is no h1, and the page's title names the site first."""

    def odd(story: Story) -> str:
        page = THEMES["plain"](story)
        return page.replace(f"<title>{story.headline}</title>", "<title>The News of the Town and the Region</title>")

    lesson = learn_pages([capture(Story(number), THEMES["plain"]) for number in range(10)], site_with(None), NOW)
    found = extract_page(capture(Story(50), odd), site_with(lesson.learned.layout), NOW)
    assert isinstance(found, Extraction)
    assert found.article.headline == Story(50).headline


def test_two_extractions_are_the_same_unless_a_field_or_the_text_differs() -> None:
    found = extract_page(capture(Story(1)), site_with(None), NOW)
    assert isinstance(found, Extraction)
    article = found.article
    assert is_same(article, article)
    assert not is_same(article, replace(article, authors=("Somebody Else",)))
    assert not is_same(article, replace(article, body=article.body[: len(article.body) // 2]))


def test_facts_come_back_from_the_archive_as_the_same_layout(newsroom: Newsroom) -> None:
    lesson = learn_pages([capture(Story(number)) for number in range(10)], site_with(None), NOW)
    store_lesson(newsroom.archive, "news.example", lesson, NOW)
    stored = learned_layout(newsroom.archive, "news.example")
    assert stored == replace(lesson.learned.layout, is_trusted=True)
    assert all(fact.pages_confirming <= fact.pages_examined for fact in layout_facts(newsroom.archive, "news.example"))
    assert learned_layout(newsroom.archive, "other.example") is None


@pytest.mark.slow
def test_a_site_is_learned_from_the_newest_page_of_each_article(newsroom: Newsroom) -> None:
    for number in range(12):
        story = Story(number)
        kept = newsroom.archive.captures.store(capture(story), newsroom.run_id)
        newsroom.save(
            minutes(number), kept=kept, site="news.example", article_urls=(story.url,), headline=story.headline
        )
    assert is_lesson_due(newsroom.archive, "news.example", 12)
    lesson = learn_site(newsroom.archive, site_with(None), NOW)
    assert lesson is not None
    assert (lesson.learned.pages, lesson.agreeing, lesson.compared) == (12, 12, 12)
    assert not is_lesson_due(newsroom.archive, "news.example", 12)
    assert is_lesson_due(newsroom.archive, "news.example", 20)


def test_a_page_that_the_trusted_layout_does_not_fit_is_put_aside_for_three_days(newsroom: Newsroom) -> None:
    lesson = learn_pages([capture(Story(number)) for number in range(10)], site_with(None), NOW)
    site = site_with(lesson.learned.layout, is_trusted=True)
    healing, story = Healing(newsroom.archive, site), Story(3)
    healing.site = site
    known = newsroom.archive.captures.store(capture(story), newsroom.run_id)
    fields = {"site": "news.example", "article_urls": (story.url,), "headline": story.headline}
    newsroom.save(kept=known, layout="generic", methods={"body": "learned"}, **fields)

    def doubt(page: Capture) -> Problem | None:
        found = extract_page(page, site, NOW)
        assert isinstance(found, Extraction)
        return healing.doubt(found)

    later = replace(capture(story, THEMES["plain"]), fetched_at=NOW + timedelta(days=1))
    problem = doubt(later)
    assert problem is not None
    assert problem.reason == "layout_changed"
    assert doubt(capture(Story(4), THEMES["plain"])) is None, "an unknown article"
    assert doubt(replace(later, body=classic(story).replace("Paragraph 1", "Passage 1").encode())) is None, "an edit"
    aside = newsroom.archive.captures.store(later, newsroom.run_id)
    newsroom.archive.runs.record_problem(newsroom.run_id, problem, url=aside.url, capture_id=aside.id)
    assert doubt(replace(later, fetched_at=NOW + timedelta(days=2))) is not None
    assert doubt(replace(later, fetched_at=NOW + timedelta(days=4, hours=1))) is None


def with_table(story: Story) -> str:
    table = f'<table class="figures"><tr><td>Year</td><td>{1990 + story.number}</td></tr></table>'
    return classic(story).replace('<div class="related">', f'{table}<div class="related">')


def test_a_table_of_the_text_is_not_dropped() -> None:
    """Its short cells are pieces of one line of the text."""
    layout = learn_pages([capture(Story(number), with_table) for number in range(10)], site_with(None), NOW)
    assert layout.learned.layout.drop == (".related",)
    for is_trusted in (False, True):
        site = site_with(layout.learned.layout, is_trusted=is_trusted)
        found = extract_page(capture(Story(40), with_table), site, NOW)
        assert isinstance(found, Extraction)
        assert "Year | 2030" in found.article.body


@pytest.mark.parametrize("is_trusted", [False, True])
def test_words_that_are_not_names_are_not_authors(layout: LearnedLayout, theme: Theme, is_trusted: bool) -> None:
    page = theme(Story(41)).replace(Story(41).author, "Staff and agencies")
    found = extract_page(capture(Story(41), page=page), site_with(layout, is_trusted=is_trusted), NOW)
    assert isinstance(found, Extraction)
    assert found.article.authors == ()
