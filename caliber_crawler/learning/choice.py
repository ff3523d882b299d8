"""The choice of a rule among candidates: on one half of the pages, verified on the other half, both ways round."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import Generic, NamedTuple, TypeVar

Rule = TypeVar("Rule")
FOUND_SHARE = 0.4
"""No rule is learned if fewer of the answers are found in their pages: the answers do not belong to these pages."""


class Verdict(Enum):
    """What a rule says on one page, compared with the known answer."""

    AGREES = 1
    DISAGREES = 2
    SPEAKS = 3
    """It finds a value, but the answer is unknown, or is nowhere on the page: no evidence for or against."""
    SILENT = 4


class Bounds(NamedTuple):
    """The evidence that a rule needs."""

    agree: int
    share: float
    """Of the pages on which it agrees or disagrees."""
    spoken: float = 0.0
    """Agreeing pages as a share of those on which it speaks."""


class Evidence(NamedTuple):
    """Counts of pages."""

    agree: int
    disagree: int
    spoken: int
    """Pages on which the rule finds a value."""
    pages: int

    @property
    def judged(self) -> int:
        return self.agree + self.disagree

    @property
    def share(self) -> float:
        return self.agree / self.judged if self.judged else 0.0

    @property
    def score(self) -> float:
        return self.agree - 2 * self.disagree + 0.5 * self.spoken / max(1, self.pages)

    def is_enough(self, bounds: Bounds) -> bool:
        return self.agree >= bounds.agree and self.share >= bounds.share and self.agree >= bounds.spoken * self.spoken


class Choice(NamedTuple, Generic[Rule]):
    """A chosen rule with its evidence."""

    rule: Rule
    evidence: Evidence


def evidence_of(verdicts: Sequence[Verdict]) -> Evidence:
    """Count verdicts."""
    return Evidence(
        sum(verdict is Verdict.AGREES for verdict in verdicts),
        sum(verdict is Verdict.DISAGREES for verdict in verdicts),
        sum(verdict is not Verdict.SILENT for verdict in verdicts),
        len(verdicts),
    )


def choose(
    verdicts: Mapping[Rule, Sequence[Verdict]],
    ranks: Mapping[Rule, tuple[float, ...] | tuple[object, ...]],
    bounds: Bounds,
) -> Choice[Rule] | None:
    """The best rule, if its evidence is enough; among equals that of the lowest rank.

    The evidence is the sum over both halves: each time of the rule that is best on the other half. So a rule that fits
    only the pages on which it was chosen has little.
    """
    if not verdicts:
        return None

    def best(pages: slice) -> Rule:
        return min(verdicts, key=lambda rule: (-evidence_of(verdicts[rule][pages]).score, ranks[rule]))

    even, odd = slice(0, None, 2), slice(1, None, 2)
    halves = [evidence_of(verdicts[best(learned)][verified]) for learned, verified in ((even, odd), (odd, even))]
    verified = Evidence(*(sum(counts) for counts in zip(*halves, strict=True)))
    rule = best(slice(None))
    return Choice(rule, verified) if verified.is_enough(bounds) else None


def are_found(found: Iterable[bool]) -> bool:
    """Whether enough of the answers stand on their pages."""
    known = list(found)
    return bool(known) and sum(known) >= FOUND_SHARE * len(known)
