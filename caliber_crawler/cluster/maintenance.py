"""Maintenance of shards while workers run: a command holds a site as a job does, so that no job crawls it meanwhile.

The hold is a job of its own queue that is never waiting, only running. Like a job, it ends when its process dies.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Self

import psycopg
from psycopg.types.json import Jsonb

from caliber_crawler.archive import Archive
from caliber_crawler.cluster.binding import expect_storage
from caliber_crawler.cluster.database import connect, conninfo, require_set_up
from caliber_crawler.cluster.lease import RENEWAL_SHARE, Lease, reassigned_after
from caliber_crawler.cluster.page_changes import empty_log
from caliber_crawler.cluster.shard_file import require_readable, schema_of
from caliber_crawler.cluster.shards import CURRENT_SHARD, FORGET, PUBLISH, Part, Shard
from caliber_crawler.cluster.storage import Storage, digest_of
from caliber_crawler.cluster.takedowns import OF_SITE, carry_out, requests_of
from caliber_crawler.cluster.work import HostLocks, Work
from caliber_crawler.errors import (
    ArchiveError,
    ArchiveFull,
    CaliberError,
    ClusterError,
    ShardUnusable,
    SiteError,
    StorageUnavailable,
)

if TYPE_CHECKING:
    from scrapy.settings import Settings

    from caliber_crawler.cluster.takedowns import Request

TASK = "caliber.maintenance"
LEASE = 60.0
"""Seconds."""
REGISTER = "SELECT worker_id FROM procrastinate_register_worker_v1()"
UNREGISTER = "SELECT procrastinate_unregister_worker_v1(%s)"
HOLD = """
INSERT INTO procrastinate_jobs (queue_name, task_name, lock, args, status, worker_id)
VALUES ('maintenance', %(task)s, %(lock)s, %(args)s, 'doing', %(worker_id)s) RETURNING id
"""
IN_USE = """
SELECT DISTINCT coalesce(args ->> 'shard', args ->> 'site') AS site FROM procrastinate_jobs WHERE status = 'doing'
"""
RELEASE = "DELETE FROM procrastinate_jobs WHERE id = %s"
RELEASE_ABANDONED = """
DELETE FROM procrastinate_jobs job WHERE task_name = %(task)s AND NOT EXISTS (
  SELECT FROM procrastinate_workers w
  WHERE w.id = job.worker_id AND w.last_heartbeat > now() - %(silent_for)s * interval '1 second')
