"""The pages of the article benchmark, and scores of an extractor's results against the ground truth.

The benchmark is a folder with ``articles.jsonl.gz`` (one page per line: ``id``, ``url``, ``html``, ``truth``) and
``score.py``, which defines the scores. It is not part of the project, because its pages are other people's work.
"""

from __future__ import annotations

import gzip
import importlib.util
import json
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

from caliber_crawler.extraction import Unreadable, extract_page
from caliber_crawler.items import Capture
from caliber_crawler.site.generic import generic_site

Prediction = Mapping[str, Any]
Page = Mapping[str, Any]

COLUMNS = ("body aeb", "body fundus", "headline", "date", "instant", "authors")
BESIDE = Path(__file__).resolve().parents[2] / "shared" / "benchmarks"
FETCHED_AT = datetime(2026, 11, 23, tzinfo=UTC)


def find_benchmark() -> Path | None:
    """The folder ``CALIBER_BENCHMARKS``, or ``../shared/benchmarks`` beside the checkout; ``None`` if it is missing."""
    folder = Path(os.environ.get("CALIBER_BENCHMARKS") or BESIDE)
    return folder if (folder / "articles.jsonl.gz").exists() and (folder / "score.py").exists() else None


def load_pages(articles: Path) -> list[Page]:
    with gzip.open(articles, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def load_rules(score: Path) -> ModuleType:
    """The benchmark's own ``score.py``."""
    spec = importlib.util.spec_from_file_location("score", score)
    assert spec is not None
    assert spec.loader is not None
    rules = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(rules)
    return rules


def extract_as_archived(html: str, url: str) -> Prediction:
    """Extract a page of a generic site as the archive would store it."""
    site = generic_site(url)
    headers = (("content-type", "text/html; charset=utf-8"),)
    body = html.encode("utf-8", errors="replace")
    capture = Capture(site=site.name, url=url, fetched_at=FETCHED_AT, status=200, headers=headers, body=body)
    try:
        article = extract_page(capture, site).article
    except Unreadable:
        return {}
    published_at = article.published_at
    return {
        "body": article.body,
        "headline": article.headline,
        "published_at": published_at.isoformat() if published_at else None,
        "authors": article.authors,
        "language": article.language,
    }


def scores(rules: ModuleType, predictions: Mapping[str, Prediction], pages: Sequence[Page]) -> dict[str, float]:
    """The scores of these pages: F1 of the body by origin, and the share of pages with each field correct."""
    pairs: dict[str, list[tuple[float, float]]] = {}
    hits: dict[str, list[bool]] = {}
    for page in pages:
        found, truth = predictions[page["id"]], page["truth"]
        texts = [truth["body"], *([truth["body_without_summary"]] if truth.get("body_without_summary") else [])]
        best = max((rules.precision_recall(found.get("body") or "", text) for text in texts), key=sum)
        pairs.setdefault(f"body {page['id'].split('/')[0]}", []).append(best)
        for name, is_correct in _score_fields(rules, found, truth):
            hits.setdefault(name, []).append(is_correct)
    columns = {name: _f1(values) for name, values in pairs.items()}
    return columns | {name: sum(values) / len(values) for name, values in hits.items()}


def _score_fields(rules: ModuleType, found: Prediction, truth: Mapping[str, Any]) -> list[tuple[str, bool]]:
    scored = []
    if truth.get("headline"):
        scored.append(("headline", rules.fold(found.get("headline")) == rules.fold(truth["headline"])))
    if expected := rules.moment(truth.get("published_at")):
        time = rules.moment(found.get("published_at"))
        local = time.astimezone(expected.tzinfo) if time and time.tzinfo and expected.tzinfo else time
        scored.append(("date", local is not None and local.date() == expected.date()))
        scored.append(("instant", time is not None and rules.utc_minute(time) == rules.utc_minute(expected)))
    if truth.get("authors"):
        names = {rules.fold(name) for name in found.get("authors") or ()}
        scored.append(("authors", names == {rules.fold(name) for name in truth["authors"]}))
    return scored


def _f1(values: Sequence[tuple[float, float]]) -> float:
    precision, recall = (sum(value) / len(values) for value in zip(*values, strict=True))
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0
