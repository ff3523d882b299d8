"""Words follow Unicode's rules for word boundaries, and are counted in one form."""

from __future__ import annotations

import time

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.tokenization import normal_form, paragraphs_of, sentences_of, tokens_of, word_texts, words_of

# Letters, joining and separating signs, marks, digits, connectors of several scripts.
ALPHABET = "aBяЁəİıնև՞ա5٣._'’:,;·-–\u00ad\u0301\u200d_‿ \n!?「カ東א\""


def slow_words(text: str) -> list[str]:
    """Words by the rules WB3 to WB13 of UAX #29, one pair of letters at a time."""

    def kind(letter: str) -> str:
        for name in ("ALetter", "Numeric", "Katakana", "ExtendNumLet", "MidLetter", "MidNum", "MidNumLet"):
            if regex.match(rf"\p{{WB={name}}}", letter):
                return name
        if regex.match(r"\p{WB=Hebrew_Letter}", letter):
            return "ALetter"
        if letter == "'":
            return "MidNumLet"
        if regex.match(r"[\p{WB=Extend}\p{WB=Format}\p{WB=ZWJ}]", letter):
            return "Extend"
        return "Other"

    words, current, kinds = [], "", []
    letters = list(text)

    def next_kind(place: int) -> str:
        for letter in letters[place + 1 :]:
            if kind(letter) != "Extend":
                return kind(letter)
        return "Other"

    for place, letter in enumerate(letters):
        this, last = kind(letter), kinds[-1] if kinds else None
        joined = False
        if last is not None and this == "Extend":
            current += letter
            continue
        if last in ("ALetter", "Numeric"):
            joined = this in ("ALetter", "Numeric", "ExtendNumLet")
            joined |= last == "ALetter" and this in ("MidLetter", "MidNumLet") and next_kind(place) == "ALetter"
            joined |= last == "Numeric" and this in ("MidNum", "MidNumLet") and next_kind(place) == "Numeric"
        elif last in ("MidLetter", "MidNum", "MidNumLet"):
            joined = len(kinds) > 1 and this in ("ALetter", "Numeric") and kinds[-2] == this
        elif last == "ExtendNumLet":
            joined = this in ("ALetter", "Numeric", "Katakana", "ExtendNumLet")
        elif last == "Katakana":
            joined = this in ("Katakana", "ExtendNumLet")
        if joined:
            current += letter
            kinds.append(this)
        else:
            words.append(current)
            current, kinds = letter, [this]
    words.append(current)
    return [word for word in words if regex.search(r"[\p{L}\p{N}]", word)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The president’s adviser isn't here.", ["The", "president’s", "adviser", "isn't", "here"]),
        ("well-known co-operation", ["well", "known", "co", "operation"]),
        ("из-за", ["из", "за"]),
        ("1,234.50 manats, 3.5%", ["1,234.50", "manats", "3.5"]),
        ("See www.example.com. Then", ["See", "www.example.com", "Then"]),
        ("ինչո՞ւ նախարարները հանդիպեցին։", ["ինչո՞ւ", "նախարարները", "հանդիպեցին"]),
        ("Azərbaycan İlham Işıq", ["Azərbaycan", "İlham", "Işıq"]),
        ("'quoted' ’quoted’", ["quoted", "quoted"]),
        ("__ a_b _c", ["a_b", "_c"]),
        ("Bonjour\u202f! 5\u202f000", ["Bonjour", "5", "000"]),
        ("東京タワー", ["東", "京", "タワー"]),
        ("", []),
        ("— … !", []),
    ],
)
def test_words_of_a_text(text: str, words: list[str]) -> None:
    assert word_texts(text) == words
    assert [token.text for token in words_of(text)] == words
    assert all(text[token.start : token.end] == token.text for token in words_of(text))


