"""Dates and times of the archive as text for people."""

from __future__ import annotations

from datetime import datetime


def utc_moment(text: str) -> str:
    """``2026-01-06T15:13:00Z`` as ``6 January 2026, 15:13 UTC``."""
    return f"{_day_and_time(datetime.fromisoformat(text))} UTC"


def brief_moment(text: str) -> str:
    """``2026-01-06T15:13:00Z`` as ``6 Jan 2026, 15:13 UTC``, for narrow columns."""
    moment = datetime.fromisoformat(text)
    return f"{moment.day} {moment:%b %Y, %H:%M} UTC"


def day(text: str) -> str:
    """``2026-01-06T15:13:00Z`` as ``6 Jan 2026``."""
    moment = datetime.fromisoformat(text)
    return f"{moment.day} {moment:%b %Y}"


def local_moment(text: str) -> str:
    """``2026-01-06T19:13:00+04:00`` as ``6 January 2026, 19:13 (UTC+4)``."""
    sign, hours, minutes = text[-6], int(text[-5:-3]), text[-2:]
    offset = f"UTC{sign}{hours}" if minutes == "00" else f"UTC{sign}{hours}:{minutes}"
    return f"{_day_and_time(datetime.fromisoformat(text))} ({offset})"


def brief_local_moment(text: str) -> str:
    """``2026-01-06T19:13:00+04:00`` as ``6 Jan 2026, 19:13``, the time of the site."""
    moment = datetime.fromisoformat(text)
    return f"{moment.day} {moment:%b %Y, %H:%M}"


def _day_and_time(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y, %H:%M}"
