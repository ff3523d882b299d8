"""The language of a text by its letters."""

from __future__ import annotations

from dataclasses import replace

import pytest

from caliber_crawler.extraction.languages import language_of_letters, script_of, script_of_language
from tests.extraction.pages import site_named

SITE = site_named("caliber")


def languages(*names: str) -> str | None:
    """The language of a Latin text on a site with editions in these languages."""
    editions = tuple(replace(SITE.editions[0], language=name, name=name) for name in names)
    return language_of_letters("Some words", replace(SITE, editions=editions))


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Baku is calm", "en"),
        ("Баку спокоен", "ru"),
        ("Բաքուն հանգիստ է", "hy"),
        ("Баку спокоен: NATO", "ru"),
        ("The word мир", "en"),
        ("Το Μπακού", None),
        ("2026: 17!", None),
        ("", None),
    ],
)
def test_a_language_is_known_by_the_script_of_most_letters(text: str, language: str | None) -> None:
    assert language_of_letters(text, SITE) == language


@pytest.mark.parametrize(
    ("names", "language"), [(("en",), "en"), (("en", "ru"), "en"), (("en", "az"), None), (("ru", "uk"), None)]
)
def test_a_script_of_several_editions_gives_no_language(names: tuple[str, ...], language: str | None) -> None:
    assert languages(*names) == language


@pytest.mark.parametrize(("letter", "script"), [("a", "LATIN"), ("я", "CYRILLIC"), ("ա", "ARMENIAN"), ("\x00", "")])
def test_a_letter_has_the_script_of_its_unicode_name(letter: str, script: str) -> None:
    assert script_of(letter) == script


@pytest.mark.parametrize(("language", "script"), [("en", "LATIN"), ("ru", "CYRILLIC"), ("el", "GREEK"), ("xx", "")])
def test_a_language_has_the_script_of_its_month_names(language: str, script: str) -> None:
    assert script_of_language(language) == script
