"""Pages are read by other processes, in order, and one that ends its process costs the others nothing."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import pytest

from caliber_crawler.intake import ahead, read_ahead
from caliber_crawler.items import Capture, Problem

pytestmark = pytest.mark.slow


def page(body: str) -> Capture:
    at = datetime(2026, 1, 7, tzinfo=UTC)
    return Capture(site="x", url=f"https://x.example/{body}", fetched_at=at, status=200, body=body.encode())


def read(capture: Capture) -> Problem:
    if capture.body.startswith(b"deadly"):
        os._exit(9)
    return Problem(stage="extract", reason="read", message=capture.body.decode())


def body_of(item: str) -> Capture:
    return page(item)


@pytest.mark.parametrize("deadly", [(3,), (0, 20, 39)])
def test_a_page_that_ends_its_process_is_named_and_the_others_are_read(
    monkeypatch: pytest.MonkeyPatch, deadly: tuple[int, ...]
) -> None:
    monkeypatch.setattr(ahead, "READ_HERE", 0)
    items = [f"{'deadly' if number in deadly else 'page'}-{number}" for number in range(40)]
    found = list(read_ahead(iter(items), body_of, read, 2))
    assert [item for item, _ in found] == items
    for item, outcome in found:
        assert isinstance(outcome, Problem)
        if item.startswith("deadly"):
            assert (outcome.reason, outcome.fatal) == ("crash", True)
            assert item in outcome.message
        else:
            assert outcome.message == item


def test_nobody_waits_for_pages_that_nobody_asks_for_any_more() -> None:
    pages = read_ahead((f"page-{number}" for number in range(10_000)), body_of, read, 2)
    for _ in range(40):
        next(pages)
    pages.close()  # type: ignore[attr-defined]
    assert next(pages, None) is None
