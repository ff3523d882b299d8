"""Signs of life: whether a crawl that should be under way was killed, or hangs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from caliber_crawler.archive import Archive
from caliber_crawler.errors import CaliberError

MAX_SILENCE = timedelta(minutes=5)
"""A crawl without a heartbeat for longer was killed, or hangs. A live one records one each minute."""


def last_heartbeat(run: Mapping[str, Any], now: datetime | None = None) -> datetime | None:
    """The last heartbeat of a crawl that should be under way and is silent; ``None`` for any other run."""
    if run["outcome"] != "running" or run["command"] != "crawl":
        return None
    since = datetime.fromisoformat(run["heartbeat_at"])
    return since if (now or datetime.now(UTC)) - since >= MAX_SILENCE else None


def hanging_crawl(archive: Path) -> str | None:
    """A sentence about a crawl that locks the archive and is silent, if there is one."""
    try:
        with Archive.open(archive) as opened:
            since = next((since for run in opened.runs.last(1) if (since := last_heartbeat(run))), None)
    except CaliberError:
        return None
    if since is None:
        return None
    return f"The crawl under way gave no sign of life since {since:%Y-%m-%d %H:%M} UTC: it seems to hang."
