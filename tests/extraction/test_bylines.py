import pytest
from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.extraction.bylines import (
    authors_of_subtitle,
    cut_byline,
    cut_leading_bylines,
    cut_signature,
    is_name,
    is_signature,
    names_in,
    unique,
)
from caliber_crawler.extraction.lines import Line, split_lines
from tests.extraction.pages import site_named

SITE = site_named("caliber")


def texts(lines: list[Line]) -> list[str]:
    return [line.text for line in lines]


@pytest.mark.parametrize(
    "name",
    [
        "Aghakazim Guliyev",
        "Alexander Shapiro Suliman",
        "Матанат Насибова",
        "J. R. Tolkien",
        "Ursula von der Leyen",
        "Anar Murad oğlu",
        "Anar M",
        f"Anna {'P' * 55}",
    ],
)
def test_person_names_are_recognised(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize(
    "text",
    [
        "Caliber.Az",
        "Guliyev",
        "Политический обозреватель",
        "Baku is calm",
        "What changes now?",
        "THE SOUTH CAUCASUS",
        "de Gaulle",
        "von der Leyen",
        "Anna petrova",
        "Anna 2nd",
        "One Two Three Four Five",
        f"Anna {'P' * 56}",
        "",
    ],
)
def test_other_texts_are_not_person_names(text: str) -> None:
    assert not is_name(text)


@pytest.mark.parametrize(
    ("subtitle", "authors"),
    [
        ("Analysis by Matanat Nasibova", ("Matanat Nasibova",)),
        ("Interview by Vadim Mansurov and Murad Abiyev", ("Vadim Mansurov", "Murad Abiyev")),
        ("Weekly review by Caliber.Az", ()),
        ("Caliber.Az weekly review", ()),
        ("Georgia led by Irakli Kobakhidze", ()),
        ("Pashinyan is dodging again", ()),
        (None, ()),
    ],
)
def test_a_subtitle_can_name_the_author(subtitle: str | None, authors: tuple[str, ...]) -> None:
    assert authors_of_subtitle(subtitle, SITE) == authors


def test_a_byline_on_the_last_line_is_removed() -> None:
    assert cut_byline(split_lines("Text.\n\nBy Aghakazim Guliyev")) == (split_lines("Text."), ("Aghakazim Guliyev",))


@pytest.mark.parametrize("last", ["By Friday it was over.", "By the way", "By Caliber.Az", "Stand By Me"])
def test_a_sentence_that_starts_with_by_is_text(last: str) -> None:
    lines = split_lines(f"Text.\n\n{last}")
    assert cut_byline(lines) == (lines, ())


def test_a_byline_that_is_the_whole_body_stays() -> None:
    assert cut_byline(split_lines("By Aghakazim Guliyev")) == (split_lines("By Aghakazim Guliyev"), ())


@pytest.mark.parametrize("signature", ["Caliber.Az", "Caliber.Аz", "Сaliber.Az", "caliber.az", "Caliber.Az."])
def test_a_signature_in_any_alphabet_is_removed(signature: str) -> None:
    rest, found = cut_signature(split_lines(f"Text.\n\n{signature}"), SITE)
    assert (texts(rest), found) == (["Text."], signature)


@pytest.mark.parametrize(
    ("byline", "authors"),
    [
        ("Vadim Mansurov", ("Vadim Mansurov",)),
        ("Tamilla Mammadova\nCaliber.Az", ("Tamilla Mammadova",)),
        ("Tamilla Mammadova | Caliber.Az", ("Tamilla Mammadova",)),
        ("Матанат Насибова\nПолитический обозреватель Caliber.Az", ("Матанат Насибова",)),
        ("Орхан Амашов Caliber.Az |", ("Орхан Амашов",)),
        ("Caliber.Az", ()),
        ("Սևդար Նովրուզով Caliber.Az |", ("Սևդար Նովրուզով",)),
    ],
)
def test_bylines_of_the_old_layout_are_removed(byline: str, authors: tuple[str, ...]) -> None:
    kept, found = cut_leading_bylines(split_lines(f"{byline}\nThe text begins here."), SITE)
    assert (texts(kept), found) == (["The text begins here."], authors)


def test_a_first_sentence_that_names_the_outlet_is_text() -> None:
    lines = split_lines("Caliber.Az spoke with him.\nHe said no.")
    assert cut_leading_bylines(lines, SITE) == (lines, ())


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Anna Petrova", ("Anna Petrova",)),
        ("Anna Petrova, Orxan Amaşov and Vadim Mansurov.", ("Anna Petrova", "Orxan Amaşov", "Vadim Mansurov")),
        ("Anna Petrova & Vadim Mansurov", ("Anna Petrova", "Vadim Mansurov")),
        ("Anna Petrova, our editor", ()),
        ("", ()),
    ],
)
def test_a_list_of_names_has_names_only(text: str, names: tuple[str, ...]) -> None:
    assert names_in(text) == names


def test_names_are_unique_regardless_of_case_and_keep_their_order() -> None:
    assert unique(["Anna Petrova", "Vadim Mansurov", "ANNA PETROVA", "Anna Petrova"]) == (
        "Anna Petrova",
        "Vadim Mansurov",
    )


@pytest.mark.parametrize(("line", "expected"), [("Caliber.Az", True), ("Caliber.Az |" + " |" * 50, False), ("", False)])
def test_a_signature_is_a_short_line_with_the_name_of_the_outlet(line: str, expected: bool) -> None:
    assert is_signature(line, SITE) is expected


@pytest.mark.parametrize(
    ("lines", "kept", "authors"),
    [
        (["Anna Petrova", "Vadim Mansurov", "Text."], ["Vadim Mansurov", "Text."], ("Anna Petrova",)),
        (["Anna Petrova"], ["Anna Petrova"], ()),
        (["Caliber.Az", "Caliber.Az", "Caliber.Az", "Text."], ["Caliber.Az", "Text."], ()),
        (["Caliber.Az one two three four five six", "Text."], ["Text."], ()),
        (
            ["Caliber.Az one two three four five six seven", "Text."],
            ["Caliber.Az one two three four five six seven", "Text."],
            (),
        ),
    ],
)
def test_at_most_two_byline_lines_are_removed_and_never_the_last_line(
    lines: list[str], kept: list[str], authors: tuple[str, ...]
) -> None:
    rest, found = cut_leading_bylines(split_lines("\n".join(lines)), SITE)
    assert (texts(rest), found) == (kept, authors)


@given(st.text())
def test_the_search_for_names_accepts_any_line(text: str) -> None:
    lines = split_lines(text)
    cut_byline(lines)
    cut_signature(lines, SITE)
    cut_leading_bylines(lines, SITE)
    authors_of_subtitle(text, SITE)
