"""What outcomes teach about further links."""

from __future__ import annotations

import pytest

from caliber_crawler.exploration import LinkClass, PageOutcome
from caliber_crawler.exploration.outcomes import PRIORS, weight_of
from caliber_crawler.exploration.probabilities import Group, LearnedProbabilities

KNOWN = Group(LinkClass.SHORT, "news/2026/S5", "main")
ARTICLE, DEAD = PageOutcome.ARTICLE, PageOutcome.DEAD


def learned(outcome: PageOutcome, times: int = 10, group: Group = KNOWN) -> LearnedProbabilities:
    probabilities = LearnedProbabilities()
    for _ in range(times):
        probabilities.observe(group, outcome)
    return probabilities


def test_without_outcomes_the_prior_of_the_class_holds() -> None:
    for link_class in LinkClass:
        assert LearnedProbabilities().of(Group(link_class, "a")) == pytest.approx(PRIORS[link_class])
        assert sum(PRIORS[link_class]) == pytest.approx(1)


@pytest.mark.parametrize(
    ("group", "shares"),
    [
        (Group(LinkClass.SHORT, "x?y", "footer"), "class"),
        (Group(LinkClass.TAG, "other/2025/S5", "footer"), "coarse template"),
        (Group(LinkClass.TAG, "news/2026/N", "footer"), "folder"),
        (Group(LinkClass.TAG, "news/2026/S5", "footer"), "template"),
        (Group(LinkClass.TAG, "x?y", "main"), "signature"),
    ],
)
def test_outcomes_teach_about_links_that_share_one_level(group: Group, shares: str) -> None:
    before = PRIORS[group.link_class][ARTICLE]
    assert learned(ARTICLE).of(group)[ARTICLE] > before, shares
    assert learned(DEAD).of(group)[ARTICLE] < before, shares


def test_links_that_share_nothing_learn_nothing() -> None:
    other = Group(LinkClass.TAG, "a/b/c/d/e", "footer")
    assert learned(ARTICLE).of(other) == pytest.approx(PRIORS[LinkClass.TAG])
    assert len(Group(LinkClass.TAG, "a").levels()) == len(KNOWN.levels()) - 1, "links without a signature share none"


def test_more_outcomes_teach_more() -> None:
    after = [learned(PageOutcome.LIST, times).of(KNOWN)[PageOutcome.LIST] for times in (0, 1, 3, 10, 30)]
    assert after == sorted(set(after))
    assert after[-1] > 0.95


def test_a_dead_link_teaches_half() -> None:
    assert [weight_of(outcome) for outcome in PageOutcome] == [1.0, 1.0, 1.0, 0.5]
