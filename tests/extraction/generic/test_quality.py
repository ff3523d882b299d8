"""The quality of extraction from real news pages of many sites does not fall."""

import json
from pathlib import Path

import pytest

from benchmarks.scoring import extract_as_archived, find_benchmark, load_pages, load_rules, scores

FLOOR = Path(__file__).parents[3] / "benchmarks" / "extraction_floor.json"


@pytest.mark.slow
def test_scores_do_not_fall_below_the_recorded_floor() -> None:
    folder = find_benchmark()
    if folder is None:
        pytest.skip("the article benchmark is neither next to this checkout nor in CALIBER_BENCHMARKS")
    pages = load_pages(folder / "articles.jsonl.gz")
    predictions = {page["id"]: extract_as_archived(page["html"], page["url"]) for page in pages}
    reached = scores(load_rules(folder / "score.py"), predictions, pages)
    floor = json.loads(FLOOR.read_text(encoding="utf-8"))
    assert {name: reached[name] for name in floor if reached[name] < floor[name]} == {}, f"reached {reached}"
