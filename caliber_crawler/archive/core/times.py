"""Timestamps in the archive's format: ISO 8601 text in whole seconds, in UTC unless the name says local."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

BEGINNING = datetime.min.replace(tzinfo=UTC)
"""Earlier than any timestamp: a listing with this ``crawled_since`` was crawled to its end."""


def utc_now() -> datetime:
    """The current time in whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)


@lru_cache(maxsize=64)  # the timestamp of a page is written into a dozen rows
def utc_text(time: datetime) -> str:
    """Format as ``2026-01-06T15:13:00Z``. Raises ``ValueError`` for a time without a time zone."""
    return whole_second(time).astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def utc_text_us(time: datetime) -> str:
    """Format as ``2026-01-06T15:13:00.000000Z``, where the order of two events within a second matters."""
    return require_zone(time).astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def local_text(time: datetime) -> str:
    """Format as ``2026-01-06T19:13:00+04:00``, in the time's own offset."""
    return whole_second(time).isoformat()


def utc_time(text: str) -> datetime:
    """Parse a text of :func:`utc_text` or :func:`utc_text_us`."""
    return datetime.fromisoformat(text).astimezone(UTC)


def whole_second(time: datetime) -> datetime:
    """The time in whole seconds. Raises ``ValueError`` for a time without a time zone."""
    return require_zone(time).replace(microsecond=0)


def require_zone(time: datetime) -> datetime:
    if time.utcoffset() is None:
        raise ValueError(f"{time.isoformat()} has no time zone")
    return time


def utc_text_or_none(time: datetime | None) -> str | None:
    """:func:`utc_text`; ``None`` stays ``None``."""
    return None if time is None else utc_text(time)


def utc_time_or_none(text: str | None) -> datetime | None:
    """:func:`utc_time`; ``None`` stays ``None``."""
    return None if text is None else utc_time(text)
