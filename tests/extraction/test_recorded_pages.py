"""Every recorded page under ``tests/pages/<site>/<slug>`` gives its ``expected.json``: one test per field.

A new page needs no code. A folder with ``page.html`` or ``page.txt`` and ``expected.json`` (``capture``: what
:class:`Capture` takes; then ``layout`` and ``article``, or ``teasers``; a body is a list of paragraphs) is a test.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from caliber_crawler.extraction import extract_listing, extract_page
from tests.extraction.pages import PAGES, expected_of, recorded_capture, site_of


def cases() -> list[Any]:
    found = []
    for folder in sorted(PAGES.glob("*/*/")):
        name = f"{folder.parent.name}/{folder.name}"
        expected = expected_of(folder)
        found += [pytest.param(folder, field, id=f"{name}:{field}") for field in expected.get("article", ())]
        found += [
            pytest.param(folder, field, id=f"{name}:{field}") for field in ("layout", "teasers") if field in expected
        ]
    return found


@cache
def extract(folder: Path) -> dict[str, Any]:
    """Return the extraction of a recorded page as JSON data."""
    capture, site = recorded_capture(folder), site_of(folder)
    if capture.kind == "listing":
        teasers = [asdict(teaser) for teaser in extract_listing(capture, site).teasers]
        # The file states a URL to request only where it differs from the normal form.
        return {"teasers": plain([{k: v for k, v in teaser.items() if k != "request_url" or v} for teaser in teasers])}
    extraction = extract_page(capture, site)
    article = asdict(extraction.article)
    article["body"] = article["body"].split("\n\n")
    return {**plain(article), "layout": extraction.layout}


def plain(value: Any) -> Any:
    return json.loads(json.dumps(value, default=lambda date: date.isoformat()))


@pytest.mark.parametrize("folder", sorted(PAGES.glob("*/*/")), ids=lambda folder: f"{folder.parent.name}/{folder.name}")
def test_no_expected_result_is_still_a_draft(folder: Path) -> None:
    assert "draft" not in expected_of(folder)


@pytest.mark.parametrize(("folder", "field"), cases())
def test_a_recorded_page_gives_its_expected_result(folder: Path, field: str) -> None:
    expected = expected_of(folder)
    assert extract(folder)[field] == {**expected, **expected.get("article", {})}[field]
