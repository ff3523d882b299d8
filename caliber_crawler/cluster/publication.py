"""Publication of a shard: its changes are stored, and a row in PostgreSQL makes them the end of the chain.

If the storage fails, publication is tried again for a few minutes, while the job still belongs to the worker.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb

from caliber_crawler.archive.reports.alarms import SiteState
from caliber_crawler.cluster.deadline import PATIENCE, call_within, limit_for
from caliber_crawler.cluster.jobs import Interrupted
from caliber_crawler.cluster.kept_shards import KeptShard
from caliber_crawler.cluster.shard_file import schema_of
from caliber_crawler.cluster.shards import CURRENT_SHARD, FORGET, PUBLISH, Shard
from caliber_crawler.cluster.storage import Storage, digest_of
from caliber_crawler.cluster.takedowns import OF_SITE, carry_out, has_takedowns, names_any, requests_of
from caliber_crawler.errors import StorageUnavailable

if TYPE_CHECKING:
    from procrastinate.connector import BaseConnector

    from caliber_crawler.cluster.lease import Lease
    from caliber_crawler.cluster.log_hold import LogHold
    from caliber_crawler.cluster.takedowns import Request

logger = logging.getLogger(__name__)

PAUSES = (1 / 8, 1 / 4, 1 / 2, 1, 2)
"""Pauses between attempts to publish, as fractions of a job's back-off: together four minutes by default."""
BY = "by_"
"""The beginning of the names of counts by extraction method."""
STOP_CHECK = 0.5
"""Seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The outcome of a job, as plain values. ``unfinished`` work is queued again."""

    work: str
    outcome: str
    why: str | None
    """Why the crawl ended as it did, and what about it is unusual."""
    counts: dict[str, int]
    state: tuple[int, tuple[str, ...]] | None
    """The exit code and open alarms of the site."""
    is_healthy: bool
    """Whether nothing about the crawl is unusual, such as a redesign that hides all articles."""
    unfinished: bool = False
    interrupted: str | None = None
    """Why the worker stopped the crawl."""
    failure: tuple[str, int] | None = None
    """Why the site could not be crawled, and the exit code."""
    articles: int = 0
    requests: int = 0

    @property
    def site_state(self) -> SiteState | None:
        """The state of the site after the crawl."""
        return None if self.state is None else SiteState(self.state[0], tuple(self.state[1]))

    @classmethod
    def of(cls, values: dict[str, Any]) -> Report | None:
        """From :meth:`as_values`, also after a way through JSON; ``None`` if another version wrote other values."""
        if {field.name for field in fields(cls)} != values.keys():
            return None
        return cls(**values)

    def as_values(self) -> dict[str, Any]:
        """Values that JSON can express."""
        return asdict(self)

    def __str__(self) -> str:
        shown = {name: number for name, number in self.counts.items() if number and not name.startswith(BY)}
        counts = ", ".join(f"{name} {number:,}" for name, number in shown.items())
        return f"{self.work}: {self.outcome}" + (f", {self.why}" if self.why else "") + f" ({counts})"


