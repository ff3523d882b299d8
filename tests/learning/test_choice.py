"""The choice of a rule, and the evidence for it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.learning.choice import Bounds, Verdict, are_found, choose, evidence_of

A, D, S, N = Verdict.AGREES, Verdict.DISAGREES, Verdict.SPEAKS, Verdict.SILENT
BOUNDS = Bounds(agree=3, share=0.8)


def chosen(**verdicts: list[Verdict]) -> str | None:
    choice = choose(verdicts, {rule: (rule,) for rule in verdicts}, BOUNDS)
    return choice.rule if choice else None


def test_the_rule_that_agrees_on_most_pages_is_chosen() -> None:
    assert chosen(a=[A, A, A, N, N, N], b=[A] * 6) == "b"


def test_a_disagreement_weighs_more_than_an_agreement() -> None:
    assert chosen(a=[A, A, A, A, A, A, D, D], b=[A, A, A, A, N, N, N, N]) == "b"


def test_silence_is_no_evidence() -> None:
    assert chosen(a=[S] * 20) is None
    assert chosen(a=[N] * 20) is None


def test_a_rule_that_fits_only_the_pages_on_which_it_was_chosen_is_refused() -> None:
    """Each is right on one half and wrong on the other."""
    assert chosen(a=[A, D] * 5, b=[D, A] * 5) is None


def test_among_equals_the_rank_decides() -> None:
    assert chosen(b=[A] * 6, a=[A] * 6) == "a"


@given(st.lists(st.sampled_from([A, D, S, N]), max_size=20))
def test_the_evidence_counts_every_page_once(verdicts: list[Verdict]) -> None:
    evidence = evidence_of(verdicts)
    assert evidence.pages == len(verdicts)
    assert evidence.judged <= evidence.spoken <= evidence.pages


@given(
    st.dictionaries(
        st.text("ab", min_size=1, max_size=3), st.lists(st.sampled_from([A, D, S, N]), min_size=8, max_size=8)
    )
)
def test_no_rule_is_chosen_without_enough_evidence(verdicts: dict[str, list[Verdict]]) -> None:
    choice = choose(verdicts, {rule: (rule,) for rule in verdicts}, BOUNDS)
    if choice is not None:
        assert choice.evidence.agree >= 3
        assert choice.evidence.share >= 0.8


def test_answers_that_stand_on_few_of_their_pages_teach_nothing() -> None:
    assert are_found([True, True, False, False])
    assert not are_found([True, False, False, False])
    assert not are_found([])
