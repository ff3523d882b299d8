"""Probabilities of a link's outcome, learned from the outcomes of earlier links of one site.

The prior of the link's class is multiplied, level by level, by a ratio: how often links of the same class, coarse
template, template and signature had an outcome on this site, divided by how often the levels before predicted it. A
level that says nothing about a site has ratios of 1, so it cannot hide one that does.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from caliber_crawler.exploration.link_classes import LinkClass
from caliber_crawler.exploration.outcomes import PRIORS, PageOutcome, Probabilities, weight_of
from caliber_crawler.exploration.templates import coarse

WEIGHTS = {"class": 6.0, "coarse": 6.0, "folder": 3.0, "template": 3.0, "signature": 3.0}
"""How many outcomes of a level weigh as much as the prediction of the levels before it."""


@dataclass(frozen=True, slots=True)
class Group:
    """Links that share a class, a template and a signature: they share their fate."""

    link_class: LinkClass
    template: str
    signature: str = ""

    def levels(self) -> tuple[tuple[str, str], ...]:
        """The levels at which its outcomes are counted, most general first."""
        levels = (
            ("class", self.link_class.value),
            ("coarse", coarse(self.template)),
            ("folder", self.template.rpartition("/")[0]),
            ("template", self.template),
        )
        return (*levels, ("signature", self.signature)) if self.signature else levels


@dataclass(slots=True)
class Counts:
    """Outcomes at one level: observed, and predicted by the levels before it."""

    observed: list[float] = field(default_factory=lambda: [0.0] * len(PageOutcome))
    predicted: list[float] = field(default_factory=lambda: [0.0] * len(PageOutcome))


class LearnedProbabilities:
    """The outcomes of a site's links so far."""

    def __init__(self) -> None:
        self._counts: defaultdict[tuple[str, str], Counts] = defaultdict(Counts)

    def of(self, group: Group) -> Probabilities:
        """The probability of each outcome of a link of this group."""
        current = PRIORS[group.link_class]
        for level in group.levels():
            if (counts := self._counts.get(level)) is not None:
                current = _moved(current, counts, WEIGHTS[level[0]])
        return current

    def observe(self, group: Group, outcome: PageOutcome) -> None:
        """Learn from the outcome of a link of this group."""
        current, weight = PRIORS[group.link_class], weight_of(outcome)
        for level in group.levels():
            counts = self._counts[level]
            before = current
            current = _moved(current, counts, WEIGHTS[level[0]])
            counts.observed[outcome] += weight
            for place, probability in enumerate(before):
                counts.predicted[place] += weight * probability


def _moved(prior: Probabilities, counts: Counts, weight: float) -> Probabilities:
    moved = [
        probability * (observed + weight * probability) / (predicted + weight * probability)
        for probability, observed, predicted in zip(prior, counts.observed, counts.predicted, strict=True)
    ]
    total = sum(moved)
    article, listed, other, dead = (value / total for value in moved)
    return article, listed, other, dead
