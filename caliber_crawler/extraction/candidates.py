"""The values that a page offers for a field, and why one of them is used: what ``caliber extract --explain`` prints.

The functions that choose a field's value rank candidates. Extraction takes the best one and drops the rest. If it is
given an :class:`Explanation`, it also records the others: there is no second choice made for the explanation.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

FIELDS = (
    *("kind", "headline", "subtitle", "published_at", "authors", "section", "language", "views", "cover_image", "body"),
)
"""The fields of an explanation, in the order in which they are printed."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A value that a page offers for a field."""

    value: str
    source: str
    """Where it stands on the page: ``JSON-LD headline``, ``<meta> og:title``, ``text in <span class="date">``."""
    method: str
    """The extraction method: ``selector``, ``structured_data``, ``text``, ``generic`` or ``url``."""
    why: str = ""
    """Why it is used or not, as a clause."""
    is_chosen: bool = False


@dataclass(frozen=True, slots=True)
class LeftOut:
    """The text of a page that is not in the body for one reason."""

    reason: str
    letters: int
    share: float
    """Of the letters of the page's text, 0 to 1."""
    places: int
    sample: str
    """The beginning of the longest text."""


@dataclass(slots=True)
class Explanation:
    """Collects the candidates of every field of one page, the best of each field first."""

    fields: dict[str, list[Candidate]] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)
    """What the generic extractor did not take for the article's text, most first."""

    def add(self, name: str, candidates: Iterable[Candidate]) -> None:
        """Record candidates of a field, behind those that are already recorded."""
        self.fields.setdefault(name, []).extend(candidates)

    def rank_below(self, name: str, why: str) -> None:
        """Say why none of a field's recorded candidates is used."""
        self.fields[name] = [
            replace(candidate, is_chosen=False, why=why) if candidate.is_chosen else candidate
            for candidate in self.fields.get(name, ())
        ]
