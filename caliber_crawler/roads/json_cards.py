"""Batches of a listing that are JSON with one object a card."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from caliber_crawler.items import Capture, Card
from caliber_crawler.reading import Unreadable
from caliber_crawler.reading.dates import read_date
from caliber_crawler.site import JsonCards, Site


def parse_json(capture: Capture) -> Any | None:
    """The JSON of a batch, ``None`` when it is something else."""
    if capture.body.lstrip()[:1] not in (b"{", b"["):
        return None
    try:
        return json.loads(capture.body)
    except (ValueError, RecursionError):
        return None


def read_json_cards(data: Any, capture: Capture, site: Site, layout: JsonCards) -> tuple[Card, ...]:
    """The cards of a batch, each article once. Raises :class:`Unreadable` where something else stands than a list."""
    items = dig(data, layout.items)
    if items is None:
        items = []
    if not isinstance(items, list):
        raise Unreadable("no_cards", f"{capture.address} holds no list of cards at {layout.items or 'its top'!r}.")
    cards: dict[str, Card] = {}
    for item in items:
        card = _card(item, site, layout)
        if card is not None:
            cards.setdefault(card.url, card)
    return tuple(cards.values())


def dig(data: Any, path: str) -> Any:
    """What stands at a dotted path, ``None`` when there is nothing; an empty path is the data itself."""
    for key in path.split(".") if path else ():
        data = data.get(key) if isinstance(data, dict) else None
    return data


def _card(item: Any, site: Site, layout: JsonCards) -> Card | None:
    url = _text(item, layout.url)
    address = site.address(layout.address.format(url=url if "/" in url else quote(url, safe="%"))) if url else None
    if address is None:
        return None
    label, date = _text(item, layout.section), _text(item, layout.date)
    edition = site.edition(address.language) if address.language else None
    return Card(
        url=address.url,
        headline=_text(item, layout.headline),
        section=(site.section_named(label, edition) or site.section_named(label)) if label else None,
        section_label=label,
        published_at=read_date(date, site) if date else None,
        image=_text(item, layout.image),
    )


def _text(item: Any, path: str) -> str | None:
    value = dig(item, path) if path else None
    return str(value).strip() or None if isinstance(value, str | int) else None
