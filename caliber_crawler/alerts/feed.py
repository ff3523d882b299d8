"""An Atom feed of an alert's events, in a file."""

from __future__ import annotations

from collections.abc import Sequence

from lxml import etree

from caliber_crawler.alerts.messages import event_id, line
from caliber_crawler.archive.analysis.alerts import Alert, AlertEvent
from caliber_crawler.export.atom import add, atom_feed, new_entry


def atom(alert: Alert, events: Sequence[AlertEvent]) -> bytes:
    """The feed of these events, newest first. The ID of an entry never changes, so readers show each event once."""
    return atom_feed(
        map(_entry, events),
        id=f"urn:caliber-alert:{alert.name}",
        title=f"{alert.name}: {alert.query}",
        author="caliber",
        updated=alert.created_at,
    )


def _entry(event: AlertEvent) -> etree._Element:
    id, title = f"urn:caliber-alert-event:{event_id(event)}", line(event).rpartition(" ")[0]
    entry = new_entry(id, title, event["found_at"])
    add(entry, "link", rel="alternate", href=event["url"])
    if event["published_at"]:
        add(entry, "published", event["published_at"])
    return entry
