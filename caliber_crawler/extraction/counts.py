"""View counts as sites print them: ``Views: 354``, ``Просмотров: 1 234``, ``1.2K``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from functools import cache, lru_cache

from caliber_crawler.extraction.dates.printed import with_ascii_digits
from caliber_crawler.extraction.text import clean_inline

# clean_inline has already replaced all kinds of blanks.
_SEPARATORS = r"[ ,.'’‘`´٬·˙_]"
# Groups of three; of two before the last three, as in India; or a plain number.
_NUMBER = (
    r"[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3}(?![0-9])|"
    rf"[0-9]{{1,3}}(?:{_SEPARATORS}[0-9]{{3}})+(?![0-9])|[0-9]+(?:[.,][0-9]+)?"
)
_THOUSAND, _MILLION, _BILLION = 1_000, 1_000_000, 1_000_000_000
_WORDS_OF_SCALES = {
    _THOUSAND: "k к thousand тыс тысяч тысяча тысячи тис тисяч тисячі հզր հազ հազար bin ming минг мың myń миң müň "
    "ҳазор ათ ათასი هزار ألف آلاف الف tys tis tsd rb",
    10 * _THOUSAND: "万 萬 만",
    _MILLION: "m м mn mln млн mio million миллион миллиона миллионов мільйон мільйона мільйонів milyon միլիոն մլն "
    "მლნ მილიონი میلیون مليون ملايين",
    _BILLION: "b bn mlrd млрд billion milyard milyar",
}
_SCALES = {word: scale for scale, words in _WORDS_OF_SCALES.items() for word in words.split()}
# Words that mean something else in other languages: "12 min" is twelve minutes, "1.2B" is a billion.
_SCALES_IN = {
    "az": {"min": _THOUSAND},
    "tr": {"b": _THOUSAND},
    "es": {"mil": _THOUSAND},
    "pt": {"mil": _THOUSAND},
}
# A number with one of these is a duration.
_UNITS = (
    "s|sec|secs|seconds?|с|сек|min|mins|minutes?|мин|минут[аы]?|хв|dəq|dəqiqə|dk|dakika|saat|րոպե|წთ|წუთი|мүн|daqiqa|h"
)
_ANY = "*"
"""In place of a language: all of them."""
MAX_COUNTER_LINE_LENGTH = 48
MAX_COUNT = 10_000_000_000
"""More views than any article has: a larger number is no count."""


@cache
def _scales(language: str | None) -> dict[str, int]:
    if language == _ANY:
        return {word: scale for table in (*_SCALES_IN.values(), _SCALES) for word, scale in table.items()}
    return _SCALES | _SCALES_IN.get(language or "", {})


@cache
def _count(language: str | None) -> re.Pattern[str]:
    words = "|".join(sorted(_scales(language), key=len, reverse=True))
    return re.compile(
        rf"(?<![0-9.,+\-−])(?<![0-9][:/])(?<![0-9][^\W\d])(?P<number>(?>{_NUMBER}))"
        rf"(?:\s?(?P<scale>{words})\b\.?)?"
        rf"(?!\w|\s?[%½]|[.,'’:/–-][0-9]|\s?(?:{_UNITS})\b)",
        re.IGNORECASE,
    )


def parse_count(text: str, language: str | None = None) -> int | None:
    """Return the number of a counter, with or without words around it; ``None`` if there is none. ``0`` is a count.

    A separator followed by exactly three digits groups thousands; any other is a decimal point and needs a scale
    (``1.2K`` is 1200, ``1.2`` is not a count). ``language`` decides what ``min`` and ``B`` mean.

    >>> parse_count("Просмотров: 1\\u00a0234")
    1234
    >>> parse_count("Baxış: 12 min", "az")
    12000
    """
    match = _match_any(text)[1] if language == _ANY else _count(language).search(_plain(text))
    if match is None:
        return None
    number, word = match["number"], match["scale"]
    value = _value(number, _scales(language).get(word.lower(), 1) if word else 1)
    return value if value is not None and value <= MAX_COUNT else None


@lru_cache(maxsize=16)  # a counter is read twice: whether it has a number, and which
def _match_any(text: str) -> tuple[str, re.Match[str] | None]:
    """A text with plain digits, and its first number in any language."""
    plain = _plain(text)
    return plain, _count(_ANY).search(plain)


def count_in_any_language(text: str) -> int | None:
    """The number of a counter that is the same in all languages: digits at its end; ``None`` for any other text."""
    plain, match = _match_any(text)
    # The scales of each language are among those of any, so no language finds a number before this one.
    if match is None or match["scale"] or match.end() < len(plain):
        return None
    value = _value(match["number"], 1)
    return value if value is not None and value <= MAX_COUNT else None


def _value(number: str, scale: int) -> int | None:
    if number.isdecimal():
        return int(number) * scale
    is_scaled = scale > 1
    if re.fullmatch(rf"[0-9]{{1,3}}(?:{_SEPARATORS}[0-9]{{3}})+", number) and not (
        is_scaled and number.count(".") == 1
    ):
        return int(re.sub(r"[^0-9]", "", number)) * scale
    if number.count(",") > 1:
        return int(number.replace(",", "")) * scale
    value = Decimal(number.replace(",", ".")) * scale
    return int(value) if value == value.to_integral_value() else None


def is_scale(word: str) -> bool:
    """Return whether a word is a scale in any language."""
    return word.lower() in _scales(_ANY)


def with_count(text: str | None) -> str | None:
    """Return a counter as printed; ``None`` if it contains no number in any language."""
    return text if text and parse_count(text, _ANY) is not None else None


def _plain(text: str) -> str:
    """A text with ASCII digits; the Arabic decimal separator is a point."""
    return with_ascii_digits(clean_inline(text)).replace("٫", ".")


@cache
def _counter_line(labels: tuple[str, ...]) -> re.Pattern[str]:
    words = "|".join(re.escape(label) for label in labels) or r"(?!)"
    return re.compile(rf"(?:{words})\s*+[::՝]?\s*+[0-9].*", re.IGNORECASE)


def is_counter(line: str, labels: Iterable[str]) -> bool:
    """Return whether a line is the view counter: one of the labels, then only a number."""
    if len(line) > MAX_COUNTER_LINE_LENGTH or not _counter_line(tuple(labels)).fullmatch(line := _plain(line)):
        return False
    return _is_label_and_count(line)


def is_unlabelled_counter(line: str) -> bool:
    """Return whether a line may be a view counter with an unknown label: one or two words, then a number."""
    return (
        len(line) <= MAX_COUNTER_LINE_LENGTH
        and bool(re.match(r"[^\W\d_]+(?: [^\W\d_]+)?\s?[::՝]\s?[0-9]", line := _plain(line)))
        and _is_label_and_count(line)
    )


def _is_label_and_count(line: str) -> bool:
    match = _count(_ANY).search(line)
    return match is not None and match.end() == len(line) and parse_count(line, _ANY) is not None
