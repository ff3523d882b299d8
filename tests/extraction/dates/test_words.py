"""The table of the words of dates."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from caliber_crawler.extraction.dates import month_names
from caliber_crawler.extraction.dates.keys import word_key
from caliber_crawler.extraction.dates.labels import Role, role_of_label, role_of_name
from caliber_crawler.extraction.dates.words import half_named, load_words, month_named

ROOT = Path(__file__).parents[3]
SCRIPT = ROOT / "scripts" / "write-calendar-words"
TABLE = ROOT / "caliber_crawler" / "extraction" / "dates" / "words.json"


@pytest.mark.slow
def test_the_table_is_the_one_that_the_script_writes() -> None:
    code = f"import runpy; print(runpy.run_path({str(SCRIPT)!r})['text'](), end='')"
    written = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, timeout=240).stdout
    assert TABLE.read_bytes() == written


@pytest.mark.parametrize(
    ("name", "month"),
    [
        ("KASIM", 11), ("Kasım", 11), ("NİSAN", 4), ("Nisan", 4), ("IYUN", 6), ("İyun", 6), ("ΙΑΝΟΥΑΡΙΟΥ", 1),
        ("août", 8),        ("AOUT", 8), ("янв.", 1), ("Sept.", 9), ("كانون الثاني", 1), ("يناير", 1), ("ژانویهٔ", 1),
        ("जनवरी", 1),
        ("Jänner", 1),
    ],
)  # fmt: skip
def test_a_month_is_known_in_any_case_and_with_or_without_accents(name: str, month: int) -> None:
    known = month_named(name)
    assert known is not None
    assert known.number == month


@pytest.mark.parametrize("word", ["the", "news", "x", "", "Tuesday", "2026", "ok", "out of"])
def test_another_word_is_no_month(word: str) -> None:
    assert month_named(word) is None


def test_the_months_of_some_languages_are_only_theirs() -> None:
    names = month_names(("hy", "en"))
    assert (names["հունվարի"].number, names["հունվարի"].languages) == (1, {"hy"})
    assert word_key("января") not in names


def test_short_words_name_a_half_of_the_day_only_in_their_language() -> None:
    assert [half_named("de", language) for language in ("hu", "es", None)] == ["am", None, None]
    assert [half_named("ÖS", language) for language in ("tr", "en", None)] == ["pm"] * 3
    assert half_named("p.m.") == "pm"


def test_every_word_of_the_table_is_its_own_key() -> None:
    words = load_words()
    assert all(word_key(name) == name for table in (words.months, words.weekdays, words.halves) for name in table)


@pytest.mark.parametrize(
    ("label", "role"),
    [
        ("Doğum tarihi:", Role.UNNAMED), ("Tarih:", Role.PUBLISHED), ("Дата рождения:", Role.UNNAMED),
        ("Дата:", Role.PUBLISHED), ("© Gazette", Role.OTHER), ("First published, last updated", Role.UPDATED),
        ("Updated by Jane, published", Role.PUBLISHED),
        ("The understanding", Role.UNNAMED), ("By Jane Roe |", Role.UNNAMED),
    ],
)  # fmt: skip
def test_the_nearest_word_before_a_date_is_its_label(label: str, role: Role) -> None:
    assert role_of_label(label) is role


def test_an_element_that_is_called_both_is_the_publication() -> None:
    assert role_of_name("entry-date published updated") is Role.PUBLISHED
    assert role_of_name("dateModified") is Role.UPDATED
