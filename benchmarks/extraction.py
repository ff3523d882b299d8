"""Quality and speed of several extractors on the same real pages: python -m benchmarks.extraction

Prints every measure as ``mean (95 % bootstrap interval)`` over the pages that have its truth; then bodies, headlines
and days by language and by type of page; then the article benchmark alone, by the measures of its own ``score.py``, for
all pages and for each half (a fixed random split: our rules were developed on pages of the first half; of the second
half only the scores were looked at). Extractors that are not installed are named as absent. Times are CPU time, so
other work on the machine does not count; each extractor is warmed up with a few pages.
"""

from __future__ import annotations

import argparse
import logging
import random
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from benchmarks.extractors import EXTRACTORS, Extractor
from benchmarks.known_layouts import measure_known_layout
from benchmarks.measures import MEASURES, Value, collect, mean_of, measure, measure_date
from benchmarks.page_sets import OTHER_PAGES, PAGE_TYPES, TruePage, find_sites, load_all
from benchmarks.scoring import COLUMNS, Page, Prediction, find_benchmark, load_rules, scores

WARM_UP = 12
SPLIT_SEED = 20261123
SITE_SAMPLE = 60
"""Articles of each whole site, and as many of its other pages."""
MIN_GROUP = 5
"""Pages of a language from which on it has a row of its own."""
GROUPED = ("body F1", "headline", "day", "authors")
NEWS = ("aeb", "fundus")
WITHOUT = " without metadata"
WIDTH = 22
ALL = "all pages"


class Run(NamedTuple):
    """The results of one extractor."""

    values: Mapping[tuple[str, str], list[Value]]
    """By group and measure."""
    predictions: Mapping[str, Prediction]
    """By page, without those of pages that were refused."""
    milliseconds: float
    failed: int
    """Pages on which the extractor raised an error."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--benchmarks", type=Path, default=find_benchmark())
    parser.add_argument("--sites", type=Path, default=find_sites())
    parser.add_argument("--sample", type=int, default=SITE_SAMPLE, help="Articles of each site. [default: %(default)s]")
    parser.add_argument("--only", action="append", help="Only this extractor (may be given several times).")
    parser.add_argument("--no-speed", action="store_true", help="Leave out the speed on known layouts.")
    arguments = parser.parse_args()
    logging.disable(logging.CRITICAL)
    if arguments.benchmarks:
        rules = load_rules(arguments.benchmarks / "score.py")
        pages = list(load_all(arguments.benchmarks, arguments.sites, arguments.sample))
        found = ((name, run_extractor(name, pages, rules)) for name in arguments.only or EXTRACTORS)
        runs = {name: run for name, run in found if run is not None}
        report(runs, pages)
        print_halves(rules, pages, runs)
    else:
        print("No article benchmark was found beside this checkout; name its folder with --benchmarks.")
    if not arguments.no_speed:
        measure_known_layout(arguments.benchmarks / "articles.jsonl.gz" if arguments.benchmarks else None)


def run_extractor(name: str, pages: Sequence[TruePage], rules: ModuleType) -> Run | None:
    """Extract all pages; ``None`` with a message for an extractor that is not installed."""
    try:
        extract = EXTRACTORS[name]()
    except ImportError:
        print(f"{name} is not installed, and left out.")
        return None
    for page in pages[:WARM_UP]:
        _attempt(extract, page)
    rows: list[tuple[str, str, Value]] = []
    predictions: dict[str, Prediction] = {}
    spent = failed = 0.0
    for page in pages:
        started = time.process_time()
        found, is_failure = _attempt(extract, page)
        spent += time.process_time() - started
        failed += is_failure
        if found is not None:
            predictions[page.id] = found
        values = list(measure(rules, page, found))
        if page.is_article and page.set.partition("-")[0] != "site" and page.truth.get("published_at"):
            values += measure_date(page, _attempt(extract, page.without_metadata())[0], WITHOUT)
        rows += [(group, measure_name, value) for measure_name, value in values for group in groups_of(page)]
    return Run(collect(rows), predictions, spent / len(pages) * 1000, int(failed))


def groups_of(page: TruePage) -> list[str]:
    language = page.truth.get("language")
    return [ALL, page.page_type, *([f"language {language}"] if language else [])]


def _attempt(extract: Extractor, page: TruePage) -> tuple[Prediction | None, bool]:
    """The prediction, ``None`` for a page that was refused; and whether the extractor raised an error."""
    try:
        return extract(page.html, page.url) or None, False
    except Exception:  # noqa: BLE001 - a failure is a result
        return None, True


# ------------------------------------------------------------------------------------------------------------- tables


def report(runs: Mapping[str, Run], pages: Sequence[TruePage]) -> None:
    """Print a table of all measures by type of page, and one by language."""
    if not runs:
        return
    known = {page.page_type for page in pages}
    kinds = [kind for kind in (*PAGE_TYPES.values(), OTHER_PAGES) if kind in known]
    print_row("", "pages", list(runs))
    for name in MEASURES:
        for kind in kinds:
            print_means(f"{name}, {kind}", (kind, name), runs)
        if name in ("day", "wrong day", f"day{WITHOUT}", f"wrong day{WITHOUT}"):
            print_means(f"{name}, {ALL}", (ALL, name), runs)
    print_row("CPU ms per page", str(len(pages)), [f"{run.milliseconds:.1f}" for run in runs.values()])
    print_row("errors", str(len(pages)), [str(run.failed) for run in runs.values()])
    languages = sorted({group for run in runs.values() for group, _ in run.values if group.startswith("language ")})
    for name in GROUPED:
        print()
        print_row(f"{name} by language", "pages", list(runs))
        for language in languages:
            print_means(language.removeprefix("language "), (language, name), runs, least=MIN_GROUP)


def print_means(label: str, key: tuple[str, str], runs: Mapping[str, Run], *, least: int = 1) -> None:
    """Print one measure of all extractors, if it was measured."""
    means = [mean_of(values) if (values := run.values.get(key)) else None for run in runs.values()]
    number = max((mean.number for mean in means if mean is not None), default=0)
    if number >= least:
        print_row(label, str(number), ["–" if mean is None else str(mean) for mean in means])


def print_row(label: str, number: str, cells: Sequence[str]) -> None:
    print(f"{label:52}{number:>7}" + "".join(f"{cell:>{WIDTH + 2}}" for cell in cells), flush=True)


def print_halves(rules: ModuleType, pages: Sequence[TruePage], runs: Mapping[str, Run]) -> None:
    """Print the measures of the article benchmark's own ``score.py``, for all its pages and for each half."""
    articles: list[Page] = [{"id": page.id, "truth": page.truth} for page in pages if page.set in NEWS]
    print(f"\n{'article benchmark':24}{'pages':12}" + "".join(f"{name:>13}" for name in COLUMNS))
    for name, run in runs.items():
        for half, pages_of_half in halves(articles).items():
            found = {page["id"]: run.predictions.get(page["id"], {}) for page in pages_of_half}
            columns = scores(rules, found, pages_of_half)
            row = "".join(f"{columns[column]:13.3f}" for column in COLUMNS)
            print(f"{name if half == 'all' else '':24}{half:12}{row}", flush=True)


def halves(pages: Sequence[Page]) -> dict[str, list[Page]]:
    ids = sorted(page["id"] for page in pages)
    random.Random(SPLIT_SEED).shuffle(ids)
    first = set(ids[: len(ids) // 2])
    return {
        "all": list(pages),
        "first half": [page for page in pages if page["id"] in first],
        "second half": [page for page in pages if page["id"] not in first],
    }


if __name__ == "__main__":
    main()
