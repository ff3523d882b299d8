"""Speed on pages of sites with a known layout: python -m benchmarks.known_layouts

All fields extracted, compared with trafilatura on the same pages. Times are CPU time.
"""

from __future__ import annotations

import argparse
import logging
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from statistics import median

from lxml import html

from benchmarks.extractors import Extractor, trafilatura_body, trafilatura_metadata
from benchmarks.scoring import FETCHED_AT, find_benchmark
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
ROUNDS = 5
Known = tuple[Capture, Site]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    folder = find_benchmark()
    parser.add_argument("--articles", type=Path, default=folder / "articles.jsonl.gz" if folder else None)
    arguments = parser.parse_args()
    logging.disable(logging.CRITICAL)
    measure_known_layout(arguments.articles)


def measure_known_layout(articles: Path | None) -> None:
    """Print pages per second of one core for sites with a definition, compared with trafilatura on the same pages."""
    print(
        f"\n{'known layouts':42}{'pages':>7}{'KiB':>6}{'pages/s, core':>15}{'x trafilatura, body':>21}{'metadata':>10}"
    )
    for name, pages in known_layouts(articles):
        extractors = [
            extract_page,
            _from_text(trafilatura_body()),
            _from_text(trafilatura_metadata()),
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
