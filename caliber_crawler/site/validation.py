"""Validation of site definitions, before any request to the site."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from string import Formatter
from typing import Protocol
from zoneinfo import ZoneInfo

from caliber_crawler.site.discovery import DiscoverySource, PostIds, Revisits, Search
from caliber_crawler.site.editions import Edition
from caliber_crawler.site.layouts import Layout, ListingLayout, TextLayout

COUNTING = ("page", "offset")
FIELDS = (*COUNTING, "size", "path", "slug", "section", "id", "language", "edition")
"""Fields of the templates ``ListingLayout.more`` and ``form``."""

RESERVED_LAYOUTS = ("text", "generic", "unknown")
"""Names under which the archive records that a page was extracted without a layout."""


class Definition(Protocol):
    """The facts of a :class:`~caliber_crawler.site.Site` that can be wrong."""

    @property
    def article_path(self) -> str: ...
    @property
    def timezone(self) -> str: ...
    @property
    def editions(self) -> tuple[Edition, ...]: ...
    @property
    def default_sections(self) -> tuple[str, ...]: ...
    @property
    def layouts(self) -> tuple[Layout, ...]: ...
    @property
    def text(self) -> TextLayout: ...
    @property
    def listing(self) -> ListingLayout | None: ...
    @property
    def sources(self) -> tuple[DiscoverySource, ...]: ...
    @property
    def revisits(self) -> Revisits: ...


def validation_errors(site: Definition) -> Iterator[str]:
    """One clause for each error in a site definition."""
    try:
        re.compile(site.article_path)
    except re.error as error:
        yield f"article_path is not a valid regular expression: {error}"
    try:
        ZoneInfo(site.timezone)
    except (KeyError, ValueError, OSError):
        yield f"unknown time zone {site.timezone!r}"
    sections = {key for edition in site.editions for key in edition.sections}
    for key in site.default_sections:
        if key not in sections:
            yield f"default_sections names {key!r}, which no edition has"
    yield from _layout_errors(site)
    yield from _listing_errors(site)
    yield from _revisit_errors(site.revisits)
    for source in site.sources:
        if isinstance(source, Search):
            yield from _field_errors("Search.path", source.path, ("query",), needs=("query",))
            yield from _field_errors("Search.more", source.more, ("page",), needs=("page",) if source.more else ())
        elif isinstance(source, PostIds):
            for path in source.paths.values():
                yield from _field_errors("PostIds.paths", path, ("number",), needs=("number",))


def _layout_errors(site: Definition) -> Iterator[str]:
    names = [layout.name for layout in site.layouts]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"two layouts are named {name!r}"
    for name in (*names, site.text.labelled_dateline):
        if name in RESERVED_LAYOUTS:
            yield f"the layout name {name!r} is reserved for pages extracted without a layout"
    if site.text.labelled_dateline in names:
        yield f"text.labelled_dateline names {site.text.labelled_dateline!r}, which has selectors in layouts"
    controls = site.text.controls
    if any(label != " ".join(label.split()) or not label for label in controls):
        yield "text.controls contains a label that is empty or has extra spaces"
    if len(set(controls)) < len(controls):
        yield "text.controls contains a label twice"


def _listing_errors(site: Definition) -> Iterator[str]:
    layout = site.listing
    if layout is None:
        return
    if layout.form and not layout.more:
        yield "listing.form needs listing.more, the URL that it is posted to"
    errors = [*_field_errors("listing.more", layout.more, FIELDS), *_field_errors("listing.form", layout.form, FIELDS)]
    yield from errors
    if errors:
        return
    used = _fields(layout.more) | _fields(layout.form)
    if layout.more and not used & set(COUNTING):
        yield "listing.more requests the same page each time: it contains neither {page} nor {offset}"
    if "offset" in used and layout.page_size < 1:
        yield "listing.more contains {offset}, so page_size must be the number of teasers on a page"


def _revisit_errors(plan: Revisits) -> Iterator[str]:
    if plan.later <= timedelta():
        yield "revisits.later must be greater than zero"
    if list(plan.ages) != sorted(set(plan.ages)) or any(age <= timedelta() for age in plan.ages):
        yield "revisits.ages must be positive and in ascending order"


def _field_errors(name: str, template: str, known: tuple[str, ...], needs: tuple[str, ...] = ()) -> Iterator[str]:
    try:
        used = _fields(template)
    except ValueError as error:
        yield f"{name} is not a valid template: {error}"
        return
    for field in sorted(used - set(known)):
        yield f"{name} contains the unknown field {{{field}}}; known fields: {', '.join(known)}"
    for field in needs:
        if field not in used:
            yield f"{name} must contain {{{field}}}"


def _fields(template: str) -> set[str]:
    return {field for _, field, _, _ in Formatter().parse(template) if field is not None}
