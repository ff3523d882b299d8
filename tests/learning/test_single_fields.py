"""Trust and healing field by field: optional bylines, and selectors of single fields that a site renames."""

from __future__ import annotations

import pytest

from caliber_crawler.archive import Archive
from caliber_crawler.extraction_steps import extract_page
from caliber_crawler.items import Extraction
from caliber_crawler.site.generic import generic_site
from caliber_crawler.site_learning import learn_pages, learned_layout
from caliber_crawler.site_learning.facts import layout_of_facts, lesson_facts
from tests.archive.newsroom import Newsroom
from tests.learning.rehearsal import Rehearsal
from tests.learning.test_lessons import NOW, capture, site_with
from tests.learning.themes import Story, Theme

TAGS = ("span", "b", "i", "em", "u")
SITE = generic_site("https://news.example/")


def page_of(story: Story, *, is_signed: bool = True, tag: str = "span") -> str:
    byline = f'<p class="writer">{story.author}</p>' if is_signed else ""
    return f"""<html lang="en"><head><title>{story.headline} | The News</title></head><body class="single">
<div id="menu"><a href="/">The News</a><a href="/politics">All of politics</a></div>
<article class="post"><h1 class="entry-title">{story.headline}</h1>{byline}
<time class="published" datetime="{story.day}T10:00:00+00:00">{story.day:%B %d, %Y}</time>
<{tag} class="hits">Views: {1000 + 7 * story.number}</{tag}>
<div class="entry-content">{"".join(f"<p>{text}</p>" for text in story.paragraphs)}</div></article>
<div id="footer"><p>All rights reserved by The News of the Town, 2026</p></div></body></html>"""


def mixed(story: Story) -> str:
    """Two of three articles have a byline."""
    return page_of(story, is_signed=story.number % 3 != 0)


def test_a_site_that_names_the_authors_of_some_articles_is_trusted() -> None:
    captures = [capture(Story(number), mixed) for number in range(12)]
    lesson = learn_pages(captures, site_with(None), NOW)
    assert (lesson.agreeing, lesson.compared, lesson.of_field["authors"], lesson.unsigned) == (12, 12, 12, (4, 4))
    layout = layout_of_facts(lesson_facts(lesson))
    assert layout is not None
    assert (layout.is_trusted, layout.is_unsigned) == (True, True)
    for story in (Story(40), Story(42)):
        found = extract_page(capture(story, mixed), site_with(layout, is_trusted=True), NOW)
        assert isinstance(found, Extraction)
        assert found.methods["body"] == "learned"
        assert found.article.authors == ((story.author,) if story.number == 40 else ())


def test_a_byline_at_another_place_is_found_where_the_rule_is_silent() -> None:
    layout = learn_pages([capture(Story(number), mixed) for number in range(12)], site_with(None), NOW).learned.layout
    page = mixed(Story(42)).replace("<time", '<p>By <a rel="author" href="/author/3">Ann Elder</a></p><time')
    found = extract_page(capture(Story(42), page=page), site_with(layout, is_trusted=True), NOW)
    assert isinstance(found, Extraction)
    assert (found.article.authors, found.methods["body"]) == (("Ann Elder",), "learned")


def stamped(story: Story) -> str:
    """A view counter that no rule finds on all pages, because its element changes."""
    return page_of(story, tag=TAGS[story.number % 5]).replace('class="hits"', "")


def test_a_field_that_is_not_trusted_is_extracted_as_on_any_page(newsroom: Newsroom) -> None:
    lesson = learn_pages([capture(Story(number), stamped) for number in range(12)], site_with(None), NOW)
    assert (lesson.agreeing, lesson.of_field["views"]) == (12, 0)
    facts = lesson_facts(lesson)
    newsroom.archive.site_facts.confirm(SITE.name, facts, NOW)
    layout = learned_layout(newsroom.archive, SITE.name)
    assert layout is not None
    assert (layout.is_trusted, layout.untrusted) == (True, ("views",))
    found = extract_page(capture(Story(40), stamped), site_with(layout, is_trusted=True), NOW)
    assert isinstance(found, Extraction)
    assert (found.article.views, found.methods["body"], found.methods["views"]) == (1280, "learned", "text")


def with_other_byline(story: Story) -> str:
    byline = f'<p class="writer">{story.author}</p>'
    return page_of(story).replace(byline, f'<div class="desk"><b class="from">{story.author}</b></div>')


def with_other_counter(story: Story) -> str:
    return page_of(story, tag="em").replace("hits", "counter")


@pytest.mark.slow
@pytest.mark.parametrize(("part", "changed"), [("authors", with_other_byline), ("views", with_other_counter)])
def test_a_selector_of_one_field_is_replaced_on_a_trusted_site(newsroom: Newsroom, part: str, changed: Theme) -> None:
    archive: Archive = newsroom.archive
    rehearsal = Rehearsal(archive, SITE)
    stories = [Story(number) for number in range(1, 31) if number % 3]
    rehearsal.crawl((story.url, page_of(story)) for story in stories)
    assert rehearsal.learning.site.learned is not None
    assert rehearsal.learning.site.learned.is_trusted
    counts = rehearsal.crawl((story.url, changed(story)) for story in stories)
    report, *further = rehearsal.reports
    assert not further
    assert f"The learned selector of `{part}`" in report.message
    assert "found again on 5 of 5 known articles" in report.message
    assert (rehearsal.edits, counts["updated"]) == (0, 0)
    later = extract_page(capture(Story(44), changed), rehearsal.learning.site, NOW)
    assert isinstance(later, Extraction)
    assert (later.article.authors, later.article.views) == ((Story(44).author,), 1308)
    assert later.methods["body"] == "learned"
