"""Does a live site still look as its file says? Judged from a handful of its pages, without fetching anything."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from caliber_crawler.items import Capture, Listing, Reading
from caliber_crawler.reading import Unreadable, read_page
from caliber_crawler.roads import read_list
from caliber_crawler.site import Site

WANTED = ("headline", "body", "published_at", "section", "views")
"""Fields without which an article page is not as a site's file says."""
LONGEST_SHOWN = 60
"""Characters of a value."""
SURE = ("selector",)
"""Rungs that a site's own file gives."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    subject: str
    sound: bool
    found: str
    advice: str = ""
    """What to change, where it is not sound."""

    def as_row(self) -> dict[str, Any]:
        return asdict(self)


def check_site(captures: Sequence[Capture], site: Site) -> list[Finding]:
    """What these pages, the first of every road and a few articles, say of the site's file."""
    findings = []
    first_cards: set[str] = set()
    for capture in captures:
        if capture.kind == "tdmrep":  # few sites have that file, and none need have it
            continue
        if capture.error is not None or capture.status != 200:
            findings.append(_unanswered(capture))
        elif capture.kind == "article":
            findings += _article(capture, site)
        else:
            findings.append(_list(capture, site, first_cards))
    return findings


def _unanswered(capture: Capture) -> Finding:
    advice = {
        "listing": "correct the section's path",
        "feed": "correct the feed's path, or take the road out",
        "sitemap": "name the site maps' paths, or take the road out",
    }
    found = capture.error or f"answered {capture.status}"
    return Finding(f"{capture.kind} {capture.url}", False, found, advice.get(capture.kind, "see what stands there"))


def _list(capture: Capture, site: Site, first_cards: set[str]) -> Finding:
    subject = f"{capture.kind} {capture.url}"
    try:
        listing = read_list(capture, site)
    except Unreadable as unreadable:
        return Finding(subject, False, unreadable.message, f"correct the {capture.kind}'s path, or take the road out")
    if capture.kind == "sitemap":
        sound = bool(listing.cards or listing.maps)
        found = f"{len(listing.cards)} articles, {len(listing.maps)} further maps"
        return Finding(subject, sound, found, "" if sound else "name the site maps' paths, or take the road out")
    if not listing.cards:
        advice = "correct listing.card and listing.link" if capture.kind == "listing" else "look at what the feed holds"
        return Finding(subject, False, "no articles", advice)
    return _cards(subject, capture, listing, first_cards)


def _cards(subject: str, capture: Capture, listing: Listing, first_cards: set[str]) -> Finding:
    urls = {card.url for card in listing.cards}
    dated = sum(card.published_at is not None for card in listing.cards)
    found = f"{len(urls)} articles, {dated} of them with a date"
    if capture.kind == "listing" and first_cards and urls <= first_cards:
        return Finding(subject, False, f"{found}, none new", "correct listing.more: caliber doctor --scroll finds it")
    if capture.kind == "listing":
        first_cards |= urls
    if 2 * dated < len(urls):
        what = "listing.date and date_formats" if capture.kind == "listing" else "how the feed tells its dates"
        return Finding(subject, False, found, f"correct {what}")
    return Finding(subject, True, found)


def _article(capture: Capture, site: Site) -> Iterable[Finding]:
    subject = f"article {capture.url}"
    try:
        reading = read_page(capture, site)
    except Unreadable as unreadable:
        return [Finding(subject, False, unreadable.message, "describe the page in a layout")]
    if reading.layout not in {layout.name for layout in site.layouts}:
        return [Finding(subject, False, f"layout {reading.layout}", "describe the page in a layout")]
    return [_field(subject, field, reading) for field in WANTED if _expected(field, reading, site)]


def _expected(field: str, reading: Reading, site: Site) -> bool:
    layout = next(layout for layout in site.layouts if layout.name == reading.layout)
    return bool(getattr(layout, "date" if field == "published_at" else field, ""))


def _field(subject: str, field: str, reading: Reading) -> Finding:
    rung = reading.rungs.get(field)
    value = getattr(reading.article, field)
    selector = "date" if field == "published_at" else field
    if value in (None, "", ()):
        return Finding(f"{subject}: {field}", False, "not found", f"correct the layout's {selector}")
    shown = " ".join(str(value).split())
    shown = shown if len(shown) <= LONGEST_SHOWN else shown[:LONGEST_SHOWN] + "…"
    if rung not in SURE:
        return Finding(f"{subject}: {field}", False, f"{shown} (by {rung})", f"correct the layout's {selector}")
    return Finding(f"{subject}: {field}", True, shown)
