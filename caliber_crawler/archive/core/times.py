"""Moments as the archive writes them: ISO 8601 text, whole seconds, UTC unless the name says local."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

BEGINNING = datetime.min.replace(tzinfo=UTC)
"""Earlier than anything: a listing walked since then has been walked to its end."""


def utc_now() -> datetime:
    """Now, as the archive can hold it."""
    return datetime.now(UTC).replace(microsecond=0)


@lru_cache(maxsize=64)  # the time of a page is written into a dozen rows
def utc_text(moment: datetime) -> str:
    """``2026-01-06T15:13:00Z``. A moment without a zone raises ``ValueError``: nobody could say when it was."""
    return whole_second(moment).astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def utc_text_us(moment: datetime) -> str:
    """``2026-01-06T15:13:00.000000Z``, where it must be told which of two came first."""
    return aware(moment).astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def local_text(moment: datetime) -> str:
    """``2026-01-06T19:13:00+04:00``, in the moment's own offset."""
    return whole_second(moment).isoformat()


def utc_time(text: str) -> datetime:
    """The moment a text of :func:`utc_text` or :func:`utc_text_us` names."""
    return datetime.fromisoformat(text).astimezone(UTC)


def whole_second(moment: datetime) -> datetime:
    """The same moment as the archive can hold it; one without a zone raises ``ValueError``."""
    return aware(moment).replace(microsecond=0)


def aware(moment: datetime) -> datetime:
    if moment.utcoffset() is None:
        raise ValueError(f"{moment.isoformat()} has no time zone")
    return moment


def utc_text_or_none(moment: datetime | None) -> str | None:
    """:func:`utc_text`, or ``None`` for none."""
    return None if moment is None else utc_text(moment)


def utc_time_or_none(text: str | None) -> datetime | None:
    """:func:`utc_time`, or ``None`` for none."""
    return None if text is None else utc_time(text)