"""
TAKEN_DOWN = "UPDATE caliber_shards SET takedowns = greatest(takedowns, %(last)s) WHERE site = %(site)s"
LAST_CRAWL = "SELECT outcome, why, counts FROM caliber_shards WHERE site = %(site)s"
ALL_PARTS = """
SELECT generation, base, path, size, digest FROM caliber_shard_parts WHERE site = %(site)s ORDER BY generation
"""


class SiteInUse(ClusterError):
    """A job of the site runs at present."""


class Maintenance:
    """Changes shards of a cluster. Use it in a ``with`` statement; raises :class:`ClusterError`."""

    def __init__(self, dsn: str, storage: Storage, settings: Settings, scratch: Path | None = None) -> None:
        self._dsn, self._storage, self._scratch = dsn, storage, scratch
        self._locks = HostLocks(settings)
        self._lease = Lease(conninfo(dsn, application_name="caliber lease"), LEASE)
        self._stack = ExitStack()
        self._over = threading.Event()

    def __enter__(self) -> Self:
        require_set_up(self._dsn)
        expect_storage(self._dsn, self._storage)
        self._connection = self._stack.enter_context(connect(self._dsn))
        try:
            self._connection.execute(RELEASE_ABANDONED, {"task": TASK, "silent_for": reassigned_after(LEASE)})
            before = self._lease.read_clocks()
            row = self._connection.execute(REGISTER).fetchone()
            assert row is not None
            self._lease.begin(int(row["worker_id"]), before)
            threading.Thread(target=self._pulse, name="pulse", daemon=True).start()
        except BaseException as error:
            self._stack.__exit__(type(error), error, error.__traceback__)
            raise
        return self

    def __exit__(self, *error: Any) -> None:
        self._over.set()
        self._lease.finish()
        with suppress(psycopg.Error):
            self._connection.execute(UNREGISTER, (self._lease.worker_id,))
        self._stack.__exit__(*error)

    def _pulse(self) -> None:
        while not self._over.wait(LEASE * RENEWAL_SHARE / 2):
            self._lease.pulse()

    @contextmanager
    def hold(self, site: str) -> Iterator[int]:
        """Hold a site until the block ends; yield the ID of the job. Raises :class:`SiteInUse` if a job runs."""
        try:
            lock = self._locks.of(Work(site=site))
        except SiteError:
            lock = site  # its definition is not known here
        values = {"task": TASK, "lock": lock, "args": Jsonb({"site": site}), "worker_id": self._lease.worker_id}
        try:
            row = self._connection.execute(HOLD, values).fetchone()
        except psycopg.errors.UniqueViolation:
            raise SiteInUse(f"A job of {site} runs at present; try again when it has ended.") from None
        assert row is not None
        try:
            yield int(row["id"])
        finally:
            self._connection.execute(RELEASE, (row["id"],))

    def sites_in_use(self) -> list[str]:
        """The sites of the jobs that run at present, also of those without a shard yet."""
        return [row["site"] for row in self._connection.execute(IN_USE)]

    def current(self, site: str) -> Shard:
        """The current shard of a site. Raises :class:`ClusterError` if it has none."""
        row = self._connection.execute(CURRENT_SHARD, {"site": site}).fetchone()
        if row is None:
            raise ClusterError(f"There is no shard of the site {site!r}; `caliber cluster status` lists the shards.")
        return Shard.of(row)

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """A temporary folder for a shard."""
        with TemporaryDirectory(prefix="caliber-maintenance-", dir=self._scratch) as folder:
            yield Path(folder)

    def migrate(self, site: str) -> int | None:
        """Migrate the shard of a site to this version's schema; return the former one, ``None`` if it has it already.

        Raises :class:`ClusterError` or :class:`~caliber_crawler.errors.ArchiveError`.
        """
        with self.hold(site) as job_id, self.folder() as folder:
            shard, path = self.current(site), folder / "shard.db"
            self._fetch(shard, path)
            with Archive.open(path, mode="write") as archive:
                former = archive.migrated_from
            if former is not None:
                self._publish(job_id, shard, path)
        return former

    def take_down(self, site: str) -> int:
        """Carry out the takedowns of a site in its shard now; return the number of deleted articles.

        A shard without any of the articles stays as it is.
        """
        with self.hold(site) as job_id, self.folder() as folder:
            shard, path = self.current(site), folder / "shard.db"
            self._fetch(shard, path)
            requests = self._requests(site)
            deleted = carry_out(path, requests)
            if deleted:
                self._publish(job_id, shard, path, purge=True)
            else:
                last = max((request.id for request in requests), default=0)
                self._connection.execute(TAKEN_DOWN, {"site": site, "last": last})
        return deleted

    def restore(self, site: str, generation: int | None = None) -> tuple[int, int]:
        """Publish a former generation of a shard again; return its number, and the new one.

        Without ``generation``, that is the last one before the current one that can be read. Raises
        :class:`ShardUnusable` if none can.
        """
        with self.hold(site) as job_id, self.folder() as folder:
            shard, path = self.current(site), folder / "shard.db"
            parts = [Part(**row) for row in self._connection.execute(ALL_PARTS, {"site": site})]
            wanted = [part for part in parts if part.generation < shard.generation]
            found = self._fetch_former(site, wanted, path, generation)
            self._publish(job_id, shard, path)
        return found, shard.generation + 1

    def _fetch_former(self, site: str, parts: list[Part], path: Path, generation: int | None) -> int:
        failures: list[str] = []
        for whole in reversed([part for part in parts if part.base is None]):
            if generation is not None and whole.generation > generation:
                continue
            reached = 0
            try:
                path.unlink(missing_ok=True)
                self._storage.fetch_part(whole, path)
                reached = whole.generation
                for part in parts:
                    if part.base == reached and part.generation <= (generation or part.generation):
                        self._storage.fetch_increment(part, path)
                        reached = part.generation
            except ShardUnusable as error:
                failures.append(str(error))
            if reached and reached == (generation or reached) and schema_of(path) is not None:
                return reached
            if generation is not None:
                break
        what = "No former generation" if generation is None else f"Generation {generation}"
        raise ShardUnusable(f"{what} of the shard of {site} can be read. {' '.join(failures)}".rstrip())

    def _fetch(self, shard: Shard, path: Path) -> None:
        self._storage.fetch(shard, path)
        require_readable(path, shard.site, shard.path)

    def _requests(self, site: str) -> list[Request]:
        return requests_of(self._connection.execute(OF_SITE, {"site": site}).fetchall())

    def _publish(self, job_id: int, shard: Shard, path: Path, *, purge: bool = False) -> None:
        """Publish a whole archive after the takedowns of its site. ``purge`` deletes all former files."""
        site, requests = {"site": shard.site}, self._requests(shard.site)
        purge = bool(carry_out(path, requests)) or purge
        empty_log(path)
        name = self._storage.put(path, shard.site, shard.generation + 1)
        last = self._connection.execute(LAST_CRAWL, site).fetchone()
        assert last is not None
        self._lease.confirm()
        row = self._connection.execute(
            PUBLISH,
            {
                **site,
                "job_id": job_id,
                "worker_id": self._lease.worker_id,
                "base_generation": shard.generation,
                "base": None,
                "path": name,
                "size": path.stat().st_size,
                "digest": digest_of(path),
                "outcome": last["outcome"],
                "why": last["why"],
                "counts": Jsonb(last["counts"]),
                "archive_schema": schema_of(path),
                "takedowns": max((request.id for request in requests), default=0),
                "purge": purge,
            },
        ).fetchone()
        if row is None:
            self._storage.remove(name)
            raise ClusterError(f"The shard of {shard.site} was published by another process meanwhile; try again.")
        forgotten = self._connection.execute(FORGET, {**site, "whole": row["generation"]})
        for former in [*row["purged"], *(each["path"] for each in forgotten)]:
            self._storage.remove(former)


def for_each(sites: Iterable[str], action: Callable[[str], None]) -> dict[str, CaliberError]:
    """Do something for each site; return the errors of those for which it failed.

    A full local disk, or a storage that is unavailable as a whole, ends it: it would fail for all others.
    """
    failures: dict[str, CaliberError] = {}
    for site in sites:
        try:
            action(site)
        except (ArchiveFull, StorageUnavailable):
            raise
        except (ClusterError, ArchiveError) as error:
            failures[site] = error
    return failures
