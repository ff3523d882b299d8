"""Delivery of pending events to their targets.

A message is marked as delivered after its target accepted it. If the program is killed between the two, the message is
sent again under the same ID: mail programs and feed readers show it once, and programs can compare the ID.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from caliber_crawler.alerts.feed import atom
from caliber_crawler.alerts.messages import as_json, batch_id, line, title
from caliber_crawler.archive.analysis.alerts import Alert, AlertEvent
from caliber_crawler.errors import CaliberError, QueryError
from caliber_crawler.notification.message import Message
from caliber_crawler.notification.message import send as send_message
from caliber_crawler.notification.target import Target, parse_target
from caliber_crawler.output_files import new_file

if TYPE_CHECKING:
    from caliber_crawler.archive import Archive

BATCH = 50
"""Number of events in a message."""
MAX_BATCHES = 20
"""Number of messages to a target in one go; the rest waits for the next."""
FEED_ENTRIES = 200


@dataclass(frozen=True, slots=True)
class Delivery:
    """The result for one alert and target."""

    alert: str
    target: str
    """The target without secrets."""
    sent: int
    failure: str | None
    """Why the rest could not be sent, as a clause."""


def deliver(archive: Archive, now: datetime, environment: Mapping[str, str]) -> list[Delivery]:
    """Find the events of all alerts and send those that are pending; return a result where there was something."""
    results = []
    for alert in archive.alerts.all():
        try:
            archive.alerts.find(now, alert.name)
        except QueryError as error:
            results.append(Delivery(alert.name, "nobody", 0, f"its query cannot be run: {str(error).rstrip('.')}"))
        for text in alert.targets:
            if archive.alerts.pending(alert.name, text, limit=1):
                results.append(_deliver(archive, alert, text, environment))  # noqa: PERF401 - after the search
    return results


def _deliver(archive: Archive, alert: Alert, text: str, environment: Mapping[str, str]) -> Delivery:
    place, sent = text.partition(":")[0], 0
    try:
        target = parse_target(text, environment)
        place = target.place
        for _ in range(MAX_BATCHES):
            events = archive.alerts.pending(alert.name, text, limit=BATCH)
            if not events:
                break
            failure = send(archive, alert, events, target, environment)
            if failure:
                return Delivery(alert.name, place, sent, failure)
            archive.alerts.mark_delivered(events, text)
            sent += len(events)
    except CaliberError as error:
        return Delivery(alert.name, place, sent, str(error).rstrip("."))
    except OSError as error:
        return Delivery(alert.name, place, sent, f"{error.strerror}")
    return Delivery(alert.name, place, sent, None)


def send(
    archive: Archive, alert: Alert, events: Sequence[AlertEvent], target: Target, environment: Mapping[str, str]
) -> str | None:
    """Send one message; return the cause of a failure as a clause. A feed is written as a whole."""
    if target.kind == "feed":
        with new_file(target.path) as file:
            file.write(atom(alert, archive.alerts.newest(alert.name, limit=FEED_ENTRIES)))
        return None
    message = Message(title(alert, events), [line(event) for event in events], as_json(alert, events), batch_id(events))
    return send_message(target, message, environment)
