"""Words and numbers of URLs: whether a text is that of its URL, and whether two URLs may name one page."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.site.url_words import has_a_word, may_name_one_page, share_of_words

SITE = "https://news.example"


@pytest.mark.parametrize(
    ("path", "text", "share"),
    [
        ("/2026/01/06/bridge-rebuilt", "The bridges were REBUILT.", 1.0),
        ("/2026/01/06/bridge-rebuilt", "A bridge.", 0.5),
        ("/2026/01/06/bridge-rebuilt", "We value your privacy.", 0.0),
        ("/2026/01/06/caf%C3%A9-opens-again", "Cafe: it opens again", 1.0),
        ("/news/12345", "A bridge.", None),
        ("/bridge", "A bridge.", None),
        ("/most-postroen-zanovo", "Мост построен", None),
    ],
)
def test_the_share_of_words(path: str, text: str, share: float | None) -> None:
    assert share_of_words(SITE + path, text) == share


@pytest.mark.parametrize(
    ("one", "other", "may"),
    [
        ("/en/post/4711", "/mobile/post/4711/", True),
        ("/news/4711-old-name", "/news/4711-new-name", True),
        ("/news?id=4711", "/news/4711", True),
        ("/a/new-bridge", "/print/New-Bridge", True),
        ("/2026/11/20/first-story", "/2026/11/21/second-story", False),
        ("/20261120/14711", "/20261120/25822", False),
        ("/news/14711", "/news/25822", False),
        ("/", "/", False),
    ],
)
def test_two_urls_of_one_page(one: str, other: str, may: bool) -> None:
    assert may_name_one_page(SITE + one, SITE + other) is may
    assert may_name_one_page(SITE + other, SITE + one) is may


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_url_has_words_or_none(url: str, text: str) -> None:
    assert share_of_words(url, text) in (None, 0.0) or text
    may_name_one_page(url, text)


@given(st.sampled_from(("/bridge-rebuilt", "/most-postroen", "/caf%C3%A9-open", "/12345")), st.text(max_size=80))
def test_the_quick_look_agrees_with_the_share(path: str, text: str) -> None:
    if has_a_word(SITE + path, text):
        assert share_of_words(SITE + path, text) != 0
