"""The variants of a URL find an article however its URL was typed or copied."""

import unicodedata

import pytest

from caliber_crawler.site.urls import url_variants

STORED = "https://caliber.az/arm/post/%D5%B0%D5%A1%D5%B5%D5%A1%D5%BD%D5%BF%D5%A1%D5%B6"
READABLE = "https://caliber.az/arm/post/հայաստան"


@pytest.mark.parametrize(
    "typed",
    [
        STORED,
        STORED + "/",
        READABLE,
        unicodedata.normalize("NFD", READABLE),
        READABLE + "/?fbclid=abc#top",
        STORED.lower(),
        READABLE.replace("https://", "http://www."),
        READABLE.replace("https://", "https://reader:secret@") + "?",
    ],
)
def test_every_spelling_includes_the_stored_url(typed: str) -> None:
    assert STORED in url_variants(typed)


def test_the_url_with_its_query_comes_before_the_one_without() -> None:
    variants = url_variants("https://news.example.org/story?id=7")
    assert variants.index("https://news.example.org/story?id=7") < variants.index("https://news.example.org/story")


def test_an_invalid_url_is_returned_unchanged() -> None:
    assert "http://[" in url_variants("http://[")


def test_a_host_that_cannot_have_a_subdomain_has_fewer_variants() -> None:
    assert "http://127.0.0.1:8000/a" in url_variants("https://127.0.0.1:8000/a/")
