"""Canned queries: SQL with parameters, as in ``canned_queries.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsChart:
    """A chart of the first rows of a query's result."""

    mark: str
    x: str
    y: str
    """A column, or several separated by spaces, whose values are the label of a row."""
    series: str | None = None
    per: str | None = None
    """The length of the periods in ``x``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CannedQuery:
    """One entry of ``canned_queries.toml``."""

    title: str
    description: str
    sql: str
    params: tuple[str, ...]
    hints: Mapping[str, str] = field(default_factory=dict)
    """An example value of a parameter."""
    choices: Mapping[str, list[str]] = field(default_factory=dict)
    """The values of a parameter that the form offers."""
    chart: RowsChart | None = None


@cache
def canned_queries() -> dict[str, CannedQuery]:
    """Return all canned queries by name, in the order of the page."""
    described = tomllib.loads(files(__package__).joinpath("canned_queries.toml").read_text("utf-8"))
    return {name: _query(**entry) for name, entry in described.items()}


def _query(*, sql: str, params: list[str], chart: dict[str, str] | None = None, **described: object) -> CannedQuery:
    drawn = RowsChart(**chart) if chart else None
    return CannedQuery(sql=sql.strip(), params=tuple(params), chart=drawn, **described)  # type: ignore[arg-type]
