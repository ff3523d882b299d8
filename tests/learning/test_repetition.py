"""Lines that stand on many pages of a site are no text of an article; those that an editor repeats are."""

from __future__ import annotations

import pytest

from caliber_crawler.extraction.learned import without_known_lines
from caliber_crawler.extraction.lines import Line
from caliber_crawler.extraction_steps import extract_page
from caliber_crawler.items import Extraction
from caliber_crawler.learning import learn_layout
from caliber_crawler.site import LearnedLayout
from tests.learning.test_lessons import NOW, capture, site_with
from tests.learning.themes import Story, Theme, classic, samples

COLUMN = "The market hall opens at six in the morning, and its guard has kept the keys for forty years."
BIOGRAPHY = "The Town Desk is a team of four people in the old harbour office, and answers every letter."
REPEATED = "That is what the readers of this newspaper say, and nobody in the town hall contradicts it."
END = '<div class="related">'


def with_column(story: Story) -> str:
    """A sidebar without any name, of which every page has the same text."""
    return classic(story).replace('<div id="footer">', f'<div><p>{COLUMN}</p></div><div id="footer">')


def with_biography(story: Story) -> str:
    """The same last paragraph inside the text of half of the articles."""
    return classic(story).replace(END, f"<p>{BIOGRAPHY}</p>{END}") if story.number % 2 else classic(story)


def with_sentence(story: Story) -> str:
    """The same sentence in the middle of every article, between others."""
    paragraphs = "".join(f"<p>{text} Once more.</p>" for text in story.paragraphs)
    return classic(story).replace(
        "</p><p>Paragraph 2", f"</p>{paragraphs}<p>{REPEATED}</p>{paragraphs}<p>Paragraph 2", 1
    )


@pytest.mark.parametrize(("theme", "line"), [(with_column, COLUMN), (with_biography, BIOGRAPHY)])
def test_a_column_and_a_biography_on_many_pages_are_boilerplate(theme: Theme, line: str) -> None:
    assert line in learn_layout(samples(theme)).layout.lines


def test_a_sentence_in_the_middle_of_many_texts_is_not_boilerplate() -> None:
    assert REPEATED not in learn_layout(samples(with_sentence)).layout.lines


def test_a_line_on_two_pages_is_not_repeated() -> None:
    def theme(story: Story) -> str:
        return with_biography(story) if story.number < 4 else classic(story)

    assert BIOGRAPHY not in learn_layout(samples(theme, 20)).layout.lines


def test_known_lines_go_from_a_text_and_the_others_stay() -> None:
    layout = LearnedLayout(lines=(COLUMN,))
    lines = [Line("First."), Line(COLUMN.upper()), Line(""), Line(f"{COLUMN} And more.")]
    assert [line.text for line in without_known_lines(lines, layout)] == ["First.", "", f"{COLUMN} And more."]


def test_a_known_biography_is_not_part_of_the_next_article() -> None:
    page = with_biography(Story(51))
    learned = learn_layout(samples(with_biography)).layout
    alone = extract_page(capture(Story(51), page=page), site_with(None), NOW)
    known = extract_page(capture(Story(51), page=page), site_with(learned), NOW)
    assert isinstance(alone, Extraction)
    assert isinstance(known, Extraction)
    assert BIOGRAPHY in alone.article.body
    assert BIOGRAPHY not in known.article.body
    assert known.article.body == "\n\n".join(Story(51).paragraphs)
