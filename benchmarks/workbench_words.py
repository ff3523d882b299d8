"""CPU time of words in context: ``python -m benchmarks.workbench_words --archive ARCHIVE``.

Goals, with 200,000 articles: the first page of a concordance within 300 ms after the word index is built, other
analyses within seconds. Without ``--archive``, an archive of the demo site is created.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.demo_archive import WORDS, create_archive
from caliber_crawler.archive import Archive

COMMON, KNOWN, RARE = "the", WORDS["known"], WORDS["rare"]
CONCORDANCE_GOAL = 0.3


def words_figures(path: Path) -> dict[str, float]:
    """CPU seconds of building the index, of an update without changes, and of each analysis; the second of two runs."""
    with Archive.open(path) as archive:
        words = archive.words
        figures = {"build": cpu(words.build), "update, nothing new": cpu(words.build)}
        analyses: dict[str, Callable[[], Any]] = {
            "concordance, a rare word": lambda: words.concordance(RARE),
            "concordance, a known word sorted": lambda: words.concordance(KNOWN, sort=("1R", "2R", "1L")),
            "concordance, the commonest words sorted": lambda: words.concordance(COMMON, sort=("1R", "2R", "1L")),
            "word list": words.list,
            "word list of a section": lambda: words.list(section="politics", stop_words=True, stems=True),
            "keyness of a section": lambda: words.keyness(section="politics"),
            "collocates": lambda: words.collocates(KNOWN),
            "3-grams with a word": lambda: words.ngrams(3, node=KNOWN),
            "2-grams of all": lambda: words.ngrams(2),
        }
        for name, analysis in analyses.items():
            if name != "2-grams of all":
                analysis()
            figures[name] = cpu(analysis)
    return figures


def cpu(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=2_000)
    parser.add_argument("--archive", type=Path, help="archive of an earlier run; created if it does not exist")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = options.archive or Path(folder) / "archive.db"
        if not path.exists():
            create_archive(path, options.articles)
        figures = words_figures(path)
    for name, seconds in figures.items():
        print(f"{name:42} {seconds:8.3f} s")
    return 0 if figures["concordance, a known word sorted"] <= CONCORDANCE_GOAL else 3


if __name__ == "__main__":
    sys.exit(main())
