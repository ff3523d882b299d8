"""Peculiarities of a site belong to its definition; shared code contains none of them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import caliber_crawler
from caliber_crawler.extraction import extract_page
from caliber_crawler.extraction.languages import language_of_letters
from caliber_crawler.known_sites import known_sites
from caliber_crawler.site import Edition, Section, Site, TextLayout
from tests.extraction.pages import READ_AT, capture_of, site_named

CALIBER = site_named("caliber")
SHARED = [path for name in ("extraction", "discovery", "crawling") for path in sorted(
    Path(caliber_crawler.__path__[0], name).rglob("*.py")
)]  # fmt: skip
WORLD = Section(path="/w", labels=("World",))
PAPER = Site(
    name="paper",
    title="The Paper",
    base_url="https://paper.example",
    timezone="Europe/London",
    article_path=r"/(?P<slug>[^/]+)",
    date_formats=("%d %B %Y, %H:%M",),
    editions=(Edition(language="en", name="en", view_labels=("Read",), sections={"world": WORLD}),),
    layouts=CALIBER.layouts,
    text=TextLayout(controls=("Larger text", "Print")),
)  # fmt: skip


COMMON_TEXTS = {"article", "news", "print", "copy link", "ссылка скопирована"}
"""Texts of a site that appear on pages of many others."""


def facts_of(site: Site) -> set[str]:
    """Texts and selectors that only this site's pages have."""
    layouts = [
        value for layout in site.layouts for value in (layout.article, layout.headline, layout.body, layout.date)
    ]
    boilerplate = [line for edition in site.editions for line in edition.boilerplate]
    labels = [
        label for edition in site.editions for section in edition.sections.values() for label in section.labels
    ]  # fmt: skip
    named = [site.name, site.title, *site.signatures, *site.text.controls, *site.decoration]
    return {fact.casefold() for fact in (*layouts, *boilerplate, *site.boilerplate, *labels, *named) if fact}


def texts_in(path: Path) -> Iterator[str]:
    """The string literals of a module, except docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value.casefold()


@pytest.mark.parametrize("path", SHARED, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_shared_code_contains_no_text_of_a_site(path: Path) -> None:
    facts = {fact for site in known_sites().values() for fact in facts_of(site)} - COMMON_TEXTS
    assert facts & set(texts_in(path)) == set()


def extract(text: str, site: Site = PAPER) -> tuple[str, str | None, str, int | None]:
    article = extract_page(
        replace(capture_of(text, url="urn:text:1"), site=site.name, fetched_at=READ_AT), site
    ).article
    return article.headline, article.section, article.body, article.views


@pytest.mark.parametrize("controls", ["Larger text\nPrint\n", "Larger text Print\n", "Larger textPrint ", "Print\n"])
def test_controls_of_a_definition_are_removed_before_the_headline(controls: str) -> None:
    text = (
        f"Pinned story\n1 January 2026, 09:00\nWorld\n{controls}A headline\n2 January 2026, 10:00\n\nOne.\n\nRead: 17"
    )
    assert extract(text) == ("A headline", "world", "One.", 17)


def test_controls_of_one_site_are_text_on_another() -> None:
    text = "World\nA+\n2 January 2026, 10:00\n\nOne.\n\nRead: 17"
    assert extract(text)[0] == "A+"
    assert (
        extract(text.replace("A+", "A+\nA headline"), replace(PAPER, text=TextLayout(controls=("A+",))))[0]
        == "A headline"
    )


@pytest.mark.parametrize(("unlabelled", "views"), [(True, 77), (False, None)])
def test_a_counter_with_an_unknown_label_is_recognized_if_the_definition_allows_it(
    unlabelled: bool, views: int | None
) -> None:
    site = replace(PAPER, text=TextLayout(unlabelled_counter=unlabelled))
    text = "World\nA headline\n2 January 2026, 10:00\n\nOne.\n\nThe Paper\nSeen: 77"
    assert extract(text, site)[3] == views


def test_bylines_are_above_the_body_if_the_definition_has_a_labelled_dateline() -> None:
    text = "A headline\nWORLD 2 January 2026, 10:00\nAnna Petrova\nThe Paper\nOne.\n\nTwo."
    for name, layout, authors, first in (("1999", "1999", ("Anna Petrova",), "One."), ("", "text", (), "Anna Petrova")):
        site = replace(PAPER, text=TextLayout(labelled_dateline=name))
        extraction = extract_page(replace(capture_of(text, url="urn:text:1"), site="paper"), site)
        assert (extraction.article.authors, extraction.article.body.splitlines()[0]) == (authors, first)
        page = f"<html><body>{text.replace(chr(10), '<br>')}</body></html>"
        from_html = extract_page(replace(capture_of(page, url="https://paper.example/a"), site="paper"), site)
        assert from_html.layout == (layout if name else "unknown")


def edition(language: str) -> Edition:
    return Edition(language=language, name=language)


@pytest.mark.parametrize(
    ("languages", "text", "language"),
    [
        (("en", "ru", "hy"), "Baku’s formula", "en"),
        (("en", "ru", "hy"), "Формула Баку", "ru"),
        (("en", "ru", "hy"), "Բաքվի բանաձևը", "hy"),
        (("en", "ru", "hy"), "Формула NATO", "ru"),
        (("en", "ru", "hy"), "2026: 17 + 4", None),
        (("en", "ru"), "Բաքվի բանաձևը", None),
        (("de",), "Die Formel", "de"),
        (("de", "en"), "Die Formel", None),
        (("el", "en"), "Η φόρμουλα", "el"),
        (("ka", "en"), "ბაქოს ფორმულა", "ka"),
        (("ar", "fr"), "صيغة باكو", "ar"),
        ((), "Baku", None),
    ],
)
def test_a_script_identifies_the_language_if_only_one_edition_uses_it(
    languages: tuple[str, ...], text: str, language: str | None
) -> None:
    assert language_of_letters(text, replace(PAPER, editions=tuple(map(edition, languages)))) == language
