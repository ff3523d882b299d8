"""Real news pages of many sites are read as well as they ever were."""

import json
from pathlib import Path

import pytest

from benchmarks.scoring import find_benchmark, load_pages, load_rules, read_as_archived, scores

FLOOR = Path(__file__).parents[3] / "benchmarks" / "reading_floor.json"


@pytest.mark.slow
def test_scores_may_rise_and_not_fall() -> None:
    folder = find_benchmark()
    if folder is None:
        pytest.skip("the article benchmark is not beside this checkout and CALIBER_BENCHMARKS does not name it")
    pages = load_pages(folder / "articles.jsonl.gz")
    predictions = {page["id"]: read_as_archived(page["html"], page["url"]) for page in pages}
    reached = scores(load_rules(folder / "score.py"), predictions, pages)
    floor = json.loads(FLOOR.read_text(encoding="utf-8"))
    assert {name: reached[name] for name in floor if reached[name] < floor[name]} == {}, f"reached {reached}"
