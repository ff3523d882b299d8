"""Random samples of articles: reproducible from a seed, and proportional or equal over strata.

Each article has a random rank that depends on the seed and its URL only. So the same seed gives the same sample on any
machine, and an archive that has grown keeps most of it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Literal, TypedDict, get_args

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.search.selection import Selection, condition

Allocation = Literal["proportional", "equal"]
Dimension = Literal["site", "language", "section", "day", "month", "year"]

COLUMNS: dict[Dimension, str] = {
    "site": "a.site",
    "language": "a.language",
    "section": "a.section",
    "day": "a.published_date",
    "month": "a.published_month",
    "year": "a.published_year",
}
DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)
"""What strata can be formed by."""
NONE = "none"
"""The value in the name of a stratum of articles without a section or date."""


class Unit(TypedDict):
    """One article of a sample, with its current text."""

    unit: str
    """A name for this text that is the same in every archive and that no spreadsheet takes for a number."""
    url: str
    site: str
    language: str
    section: str | None
    published: str | None
    """The day of publication in the site's time."""
    headline: str
    text: str
    """Subtitle and body; a blank line separates paragraphs."""
    stratum: str
    """Values of the stratum, separated by `` / ``; empty without strata."""
    weight: float
    """How many selected articles this one represents."""


@dataclass(frozen=True, slots=True)
class Stratum:
    """One stratum: how many articles were selected and sampled."""

    name: str
    articles: int
    sampled: int


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample: its units in random order, and its strata by name."""

    units: list[Unit]
    strata: list[Stratum]


class _Row(TypedDict):
    id: int
    url: str
    stratum: str


def unit_name(content_digest: str) -> str:
    """The name of a text in coding sheets: ``t`` and 16 digits of its content digest."""
    return f"t{content_digest[:16]}"


def draw_sample(
    connection: Connection,
    selection: Selection,
    n: int,
    *,
    seed: int,
    by: Sequence[Dimension] = (),
    allocation: Allocation = "proportional",
) -> Sample:
    """Draw ``n`` of the selected articles, or all if there are fewer."""
    where, values = condition(connection, selection)
    parts = " || ' / ' || ".join(f"coalesce({COLUMNS[name]}, '{NONE}')" for name in by) or "''"
    rows = connection.rows_of(_Row, f"SELECT a.id, a.url, {parts} AS stratum FROM articles a WHERE {where}", values)
    members: dict[str, list[tuple[bytes, int]]] = {}
    for row in rows:
        members.setdefault(row["stratum"], []).append((_rank(seed, row["url"]), row["id"]))
    sizes = {name: len(members[name]) for name in sorted(members)}
    shares = _allocate(sizes, n, allocation)
    drawn: list[tuple[bytes, int, str]] = []
    for name, share in shares.items():
        drawn += [(*member, name) for member in sorted(members[name])[:share]]
    weights = {name: sizes[name] / share for name, share in shares.items() if share}
    # In the order of the random ranks, so that any first part of a sheet is a random sample too.
    units = [_unit(connection, id, name, weights[name]) for _, id, name in sorted(drawn)]
    return Sample(units, [Stratum(name, size, shares[name]) for name, size in sizes.items()])


def _rank(seed: int, url: str) -> bytes:
    return blake2b(f"{seed}\n{url}".encode(errors="surrogateescape"), digest_size=16).digest()


def _allocate(sizes: dict[str, int], n: int, allocation: Allocation) -> dict[str, int]:
    """How many to draw from each stratum; together ``n``, or everything if there is less."""
    if n >= sum(sizes.values()):
        return dict(sizes)
    return _equal(sizes, n) if allocation == "equal" else _proportional(sizes, n)


def _proportional(sizes: dict[str, int], n: int) -> dict[str, int]:
    """The method of the largest remainder: https://en.wikipedia.org/wiki/Quota_method."""
    total = sum(sizes.values())
    shares = {name: size * n // total for name, size in sizes.items()}
    by_remainder = sorted(sizes, key=lambda name: (-(sizes[name] * n % total), name))
    for name in by_remainder[: n - sum(shares.values())]:
        shares[name] += 1
    return shares


def _equal(sizes: dict[str, int], n: int) -> dict[str, int]:
    """The same number of each stratum; what small strata lack is drawn from the others."""
    shares: dict[str, int] = {}
    left = n
    for place, name in enumerate(sorted(sizes, key=lambda name: (sizes[name], name))):
        shares[name] = min(sizes[name], math.ceil(left / (len(sizes) - place)))
        left -= shares[name]
    return {name: shares[name] for name in sizes}


def _unit(connection: Connection, article_id: int, stratum: str, weight: float) -> Unit:
    row = connection.row(
        """SELECT a.url, a.site, a.language, a.section, a.published_date, v.headline, v.subtitle, v.body,
        v.content_digest FROM articles a JOIN versions v ON v.id = a.current_version_id WHERE a.id = ?""",
        (article_id,),
    )
    assert row is not None, "selected articles have a current version"
    return Unit(
        unit=unit_name(row["content_digest"]),
        url=row["url"],
        site=row["site"],
        language=row["language"],
        section=row["section"],
        published=row["published_date"],
        headline=row["headline"],
        text="\n\n".join(filter(None, (row["subtitle"], row["body"]))),
        stratum=stratum,
        weight=round(weight, 6),
    )
