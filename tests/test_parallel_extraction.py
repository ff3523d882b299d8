"""Pages are extracted by worker processes, in order, and one that ends its worker costs the others nothing."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import pytest

from caliber_crawler.ingest import extract_ahead
from caliber_crawler.items import Capture, Problem


def page(body: str) -> Capture:
    at = datetime(2026, 1, 7, tzinfo=UTC)
    return Capture(site="x", url=f"https://x.example/{body}", fetched_at=at, status=200, body=body.encode())


def extract(capture: Capture) -> Problem:
    if capture.body.startswith(b"deadly"):
        os._exit(9)
    if capture.body.startswith(b"faulty"):
        raise ZeroDivisionError("nobody thought of this page")
    return Problem(stage="extract", reason="extracted", message=capture.body.decode())


def kind_of(number: int, deadly: tuple[int, ...]) -> str:
    return "deadly" if number in deadly else "faulty" if number % 10 == 7 else "page"


@pytest.mark.slow
@pytest.mark.parametrize("deadly", [(3,), (0, 20, 39)])
def test_a_page_that_ends_its_worker_or_meets_an_error_is_named_and_the_others_are_extracted(
    deadly: tuple[int, ...],
) -> None:
    items = [f"{kind_of(number, deadly)}-{number}" for number in range(40)]
    found = list(extract_ahead(iter(items), page, extract, 2))
    assert [item for item, _ in found] == items
    expected = {"deadly": "worker_crashed", "faulty": "internal_error", "page": "extracted"}
    for item, outcome in found:
        assert outcome.reason == expected[item.partition("-")[0]]
        assert item in outcome.message


def test_nobody_waits_for_pages_that_nobody_asks_for_any_more() -> None:
    pages = extract_ahead((f"page-{number}" for number in range(10_000)), page, extract, 2)
    for _ in range(40):
        next(pages)
    pages.close()  # type: ignore[attr-defined]
    assert next(pages, None) is None
