"""View counts as sites print them: ``Views: 354``, ``Просмотров: 1 234``, ``1.2K``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from functools import cache

from caliber_crawler.extraction.text import clean_inline

# clean_inline has already replaced all kinds of blanks.
_SEPARATORS = r"[ ,.'’‘`´٬·˙_]"
# Groups of three; of two before the last three, as in India; or a plain number.
_NUMBER = (
    r"[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3}(?![0-9])|"
    rf"[0-9]{{1,3}}(?:{_SEPARATORS}[0-9]{{3}})+(?![0-9])|[0-9]+(?:[.,][0-9]+)?"
)
_SCALES = {
    "k": 1_000,
    "к": 1_000,
    "тыс": 1_000,
    "тысяч": 1_000,
    "тысяча": 1_000,
    "тысячи": 1_000,
    "thousand": 1_000,
    "հզր": 1_000,
    "հազ": 1_000,
    "m": 1_000_000,
    "м": 1_000_000,
    "млн": 1_000_000,
    "mln": 1_000_000,
    "million": 1_000_000,
    "миллион": 1_000_000,
    "миллиона": 1_000_000,
    "миллионов": 1_000_000,
    "միլիոն": 1_000_000,
    "b": 1_000_000_000,
    "մլն": 1_000_000,
}
_COUNT = re.compile(
    rf"(?<![0-9.,+\-−])(?<![0-9][:/])(?<![0-9][^\W\d])(?P<number>{_NUMBER})"
    rf"(?:\s?(?P<scale>{'|'.join(sorted(_SCALES, key=len, reverse=True))})\b\.?)?"
    r"(?!\w|\s?[%½]|[.,'’:/–-][0-9])",
    re.IGNORECASE,
)
MAX_COUNTER_LINE_LENGTH = 48


def parse_count(text: str) -> int | None:
    """Return the number of a counter, with or without words around it; ``None`` if there is none. ``0`` is a count.

    A separator followed by exactly three digits groups thousands; any other is a decimal point and needs a scale
    (``1.2K`` is 1200, ``1.2`` is not a count).

    >>> parse_count("Просмотров: 1\\u00a0234")
    1234
    """
    match = _COUNT.search(clean_inline(text))
    if match is None:
        return None
    number, scale = match["number"], (match["scale"] or "").lower()
    if re.fullmatch(rf"[0-9]{{1,3}}(?:{_SEPARATORS}[0-9]{{3}})+", number) and not (scale and number.count(".") == 1):
        return int(re.sub(r"[^0-9]", "", number)) * _SCALES.get(scale, 1)
    if number.count(",") > 1:
        return int(number.replace(",", "")) * _SCALES.get(scale, 1)
    value = Decimal(number.replace(",", ".")) * _SCALES.get(scale, 1)
    return int(value) if value == value.to_integral_value() else None


def with_count(text: str | None) -> str | None:
    """Return a counter as printed; ``None`` if it contains no number."""
    return text if text and parse_count(text) is not None else None


@cache
def _counter_line(labels: tuple[str, ...]) -> re.Pattern[str]:
    words = "|".join(re.escape(label) for label in labels) or r"(?!)"
    return re.compile(rf"(?:{words})\s*+[::՝]?\s*+[0-9].*", re.IGNORECASE)


def is_counter(line: str, labels: Iterable[str]) -> bool:
    """Return whether a line is the view counter: one of the labels, then only a number."""
    if len(line) > MAX_COUNTER_LINE_LENGTH or not _counter_line(tuple(labels)).fullmatch(line):
        return False
    return _is_label_and_count(line)


def is_unlabelled_counter(line: str) -> bool:
    """Return whether a line may be a view counter with an unknown label: one or two words, then a number."""
    return (
        len(line) <= MAX_COUNTER_LINE_LENGTH
        and bool(re.match(r"[^\W\d_]+(?: [^\W\d_]+)?\s?[::՝]\s?[0-9]", line))
        and _is_label_and_count(line)
    )


def _is_label_and_count(line: str) -> bool:
    match = _COUNT.search(line)
    return match is not None and match.end() == len(line) and parse_count(line) is not None
