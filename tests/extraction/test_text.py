import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.extraction.text import clean_inline, fold, slug

SPELLED = ("می\u200cشود", "خبرگزاری\u200cها", "ক\u200d্ষ", "ന്\u200d വന്നു", "क्\u200dष", "👨\u200d👩\u200d👧")
INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u202e\x00\x07\x9f"


def test_blanks_of_every_width_become_one_plain_blank() -> None:
    assert clean_inline(" a\u00a0\u2009\u202fb\r\n\tc\u3000") == "a b c"


def test_invisible_characters_are_removed() -> None:
    assert clean_inline("for\u00admu\u200bla\ufeff") == "formula"


def test_accents_are_composed() -> None:
    assert clean_inline("И\u0306") == "Й"


def test_letters_of_the_region_stay_unchanged() -> None:
    assert clean_inline("Əliyev ı İ ğ ş, Ёлка, Հայաստան և") == "Əliyev ı İ ğ ş, Ёлка, Հայաստան և"


@given(st.text())
def test_cleaning_twice_changes_nothing(text: str) -> None:
    assert clean_inline(clean_inline(text)) == clean_inline(text)


@pytest.mark.parametrize("text", SPELLED)
def test_joiners_that_are_spelling_stay(text: str) -> None:
    assert clean_inline(text) == unicodedata.normalize("NFC", text)
    assert fold(text) == fold(text.replace("\u200c", "").replace("\u200d", ""))


@pytest.mark.parametrize("text", ["ab\u200ccd", "\u200cمی", "می\u200c شود", "x\u200d", "1\u200c2", "м\u200dи"])
def test_joiners_that_join_nothing_are_removed(text: str) -> None:
    assert clean_inline(text) == clean_inline(text.replace("\u200c", "").replace("\u200d", ""))


@given(st.text(alphabet="می ক্ a👨\u200c\u200d\n\u200b"))
def test_cleaning_joiners_twice_changes_nothing(text: str) -> None:
    assert clean_inline(clean_inline(text)) == clean_inline(text)


def test_turkish_capitals_fold_to_the_same_key() -> None:
    assert fold("İSTANBUL ISPARTA") == fold("istanbul ısparta") == fold("Istanbul Isparta")


# Joiners are spelling only in scripts above these.
@given(st.text(alphabet=st.characters(max_codepoint=0x5FF)) | st.text(alphabet="a Яև\u0301\n" + INVISIBLE))
def test_a_clean_line_is_nfc_and_has_nothing_invisible(text: str) -> None:
    line = clean_inline(text)
    assert unicodedata.is_normalized("NFC", line)
    assert not any(char in line for char in INVISIBLE + "\n\t\u00a0")
    assert line == line.strip()


def test_a_signature_in_mixed_alphabets_folds_to_the_same_key() -> None:
    assert fold("Саliber.Аz") == fold("CALIBER.AZ")


@given(st.text(alphabet="АВЕКМНОРСТУХавекмнорстух abcABC"))
def test_a_key_does_not_depend_on_case(text: str) -> None:
    assert fold(text.upper()) == fold(text.lower())


def test_a_slug_has_the_site_s_format() -> None:
    assert slug("Baku’s “geopolitical” formula — 2026!") == "baku-s-geopolitical-formula-2026"
    assert slug("Հայաստանում ԱՄՆ-ի դեսպանատունը") == "հայաստանում-ամն-ի-դեսպանատունը"
