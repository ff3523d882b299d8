"""Alarms about disks and storage: one for all sites that they affect, which ends only when it is clearly over.

A storage that is nearly full takes small files and refuses large ones. Its alarm ends when three things hold: something
was stored after the last failure, the last failure is minutes ago, and, of a disk, clearly more is free than what did
not fit.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from caliber_crawler.archive.reports.alarms import SiteState
from caliber_crawler.cluster.publication import PAUSES
from caliber_crawler.disk_space import DiskSpace
from caliber_crawler.errors import ArchiveFull, StorageUnavailable

if TYPE_CHECKING:
    from procrastinate.connector import BaseConnector

    from caliber_crawler.cluster.state_messages import StateMessages
    from caliber_crawler.cluster.storage import Storage

STORAGE = "shard storage"
"""The name under which the state of the storage is recorded, beside those of the sites."""
DISK = "disk of "
"""The same for the local disk of a machine, whose name follows."""
QUIET = sum(PAUSES)
"""Multiple of the back-off that passes without a failure before an alarm ends: as long as publication is tried."""
MAX_INTERVAL = 15.0
"""Seconds between two looks at an alarm that may end."""
FORGET_DAYS = 7
"""Days without a failure after which the alarm of a machine that may be gone is forgotten."""

NEEDED = "UPDATE caliber_states SET needed = greatest(needed, %(needed)s) WHERE site = %(site)s"
FAULT = """
SELECT coalesce(needed, 0) AS needed, extract(epoch FROM now() - updated_at)::float AS age
FROM caliber_states WHERE site = %(site)s AND state <> 'healthy'
"""
OVER = "UPDATE caliber_states SET needed = NULL WHERE site = %(site)s"
FORGET = """
DELETE FROM caliber_states WHERE site LIKE %(pattern)s AND updated_at < now() - %(days)s * interval '1 day'
"""


def is_over(
    *, failed_ago: float, stored_ago: float | None, quiet: float, space: DiskSpace | None, needed: int = 0
) -> bool:
    """Whether an alarm ends: when the last failure and the last success were (seconds), and how much is free."""
    is_proved = stored_ago is not None and stored_ago < failed_ago
    return is_proved and failed_ago >= quiet and (space is None or space.is_clear(needed))


@dataclass(slots=True)
class Place:
    """Where something is stored. ``stored_at`` is when this worker did so last, on the monotonic clock."""

    name: str
    space: Callable[[], DiskSpace | None]
    stored_at: float | None = None


class StorageAlarms:
    """The alarms of the shared storage and of this machine's disk, which holds the shards in use.

    ``back_off`` is that of jobs, in seconds.
    """

    def __init__(
        self, connector: BaseConnector, states: StateMessages, storage: Storage, scratch: Path, back_off: float
    ) -> None:
        self._connector, self._states = connector, states
        self._quiet = QUIET * back_off
        self._storage = Place(STORAGE, storage.space)
        self._disk = Place(f"{DISK}{socket.gethostname()}", lambda: DiskSpace.of(scratch))
        storage.on_stored = lambda: self.record_success(self._storage)

    async def record_failure(self, error: Exception, why: str) -> bool:
        """Record a failure if it is one of the storage or the disk, which says nothing about a site; return whether."""
        code = getattr(error, "exit_code", None)
        if isinstance(error, StorageUnavailable):
            place = self._storage
        elif code == ArchiveFull.exit_code:
            place = self._disk
        else:
            return False
        await self._states.record(place.name, SiteState(code or StorageUnavailable.exit_code), why)
        await self._connector.execute_query_async(NEEDED, site=place.name, needed=getattr(error, "needed", 0))
        return True

    def record_job(self) -> None:
        """Record that a job used the disk without a failure."""
        self.record_success(self._disk)

    @staticmethod
    def record_success(place: Place) -> None:
        """Record that something was stored just now."""
        place.stored_at = time.monotonic()

    async def run(self) -> None:
        """End alarms that are over, until cancelled."""
        while True:
            await self.settle()
            await asyncio.sleep(min(MAX_INTERVAL, max(0.2, self._quiet / 4)))

    async def settle(self) -> None:
        """End the alarms that are over, whichever worker has recorded them."""
        for place in (self._storage, self._disk):
            if place.stored_at is None:
                continue
            stored_at = place.stored_at
            stored_ago = time.monotonic() - stored_at
            rows = await self._connector.execute_query_all_async(FAULT, site=place.name)
            if rows and not is_over(
                failed_ago=rows[0]["age"],
                stored_ago=stored_ago,
                quiet=self._quiet,
                space=place.space(),
                needed=rows[0]["needed"],
            ):
                continue
            if rows:
                await self._states.record(place.name, SiteState(0), None)
                await self._connector.execute_query_async(OVER, site=place.name)
            if place.stored_at == stored_at:
                place.stored_at = None

    async def forget_old(self) -> None:
        """Delete the alarms of machines that are gone."""
        await self._connector.execute_query_async(FORGET, pattern=f"{DISK}%", days=FORGET_DAYS)
