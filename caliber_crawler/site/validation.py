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
from caliber_crawler.site.urls import is_http_url

COUNTING = ("page", "offset")
FIELDS = (*COUNTING, "size", "path", "slug", "section", "id", "language", "edition")
"""Fields of the templates ``ListingLayout.more`` and ``form``."""

RESERVED_LAYOUTS = ("text", "generic", "unknown")
"""Names under which the archive records that a page was extracted without a layout."""


Fault = tuple[tuple[str | int, ...], str]
"""The path of a field, as ``("sources", 3, "path")``, and a clause about it."""


class Definition(Protocol):
    """The facts of a :class:`~caliber_crawler.site.Site` that can be wrong."""

    @property
    def base_url(self) -> str: ...
    @property
    def hosts(self) -> tuple[str, ...]: ...
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


def validation_errors(site: Definition) -> Iterator[Fault]:
    """Each error in a site definition."""
    try:
        re.compile(site.article_path)
    except (re.error, RecursionError, OverflowError) as error:
        yield ("article_path",), f"article_path is not a valid regular expression: {error}"
    try:
        ZoneInfo(site.timezone)
    except (KeyError, ValueError, OSError):
        yield ("timezone",), f"unknown time zone {site.timezone!r}"
    sections = {key for edition in site.editions for key in edition.sections}
    for place, key in enumerate(site.default_sections):
        if key not in sections:
            yield ("default_sections", place), f"default_sections names {key!r}, which no edition has"
    yield from _layout_errors(site)
    yield from _listing_errors(site)
    yield from _revisit_errors(site.revisits)
    for place, source in enumerate(site.sources):
        yield from _source_errors(("sources", place), source)


def url_errors(site: Definition) -> Iterator[Fault]:
    """Each error in the URL and the hosts of a definition. Other sites may be without them for a while."""
    if not is_http_url(site.base_url):
        yield ("base_url",), f"base_url {site.base_url!r} is not the URL of a site; write it as https://example.org"
    for place, host in enumerate(site.hosts):
        if not is_http_url(f"https://{host}/"):
            yield ("hosts", place), f"hosts contains {host!r}, which is not a host name"


def _source_errors(place: tuple[str | int, ...], source: DiscoverySource) -> Iterator[Fault]:
    if isinstance(source, Search):
        yield from _field_errors((*place, "path"), "Search.path", source.path, ("query",), needs=("query",))
        needs = ("page",) if source.more else ()
        yield from _field_errors((*place, "more"), "Search.more", source.more, ("page",), needs=needs)
    elif isinstance(source, PostIds):
        for language, path in source.paths.items():
            yield from _field_errors((*place, "paths", language), "PostIds.paths", path, ("number",), needs=("number",))


def _layout_errors(site: Definition) -> Iterator[Fault]:
    names = [layout.name for layout in site.layouts]
    for place, name in enumerate(names):
        if name in names[:place]:
            yield ("layouts", place, "name"), f"two layouts are named {name!r}"
        if name in RESERVED_LAYOUTS:
            yield ("layouts", place, "name"), _reserved(name)
    dateline, field = site.text.labelled_dateline, ("text", "labelled_dateline")
    if dateline in RESERVED_LAYOUTS:
        yield field, _reserved(dateline)
    if dateline in names:
        yield field, f"text.labelled_dateline names {dateline!r}, which has selectors in layouts"
    controls = site.text.controls
    for place, label in enumerate(controls):
        if label != " ".join(label.split()) or not label:
            yield ("text", "controls", place), "text.controls contains a label that is empty or has extra spaces"
        if label in controls[:place]:
            yield ("text", "controls", place), "text.controls contains a label twice"


def _reserved(name: str) -> str:
    return f"the layout name {name!r} is reserved for pages extracted without a layout"


def _listing_errors(site: Definition) -> Iterator[Fault]:
    layout = site.listing
    if layout is None:
        return
    more, form = ("listing", "more"), ("listing", "form")
    if layout.form and not layout.more:
        yield form, "listing.form needs listing.more, the URL that it is posted to"
    errors = [
        *_field_errors(more, "listing.more", layout.more, FIELDS),
        *_field_errors(form, "listing.form", layout.form, FIELDS),
    ]
    yield from errors
    if errors:
        return
    used = _fields(layout.more) | _fields(layout.form)
    if layout.more and not used & set(COUNTING):
        yield more, "listing.more requests the same page each time: it contains neither {page} nor {offset}"
    if "offset" in used and layout.page_size < 1:
        yield more, "listing.more contains {offset}, so page_size must be the number of teasers on a page"


def _revisit_errors(plan: Revisits) -> Iterator[Fault]:
    if plan.later <= timedelta():
        yield ("revisits", "later"), "revisits.later must be greater than zero"
    if list(plan.ages) != sorted(set(plan.ages)) or any(age <= timedelta() for age in plan.ages):
        yield ("revisits", "ages"), "revisits.ages must be positive and in ascending order"


def _field_errors(
    place: tuple[str | int, ...], name: str, template: str, known: tuple[str, ...], needs: tuple[str, ...] = ()
) -> Iterator[Fault]:
    try:
        used = _fields(template)
    except ValueError as error:
        yield place, f"{name} is not a valid template: {error}"
        return
    for field in sorted(used - set(known)):
        yield place, f"{name} contains the unknown field {{{field}}}; known fields: {', '.join(known)}"
    for field in needs:
        if field not in used:
            yield place, f"{name} must contain {{{field}}}"


def _fields(template: str) -> set[str]:
    return {field for _, field, _, _ in Formatter().parse(template) if field is not None}
