"""The language of a page whose theme declares another one, and whose text is too short to tell."""

from __future__ import annotations

from dataclasses import replace

import pytest

from caliber_crawler.extraction.learned import language_of_site
from caliber_crawler.extraction_steps import extract_page
from caliber_crawler.items import Extraction
from caliber_crawler.site import LearnedLayout
from caliber_crawler.site_learning import learn_pages
from tests.learning.test_lessons import NOW, capture, site_with
from tests.learning.themes import Story, classic

SENTENCES = (
    "Liman meclisi salı günü üç saat süren toplantıdan sonra kuzey iskelesini yeniden yapmaya karar verdi.",
    "Köylüler yolun kıştan önce açılmasını istedi, başkan da bütün soruları tek tek yanıtladı.",
    "Çocuklar için hazırlanan kütüphane önümüzdeki hafta açılacak, girişler ücretsiz olacak.",
)
SHORT = "Köprü bugün açıldı, halk da sevindi ve alkışladı."


def story_in_turkish(story: Story) -> str:
    """A page that declares English, with a text in Turkish."""
    page = classic(story)
    for number, paragraph in enumerate(story.paragraphs):
        page = page.replace(paragraph, f"{SENTENCES[number % len(SENTENCES)]} ({story.number})")
    return page


def short_story(story: Story) -> str:
    page = classic(story)
    for number, paragraph in enumerate(story.paragraphs):
        page = page.replace(f"<p>{paragraph}</p>", "" if number else f"<p>{SHORT}</p>")
    return page


@pytest.fixture(scope="module")
def layout() -> LearnedLayout:
    stories = [capture(Story(number), story_in_turkish) for number in range(10)]
    return learn_pages(stories, site_with(None), NOW).learned.layout


def test_a_site_whose_texts_contradict_its_theme_has_a_language_of_its_own(layout: LearnedLayout) -> None:
    assert layout.text_language == "tr"
    english = [capture(Story(number), classic) for number in range(10)]
    assert learn_pages(english, site_with(None), NOW).learned.layout.text_language is None


def test_a_short_text_has_the_language_of_its_site(layout: LearnedLayout) -> None:
    page = capture(Story(41), short_story)
    found = extract_page(page, site_with(layout), NOW)
    assert isinstance(found, Extraction)
    assert (found.article.language, found.methods["language"]) == ("tr", "learned")
    alone = extract_page(page, site_with(replace(layout, text_language=None)), NOW)
    assert isinstance(alone, Extraction)
    assert alone.article.language == "en"


def test_a_text_that_is_clearly_in_the_declared_language_keeps_it(layout: LearnedLayout) -> None:
    english = "The council met on Tuesday evening and agreed after long talks to rebuild the pier before winter. " * 3
    assert language_of_site("en", "structured_data", [english], layout) == "en"
    assert language_of_site("en", "structured_data", [SHORT], layout) == "tr"
    assert language_of_site(None, None, [SHORT], layout) == "tr"
    assert language_of_site("de", "generic", [SHORT], layout) == "de"