class Publisher:
    """Publishes the shards of one worker."""

    def __init__(
        self,
        connector: BaseConnector,
        storage: Storage,
        lease: Lease,
        write_changes: Callable[[Path, bytes, Path, LogHold | None], bytes | None],
        *,
        back_off: float,
        is_stopping: Callable[[], bool],
        notify: Callable[[str], None] = logger.info,
    ) -> None:
        self._connector, self._storage, self._lease = connector, storage, lease
        self._write_changes, self._notify = write_changes, notify
        self._back_off, self._is_stopping = back_off, is_stopping

    async def publish(
        self, job_id: int, fetched: Shard, before: bytes, path: Path, report: Report, hold: LogHold | None = None
    ) -> KeptShard:
        """Publish what changed since the shard was fetched, whose pages had the digests ``before``.

        Raises :class:`StorageUnavailable` if the storage fails for several minutes, or once after the worker was asked
        to stop: then the file at ``path`` is complete, and can be published later.
        """
        while True:
            requests = await self._requests(fetched.site)
            kept = await self._publish(job_id, fetched, before, path, report, hold, requests)
            if kept is not None:
                return kept
            if len(await self._requests(fetched.site)) == len(requests):
                raise Interrupted("another worker took over the site before its shard was published")
            # Another takedown was requested while the shard was stored.

    async def _requests(self, site: str) -> list[Request]:
        return requests_of(await self._connector.execute_query_all_async(OF_SITE, site=site))

    async def _publish(
        self,
        job_id: int,
        fetched: Shard,
        before: bytes,
        path: Path,
        report: Report,
        hold: LogHold | None,
        requests: list[Request],
    ) -> KeptShard | None:
        self._lease.confirm()
        if await asyncio.to_thread(names_any, path, requests):
            if hold is not None:
                hold.release()  # deletion rewrites the file
            await asyncio.to_thread(carry_out, path, requests)
        # Also what an attempt deleted that did not publish the shard in the end.
        is_new = any(request.id > fetched.takedowns for request in requests)
        purge = is_new and await asyncio.to_thread(has_takedowns, path)
        increment = path.with_suffix(".increment")
        increment.unlink(missing_ok=True)
        now = await asyncio.to_thread(self._write_changes, path, before, increment, hold)
        if now is None:
            return KeptShard(fetched.path, before)
        is_whole = purge or not fetched.takes_increment(increment.stat().st_size)
        part = path if is_whole else increment
        name = await self._put(part, fetched, is_whole=is_whole)
        self._lease.confirm()
        rows = await self._connector.execute_query_all_async(
            PUBLISH,
            job_id=job_id,
            worker_id=self._lease.worker_id,
            base_generation=fetched.generation,
            base=None if is_whole else fetched.generation,
            site=fetched.site,
            path=name,
            size=part.stat().st_size,
            digest=await asyncio.to_thread(digest_of, part),
            outcome=report.outcome,
            why=report.why,
            counts=Jsonb(report.counts),
            archive_schema=schema_of(path),
            takedowns=max((request.id for request in requests), default=0),
            purge=purge,
        )
        if not rows and await self._current_path(fetched.site) != name:
            await self._remove(name)
            return None
        increment.unlink(missing_ok=True)
        outdated = rows[0]["purged"] if rows else []
        if is_whole:
            forgotten = await self._connector.execute_query_all_async(
                FORGET, site=fetched.site, whole=fetched.generation + 1
            )
            outdated = [*outdated, *(row["path"] for row in forgotten)]
        for former in outdated:
            await self._remove(former)
        return KeptShard(name, now)

    async def _remove(self, name: str) -> None:
        with suppress(StorageUnavailable):  # `caliber cluster check --sweep` deletes it
            await call_within(PATIENCE, lambda: self._storage.remove(name), self._is_stopping)

    async def _put(self, part: Path, shard: Shard, *, is_whole: bool) -> str:
        suffix = ".db" if is_whole else ".increment"
        size = part.stat().st_size

        def put() -> str:
            return self._storage.put(part, shard.site, shard.generation + 1, suffix)

        for share in (*PAUSES, None):
            try:
                return await call_within(limit_for(size), put, self._is_stopping)
            except StorageUnavailable as error:
                error.needed = size
                if share is None or self._is_stopping():
                    raise
                pause = share * self._back_off
                self._notify(f"{error} The next attempt is in {pause:,.3g} s; nothing is lost.")
                await self._wait(pause)
        raise AssertionError  # the last attempt returns or raises

    async def _wait(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while (left := end - loop.time()) > 0 and not self._is_stopping():
            await asyncio.sleep(min(left, STOP_CHECK))

    async def _current_path(self, site: str) -> str | None:
        """The path of the current shard. It is this job's own if PUBLISH was repeated after its answer was lost."""
        rows = await self._connector.execute_query_all_async(CURRENT_SHARD, site=site)
        return str(rows[0]["path"]) if rows else None
