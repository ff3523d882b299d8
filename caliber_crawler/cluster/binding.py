"""The binding of a storage to its cluster: both know the same random name.

So no worker writes to a folder whose mount is missing, or to the storage of another cluster.
"""

from __future__ import annotations

import secrets

from caliber_crawler.cluster.database import connect
from caliber_crawler.cluster.storage import Storage
from caliber_crawler.errors import StorageUnavailable

NAME = "SELECT storage FROM caliber_protocol"
SOME = "SELECT path FROM caliber_shards ORDER BY published_at DESC LIMIT 5"
RECORD = "UPDATE caliber_protocol SET storage = %s"


def bind_storage(dsn: str, storage: Storage) -> None:
    """Bind a storage to its cluster the first time; later, check that it is that one.

    Raises :class:`StorageUnavailable`.
    """
    with connect(dsn) as connection:
        known_row = connection.execute(NAME).fetchone()
    if known_row is not None and known_row["storage"] is not None:
        # Without the lock, for which others would wait as long as the storage takes to answer.
        storage.cluster = str(known_row["storage"])
        storage.require_mark()
        return
    with connect(dsn) as connection, connection.transaction():
        row = connection.execute(f"{NAME} FOR UPDATE").fetchone()
        assert row is not None, "require_set_up"
        if row["storage"] is None:
            known = [shard["path"] for shard in connection.execute(SOME)]
            if known and all(storage.size_of(path) is None for path in known):
                raise StorageUnavailable(f"The storage {storage.url} has no shard of this cluster; is it mounted?")
            name = storage.read_mark() or secrets.token_hex(8)
            storage.mark(name)
            connection.execute(RECORD, (name,))
        else:
            storage.cluster = str(row["storage"])
            storage.require_mark()


def expect_storage(dsn: str, storage: Storage) -> None:
    """Check that a storage is that of the cluster, if any is; raises as :func:`bind_storage`."""
    with connect(dsn) as connection:
        row = connection.execute(NAME).fetchone()
    storage.cluster = None if row is None else row["storage"]
    storage.require_mark()
