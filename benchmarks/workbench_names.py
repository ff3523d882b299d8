"""Names and quotations: CPU time, and precision and recall on the hand-made sets of the tests.

``python -m benchmarks.workbench_names --articles 5000``
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import process_time

from benchmarks.demo_archive import create_archive
from caliber_crawler.archive import Archive
from caliber_crawler.archive.analysis.names.languages import LANGUAGES, language_rules
from tests.archive.analysis.gold_sets import Score, score_names, score_quotations

NEW = 500
"""Articles that are new in the second pass."""


def timed(work: Callable[[], object]) -> float:
    started = process_time()
    work()
    return process_time() - started


def search_all(archive: Archive) -> None:
    for _ in archive.names.find():
        pass


def measure(path: Path) -> dict[str, float]:
    """CPU seconds of the first pass over an archive, of one over 500 new articles, and of questions."""
    seconds = {"rules loaded": timed(lambda: [language_rules(language) for language in LANGUAGES])}
    with Archive.open(path, mode="write") as archive:
        seconds["all"] = timed(lambda: search_all(archive))
        archive.db.execute(
            f"DELETE FROM name_searches WHERE article_id IN (SELECT article_id FROM name_searches LIMIT {NEW})"
        )
        seconds["then 500 new articles"] = timed(lambda: search_all(archive))
        name = archive.names.counts()[0]["name"]
        seconds["most frequent names"] = timed(archive.names.counts)
        seconds["most frequent names, one month"] = timed(
            lambda: archive.names.counts(since="2025-12-01", until="2026-01-01")
        )
        seconds["articles of the most frequent name"] = timed(lambda: archive.names.articles(name))
        seconds["quotations of one speaker"] = timed(lambda: archive.names.quotations(name))
        seconds["network of 100 names"] = timed(archive.names.network)
    return seconds


def sizes(path: Path) -> dict[str, int]:
    """Numbers of searched texts and of results, and the size of the file."""
    with Archive.open(path) as archive:
        counted = {
            table: int(archive.db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
            for table in ("name_searches", "mentions", "quotations")
        }
    return counted | {"bytes": path.stat().st_size}


def accuracy() -> dict[str, Score]:
    """Precision and recall by language, on the sentences that the rules were written for, and on the others."""
    found = {}
    for language in LANGUAGES:
        for held_out in (False, True):
            part = "other sentences" if held_out else "sentences looked at"
            found[f"{language}, names, {part}"] = score_names(language, held_out=held_out)
            found[f"{language}, quotations, {part}"] = score_quotations(language, held_out=held_out)
            found[f"{language}, quotations without speaker, {part}"] = score_quotations(
                language, held_out=held_out, part=lambda each: each[:2]
            )
            for kind in ("person", "place", "organization"):
                found[f"{language}, {kind}, {part}"] = score_names(
                    language, held_out=held_out, only=lambda name, kind=kind: name[2] == kind
                )
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=2_000)
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "archive.db"
        create_archive(path, options.articles)
        before = path.stat().st_size
        seconds, counted = measure(path), sizes(path)
    scores = accuracy()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    if options.json:
        found = {name: [each.right, each.wrong, each.missing] for name, each in scores.items()}
        print(json.dumps({"seconds": seconds, "sizes": counted, "before": before, "accuracy": found, "MiB": memory}))
        return 0
    for name, score in scores.items():
        print(f"{name:55}  {score}")
    for name, value in seconds.items():
        print(f"{name:55}  {value:8.3f} s CPU")
    searched = counted["name_searches"]
    rate = searched / seconds["all"]
    print(f"{searched:,} texts, {rate:,.0f} per second of CPU time; {counted['mentions']:,} mentions,", end=" ")
    print(f"{counted['quotations']:,} quotations; {before:,} bytes before, {counted['bytes']:,} after; {memory} MiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
