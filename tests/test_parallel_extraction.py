"""Worker processes extract pages in order; a page that crashes its worker does not affect the others."""

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
    if capture.body.startswith(b"crash"):
        os._exit(9)
    if capture.body.startswith(b"error"):
        raise ZeroDivisionError("an unexpected page")
    return Problem(stage="extract", reason="extracted", message=capture.body.decode())


def kind_of(number: int, crashing: tuple[int, ...]) -> str:
    return "crash" if number in crashing else "error" if number % 10 == 7 else "page"


@pytest.mark.slow
@pytest.mark.parametrize("crashing", [(3,), (0, 20, 39)])
def test_pages_with_crashes_and_errors_are_reported_and_the_others_are_extracted(
    crashing: tuple[int, ...],
) -> None:
    items = [f"{kind_of(number, crashing)}-{number}" for number in range(40)]
    found = list(extract_ahead(iter(items), page, extract, 2))
    assert [item for item, _ in found] == items
    expected = {"crash": "worker_killed", "error": "internal_error", "page": "extracted"}
    for item, outcome in found:
        assert outcome.reason == expected[item.partition("-")[0]]
        assert item in outcome.message


@pytest.mark.slow
def test_extraction_stops_when_the_caller_closes_the_iterator() -> None:
    pages = extract_ahead((f"page-{number}" for number in range(10_000)), page, extract, 2)
    for _ in range(40):
        next(pages)
    pages.close()  # type: ignore[attr-defined]
    assert next(pages, None) is None
