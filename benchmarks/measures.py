"""What is measured on a page with a known truth, and its mean over pages with a bootstrap interval."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from types import ModuleType
from typing import NamedTuple

from benchmarks.page_sets import TruePage
from benchmarks.scoring import Prediction

RESAMPLES = 1_000
SEED = 20261129
INTERVAL = 0.95
Value = float | tuple[float, float]
"""A hit or a miss, or the precision and recall of a body."""
MEASURES = (
    *("body F1", "articles refused", "other pages taken for articles", "headline", "authors"),
    *("day", "wrong day", "day without metadata", "wrong day without metadata", "minute", "language"),
)
"""The order in which measures are printed."""


class Mean(NamedTuple):
    """A mean over pages, and its bootstrap interval."""

    value: float
    low: float
    high: float
    number: int

    def __str__(self) -> str:
        return f"{_short(self.value)} ({_short(self.low)}–{_short(self.high)})"


def _short(share: float) -> str:
    return f"{share:.3f}".removeprefix("0") if share < 1 else "1.000"


def measure(rules: ModuleType, page: TruePage, found: Prediction | None) -> Iterator[tuple[str, Value]]:
    """The values of one prediction; ``None`` for a page that was refused."""
    has_text = bool(found and (found.get("body") or "").strip())
    if not page.is_article:
        yield "other pages taken for articles", float(has_text)
        return
    truth, found = page.truth, found or {}
    if truth.get("body"):
        texts = [text for name in ("body", "body_without_summary") if (text := truth.get(name))]
        yield "body F1", max((rules.precision_recall(found.get("body") or "", text) for text in texts), key=sum)
        yield "articles refused", float(not has_text)
    if truth.get("headline"):
        yield "headline", float(rules.fold(found.get("headline")) == rules.fold(truth["headline"]))
    if truth.get("authors"):
        names = {rules.fold(name) for name in found.get("authors") or ()}
        yield "authors", float(names == {rules.fold(name) for name in truth["authors"]})
    if truth.get("language") and "language" in found:
        yield "language", float(one_language(found["language"]) == one_language(truth["language"]))
    yield from measure_date(page, found)


def measure_date(page: TruePage, found: Prediction | None, suffix: str = "") -> Iterator[tuple[str, Value]]:
    """Whether the day is right, whether it is wrong (rather than missing), and whether the minute is right."""
    stated = page.truth.get("published_at") or ""
    if len(stated) < len("2026-01-07"):
        return
    expected, at = datetime.fromisoformat(stated), _timestamp((found or {}).get("published_at"))
    day, minute = compare_times(at, expected, has_minute=len(stated) > len("2026-01-07"))
    yield f"day{suffix}", float(day is True)
    yield f"wrong day{suffix}", float(day is False)
    if minute is not None and not suffix:
        yield "minute", float(minute)


def compare_times(at: datetime | None, expected: datetime, *, has_minute: bool) -> tuple[bool | None, bool | None]:
    """Return whether the day and the minute are right; ``None`` for a missing day and for a truth without a minute."""
    if at is None:
        return None, False if has_minute else None
    local = at.astimezone(expected.tzinfo) if has_minute and at.tzinfo and expected.tzinfo else at
    same = local.replace(second=0, microsecond=0, tzinfo=None) == expected.replace(second=0, microsecond=0, tzinfo=None)
    return local.date() == expected.date(), same if has_minute else None


def _timestamp(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat((text or "").replace("Z", "+00:00"))
    except ValueError:
        return None


def one_language(code: str | None) -> str:
    """A language code, with one code for the languages of Norway."""
    return {"nb": "no", "nn": "no"}.get(code or "", code or "")


def mean_of(values: Sequence[Value]) -> Mean:
    """The mean of hits, or the F1 of the mean precision and recall, with the interval of resampled pages."""
    chance = random.Random(SEED)
    means = sorted(_mean(chance.choices(values, k=len(values))) for _ in range(RESAMPLES))
    margin = round(RESAMPLES * (1 - INTERVAL) / 2)
    return Mean(_mean(values), means[margin], means[-margin - 1], len(values))


def _mean(values: Sequence[Value]) -> float:
    pairs = [value if isinstance(value, tuple) else (value, value) for value in values]
    precision, recall = (sum(column) / len(pairs) for column in zip(*pairs, strict=True))
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def collect(rows: Iterable[tuple[str, str, Value]]) -> Mapping[tuple[str, str], list[Value]]:
    """Values by group and measure."""
    found: dict[tuple[str, str], list[Value]] = {}
    for group, name, value in rows:
        found.setdefault((group, name), []).append(value)
    return found