def is_as_in_the_rules(text: str) -> bool:
    """Neither has it a Katakana word joined by a line, nor an Armenian mark outside a word, which is no letter here."""
    return ("カ" not in text or not {"_", "‿"} & {*text}) and regex.search(r"(?<![աև՞])՞|՞(?![աև՞])", text) is None


@pytest.mark.slow
@given(st.text(st.sampled_from(ALPHABET), max_size=25).filter(is_as_in_the_rules))
def test_words_are_those_of_the_rules_of_unicode(text: str) -> None:
    assert word_texts(text) == slow_words(text)


@pytest.mark.slow
@given(st.text(max_size=60))
def test_tokens_contain_every_visible_letter_of_any_text(text: str) -> None:
    tokens = list(tokens_of(text))
    assert [token.text for token in tokens if token.is_word] == word_texts(text)
    between = text
    for token in reversed(tokens):
        assert text[token.start : token.end] == token.text
        between = between[: token.start] + between[token.end :]
    assert regex.sub(r"[\s\p{Cc}\p{WB=Extend}\p{WB=Format}\p{WB=ZWJ}]", "", between) == ""


@pytest.mark.parametrize(
    ("word", "language", "form"),
    [
        ("IŞIQ", "az", "ışıq"),
        ("İLHAM", "tr-TR", "ilham"),
        ("İlham", "en", "ilham"),
        ("IT", "en", "it"),
        ("ЕЩЁ", "ru", "еще"),
        ("Ё", "be", "ё"),
        ("за\u0301мок", "ru", "замок"),
        ("й", "ru", "й"),
        ("и\u0306", "ru", "й"),
        ("ինչո՞ւ", "hy", "ինչու"),
        ("Baku’s", "en", "baku's"),
        ("co\u00adoperate", "en", "cooperate"),
    ],
)
def test_the_form_in_which_a_word_is_counted(word: str, language: str, form: str) -> None:
    assert normal_form(word, language) == form


@pytest.mark.slow
@given(st.text(), st.sampled_from(["en", "ru", "az", "hy"]))
def test_the_form_of_a_form_is_the_same(text: str, language: str) -> None:
    for word in word_texts(text):
        form = normal_form(word, language)
        assert normal_form(form, language) == form


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("He met I. Aliyev in Baku. Then he left.", ["He met I. Aliyev in Baku. ", "Then he left."]),
        ("The USA. Then?", ["The USA. ", "Then?"]),
        ("It grew by 3.5 per cent, i.e. more. So!", ["It grew by 3.5 per cent, i.e. more. ", "So!"]),
        ("And then... nothing. “Yes.” No?! Да! Так.", ["And then... nothing. ", "“Yes.” ", "No?! ", "Да! ", "Так."]),
        ("Հանդիպեցին։ Նա", ["Հանդիպեցին։ ", "Նա"]),
        ("No end", ["No end"]),
        ("", []),
    ],
)
def test_sentences_of_a_paragraph(text: str, sentences: list[str]) -> None:
    assert [text[start:end] for start, end in sentences_of(text)] == sentences


@pytest.mark.slow
@given(st.text(st.sampled_from("aA яЯ.!?…։”) "), max_size=40))
def test_sentences_cover_the_paragraph(text: str) -> None:
    assert "".join(text[start:end] for start, end in sentences_of(text)) == text


def test_paragraphs_are_separated_by_blank_lines() -> None:
    assert paragraphs_of("one\ntwo\n\n \n\n three ") == ["one\ntwo", "three"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "pattern",
    ["_", "a\u0301", "a'", "a.", ". ", ".", "?", "A. ", "1,", "_‿", ") . ", "'", "a’\u0301", ".)", "\u0301", "。"],
)
def test_any_text_is_divided_in_linear_time(pattern: str) -> None:
    text = pattern * (200_000 // len(pattern))
    started = time.process_time()
    word_texts(text)
    list(tokens_of(text))
    list(sentences_of(text))
    assert time.process_time() - started < 3
