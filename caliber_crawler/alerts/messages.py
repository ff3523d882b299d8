"""Messages about the events of one alert: plain text for people, JSON for programs."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence

from caliber_crawler.archive.analysis.alerts import KINDS, Alert, AlertEvent, Kind
from caliber_crawler.quantity import quantity

LABELS: dict[Kind, tuple[str, str]] = {
    "new": ("new article", "new articles"),
    "headline": ("changed headline", "changed headlines"),
    "text": ("changed text", "changed texts"),
    "removed": ("removed article", "removed articles"),
}


def event_id(event: AlertEvent) -> str:
    """A name for an event that stays the same when it is sent again."""
    known = (event["alert"], event["kind"], event["url"], event["version_id"], event["gone_at"] or "")
    return hashlib.sha256("\n".join(map(str, known)).encode()).hexdigest()[:32]


def batch_id(events: Sequence[AlertEvent]) -> str:
    """A name for a message about some events."""
    return hashlib.sha256("\n".join(map(event_id, events)).encode()).hexdigest()[:32]


def title(alert: Alert, events: Sequence[AlertEvent]) -> str:
    """``sanctions: 2 new articles, 1 changed headline``."""
    counts = Counter(event["kind"] for event in events)
    parts = [f"{counts[kind]:,} {LABELS[kind][counts[kind] != 1]}" for kind in KINDS if counts[kind]]
    return f"{alert.name}: {', '.join(parts)}"


def line(event: AlertEvent) -> str:
    """One event in one line, with its URL at the end."""
    about = f"{event['outlet']}, {(event['published_local'] or 'no date')[:10]}"
    headline = event["new_headline"]
    said = {
        "new": headline,
        "headline": f"Headline changed: “{event['earlier_headline']}” → “{headline}”",
        "text": f"Text changed ({quantity(event['words_changed'] or 0, 'word')}): {headline}",
        "removed": f"Removed: {headline}",
    }[event["kind"]]
    return " ".join(f"{said} ({about}) {event['url']}".split())


def as_json(alert: Alert, events: Sequence[AlertEvent]) -> dict[str, object]:
    """The payload of a webhook."""
    return {
        "id": batch_id(events),
        "alert": alert.name,
        "query": alert.query,
        "title": title(alert, events),
        "events": [
            {
                "id": event_id(event),
                "kind": event["kind"],
                "url": event["url"],
                "headline": event["new_headline"],
                "earlier_headline": event["earlier_headline"],
                "words_changed": event["words_changed"],
                "published_at": event["published_at"],
                "site": event["site"],
                "language": event["language"],
                "section": event["section"],
                "gone_at": event["gone_at"],
                "found_at": event["found_at"],
            }
            for event in events
        ],
    }
