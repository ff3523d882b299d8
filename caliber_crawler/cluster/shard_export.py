"""The export of all shards to Parquet: a file per site, several at a time, only of shards that changed since."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

from caliber_crawler.archive import Archive, Selection
from caliber_crawler.archive.search.text_rows import RowKind
from caliber_crawler.cluster.shard_file import require_readable
from caliber_crawler.cluster.shards import Shard
from caliber_crawler.cluster.storage import Storage
from caliber_crawler.errors import ArchiveFull, CaliberError, ClusterError, InputError, StorageUnavailable
from caliber_crawler.export import write_parquet
from caliber_crawler.output_files import new_file
from caliber_crawler.processes import Executor, WorkerCrashed


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardExport:
    """What to export of each shard, and the folder of the files."""

    folder: Path
    storage: str
    """The URL of the storage."""
    cluster: str | None
    dsn: str
    selection: Selection
    kind: RowKind = "articles"
    fields: tuple[str, ...] = ()
    scratch: Path | None = None

    @property
    def digest(self) -> str:
        """Of what is exported, so that another selection replaces the files."""
        return hashlib.sha256(repr((self.selection, self.kind, self.fields)).encode()).hexdigest()[:16]

    def target(self, site: str) -> Path:
        """The Parquet file of a site."""
        return self.folder / f"{quote(site, safe='')}.parquet"

    def note(self, site: str) -> Path:
        """A file that names the shard from which a Parquet file is."""
        return self.target(site).with_suffix(".json")

    def is_current(self, shard: Shard) -> bool:
        """Whether the file of a shard was written from it, and with the same selection."""
        with suppress(OSError, ValueError, KeyError, TypeError):
            known = json.loads(self.note(shard.site).read_text("utf-8"))
            return (known["shard"], known["selection"]) == (shard.path, self.digest) and self.target(
                shard.site
            ).exists()
        return False


def export_all(export: ShardExport, shards: Sequence[Shard], jobs: int) -> Iterator[tuple[str, int | CaliberError]]:
    """Export shards in worker processes; yield each site with the number of rows, or why it failed.

    Raises :class:`ArchiveFull` and :class:`StorageUnavailable`, which would end all others too.
    """
    executor = Executor[Shard](
        partial(export_shard, export), lambda shard: (shard,), jobs, max_in_flight=1, start_next=1
    )
    for shard, call in executor.map_unordered(shards):
        try:
            yield shard.site, call.result()
        except (ArchiveFull, StorageUnavailable, InputError):
            raise
        except CaliberError as error:
            yield shard.site, error
        except WorkerCrashed as error:
            yield shard.site, ClusterError(f"its worker process ended: {error}.")


def export_shard(export: ShardExport, shard: Shard) -> int:
    """Write the Parquet file of a shard; return the number of rows."""
    storage = Storage(export.storage)
    storage.cluster = export.cluster
    with TemporaryDirectory(prefix="caliber-export-", dir=export.scratch) as folder:
        path = Path(folder) / "shard.db"
        fetched = storage.fetch_current(shard, path, export.dsn)
        require_readable(path, shard.site, fetched.path)
        with Archive.open(path) as archive, new_file(export.target(shard.site)) as file:
            rows = archive.rows_of_kind(export.selection, export.kind)
            count = write_parquet(rows, archive.columns_of_kind(export.kind, export.fields), file)
    note = json.dumps({"shard": fetched.path, "selection": export.digest, "rows": count})
    with new_file(export.note(shard.site)) as file:
        file.write(note.encode())
    return count
