"""Liveness: detect crawls that were killed or that hang, by their heartbeat."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from caliber_crawler.archive import Archive
from caliber_crawler.errors import CaliberError

MAX_SILENCE = timedelta(minutes=5)
"""Maximum time without a heartbeat; a live crawl records one per minute."""


def last_heartbeat(run: Mapping[str, Any], now: datetime | None = None) -> datetime | None:
    """Return the last heartbeat of a crawl that is recorded as running but is silent; ``None`` for any other run."""
    if run["outcome"] != "running" or run["command"] != "crawl":
        return None
    since = datetime.fromisoformat(run["heartbeat_at"])
    return since if (now or datetime.now(UTC)) - since >= MAX_SILENCE else None


def hanging_crawl(archive: Path) -> str | None:
    """Return a sentence about a silent crawl that locks the archive; ``None`` if there is none."""
    try:
        with Archive.open(archive) as opened_archive:
            since = next((since for run in opened_archive.runs.last(1) if (since := last_heartbeat(run))), None)
    except CaliberError:
        return None
    if since is None:
        return None
    return f"The running crawl has sent no heartbeat since {since:%Y-%m-%d %H:%M} UTC: it seems to hang."
