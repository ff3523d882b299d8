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
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from statistics import median

from lxml import html

from benchmarks.readers import READERS, Reader
from benchmarks.scoring import COLUMNS, FETCHED_AT, Page, Prediction, find_benchmark, load_pages, load_rules, scores
from benchmarks.shells import BODY, Shell, shells
from caliber_crawler.demo import DemoSite
from caliber_crawler.extraction import extract_page
from caliber_crawler.items import Capture
from caliber_crawler.site import Site
from caliber_crawler.spiders.caliber import CaliberSpider
from tests.extraction.pages import PAGES, expected_of, recorded_capture, site_of

DEMO_PAGES = 100
SHELLS, SHELL_PAGES = 8, 20
ARTICLE = "post"
WARM_UP = 12
ROUNDS = 5
SPLIT_SEED = 20261123
Known = tuple[Capture, Site]


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
    measure_known_layout(arguments.articles)


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


def measure_known_layout(articles: Path | None) -> None:
    """Print pages per second of one core for sites with a file, beside trafilatura on the same pages."""
    print(
        f"\n{'known layouts':42}{'pages':>7}{'KiB':>6}{'pages/s, core':>15}{'x trafilatura, body':>21}{'metadata':>10}"
    )
    for name, pages in known_layouts(articles):
        readers = [
            extract_page,
            *(_from_text(READERS[name]()) for name in ("trafilatura, body", "trafilatura, metadata")),
        ]
        ours, body, metadata = _milliseconds(readers, pages)
        size = sum(len(capture.body) for capture, _ in pages) / len(pages) / 1024
        print(f"{name:42}{len(pages):7}{size:6.0f}{1000 / ours:15,.0f}{body / ours:21.1f}{metadata / ours:10.1f}")


def known_layouts(articles: Path | None) -> Iterator[tuple[str, Sequence[Known]]]:
    """Pages by what they are: the demo's are small, so its articles are also read in pages as large as real ones."""
    demo = demo_pages()
    yield "the demo's pages", demo
    for shell in shells(articles, SHELLS, teasers=False) if articles else ():
        if not html.document_fromstring(shell.text).find_class(ARTICLE):  # its own would be taken for the article
            yield f"its articles in a page of {shell.name}", in_shell(shell, demo[:SHELL_PAGES])
    for name, pages in groupby(recorded_pages(), key=lambda known: known[1].title):
        yield f"recorded pages of {name}", list(pages)


def _from_text(read: Reader) -> Callable[[Capture, Site], object]:
    return lambda capture, site: read(capture.body.decode(errors="replace"), capture.url)


def _milliseconds(readers: Sequence[Callable[[Capture, Site], object]], pages: Sequence[Known]) -> list[float]:
    """CPU milliseconds a page for each reader: the median of rounds in which they take turns."""
    rounds: list[list[float]] = [[] for _ in readers]
    for _ in range(ROUNDS):
        for read, times in zip(readers, rounds, strict=True):
            started = time.process_time()
            for capture, site in pages:
                read(capture, site)
            times.append((time.process_time() - started) / len(pages) * 1000)
    return [median(times) for times in rounds]


def in_shell(shell: Shell, pages: Sequence[Known]) -> list[Known]:
    """Pages of Caliber.Az's layout whose header, menus, teasers and scripts are another newspaper's."""
    filled = []
    for capture, site in pages:
        article = html.document_fromstring(capture.body.decode()).find_class(ARTICLE)[0]
        page = shell.text.replace(BODY, html.tostring(article, encoding="unicode"))
        filled.append((replace(capture, body=re.sub("[\ue000-\uf8ff]", "", page).encode()), site))
    return filled


def recorded_pages() -> list[Known]:
    """The recorded pages in HTML that have a layout their site's file describes."""
    folders = [path.parent for path in sorted(PAGES.glob("*/*/page.html"))]
    return [
        (recorded_capture(folder), site_of(folder))
        for folder in folders
        if expected_of(folder).get("layout") in {layout.name for layout in site_of(folder).layouts}
    ]


def demo_pages() -> list[Known]:
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
