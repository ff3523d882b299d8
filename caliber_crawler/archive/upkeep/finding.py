"""Findings: what verification reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypedDict, Unpack

Kind = Literal[
    "file",
    "constraint",
    "reference",
    "index",
    "schema",
    "dictionary",
    "body",
    "cold",
    "capture",
    "version",
    "view_count",
    "article",
    "frontier",
    "total",
]
Key = tuple[str | int | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One damaged or inconsistent part of an archive."""

    kind: Kind
    message: str
    """One sentence for the operator."""
    key: Key = ()
    """The primary key of the row, or the name of a schema object."""
    articles: tuple[int, ...] = ()
    """The IDs of the articles concerned."""


def articles_of(*ids: int | None) -> tuple[int, ...]:
    """The known IDs of articles, sorted."""
    return tuple(sorted({id for id in ids if isinstance(id, int)}))


def printable(text: object) -> str:
    """A possibly damaged text in printable form."""
    return str(text).encode("utf-8", "replace").decode()


class FindingFields(TypedDict):
    """The fields of a :class:`Finding`."""

    kind: Kind
    message: str
    key: Key
    articles: tuple[int, ...]


def finding(wrong: str | None, **fields: Unpack[FindingFields]) -> Finding | None:
    return Finding(**fields) if wrong else None
