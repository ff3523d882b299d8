"""Kept values: a page that lost its date, authors or subtitle does not erase what an earlier page stated.

The version keeps the value of the last page before it that had one, with the extraction method ``kept``. A date that
another design of the page states in another way is the same date: only its day instead of its time or the reverse, or
with another source of its time zone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import cast

from caliber_crawler.archive.core.rows import VersionRow
from caliber_crawler.archive.texts.resemblance import Text, resemble
from caliber_crawler.archive.texts.text_columns import COPIED_COLUMNS, ExtractedColumns, Page, version_columns
from caliber_crawler.items import Extraction

KEPT = "kept"
"""The extraction method of a value that a page lost, and an earlier page of the article had."""
DAY = "day"
ZONE = re.compile(r'"published_at_zone": "(\w+)"')
MAX_SHIFT, SHIFT_STEP = timedelta(hours=14), timedelta(minutes=15)
"""The greatest difference of a time zone from UTC, and what each difference is a multiple of."""
KEPT_FIELDS = {"published_at": ("published_at", "published_local"), "authors": ("authors",), "subtitle": ("subtitle",)}
"""The fields that a version keeps, and their columns."""


def kept_columns(
    pages: Sequence[Page], fresh: Mapping[int, Extraction], versions: Sequence[VersionRow]
) -> dict[int, ExtractedColumns]:
    """The columns of each page that lost one of these fields, with those of the last page before it that had them.

    ``pages`` are in order of time. A text that does not resemble the earlier one keeps nothing: it may be another text.
    The result also has the pages whose stored version kept a value that no longer applies.
    """
    of = {version["id"]: version for version in versions}
    if not loses_values(pages, fresh, of):
        return {}
    found: dict[int, ExtractedColumns] = {}
    last: dict[str, ExtractedColumns] = {}
    for page in pages:
        stored = None if page.id in fresh else of[page.version_id or 0]
        columns = own_columns(version_columns(fresh[page.id]) if stored is None else stored)
        kept = columns
        for field, names in KEPT_FIELDS.items():
            if has_value(columns, field) and not (field in last and is_same_date(field, columns, last[field])):
                last[field] = columns
            elif field in last and is_edit(columns, last[field]):
                values = {name: value for name, value in last[field].items() if name in names}
                kept = cast(ExtractedColumns, {**kept, **values, "methods": with_kept(kept["methods"], field)})
        if kept != (columns if stored is None else {name: stored[name] for name in columns}):  # type: ignore[literal-required]
            found[page.id] = kept
    return found


def loses_values(pages: Sequence[Page], fresh: Mapping[int, Extraction], of: Mapping[int, VersionRow]) -> bool:
    """Whether some pages have one of these fields and others do not. Nearly always they agree, which costs little."""
    if any(KEPT in extraction.methods.values() for extraction in fresh.values()):
        return True
    has: set[tuple[object, ...]] = set()
    for id in {page.version_id for page in pages if page.id not in fresh}:
        version = of[id or 0]
        if KEPT in version["methods"]:
            return True
        has.add(
            (
                *(has_value(version, field) for field in KEPT_FIELDS),
                is_day(version["methods"]),
                zone_of(version["methods"]),
            )
        )
    has |= {
        (
            *(bool(getattr(extraction.article, field)) for field in KEPT_FIELDS),
            extraction.methods.get("published_at_precision") == DAY,
            extraction.methods.get("published_at_zone"),
        )
        for extraction in fresh.values()
    }
    return len(has) > 1


def is_day(methods: str) -> bool:
    """Whether the extraction methods of a version say that its date has no time of day."""
    return DAY in methods and json.loads(methods).get("published_at_precision") == DAY


def zone_of(methods: str) -> str | None:
    """Where the time zone of a version's date comes from, by its extraction methods."""
    found = ZONE.search(methods)
    return found[1] if found else None


def is_same_date(field: str, columns: ExtractedColumns, earlier: ExtractedColumns) -> bool:
    """Whether a page states the date of an earlier page in another way; only its day, or with another zone."""
    if field != "published_at":
        return False
    one, other = (
        datetime.fromisoformat(row["published_local"] or row["published_at"] or "") for row in (columns, earlier)
    )
    # Time zones may differ by a day.
    is_near = abs(one.date() - other.date()) <= timedelta(days=1)
    if is_day(columns["methods"]) or is_day(earlier["methods"]):
        return is_near and is_day(columns["methods"]) != is_day(earlier["methods"])
    zones = {zone_of(columns["methods"]), zone_of(earlier["methods"])}
    if not is_near or None in zones or len(zones) == 1:
        return False
    difference = abs(one - other)
    minute = timedelta(minutes=1)  # one of the two may state seconds
    return difference <= MAX_SHIFT and (difference + minute) % SHIFT_STEP < 2 * minute


def has_value(columns: VersionRow | ExtractedColumns, field: str) -> bool:
    if field == "subtitle":
        return bool(columns["subtitle"])
    return (columns["authors"] != "[]") if field == "authors" else columns["published_at"] is not None


def own_columns(version: VersionRow | ExtractedColumns) -> ExtractedColumns:
    """The columns of a version without the values that it kept from an earlier page."""
    columns = {name: value for name, value in version.items() if name in COPIED_COLUMNS}
    if KEPT in version["methods"]:
        methods = json.loads(version["methods"])
        if methods.get("published_at") == KEPT:
            columns |= {"published_at": None, "published_local": None}
        if methods.get("authors") == KEPT:
            columns["authors"] = "[]"
        if methods.get("subtitle") == KEPT:
            columns["subtitle"] = None
        own = {name: method for name, method in methods.items() if method != KEPT}
        columns["methods"] = json.dumps(own, ensure_ascii=False)
    return cast(ExtractedColumns, columns)


def is_edit(text: ExtractedColumns, earlier: ExtractedColumns) -> bool:
    """Whether a text may be an edit of an earlier one."""
    return resemble(
        Text(text["headline"], text["body"], None), Text(earlier["headline"], earlier["body"], earlier["published_at"])
    )


def with_kept(methods: str, field: str) -> str:
    return json.dumps(json.loads(methods) | {field: KEPT}, ensure_ascii=False)
