"""The steps of the extraction of a page, by their share of its CPU time.

A timer interrupts the process after each millisecond of CPU, and the innermost function of a known step counts. Unlike
a deterministic profiler this costs nothing between the samples, and the time of C code counts for its caller.
"""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from time import process_time
from types import FrameType

INTERVAL = 0.001
"""Seconds of CPU between two samples."""
SECONDS = 4.0
"""CPU time of a profile."""
REST = "all else"
# A file and its functions, or None for all; the first step that fits the innermost frame counts.
STEPS: Sequence[tuple[str, str, tuple[str, ...] | None]] = (
    ("tests for walls, challenges and refreshes", "non_articles.py", None),
    ("tests for walls, challenges and refreshes", "refreshes.py", None),
    ("decoding", "decoding.py", None),
    ("decoding", "page.py", ("decode_source", "is_html")),
    ("lexbor: the page", "document.py", ("Document._look",)),
    ("lexbor: selectors", "document.py", ("Document._nodes",)),
    ("metadata", "document.py", ("Document.metadata", "Document.links", "_gather")),
    ("the article as a tree of libxml2", "document.py", ("_tree_of", "_repaired", "Document.root")),
    ("a small tree of libxml2", "document.py", ("Document.excerpt", "_surroundings")),
    ("cleaning: captions, embeds, removed elements", "cleaning.py", None),
    ("cleaning: captions, embeds, removed elements", "embeds.py", ("replace_embeds",)),
    ("cleaning: captions, embeds, removed elements", "learned.py", ("_drop",)),
    ("lines of the text", "lines.py", ("extract_lines",)),
    ("boilerplate and related links", "boilerplate.py", ("without_boilerplate", "without_related")),
    ("Markdown", "markdown.py", None),
    ("dates", "article.py", ("_ArticleExtractor.extract_published_at",)),
    ("dates", "slots.py", ("date_at",)),
    ("dates", "publication_dates.py", None),
    ("headline and subtitle", "article.py", ("_ArticleExtractor.extract_titles",)),
    ("headline and subtitle", "slots.py", ("headline_at", "subtitle_at")),
    ("view counter", "counts.py", None),
    ("view counter", "view_counters.py", None),
    ("the article's URLs", "identity.py", None),
    ("linked data", "linked_data.py", None),
    ("language", "page_language.py", None),
    ("language", "learned.py", ("is_as_usual",)),
    ("links to further pages", "article_series.py", None),
    ("checks of the result", "checks.py", None),
    ("trafilatura", "fast_trafilatura.py", None),
    ("resiliparse", "body.py", ("_extract_with_resiliparse",)),
    ("removal of boilerplate", "pruning.py", None),
    ("the container, comparison of the readings", "container.py", None),
    ("the container, comparison of the readings", "body.py", None),
    ("authors", "authorship.py", None),
    ("other fields by selectors", "article_methods.py", ("ArticleMethods.part",)),
)
_BY_FILE = {
    file: [(step, names) for step, each, names in STEPS if each == file] for file in {file for _, file, _ in STEPS}
}


def profile(extract: Callable[[], object], number: int, seconds: float = SECONDS) -> tuple[float, Counter[str]]:
    """Repeat an extraction of ``number`` pages. Return the milliseconds per page, and the samples of each step."""
    samples: Counter[str] = Counter()

    def count(_: int, frame: FrameType | None) -> None:
        samples[step_of(frame)] += 1

    before = signal.signal(signal.SIGPROF, count)
    started, rounds = process_time(), 0
    signal.setitimer(signal.ITIMER_PROF, INTERVAL, INTERVAL)
    try:
        while process_time() - started < seconds:
            extract()
            rounds += 1
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
    return (process_time() - started) / (rounds * number) * 1000, samples


def step_of(frame: FrameType | None) -> str:
    """The step of the innermost function that belongs to one."""
    while frame is not None:
        code = frame.f_code
        for step, names in _BY_FILE.get(Path(code.co_filename).name, ()):
            if names is None or code.co_qualname in names:
                return step
        frame = frame.f_back
    return REST


def print_steps(title: str, milliseconds: float, samples: Counter[str], least: float = 0.02) -> None:
    """Print the steps of a page, largest first; those below ``least`` of the whole count as the rest."""
    total = max(1, samples.total())
    shown = [(step, number) for step, number in samples.most_common() if step != REST and number >= least * total]
    rest = total - sum(number for _, number in shown)
    print(f"\n{title:46}{milliseconds:8.2f} ms")
    for step, number in (*shown, (REST, rest)):
        print(f"  {step:44}{milliseconds * number / total:8.3f} ms{number / total:7.0%}")
