import pytest
from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.extraction.counts import is_counter, is_unlabelled_counter, parse_count

LABELS = ("Views", "Просмотров")


@pytest.mark.parametrize(
    ("shown", "count"),
    [
        ("Views: 354", 354),
        ("Views: 0", 0),
        ("Просмотров: 1 234", 1234),
        ("Դիտումներ՝ 12.045", 12045),
        ("354", 354),
        ("1,234,567", 1_234_567),
        ("1.2K", 1200),
        ("1,2 тыс.", 1200),
        ("3M", 3_000_000),
        ("1.234K", 1234),
        ("1,2K", 1200),
        ("1.2 k", 1200),
        ("10K views", 10_000),
        ("1K+", 1000),
        ("12 тысяч", 12_000),
        ("2.5 миллиона", 2_500_000),
        ("2,5 млн", 2_500_000),
        ("1,2 հազ.", 1200),
        ("3 մլն", 3_000_000),
        ("1.5 million", 1_500_000),
        ("1.2B", 1_200_000_000),
        ("12,34,567", 1_234_567),
        ("1_234", 1234),
        ("1˙234", 1234),
        ("354 views", 354),
        ("Просмотров179", 179),
        ("0", 0),
        ("00", 0),
    ],
)
def test_a_count_is_parsed_in_every_format(shown: str, count: int) -> None:
    assert parse_count(shown) == count


@pytest.mark.parametrize(
    "shown",
    [
        *(
            "",
            "Views:",
            "Views: –",
            "Views: -5",
            "1.2",
            "1.23",
            "19:13",
            "12/05",
            "Views: many",
            "n/a",
            "—",
            "K",
            "½",
            "²",
        ),
        *("06.01.2026", "1.2.3", "v1.2", "1e5", "5a", "10%", "3.14 %", "2026-01-06"),
    ],
)
def test_a_text_without_a_count_gives_none_and_not_zero(shown: str) -> None:
    assert parse_count(shown) is None


@given(st.integers(0, 10**9), st.sampled_from(list(", \u00a0\u202f\u2009\u2007.'’‘`´٬·˙_")))
def test_any_thousands_separator_is_accepted(count: int, separator: str) -> None:
    assert parse_count(f"Views: {count:,}".replace(",", separator)) == count


@given(st.text())
def test_parsing_a_count_never_fails_and_never_gives_a_negative(text: str) -> None:
    count = parse_count(text)
    assert count is None or count >= 0


def test_a_counter_is_a_separate_line() -> None:
    assert is_counter("Views: 1 234", LABELS)
    assert is_counter("Просмотров: 5", LABELS)
    assert not is_counter("Views: 354 people came to the square", LABELS)
    assert not is_counter("Views differ: 3 of them", LABELS)


def test_a_counter_with_an_unknown_label_is_recognised() -> None:
    assert is_unlabelled_counter("Դիտումներ: 12")
    assert not is_unlabelled_counter("In January 2026: 12 new posts")
