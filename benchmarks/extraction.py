"""Quality and speed of several extractors on the same news pages: python -m benchmarks.extraction

First the article benchmark: pages of many sites, extracted as pages of generic sites. Then pages of sites with a known
layout, for speed only. Extractors that are not installed are skipped. Times are CPU time, so other work on the machine
does not count; each extractor is warmed up with a few pages. The halves are a fixed random split: our rules were
developed on pages of the first half; of the second half only the scores were looked at.
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

from benchmarks.extractors import EXTRACTORS, Extractor
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
        print("No article benchmark was found beside this checkout; pass its files with --articles and --score.")
    measure_known_layout(arguments.articles)


def compare(pages: Sequence[Page], score: Path) -> None:
    """Print the scores of every extractor, for all pages and for each half."""
    rules = load_rules(score)
    print(f"{'extractor':24}{'pages':12}" + "".join(f"{name:>13}" for name in COLUMNS) + f"{'CPU ms':>9}{'failed':>8}")
    for name, prepare in EXTRACTORS.items():
        try:
            extract = prepare()
        except ImportError:
            print(f"{name:24}not installed")
            continue
        predictions, milliseconds, failed = extract_all(extract, pages)
        for half, pages_of_half in halves(pages).items():
            columns = scores(rules, predictions, pages_of_half)
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


def extract_all(extract: Extractor, pages: Sequence[Page]) -> tuple[dict[str, Prediction], float, int]:
    """Predictions by page, CPU milliseconds per page, and the number of pages on which the extractor failed."""
    predictions: dict[str, Prediction] = {}
    failed = 0
    for page in pages[:WARM_UP]:
        _attempt(extract, page)
    started = time.process_time()
    for page in pages:
        prediction = _attempt(extract, page)
        failed += prediction is None
        predictions[page["id"]] = prediction or {}
    return predictions, (time.process_time() - started) / len(pages) * 1000, failed


def _attempt(extract: Extractor, page: Page) -> Prediction | None:
    try:
        return extract(page["html"], page["url"])
    except Exception:  # noqa: BLE001 - a failure is a result
        return None


def measure_known_layout(articles: Path | None) -> None:
    """Print pages per second of one core for sites with a definition, compared with trafilatura on the same pages."""
    print(
        f"\n{'known layouts':42}{'pages':>7}{'KiB':>6}{'pages/s, core':>15}{'x trafilatura, body':>21}{'metadata':>10}"
    )
    for name, pages in known_layouts(articles):
        extractors = [
            extract_page,
            *(_from_text(EXTRACTORS[name]()) for name in ("trafilatura, body", "trafilatura, metadata")),
        ]
        ours, body, metadata = _milliseconds(extractors, pages)
        size = sum(len(capture.body) for capture, _ in pages) / len(pages) / 1024
        print(f"{name:42}{len(pages):7}{size:6.0f}{1000 / ours:15,.0f}{body / ours:21.1f}{metadata / ours:10.1f}")


def known_layouts(articles: Path | None) -> Iterator[tuple[str, Sequence[Known]]]:
    """Groups of pages. Demo pages are small, so their articles are also inserted into pages of real size."""
    demo = demo_pages()
    yield "demo pages", demo
    for shell in shells(articles, SHELLS, teasers=False) if articles else ():
        if not html.document_fromstring(shell.text).find_class(ARTICLE):  # it would be extracted as the article
            yield f"demo articles in a page of {shell.name}", in_shell(shell, demo[:SHELL_PAGES])
    for name, pages in groupby(recorded_pages(), key=lambda known: known[1].title):
        yield f"recorded pages of {name}", list(pages)


def _from_text(extract: Extractor) -> Callable[[Capture, Site], object]:
    return lambda capture, site: extract(capture.body.decode(errors="replace"), capture.url)


def _milliseconds(extractors: Sequence[Callable[[Capture, Site], object]], pages: Sequence[Known]) -> list[float]:
    """CPU milliseconds per page for each extractor: the median of several rounds in which they alternate."""
    rounds: list[list[float]] = [[] for _ in extractors]
    for _ in range(ROUNDS):
        for extract, times in zip(extractors, rounds, strict=True):
            started = time.process_time()
            for capture, site in pages:
                extract(capture, site)
            times.append((time.process_time() - started) / len(pages) * 1000)
    return [median(times) for times in rounds]


def in_shell(shell: Shell, pages: Sequence[Known]) -> list[Known]:
    """Pages with Caliber.Az's layout and the header, menus, teasers and scripts of another newspaper."""
    filled = []
    for capture, site in pages:
        article = html.document_fromstring(capture.body.decode()).find_class(ARTICLE)[0]
        page = shell.text.replace(BODY, html.tostring(article, encoding="unicode"))
        filled.append((replace(capture, body=re.sub("[\ue000-\uf8ff]", "", page).encode()), site))
    return filled


def recorded_pages() -> list[Known]:
    """The recorded HTML pages whose layout is in their site definition."""
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
        url = truth["url"]
        body = site.respond(url.removeprefix("https://caliber.az")).body
        headers = (("content-type", "text/html; charset=utf-8"),)
        capture = Capture(site="caliber", url=url, fetched_at=FETCHED_AT, status=200, headers=headers, body=body)
        captures.append((capture, CaliberSpider.site))
    return captures


if __name__ == "__main__":
    main()
