"""Agreement of coders: percent agreement, Cohen's kappa and Krippendorff's alpha, computed by NLTK (extra ``coding``).

Codes are nominal. The codes of a variable that may have several are compared as sets, with the distance MASI.

- J. Cohen, "A Coefficient of Agreement for Nominal Scales", 1960.
- K. Krippendorff, "Computing Krippendorff's Alpha-Reliability", 2011.
- R. Passonneau, "Measuring Agreement on Set-valued Items (MASI)", 2006.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

from caliber_crawler.errors import MissingExtra

if TYPE_CHECKING:
    from caliber_crawler.archive.analysis.coding.codes import Coding

Labels = Mapping[int, Mapping[str, frozenset[str]]]
"""The codes of each article by coder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How well coders agree on a variable. A measure is ``None`` where it is not defined."""

    variable: str
    coders: tuple[str, ...]
    """Two coders, or all who coded the variable."""
    articles: int
    """Articles that at least two of them coded."""
    percent: float | None
    """Share of pairs of codings of the same article that are equal, from 0 to 1."""
    kappa: float | None
    """Cohen's kappa; for two coders only."""
    alpha: float | None
    """Krippendorff's alpha."""


def agreements(codings: Iterable[Coding], variable: str, *, several: bool = False) -> list[Agreement]:
    """The agreement of all coders of a variable, and of each pair if there are more than two.

    Raises ``MissingExtra`` if NLTK is not installed.
    """
    labels: dict[int, dict[str, frozenset[str]]] = {}
    for coding in codings:
        if coding["variable"] == variable:
            codes = labels.setdefault(coding["article_id"], {})
            codes[coding["coder"]] = codes.get(coding["coder"], frozenset()) | {coding["code"]}
    coders = sorted({coder for codes in labels.values() for coder in codes})
    if len(coders) < 2:
        return []
    groups = [tuple(coders), *(combinations(coders, 2) if len(coders) > 2 else ())]
    return [_agreement(labels, variable, group, several=several) for group in groups]


def _agreement(labels: Labels, variable: str, coders: tuple[str, ...], *, several: bool) -> Agreement:
    shared = {
        article: among
        for article, codes in labels.items()
        if len(among := {coder: codes[coder] for coder in coders if coder in codes}) > 1
    }
    pairs = [pair for codes in shared.values() for pair in combinations(codes.values(), 2)]
    task = _task(shared, several=several) if _differ(shared) else None
    return Agreement(
        variable=variable,
        coders=coders,
        articles=len(shared),
        percent=sum(first == second for first, second in pairs) / len(pairs) if pairs else None,
        kappa=float(task.kappa()) if task and len(coders) == 2 and not several else None,
        alpha=float(task.alpha()) if task else None,
    )


def _differ(labels: Labels) -> bool:
    """Both measures compare with chance, which is not defined if only one code was ever used."""
    return len({codes for of_article in labels.values() for codes in of_article.values()}) > 1


def _task(labels: Labels, *, several: bool) -> Any:
    try:
        from nltk.metrics.agreement import AnnotationTask
        from nltk.metrics.distance import binary_distance, masi_distance
    except ImportError:
        raise MissingExtra("coding") from None
    triples = [
        (coder, article, codes if several else next(iter(codes)))
        for article, of_article in labels.items()
        for coder, codes in of_article.items()
    ]
    return AnnotationTask(data=triples, distance=masi_distance if several else binary_distance)
