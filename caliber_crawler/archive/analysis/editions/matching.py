"""Pairs of articles of one story in two languages, by what they have in common. Pure.

A feature is evidence by its rarity: one that every third article of these weeks has says little, one that only these
two have says much. Its weight is the logarithm of the number of articles divided by the number that have the feature.
The evidence of a pair is the sum of the weights of the features that both have, less the logarithm of the number of
articles among which the counterpart was found. Two articles are counterparts if each is the other's best in its
language, the evidence is strong and a part of what either article has, and clearly stronger than that for any other
pair of either.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from caliber_crawler.archive.analysis.editions.features import ArticleFeatures, Feature, Kind

MAX_HOURS = 72
"""Time between two counterparts."""
MIN_EVIDENCE = 10.0
"""Evidence less the logarithm of the number of articles among which the counterpart was found: the natural logarithm of
the odds against chance, if features were independent. They are not, so it is high."""
MIN_LEAD = 1.35
"""The evidence for the best pair, divided by that for the second best of either article."""
MIN_SHARE = 0.12
"""Part of the evidence of the article with less of it that both have."""
SCALE = 10.0
"""Evidence at which the first factor of the score is 0.63."""
MAX_OF_FEATURE = 0.2
"""A feature that a larger share of the articles has is left out."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two articles, with the evidence that they tell one story."""

    first_id: int
    """The earlier one."""
    first_language: str
    second_id: int
    second_language: str
    hours: float
    """Time between them."""
    same_section: bool
    evidence: float
    shared: tuple[tuple[Kind, str, str], ...]
    """Kind and both forms of each feature that both have, the rarest first."""


class Background:
    """The articles of some weeks: how rare each feature is among them."""

    def __init__(self, articles: Sequence[ArticleFeatures]) -> None:
        self.articles = len(articles)
        self.counts: Counter[Feature] = Counter()
        for article in articles:
            self.counts.update(article.features)
        times = [article.time for article in articles]
        hours = max(MAX_HOURS, (max(times, default=0) - min(times, default=0)) / 3600)
        self.rivals = max(1.0, self.articles * min(1.0, 2 * MAX_HOURS / hours))
        """Articles within the time that may lie between counterparts, before and after."""

        most = max(2, MAX_OF_FEATURE * self.articles)
        self._weights = {
            feature: math.log((self.articles + 2) / max(count, 2))
            for feature, count in self.counts.items()
            if count <= most
        }
        self._totals: dict[int, float] = {}

    def weight(self, feature: Feature) -> float:
        """The evidence of one shared feature; 0 for one that is common."""
        return self._weights.get(feature, 0.0)

    def total(self, article: ArticleFeatures) -> float:
        """The evidence of all features of an article."""
        if article.article_id not in self._totals:
            self._totals[article.article_id] = math.fsum(map(self.weight, article.features))
        return self._totals[article.article_id]


def pairs_of(
    earlier: Sequence[ArticleFeatures], later: Sequence[ArticleFeatures], background: Background
) -> list[Pair]:
    """Every pair with enough evidence of an article in ``earlier`` and one of ``later`` in another language.

    ``later`` may contain the same articles. Only articles that share a rare feature are compared.
    """
    having: defaultdict[Feature, list[ArticleFeatures]] = defaultdict(list)
    for article in later:
        for feature in article.features:
            if background.weight(feature):
                having[feature].append(article)
    known = {article.article_id for article in earlier}
    found: list[Pair] = []
    for article in earlier:
        shared: defaultdict[int, list[Feature]] = defaultdict(list)
        others: dict[int, ArticleFeatures] = {}
        for feature in article.features:
            for other in having.get(feature, ()):
                if other.language != article.language and 0 <= other.time - article.time <= MAX_HOURS * 3600:
                    others[other.article_id] = other
                    shared[other.article_id].append(feature)
        for id, features in shared.items():
            if others[id].time == article.time and id < article.article_id and id in known:
                continue  # of two articles of one minute, the pair is seen from both
            evidence = math.fsum(map(background.weight, features))
            share = evidence / (min(background.total(article), background.total(others[id])) or 1)
            evidence -= math.log(background.rivals)
            if evidence >= MIN_EVIDENCE / 2 and share >= MIN_SHARE:
                found.append(pair_of(article, others[id], evidence, features, background))
    return found


def pair_of(
    first: ArticleFeatures,
    second: ArticleFeatures,
    evidence: float,
    features: Iterable[Feature],
    background: Background,
) -> Pair:
    shared = sorted(features, key=lambda feature: (-background.weight(feature), feature))
    return Pair(
        first.article_id,
        first.language,
        second.article_id,
        second.language,
        (second.time - first.time) / 3600,
        first.section is not None and first.section == second.section,
        evidence,
        tuple((feature[0], first.shown[feature], second.shown[feature]) for feature in shared),
    )


def matches(pairs: Iterable[Pair]) -> list[tuple[Pair, float]]:
    """The pairs that are counterparts, each with a score between 0 and 1."""
    best: dict[tuple[int, str], list[Pair]] = {}
    for pair in pairs:
        for id, language in ((pair.first_id, pair.second_language), (pair.second_id, pair.first_language)):
            top = best.setdefault((id, language), [])
            top.append(pair)
            top.sort(key=lambda each: (-each.evidence, each.first_id, each.second_id))
            del top[2:]
    found: list[tuple[Pair, float]] = []
    for (id, _), top in best.items():
        pair = top[0]
        if id != pair.first_id or pair.evidence < MIN_EVIDENCE:
            continue
        of_other = best[pair.second_id, pair.first_language]
        rivals = [each.evidence for tops in (top, of_other) for each in tops if each is not pair]
        lead = pair.evidence / max(rivals, default=MIN_EVIDENCE / 2)
        if of_other[0] is pair and lead >= MIN_LEAD:
            found.append((pair, score_of(pair.evidence, lead)))
    return found


def score_of(evidence: float, lead: float) -> float:
    """A score that grows with the evidence and with its lead over the next pair; below 1."""
    strength = 1 - math.exp(-evidence / SCALE)
    return round(strength * math.sqrt(1 - 1 / (1 + lead)), 4)
