"""The quality of extraction from real pages of many sites does not fall."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.measures import collect, mean_value, measure
from benchmarks.page_sets import find_sites, load_all
from benchmarks.scoring import extract_as_archived, find_benchmark, load_rules, scores

LIMITS = Path(__file__).parents[3] / "benchmarks" / "extraction_floor.json"
NEWS = ("aeb", "fundus")
SITE_SAMPLE = 10
STEP = 4
"""Of the articles of any kind and the dated pages, one in this number is extracted."""


@pytest.mark.slow
def test_no_score_falls_below_its_floor_and_no_error_rises_above_its_ceiling() -> None:
    folder, sites = find_benchmark(), find_sites()
    if folder is None or sites is None:
        pytest.skip("the pages with a known truth are neither beside this checkout nor named in the environment")
    loaded = list(load_all(folder, sites, SITE_SAMPLE))
    pages = [page for page in loaded if page.set in NEWS or page.set.startswith("site-")]
    pages += [page for page in loaded if page.set in ("wcxb", "htmldate")][::STEP]
    rules = load_rules(folder / "score.py")
    predictions = {page.id: extract_as_archived(page.html, page.url) for page in pages}
    rows = (
        (page.page_type, name, value) for page in pages for name, value in measure(rules, page, predictions[page.id])
    )
    reached = {f"{name}, {kind}": mean_value(values) for (kind, name), values in collect(rows).items()}
    news = [{"id": page.id, "truth": page.truth} for page in pages if page.set in NEWS]
    reached |= scores(rules, predictions, news)
    limits = json.loads(LIMITS.read_text(encoding="utf-8"))
    low = {name: reached[name] for name, floor in limits["at least"].items() if reached[name] < floor}
    high = {name: reached[name] for name, ceiling in limits["at most"].items() if reached[name] > ceiling}
    assert low | high == {}, f"reached {reached}"
