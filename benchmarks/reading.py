"""Read the same news pages with several readers and print how well and how fast each did, in one run of one process.

First the article benchmark, pages of many sites, which we read without any site's file; then pages of sites whose
layout we know, for speed alone. A reader that is not installed is left out. Times are CPU time, so that other
work on the machine does not count; every reader reads a few pages before its clock starts. The halves are a fixed
random split: our rules were made looking at pages of the first; of the second only scores were looked at.
"""

from __future__ import annotations

import argparse
import logging
import random
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.readers import READERS, Reader
from benchmarks.scoring import COLUMNS, FETCHED_AT, Page, Prediction, find_benchmark, load_pages, load_rules, scores
from caliber_crawler.demo import DemoSite
from caliber_crawler.items import Capture
from caliber_crawler.reading import read_page
from caliber_crawler.site import Site
from caliber_crawler.spiders.caliber import CaliberSpider
from tests.reading.pages import PAGES, expected_of, recorded_capture, site_of

DEMO_PAGES = 200
WARM_UP = 12
ROUNDS = 4
SPLIT_SEED = 20261123


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    folder = find_benchmark()
    parser.add_argument("--articles", type=Path, default=folder / "articles.jsonl.gz" if folder else None)
    parser.add_argument("--score", type=Path, default=folder / "score.py" if folder else None)
    arguments = parser.parse_args()
    logging.disable(logging.CRITICAL)
    if arguments.articles and arguments.score:
        compare(load_pages(arguments.articles), arguments.score)
    else:
        print("The article benchmark is not beside this checkout; name it with --articles and --score.")
    measure_known_layout()


def compare(pages: Sequence[Page], score: Path) -> None:
    """Print a row of scores for every reader, and one for each half of the pages."""
    rules = load_rules(score)
    print(f"{'reader':24}{'pages':12}" + "".join(f"{name:>13}" for name in COLUMNS) + f"{'CPU ms':>9}{'failed':>8}")
    for name, prepare in READERS.items():
        try:
            read = prepare()
        except ImportError:
            print(f"{name:24}not installed")
            continue
        predictions, milliseconds, failed = read_all(read, pages)
        for half, some in halves(pages).items():
            columns = scores(rules, predictions, some)
            row = "".join(f"{columns[column]:13.3f}" for column in COLUMNS)
            tail = f"{milliseconds:9.1f}{failed:8}" if half == "all" else ""
            print(f"{name if half == 'all' else '':24}{half:12}{row}{tail}", flush=True)


def halves(pages: Sequence[Page]) -> dict[str, list[Page]]:
    ids = sorted(page["id"] for page in pages)
    random.Random(SPLIT_SEED).shuffle(ids)
    first = set(ids[: len(ids) // 2])
    return {
        "all": list(pages),
        "first half": [page for page in pages if page["id"] in first],
        "second half": [page for page in pages if page["id"] not in first],
    }


def read_all(read: Reader, pages: Sequence[Page]) -> tuple[dict[str, Prediction], float, int]:
    """Predictions by page, milliseconds of CPU per page, and how many pages the reader failed on."""
    predictions: dict[str, Prediction] = {}
    failed = 0
    for page in pages[:WARM_UP]:
        _attempt(read, page)
    started = time.process_time()
    for page in pages:
        prediction = _attempt(read, page)
        failed += prediction is None
        predictions[page["id"]] = prediction or {}
    return predictions, (time.process_time() - started) / len(pages) * 1000, failed


def _attempt(read: Reader, page: Page) -> Prediction | None:
    try:
        return read(page["html"], page["url"])
    except Exception:  # noqa: BLE001  a reader's failure is a result
        return None


def measure_known_layout() -> None:
    """Print pages per second of one core for sites with a file, beside trafilatura on the same pages."""
    print(f"\n{'known layouts':24}{'pages':>8}{'KiB':>8}{'reader':>26}{'pages a second and core':>26}{'we are':>10}")
    for name, pages in (("the demo site", demo_pages()), ("recorded pages", recorded_pages())):
        ours = len(pages) / _seconds(lambda capture, site: read_page(capture, site), pages)
        size = sum(len(capture.body) for capture, _ in pages) / len(pages) / 1024
        print(f"{name:24}{len(pages):8}{size:8.0f}{'caliber_crawler':>26}{ours:26,.0f}")
        for other in ("trafilatura, body", "trafilatura, metadata"):
            theirs = len(pages) / _seconds(_from_text(READERS[other]()), pages)
            print(f"{'':40}{other:>26}{theirs:26,.0f}{ours / theirs:9.1f}x")


def _from_text(read: Reader) -> Callable[[Capture, Site], object]:
    return lambda capture, site: read(capture.body.decode(errors="replace"), capture.url)


def _seconds(read: Callable[[Capture, Site], object], pages: Sequence[tuple[Capture, Site]]) -> float:
    """CPU seconds for all pages: the best of a few rounds, for the cores of this machine may be shared."""
    rounds = []
    for _ in range(ROUNDS):
        started = time.process_time()
        for capture, site in pages:
            read(capture, site)
        rounds.append(time.process_time() - started)
    return min(rounds)


def recorded_pages() -> list[tuple[Capture, Site]]:
    """The recorded pages in HTML that have a layout their site's file describes."""
    folders = [path.parent for path in sorted(PAGES.glob("*/*/page.html"))]
    return [
        (recorded_capture(folder), site_of(folder))
        for folder in folders
        if expected_of(folder).get("layout") in {layout.name for layout in site_of(folder).layouts}
    ]


def demo_pages() -> list[tuple[Capture, Site]]:
    site = DemoSite(DEMO_PAGES, seed=1, base_url="https://caliber.az", clock=lambda: datetime.now(UTC))
    captures = []
    for truth in site.truth():
        address = truth["url"]
        body = site.respond(address.removeprefix("https://caliber.az")).body
        headers = (("content-type", "text/html; charset=utf-8"),)
        capture = Capture(site="caliber", url=address, fetched_at=FETCHED_AT, status=200, headers=headers, body=body)
        captures.append((capture, CaliberSpider.site))
    return captures


if __name__ == "__main__":
    main()
