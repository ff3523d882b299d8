"""The pages of the article benchmark, and how well a reader's answers to them agree with the truth.

The benchmark is a folder with ``articles.jsonl.gz`` (one page a line: ``id``, ``url``, ``html``, ``truth``) and the
``score.py`` that says how readings of them are judged. It is no part of the project: its pages are other people's work.
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
    """The folder that ``CALIBER_BENCHMARKS`` names, or ``../shared/benchmarks`` beside the checkout, if it is there."""
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


def read_as_archived(html: str, url: str) -> Prediction:
    """What the archive would hold of a page: bytes in, article out, of a site without a file."""
    site = generic_site(url)
    headers = (("content-type", "text/html; charset=utf-8"),)
    body = html.encode("utf-8", errors="replace")
    capture = Capture(site=site.name, url=url, fetched_at=FETCHED_AT, status=200, headers=headers, body=body)
    try:
        article = extract_page(capture, site).article
    except Unreadable:
        return {}
    moment = article.published_at
    return {
        "body": article.body,
        "headline": article.headline,
        "published_at": moment.isoformat() if moment else None,
        "authors": article.authors,
    }


def scores(rules: ModuleType, predictions: Mapping[str, Prediction], pages: Sequence[Page]) -> dict[str, float]:
    """The columns of ``score.py`` for these pages: F1 of the body by origin, and the share of pages read right."""
    pairs: dict[str, list[tuple[float, float]]] = {}
    hits: dict[str, list[bool]] = {}
    for page in pages:
        read, true = predictions[page["id"]], page["truth"]
        wanted = [true["body"], *([true["body_without_summary"]] if true.get("body_without_summary") else [])]
        best = max((rules.precision_recall(read.get("body") or "", text) for text in wanted), key=sum)
        pairs.setdefault(f"body {page['id'].split('/')[0]}", []).append(best)
        for name, right in _judged(rules, read, true):
            hits.setdefault(name, []).append(right)
    columns = {name: _f1(values) for name, values in pairs.items()}
    return columns | {name: sum(values) / len(values) for name, values in hits.items()}


def _judged(rules: ModuleType, read: Prediction, true: Mapping[str, Any]) -> list[tuple[str, bool]]:
    judged = []
    if true.get("headline"):
        judged.append(("headline", rules.fold(read.get("headline")) == rules.fold(true["headline"])))
    if when := rules.moment(true.get("published_at")):
        got = rules.moment(read.get("published_at"))
        there = got.astimezone(when.tzinfo) if got and got.tzinfo and when.tzinfo else got
        judged.append(("date", there is not None and there.date() == when.date()))
        judged.append(("instant", got is not None and rules.utc_minute(got) == rules.utc_minute(when)))
    if true.get("authors"):
        names = {rules.fold(name) for name in read.get("authors") or ()}
        judged.append(("authors", names == {rules.fold(name) for name in true["authors"]}))
    return judged


def _f1(values: Sequence[tuple[float, float]]) -> float:
    precision, recall = (sum(value) / len(values) for value in zip(*values, strict=True))
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0
