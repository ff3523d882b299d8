"""What alerts found: new matches, changed headlines and texts, and articles that are gone.

Finding and delivering are separate. An event is stored in the transaction that notes how far an alert has looked, so a
kill neither loses nor repeats one. It stays pending for each target until its delivery was confirmed.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime
from typing import TypedDict

from caliber_crawler.archive.analysis.alerts.alert import Alert, Alerts, Kind
from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.family import FAMILY
from caliber_crawler.archive.core.times import utc_text
from caliber_crawler.archive.search.matching import matching
from caliber_crawler.archive.search.selection import condition
from caliber_crawler.archive.search.tokens import words_in

EVENTS = """
SELECT e.*, a.url, a.headline, a.published_at, a.published_local, a.site, a.language, a.section,
  coalesce(s.title, a.site) AS outlet, n.headline AS new_headline, o.headline AS earlier_headline
FROM alert_events e
JOIN articles m ON m.id = e.article_id
JOIN articles a ON a.id = coalesce(m.duplicate_of, m.id)
JOIN versions n ON n.id = e.version_id
LEFT JOIN versions o ON o.id = e.earlier_version_id
LEFT JOIN sites s ON s.site = a.site"""


class AlertEvent(TypedDict):
    """One event of an alert. Times are ISO 8601 text in UTC unless named ``..._local``."""

    id: int
    alert: str
    kind: Kind
    article_id: int
    version_id: int
    """The text that matches."""
    earlier_version_id: int | None
    words_changed: int | None
    """Words added and removed since the earlier text."""
    gone_at: str | None
    found_at: str
    delivered: str
    """A JSON list of the targets that have received it."""
    url: str
    headline: str
    """The current headline of the article."""
    published_at: str | None
    published_local: str | None
    site: str
    language: str
    section: str | None
    outlet: str
    """The title of the site."""
    new_headline: str
    """The headline of the text that matches."""
    earlier_headline: str | None


class _Text(TypedDict):
    id: int
    headline: str
    subtitle: str | None
    body: str


class AlertEvents:
    """The events of an archive's alerts."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._alerts = Alerts(connection)

    def find(self, now: datetime, name: str | None = None) -> int:
        """Find the events of one alert or of every alert since it looked last, and store them; return their number.

        Raises ``QueryError`` for a query that exceeds a limit since the archive has grown.
        """
        return sum(self._find(alert, now) for alert in self._alerts.all() if name in (None, alert.name))

    def pending(self, alert: str, target: str, *, limit: int) -> list[AlertEvent]:
        """The oldest events of an alert that a target has not received."""
        return self._connection.rows_of(
            AlertEvent,
            f"""{EVENTS} WHERE e.alert = :alert
            AND NOT EXISTS (SELECT 1 FROM json_each(e.delivered) j WHERE j.value = :target)
            ORDER BY e.id LIMIT :limit""",
            {"alert": alert, "target": target, "limit": limit},
        )

    def newest(self, alert: str | None = None, *, limit: int) -> list[AlertEvent]:
        """The newest events of an alert or of all."""
        return self._connection.rows_of(
            AlertEvent,
            f"{EVENTS} WHERE :alert IS NULL OR e.alert = :alert ORDER BY e.id DESC LIMIT :limit",
            {"alert": alert, "limit": limit},
        )

    def mark_delivered(self, events: list[AlertEvent], target: str) -> None:
        """Record that a target has received these events."""
        with self._connection.transaction():
            for event in events:
                delivered = [*json.loads(event["delivered"]), target]
                self._connection.execute(
                    "UPDATE alert_events SET delivered = ? WHERE id = ?", (json.dumps(delivered), event["id"])
                )

    def _find(self, alert: Alert, now: datetime) -> int:
        with self._connection.transaction():
            last: int = self._connection.value("SELECT coalesce(max(id), 0) FROM versions")
            found = self._find_changes(alert, now) if last > alert.last_version_id else 0
            if "removed" in alert.kinds:
                found += self._find_removed(alert, now)
            if last > alert.last_version_id:
                self._connection.execute("UPDATE alerts SET last_version_id = ? WHERE name = ?", (last, alert.name))
        return found

    def _find_changes(self, alert: Alert, now: datetime) -> int:
        where, values = condition(self._connection, alert.selection())
        articles = self._connection.values(
            f"SELECT a.id FROM articles a WHERE {where} AND a.current_version_id > :cursor ORDER BY a.id",
            {**values, "cursor": alert.last_version_id},
        )
        return sum(self._examine(alert, id, now) for id in articles)

    def _examine(self, alert: Alert, article_id: int, now: datetime) -> int:
        """Compare the current text of an article with the one that the alert saw last."""
        current = self._text("= (SELECT current_version_id FROM articles WHERE id = :article_id)", article_id, 0)
        earlier = self._text("<= :cursor", article_id, alert.last_version_id)
        assert current is not None, "selected articles have a current version"
        if earlier is None or not self._matches(alert, earlier["id"]):
            return self._add(alert, "new", article_id, current["id"], None, now)
        if self._connection.value("SELECT cause FROM versions WHERE id = ?", (current["id"],)) == "reextract":
            return 0
        found = 0
        if current["headline"] != earlier["headline"]:
            found += self._add(alert, "headline", article_id, current["id"], earlier["id"], now)
        words = changed_words(_whole(earlier), _whole(current))
        if words >= alert.min_words:
            found += self._add(alert, "text", article_id, current["id"], earlier["id"], now, words=words)
        return found

    def _text(self, which: str, article_id: int, cursor: int) -> _Text | None:
        return self._connection.row_of(
            _Text,
            f"""SELECT id, headline, subtitle, body FROM versions WHERE article_id IN ({FAMILY}) AND id {which}
            ORDER BY replaced_by IS NOT NULL, seen_from DESC, id DESC LIMIT 1""",
            {"article_id": article_id, "cursor": cursor},
        )

    def _matches(self, alert: Alert, version_id: int) -> bool:
        """Whether an earlier text matched the query."""
        text = matching(self._connection, alert.query).text
        if not text:
            # The query is about the article, such as its author.
            return True
        found = self._connection.value(
            "SELECT 1 FROM versions_fts WHERE versions_fts MATCH :match AND rowid = :version",
            {"match": text, "version": version_id},
        )
        return found is not None

    def _find_removed(self, alert: Alert, now: datetime) -> int:
        where, values = condition(self._connection, alert.selection())
        rows = self._connection.rows(
            f"""SELECT a.id, a.current_version_id, a.gone_at FROM articles a
            WHERE a.gone_at >= :created_at AND {where} ORDER BY a.gone_at, a.id""",
            {**values, "created_at": alert.created_at},
        )
        return sum(
            self._add(alert, "removed", row["id"], row["current_version_id"], None, now, gone_at=row["gone_at"])
            for row in rows
        )

    def _add(
        self,
        alert: Alert,
        kind: Kind,
        article_id: int,
        version_id: int,
        earlier_version_id: int | None,
        now: datetime,
        *,
        words: int | None = None,
        gone_at: str | None = None,
    ) -> int:
        """Store an event if the alert reports its kind and it is not known; return the number of new events."""
        if kind not in alert.kinds:
            return 0
        return self._connection.execute(
            """INSERT OR IGNORE INTO alert_events
            (alert, kind, article_id, version_id, earlier_version_id, words_changed, gone_at, found_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
            (alert.name, kind, article_id, version_id, earlier_version_id, words, gone_at, utc_text(now)),
        ).rowcount


def changed_words(earlier: str, current: str) -> int:
    """The number of words added and removed, whatever their order; takes linear time."""
    before, after = Counter(words_in(earlier)), Counter(words_in(current))
    return (after - before).total() + (before - after).total()


def _whole(text: _Text) -> str:
    return "\n".join(filter(None, (text["subtitle"], text["body"])))
