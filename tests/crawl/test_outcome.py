"""The outcome of a run depends on the remaining work; it is ``finished`` only when none is left."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.crawling.outcome import OUTCOMES, Ending, Halt, Remaining, balanced

SITE = "https://news.example"
BUSY = Halt("busy", "it accepts no requests")
LEFT = st.integers(0, 3)


def ending(reason: str = "finished", **left: int | None) -> Ending:
    return Ending(reason=reason, site_url=SITE, remaining=Remaining(**left))  # type: ignore[arg-type]


@given(
    reason=st.sampled_from(["finished", "shutdown"]),
    unreachable=st.none() | st.just("no response"),
    halted=st.none() | st.just(BUSY),
    remaining=st.builds(
        Remaining,
        articles=LEFT,
        lists=LEFT,
        broken_lists=LEFT,
        backlog=LEFT,
        limit=st.none() | st.just(5),
        revisits=st.none() | st.just(7),
    ),
)
def test_only_finished_means_no_work_left_and_has_no_reason(
    reason: str, unreachable: str | None, halted: Halt | None, remaining: Remaining
) -> None:
    end = Ending(reason=reason, site_url=SITE, unreachable=unreachable, halted=halted, remaining=remaining)
    outcome, why = end.outcome
    assert (outcome == "finished") == (why is None)
    if outcome == "finished":
        assert reason == "finished"
        assert (remaining.articles, remaining.lists, remaining.broken_lists) == (0, 0, 0)
        assert halted is None
        assert unreachable is None


@pytest.mark.parametrize(
    ("end", "outcome", "why"),
    [
        (ending(), "finished", None),
        (ending(backlog=1), "finished", None),
        (ending(articles=1), "failed", "1 article and 0 listing pages were not processed"),
        (ending(lists=1), "failed", "0 articles and 1 listing page were not processed"),
        (ending(articles=1, limit=5), "stopped", "the limit of 5 articles was reached"),
        (ending(lists=1, limit=5), "stopped", "the limit of 5 articles was reached"),
        (ending(backlog=1, limit=5), "stopped", "the limit of 5 articles was reached"),
        (ending(limit=5), "finished", None),
        (
            ending(broken_lists=1),
            "failed",
            "1 page of a list could not be processed and will be retried later; articles on them may be missing",
        ),
        (
            ending(broken_lists=2),
            "failed",
            "2 pages of lists could not be processed and will be retried later; articles on them may be missing",
        ),
        (ending(articles=2, revisits=7), "stopped", "the limit of 7 revisits was reached; 2 more are due"),
        (ending(articles=2, lists=1, revisits=7), "failed", "2 articles and 1 listing page were not processed"),
        (ending(revisits=7), "finished", None),
        (ending(articles=2, limit=5, revisits=7), "stopped", "the limit of 5 articles was reached"),
        (ending("shutdown"), "stopped", "stopped early (shutdown)"),
        (ending("shutdown", articles=1, limit=5), "stopped", "stopped early (shutdown)"),
        (Ending(reason="finished", site_url=SITE, halted=BUSY), "stopped", BUSY.clause),
        (Ending(reason="shutdown", site_url=SITE, halted=BUSY), "stopped", BUSY.clause),
        (
            Ending(reason="finished", site_url=SITE, halted=BUSY, unreachable="no response"),
            "failed",
            f"no page of {SITE} could be fetched: no response",
        ),
    ],
)
def test_each_ending_has_its_outcome_and_reason(end: Ending, outcome: str, why: str | None) -> None:
    assert end.outcome == (outcome, why)


@given(counts=st.fixed_dictionaries(dict.fromkeys(OUTCOMES, LEFT)))
def test_accounts_balance_when_each_url_has_one_outcome(counts: dict[str, int]) -> None:
    total = sum(counts.values())
    assert balanced({**counts, "discovered": total})
    assert not balanced({**counts, "discovered": total + 1})


@pytest.mark.parametrize("outcome", ["stored", "unchanged", "refused", "failed", "missing", "remaining"])
def test_every_outcome_counts(outcome: str) -> None:
    assert balanced({"discovered": 1, outcome: 1})
    assert not balanced({"discovered": 0, outcome: 1})
