"""An article is found by its address however somebody typed or copied it."""

import unicodedata

import pytest

from caliber_crawler.archive.texts.articles import url_variants

KEPT = "https://caliber.az/arm/post/%D5%B0%D5%A1%D5%B5%D5%A1%D5%BD%D5%BF%D5%A1%D5%B6"
READABLE = "https://caliber.az/arm/post/հայաստան"


@pytest.mark.parametrize(
    "typed",
    [KEPT, KEPT + "/", READABLE, unicodedata.normalize("NFD", READABLE), READABLE + "/?fbclid=abc#top", KEPT.lower()],
)
def test_every_spelling_leads_to_the_address_that_is_kept(typed: str) -> None:
    assert KEPT in url_variants(typed)


def test_a_query_that_is_kept_is_tried_before_it_is_dropped() -> None:
    forms = url_variants("https://news.example.org/story?id=7")
    assert forms.index("https://news.example.org/story?id=7") < forms.index("https://news.example.org/story")


def test_what_is_no_address_is_tried_as_it_is() -> None:
    assert "http://[" in url_variants("http://[")
