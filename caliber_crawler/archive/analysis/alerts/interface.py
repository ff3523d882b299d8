"""``Archive.alerts``: saved searches and their events in Python."""

from __future__ import annotations

from datetime import datetime

from caliber_crawler.archive.analysis.alerts.alert import Alert, Alerts
from caliber_crawler.archive.analysis.alerts.events import AlertEvent, AlertEvents
from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.times import utc_now


class SavedSearches:
    """The alerts of one archive."""

    def __init__(self, connection: Connection) -> None:
        self._alerts = Alerts(connection)
        self._events = AlertEvents(connection)

    def all(self) -> list[Alert]:
        """Every alert, by name."""
        return self._alerts.all()

    def get(self, name: str) -> Alert:
        """The alert of that name. Raises ``AlertError``."""
        return self._alerts.get(name)

    def add(self, alert: Alert, *, include_known: bool = False) -> None:
        """Store an alert. It reports what changes from now on; with ``include_known``, all that matches now too.

        Raises ``AlertError`` for an invalid or known name.
        """
        self._alerts.add(alert, utc_now(), include_known=include_known)

    def remove(self, name: str) -> None:
        """Delete an alert and its events. Raises ``AlertError`` if there is none of that name."""
        self._alerts.remove(name)

    def find(self, now: datetime, name: str | None = None) -> int:
        """Find the events of one alert or of every alert since it looked last, and store them; return their number.

        Raises ``QueryError`` for a query that exceeds a limit since the archive has grown.
        """
        return self._events.find(now, name)

    def pending(self, alert: str, target: str, *, limit: int) -> list[AlertEvent]:
        """The oldest events of an alert that a target has not received."""
        return self._events.pending(alert, target, limit=limit)

    def newest(self, alert: str | None = None, *, limit: int = 100) -> list[AlertEvent]:
        """The newest events of an alert or of all."""
        return self._events.newest(alert, limit=limit)

    def mark_delivered(self, events: list[AlertEvent], target: str) -> None:
        """Record that a target has received these events."""
        self._events.mark_delivered(events, target)
