"""How a run ended is told by what it left, not by what it hoped for."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.crawling.outcome import OUTCOMES, Ending, Halt, balanced

HALTS = st.none() | st.just(Halt("busy", "it asked to be left alone"))
LEFT = st.integers(0, 3)


@given(
    reason=st.sampled_from(["finished", "shutdown"]),
    unreachable=st.none() | st.just("no answer"),
    halted=HALTS,
    articles_left=LEFT,
    lists_left=LEFT,
    held_back=LEFT,
    limit=st.none() | st.just(5),
    revisits=st.none() | st.just(7),
)
def test_finished_is_said_only_with_no_work_left_and_everything_else_has_a_reason(**known: object) -> None:
    ending = Ending(site_url="https://news.example", **known)  # type: ignore[arg-type]
    outcome, why = ending.outcome
    assert (outcome == "finished") == (why is None)
    if outcome == "finished":
        assert ending.reason == "finished"
        assert (ending.articles_left, ending.lists_left) == (0, 0)
        assert ending.halted is None
        assert ending.unreachable is None


def test_work_that_nothing_explains_is_a_failure() -> None:
    ending = Ending(reason="finished", site_url="https://news.example", articles_left=2, lists_left=1)
    assert ending.outcome == ("failed", "2 articles and 1 listing pages were left undone")


def test_a_limit_that_was_reached_explains_what_is_left() -> None:
    ending = Ending(reason="finished", site_url="https://news.example", articles_left=2, limit=5)
    assert ending.outcome == ("stopped", "the limit of 5 articles was reached")


@given(counts=st.fixed_dictionaries(dict.fromkeys(OUTCOMES, LEFT)))
def test_accounts_balance_when_each_address_has_one_outcome(counts: dict[str, int]) -> None:
    met = sum(counts.values())
    assert balanced({**counts, "discovered": met})
    assert not balanced({**counts, "discovered": met + 1})
