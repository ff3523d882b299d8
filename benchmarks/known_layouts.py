"""Speed on pages of sites with a known layout: python -m benchmarks.known_layouts

All fields extracted, compared with trafilatura on the same pages. Times are CPU time. ``--profile`` prints the steps of
each group of pages, and the limits: how much faster than trafilatura the parsers alone are.
"""

from __future__ import annotations

import argparse
import logging
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from itertools import groupby
from pathlib import Path

from lxml import etree, html
from selectolax.lexbor import LexborHTMLParser

from benchmarks.extraction_steps import print_steps, profile
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
SMALL_SHELLS, SMALL_SIZE = 3, range(30_000, 60_000)
ARTICLE = "post"
ROUNDS = 5
Known = tuple[Capture, Site]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    folder = find_benchmark()
    parser.add_argument("--articles", type=Path, default=folder / "articles.jsonl.gz" if folder else None)
    parser.add_argument("--profile", action="store_true", help="Print the steps of the extraction, and its limits.")
    arguments = parser.parse_args()
    logging.disable(logging.CRITICAL)
    measure_known_layout(arguments.articles)
    if arguments.profile:
        print_profile(arguments.articles)


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


def print_profile(articles: Path | None) -> None:
    """Print what the parsers alone would reach, and the steps of the extraction."""
    groups = list(known_layouts(articles))
    columns = f"{'trafilatura, ms':>17}{'lexbor':>8}{'libxml2':>9}{'both, article':>15}"
    print(f"\n{'limits, x trafilatura with metadata':42}{columns}")
    for name, pages in groups:
        whole, quick, tree, article = _milliseconds(
            [_from_text(trafilatura_metadata()), _scan, _parse, _parse_article], pages
        )
        print(f"{name:42}{whole:17.2f}{whole / quick:8.0f}{whole / tree:9.0f}{whole / article:15.0f}")
    for name, pages in groups:
        print_steps(name, *profile(partial(_extract_all, pages), len(pages)))


def _extract_all(pages: Sequence[Known]) -> None:
    for capture, site in pages:
        extract_page(capture, site)


def _scan(capture: Capture, site: Site) -> object:
    return LexborHTMLParser(capture.body)


def _parse(capture: Capture, site: Site) -> object:
    return etree.fromstring(capture.body, etree.HTMLParser(encoding="utf-8", huge_tree=True))


def _parse_article(capture: Capture, site: Site) -> object:
    """The page by lexbor, its article by libxml2, and its text: the least that any extraction of this kind does."""
    found = LexborHTMLParser(capture.body).css_first(site.layouts[0].article)
    return html.fromstring(found.html or "").text_content() if found is not None else None


def known_layouts(articles: Path | None) -> Iterator[tuple[str, Sequence[Known]]]:
    """Groups of pages. Demo pages are small, so their articles are also inserted into pages of real size."""
    demo = demo_pages()
    yield "demo pages", demo
    small = shells(articles, SMALL_SHELLS, teasers=False, size=SMALL_SIZE) if articles else []
    for shell in (*small, *shells(articles, SHELLS, teasers=False)) if articles else ():
        if not html.document_fromstring(shell.text).find_class(ARTICLE):  # it would be extracted as the article
            yield f"demo articles in a page of {shell.name}", in_shell(shell, demo[:SHELL_PAGES])
    for name, pages in groupby(recorded_pages(), key=lambda known: known[1].title):
        yield f"recorded pages of {name}", list(pages)


def _from_text(extract: Extractor) -> Callable[[Capture, Site], object]:
    return lambda capture, site: extract(capture.body.decode(errors="replace"), capture.url)


def _milliseconds(extractors: Sequence[Callable[[Capture, Site], object]], pages: Sequence[Known]) -> list[float]:
    """CPU milliseconds per page for each extractor: the lowest time of each page in rounds in which they alternate.

    Other programs on the machine can only add to a time.
    """
    lowest = [[float("inf")] * len(pages) for _ in extractors]
    for _ in range(ROUNDS):
        for extract, times in zip(extractors, lowest, strict=True):
            for at, (capture, site) in enumerate(pages):
                started = time.process_time()
                extract(capture, site)
                times[at] = min(times[at], time.process_time() - started)
    return [sum(times) / len(pages) * 1000 for times in lowest]


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
