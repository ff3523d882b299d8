"""The syntax tree of a query."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

TEXT_FIELDS = ("headline", "subtitle", "body")
"""Fields that are columns of the full-text index."""
NAME_FIELDS = ("author", "section", "language", "site")
"""Fields that are names: matched as spelled, in any case, without inflections."""


@dataclass(frozen=True, slots=True)
class Term:
    """A word or a phrase, spelled as in the index."""

    words: tuple[str, ...]
    exact: bool = False
    """Quoted: no other inflections match."""
    prefix: bool = False
    """The last word stands for every word that begins with it."""
    field: str | None = None
    """The only field to search; ``None`` for headline, subtitle and body."""
    start: int = 0
    """The place in the query, in characters."""
    end: int = 0

    @property
    def is_inflected(self) -> bool:
        """Whether other inflections match too."""
        return not self.exact and not self.prefix and len(self.words) == 1

    def __str__(self) -> str:
        text = " ".join(self.words) + "*" * self.prefix
        quoted = f'"{text}"' if self.exact or len(self.words) > 1 else text
        return f"{self.field}:{quoted}" if self.field else quoted


@dataclass(frozen=True, slots=True)
class Near:
    """Terms that stand near each other in one field, in any order. One of each list of alternatives must occur."""

    parts: tuple[tuple[Term, ...], ...]
    distance: int
    """The maximum number of words between the first and the last of them."""
    start: int = 0
    end: int = 0

    def __str__(self) -> str:
        if all(len(part) == 1 and part[0].exact and len(part[0].words) == 1 for part in self.parts):
            field = self.parts[0][0].field
            words = " ".join(part[0].words[0] for part in self.parts)
            return f'{field + ":" if field else ""}"{words}"~{self.distance}'
        shown = [f"({' OR '.join(map(str, part))})" if len(part) > 1 else str(part[0]) for part in self.parts]
        return f" NEAR/{self.distance} ".join(shown)


@dataclass(frozen=True, slots=True)
class Not:
    """Everything that does not match."""

    part: Node

    def __str__(self) -> str:
        return f"NOT {_in_parentheses(self.part, And | Or | Near)}"


@dataclass(frozen=True, slots=True)
class And:
    """What matches every part."""

    parts: tuple[Node, ...]

    def __str__(self) -> str:
        first, *others = (_in_parentheses(part, Or) for part in self.parts)
        return first + "".join(f" {other}" if other.startswith("NOT ") else f" AND {other}" for other in others)


@dataclass(frozen=True, slots=True)
class Or:
    """What matches at least one part."""

    parts: tuple[Node, ...]

    def __str__(self) -> str:
        return " OR ".join(_in_parentheses(part, And) for part in self.parts)


Node: TypeAlias = Term | Near | Not | And | Or


def _in_parentheses(node: Node, kinds: object) -> str:
    return f"({node})" if isinstance(node, kinds) else str(node)  # type: ignore[arg-type] # a union of classes


def wanted_terms(node: Node, *, negated: bool = False) -> Iterator[Term]:
    """The terms that a text may match because of: those below an even number of negations."""
    match node:
        case Not():
            yield from wanted_terms(node.part, negated=not negated)
        case And() | Or():
            for part in node.parts:
                yield from wanted_terms(part, negated=negated)
        case Near():
            for alternatives in () if negated else node.parts:
                yield from alternatives
        case Term():
            if not negated:
                yield node
