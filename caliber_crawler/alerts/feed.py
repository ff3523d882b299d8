"""An Atom feed of an alert's events, in a file."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lxml import etree

from caliber_crawler.alerts.messages import event_id, line
from caliber_crawler.archive.analysis.alerts import Alert, AlertEvent

ATOM = "http://www.w3.org/2005/Atom"
NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""https://www.w3.org/TR/xml/#charsets."""


def atom(alert: Alert, events: Sequence[AlertEvent]) -> bytes:
    """The feed of these events, newest first. The ID of an entry never changes, so readers show each event once."""
    namespaces: dict[str | None, str] = {None: ATOM}
    feed = etree.Element(f"{{{ATOM}}}feed", nsmap=namespaces)  # type: ignore[arg-type] # lxml's default namespace
    _add(feed, "id", f"urn:caliber-alert:{alert.name}")
    _add(feed, "title", f"{alert.name}: {alert.query}")
    _add(feed, "updated", max((event["found_at"] for event in events), default=alert.created_at))
    _add(_add(feed, "author"), "name", "caliber")
    for event in events:
        entry = _add(feed, "entry")
        _add(entry, "id", f"urn:caliber-alert-event:{event_id(event)}")
        _add(entry, "title", line(event).rpartition(" ")[0])
        _add(entry, "updated", event["found_at"])
        _add(entry, "link", rel="alternate", href=event["url"])
        if event["published_at"]:
            _add(entry, "published", event["published_at"])
    return etree.tostring(feed, xml_declaration=True, encoding="utf-8", pretty_print=True)


def _add(parent: etree._Element, tag: str, text: str = "", **attributes: str) -> etree._Element:
    child = etree.SubElement(parent, f"{{{ATOM}}}{tag}", {k: NOT_IN_XML.sub("", v) for k, v in attributes.items()})
    if text:
        child.text = NOT_IN_XML.sub("", text)
    return child
