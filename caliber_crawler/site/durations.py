"""Durations as text: ``30 minutes``, ``1 day 12 hours``."""

from __future__ import annotations

import re
from datetime import timedelta

UNITS = ("days", "hours", "minutes", "seconds")
_PART = r"(\d{1,9}(?:\.\d{1,6})?) (day|hour|minute|second)s?"
_DURATION = re.compile(rf"{_PART}(?: {_PART}){{0,3}}")


def parse_duration(text: str) -> timedelta:
    """The duration that a text states. Raises ``ValueError``."""
    plain = " ".join(text.split())
    if not _DURATION.fullmatch(plain):
        raise ValueError(text)
    try:
        return sum((timedelta(**{f"{unit}s": float(number)}) for number, unit in re.findall(_PART, plain)), timedelta())
    except OverflowError:
        raise ValueError(text) from None


def duration_text(duration: timedelta) -> str:
    """A duration that is not negative, as text; :func:`parse_duration` returns the same duration."""
    minutes, seconds = divmod(duration.seconds, 60)
    numbers = (duration.days, minutes // 60, minutes % 60, seconds)
    parts = [_quantity(f"{number}", unit) for number, unit in zip(numbers[:3], UNITS, strict=False) if number]
    fraction = f".{duration.microseconds:06}".rstrip("0") if duration.microseconds else ""
    if seconds or fraction or not parts:
        parts.append(_quantity(f"{seconds}{fraction}", "seconds"))
    return " ".join(parts)


def _quantity(number: str, unit: str) -> str:
    return f"{number} {unit.removesuffix('s') if number == '1' else unit}"
