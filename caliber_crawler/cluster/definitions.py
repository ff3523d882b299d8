"""The site definitions of a cluster, in PostgreSQL: every worker reads what changed before its next job."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import TYPE_CHECKING, Any

from caliber_crawler.cluster.database import connect
from caliber_crawler.site.definition_digest import DIGITS

if TYPE_CHECKING:
    from procrastinate.connector import BaseConnector

STATE = """
SELECT md5(coalesce(string_agg(name || ' ' || digest, ',' ORDER BY name), '')) AS state FROM caliber_definitions
"""
DIGESTS = "SELECT name, digest FROM caliber_definitions"
TEXTS = "SELECT name, text, digest FROM caliber_definitions WHERE name = ANY(%(names)s)"
STORE = """
INSERT INTO caliber_definitions (name, text, digest, updated_by) VALUES (%(name)s, %(text)s, %(digest)s, %(by)s)
ON CONFLICT (name) DO UPDATE
SET text = excluded.text, digest = excluded.digest, updated_at = now(), updated_by = excluded.updated_by
WHERE caliber_definitions.digest <> excluded.digest
RETURNING name
"""


class StoredDefinitions:
    """The definitions as one worker knows them."""

    def __init__(self, connector: BaseConnector) -> None:
        self._connector = connector
        self._state = ""
        self._digests: dict[str, str] = {}
        self._texts: dict[str, str] = {}

    async def read_changes(self) -> dict[str, str] | None:
        """All definitions by the name of the site, if any changed since the last call; only these are transferred."""
        state = str((await self._connector.execute_query_one_async(STATE))["state"])
        if state == self._state:
            return None
        digests = {row["name"]: row["digest"] for row in await self._connector.execute_query_all_async(DIGESTS)}
        changed = [name for name, digest in digests.items() if self._digests.get(name) != digest]
        self._texts = {name: text for name, text in self._texts.items() if name in digests}
        self._digests = {name: digest for name, digest in self._digests.items() if name in digests}
        for row in await self._connector.execute_query_all_async(TEXTS, names=changed):
            self._texts[row["name"]], self._digests[row["name"]] = row["text"], row["digest"]
        # A change between these statements gives another state, which the next call finds.
        self._state = state
        return dict(self._texts)


def stored_definitions(dsn: str) -> dict[str, str]:
    """The definitions of a cluster by the name of the site. Raises :class:`ClusterError`."""
    with connect(dsn) as connection:
        return {row["name"]: row["text"] for row in connection.execute("SELECT name, text FROM caliber_definitions")}


def store_definitions(
    dsn: str, texts: Mapping[str, str], removed: Sequence[str], by: str
) -> tuple[list[str], list[str]]:
    """Store definitions by the name of the site, and delete others, in one transaction.

    Return the names of those that changed, and of those that were deleted. Raises :class:`ClusterError`.
    """
    changed, deleted = [], []
    with connect(dsn) as connection, connection.transaction():
        for name, text in sorted(texts.items()):
            values = {"name": name, "text": text, "digest": digest_of(text), "by": by}
            changed += [row["name"] for row in connection.execute(STORE, values)]
        if removed:
            query = "DELETE FROM caliber_definitions WHERE name = ANY(%s) RETURNING name"
            deleted = [row["name"] for row in connection.execute(query, (list(removed),))]
    return changed, deleted


def list_definitions(dsn: str) -> list[dict[str, Any]]:
    """Name, digest, time and author of each definition. Raises :class:`ClusterError`."""
    with connect(dsn) as connection:
        query = "SELECT name, digest, updated_at, updated_by FROM caliber_definitions ORDER BY name"
        found = connection.execute(query).fetchall()
    return [{**row, "updated_at": row["updated_at"].astimezone(UTC).isoformat(timespec="seconds")} for row in found]


def digest_of(text: str) -> str:
    """The first digits of the SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]
