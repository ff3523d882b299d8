"""Days, minutes and languages on pages with a known truth: python -m benchmarks.fields

Every page is extracted as it is, and again without its metadata: only the text, as a visitor reads it, and the URL
remain. Pages: those of the article benchmark (``benchmarks/scoring.py``), its further pages (``pages.jsonl.gz``), and
whole sites in a folder with ``sites/NAME.tar.zst`` and ``truth/NAME.jsonl.zst``.
"""

from __future__ import annotations

import argparse
import logging
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from benchmarks.measures import compare_times, one_language
from benchmarks.page_sets import TruePage, find_sites, load_all, without_metadata
from benchmarks.scoring import FETCHED_AT, find_benchmark
from caliber_crawler.extraction.generic.extractor import extract_tree
from caliber_crawler.extraction.tree import parse_html

DAY_LENGTH = len("2026-01-07")


class Outcome(NamedTuple):
    """What was found on a page, as it is or without metadata."""

    page: str
    group: str
    day: bool | None
    """``None`` if no day was found."""
    minute: bool | None
    language: bool | None
    found: str
    milliseconds: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--benchmarks", type=Path, default=find_benchmark())
    parser.add_argument("--sites", type=Path, default=find_sites())
    parser.add_argument("--list", action="store_true", help="Print every page with a wrong or missing day.")
    parser.add_argument("--only", default="", help="Only groups whose name begins with this.")
    arguments = parser.parse_args()
    logging.disable(logging.CRITICAL)
    pages = [page for page in load_all(arguments.benchmarks, arguments.sites) if page.id.startswith(arguments.only)]
    pages = [page for page in pages if page.is_article and len(page.truth.get("published_at") or "") >= DAY_LENGTH]
    with ProcessPoolExecutor(2) as pool:
        outcomes = [outcome for found in pool.map(outcomes_of, pages, chunksize=16) for outcome in found]
    report(outcomes)
    if arguments.list:
        for outcome in outcomes:
            if not outcome.day or outcome.minute is False or outcome.language is False:
                print(outcome)


def report(outcomes: Sequence[Outcome]) -> None:
    print(f"{'pages':32}{'number':>8}{'day':>8}{'wrong':>8}{'minute':>8}{'language':>10}{'CPU ms':>8}")
    for group in dict.fromkeys(outcome.group for outcome in outcomes):
        rows = [outcome for outcome in outcomes if outcome.group == group]
        minutes = [row.minute for row in rows if row.minute is not None]
        languages = [row.language for row in rows if row.language is not None]
        days = Counter(row.day for row in rows)
        print(
            f"{group:32}{len(rows):8}{days[True] / len(rows):8.3f}{days[False] / len(rows):8.3f}"
            f"{_share(minutes):>8}{_share(languages):>10}{sum(row.milliseconds for row in rows) / len(rows):8.1f}"
        )


def _share(hits: Sequence[bool]) -> str:
    return f"{sum(hits) / len(hits):.3f}" if hits else "–"


def outcomes_of(page: TruePage) -> list[Outcome]:
    return [_outcome(page, bare=False), _outcome(page, bare=True)]


def _outcome(page: TruePage, *, bare: bool) -> Outcome:
    group = f"{page.set}, {'text only' if bare else 'with metadata'}"
    try:
        root = parse_html(page.html.encode("utf-8", errors="replace"))
        if bare:
            without_metadata(root)
        started = time.process_time()
        found = extract_tree(root, page.url, now=FETCHED_AT)
        milliseconds = (time.process_time() - started) * 1000
    except Exception as wrong:  # noqa: BLE001 - a failure is a result
        return Outcome(page.id, group, None, None, None, repr(wrong), 0)
    at, stated, spoken = found.published_at, page.truth["published_at"], page.truth.get("language")
    day, minute = compare_times(at, datetime.fromisoformat(stated), has_minute=len(stated) > DAY_LENGTH)
    language = one_language(found.language) == one_language(spoken) if spoken else None
    text = f"{at} {found.language} / {stated} {spoken} {dict(found.methods)}"
    return Outcome(page.id, group, day, minute, language, text, milliseconds)


if __name__ == "__main__":
    main()
