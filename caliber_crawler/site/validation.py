"""What cannot be right in a site's file, said before anything is asked of the site."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from string import Formatter
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from caliber_crawler.site.discovery import PostIds, Revisits, Search

if TYPE_CHECKING:
    from caliber_crawler.site.site import Site

COUNTING = ("page", "offset")
PLACES = (*COUNTING, "size", "path", "slug", "section", "id", "language", "edition")
"""What the request for a later batch may name."""

RESERVED_LAYOUTS = ("text", "generic", "unknown")
"""Names under which the archive records that a page was extracted without a layout."""


def validation_errors(site: Site) -> Iterator[str]:
    """One clause for each fault."""
    try:
        re.compile(site.article_path)
    except re.error as error:
        yield f"article_path is no regular expression: {error}"
    try:
        ZoneInfo(site.timezone)
    except (KeyError, ValueError, OSError):
        yield f"there is no time zone {site.timezone!r}"
    sections = {key for edition in site.editions for key in edition.sections}
    for key in site.default_sections:
        if key not in sections:
            yield f"default_sections names {key!r}, which no edition has"
    yield from _layouts(site)
    yield from _listing(site)
    yield from _revisits(site.revisits)
    for source in site.sources:
        if isinstance(source, Search):
            yield from _named("Search.path", source.path, ("query",), needs=("query",))
            yield from _named("Search.more", source.more, ("page",), needs=("page",) if source.more else ())
        elif isinstance(source, PostIds):
            for path in source.paths.values():
                yield from _named("Numbers.paths", path, ("number",), needs=("number",))


def _layouts(site: Site) -> Iterator[str]:
    names = [layout.name for layout in site.layouts]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"two layouts are called {name!r}"
    for name in (*names, site.text.labelled_dateline):
        if name in RESERVED_LAYOUTS:
            yield f"no layout may be called {name!r}, which says how a page without a layout was extracted"
    if site.text.labelled_dateline in names:
        yield f"text.labelled_dateline names {site.text.labelled_dateline!r}, which has selectors in layouts"
    controls = site.text.controls
    if any(label != " ".join(label.split()) or not label for label in controls):
        yield "text.controls holds a label that is empty or has blanks around it"
    if len(set(controls)) < len(controls):
        yield "text.controls names a label twice"


def _listing(site: Site) -> Iterator[str]:
    layout = site.listing
    if layout is None:
        return
    if layout.form and not layout.more:
        yield "listing.form is posted to listing.more, which is empty"
    unsound = [*_named("listing.more", layout.more, PLACES), *_named("listing.form", layout.form, PLACES)]
    yield from unsound
    if unsound:
        return
    named = _places(layout.more) | _places(layout.form)
    if layout.more and not named & set(COUNTING):
        yield "listing.more asks for the same teasers each time: it names neither {page} nor {offset}"
    if "offset" in named and layout.page_size < 1:
        yield "listing.more counts teasers by {offset}, so page_size must say how many a batch has"


def _revisits(plan: Revisits) -> Iterator[str]:
    if plan.later <= timedelta():
        yield "revisits.later must be longer than no time"
    if list(plan.ages) != sorted(set(plan.ages)) or any(age <= timedelta() for age in plan.ages):
        yield "revisits.ages must rise"


def _named(name: str, text: str, known: tuple[str, ...], needs: tuple[str, ...] = ()) -> Iterator[str]:
    try:
        named = _places(text)
    except ValueError as error:
        yield f"{name} cannot be read: {error}"
        return
    for place in sorted(named - set(known)):
        yield f"{name} names {{{place}}}; it may name {', '.join(known)}"
    for place in needs:
        if place not in named:
            yield f"{name} must name {{{place}}}"


def _places(text: str) -> set[str]:
    return {place for _, place, _, _ in Formatter().parse(text) if place is not None}
