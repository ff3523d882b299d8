import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.extraction.text import clean_inline, fold, slug

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


@given(st.text() | st.text(alphabet="a Яև\u0301\n" + INVISIBLE))
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
