"""Saved searches."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, get_args

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.times import utc_text
from caliber_crawler.archive.search.matching import matching
from caliber_crawler.archive.search.selection import Selection
from caliber_crawler.errors import AlertError

Kind = Literal["new", "headline", "text", "removed"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""What an alert reports: an article that matches, a changed headline, a changed text, an article that is gone."""

NAME = re.compile(r"[\w-][\w -]{0,79}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """A saved search, and where to send what it finds."""

    name: str
    query: str
    targets: tuple[str, ...]
    """See :mod:`caliber_crawler.notification.target`."""
    kinds: tuple[Kind, ...] = ("new",)
    min_words: int = 1
    """Smallest change of a text that is reported, in words added or removed."""
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """``sites``, ``sections`` and ``languages``."""
    created_at: str = ""
    last_version_id: int = 0
    """The last version that was examined."""

    def selection(self) -> Selection:
        """The articles that match now."""
        return Selection(
            search=self.query,
            sites=self.filters.get("sites", ()),
            sections=self.filters.get("sections", ()),
            languages=self.filters.get("languages", ()),
        )


class Alerts:
    """The alerts of an archive."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self) -> list[Alert]:
        """Every alert, by name."""
        return [_alert(row) for row in self._connection.rows("SELECT * FROM alerts ORDER BY name")]

    def get(self, name: str) -> Alert:
        """The alert of that name. Raises ``AlertError``."""
        row = self._connection.row("SELECT * FROM alerts WHERE name = ?", (name,))
        if row is None:
            known = ", ".join(alert.name for alert in self.all()) or "none"
            raise AlertError(f"{self._connection.path} has no alert {name!r}; it has: {known}.")
        return _alert(row)

    def add(self, alert: Alert, now: datetime, *, include_known: bool = False) -> None:
        """Store an alert. It reports what changes from now on; with ``include_known``, all that matches now too.

        Raises ``AlertError`` for an invalid or known name, ``QueryError`` for a query that cannot be understood.
        """
        matching(self._connection, alert.query)
        if not NAME.fullmatch(alert.name):
            raise AlertError(
                f"{alert.name!r} is not a name for an alert: use at most 80 letters, digits, - and spaces."
            )
        if self._connection.value("SELECT 1 FROM alerts WHERE name = ?", (alert.name,)) is not None:
            raise AlertError(f"There is an alert {alert.name!r} already: remove it first, or choose another name.")
        last = self._connection.value("SELECT coalesce(max(id), 0) FROM versions")
        with self._connection.transaction():
            self._connection.execute(
                """INSERT INTO alerts (name, query, filters, kinds, min_words, targets, created_at, last_version_id)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
                (
                    alert.name,
                    alert.query,
                    json.dumps(alert.filters, ensure_ascii=False),
                    json.dumps(alert.kinds),
                    alert.min_words,
                    json.dumps(alert.targets),
                    utc_text(now),
                    0 if include_known else last,
                ),
            )

    def remove(self, name: str) -> None:
        """Delete an alert and its events. Raises ``AlertError`` if there is none of that name."""
        self.get(name)
        with self._connection.transaction():
            self._connection.execute("DELETE FROM alert_events WHERE alert = ?", (name,))
            self._connection.execute("DELETE FROM alerts WHERE name = ?", (name,))


def _alert(row: Mapping[str, Any]) -> Alert:
    return Alert(
        name=row["name"],
        query=row["query"],
        targets=tuple(json.loads(row["targets"])),
        kinds=tuple(json.loads(row["kinds"])),
        min_words=row["min_words"],
        filters={name: tuple(values) for name, values in json.loads(row["filters"]).items()},
        created_at=row["created_at"],
        last_version_id=row["last_version_id"],
    )
