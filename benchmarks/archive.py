"""Size and speed of the archive: python -m benchmarks.archive [--articles N] [--pages FOLDER]... [--shells FILE]

Pages come from the demo site, from your own HTML files (--pages, one site each), and from real pages in which the
article is replaced by other real articles (--shells, JSON lines with `url`, `html` and `truth`; see shells.py). With
--bytes, only the size of pages is measured, without the demo site.
Prints one table per measurement. All figures are for this machine and one process. Repeat the run before you rely on
the second digit.
"""

from __future__ import annotations

import argparse
import gzip
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from urllib.parse import urlsplit

import zstandard
from lxml import html
from tabulate import tabulate

from benchmarks.shells import fill, neighbours, shells, texts
from caliber_crawler.archive import Archive
from caliber_crawler.archive.pages.dictionaries import LEVEL, MIN_BYTES, choose_pages, compressor_of
from caliber_crawler.demo import DemoSite
from caliber_crawler.items import Article, Capture, Extraction
from caliber_crawler.reextraction import Reextractor
from caliber_crawler.site import ArticleURL, SiteRegistry
from caliber_crawler.spiders.caliber import CaliberSpider

NOW = datetime(2026, 1, 7, tzinfo=UTC)
HTML = (("Content-Type", "text/html; charset=utf-8"),)
QUERIES = (
    "corridor",
    "президент",
    '"peace treaty"',
    "gas OR oil",
    "summit -nato",
    "Baku",
    "экспорт",
    "war",
    "Zangezur",
    "energy",
)


# The words of the queries: each occurs in many of the searched articles.
QUERY_WORDS = (
    *("corridor", "президент", "peace treaty", "gas", "oil", "summit", "nato", "Baku", "экспорт", "war", "Zangezur"),
    "energy",
)
STOP_WORDS = ("the", "of", "and", "in", "to", "a", "on", "is", "for", "with", "by", "at", "as", "from")
LEVELS = (3, 9, 19)
DICTIONARY_SIZES = (128, 256, 512, 1024)
# Number of pages to train a dictionary on, and number of pages to compress with each kind of dictionary.
TRAINED_ON, COMPRESSED = 60, 40
TRAINED_BYTES = 112_640
QUARTERS = ("lower quarter", "median", "upper quarter")


@dataclass(frozen=True, slots=True)
class Source:
    """Pages of one site and language, with the texts of their articles if known."""

    name: str
    pages: list[bytes]
    language: str = "en"
    texts: list[str] | None = None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=2_000, help="size of the searched archive (goal: 200000)")
    parser.add_argument("--demo-pages", type=int, default=3_000)
    parser.add_argument("--pages", type=Path, action="append", default=[], help="folder with HTML files of one site")
    parser.add_argument("--shells", type=Path, help="real pages to insert articles into: JSON lines, gzip")
    parser.add_argument("--bytes", action="store_true", help="measure only the size of the given pages")
    options = parser.parse_args()
    demo = [] if options.bytes else demo_pages(options.demo_pages)
    folders = [site_pages(path) for path in options.pages]
    real = shell_pages(options.shells) if options.shells else []
    sources = [*demo, *folders, *real]
    with tempfile.TemporaryDirectory() as folder:
        table("Bytes per page", [compression(source, Path(folder)) for source in sources])
        if options.shells:
            table("Pairs of real pages of one newspaper, one compressed with the other", pairs(options.shells))
        else:
            print("\nNo pages of real size were measured; pass some with --shells.")
        table("Bytes per page by level and dictionary", [row for source in sources for row in sweep(source)])
        table(
            "Bytes per page by dictionary size",
            [sizes(source) for source in sources if len(source.pages) > TRAINED_ON],
        )
        if options.bytes:
            return
        table("Pages per second, one process", [speeds(source, Path(folder)) for source in [*demo, *folders]])
        table("Articles written per second", list(writing(Path(folder), min(options.articles, 1_000))))
        table(f"Archive of {options.articles:,} articles", [large(Path(folder), options.articles)])


def demo_pages(count: int) -> list[Source]:
    """The demo site, one source per language: a crawl compresses the pages of each language separately."""
    site = DemoSite(articles=count, seed=1, clock=lambda: NOW)
    found: dict[str, Source] = {}
    for page in site.truth(NOW):
        answer = site.respond(urlsplit(str(page["url"])).path)
        if answer.status == 200:
            edition = str(page["edition"])
            source = found.setdefault(edition, Source(f"demo-{edition}", [], edition, []))
            source.pages.append(answer.body)
            assert source.texts is not None
            source.texts.append(str(page["body"]))
    return list(found.values())


def site_pages(folder: Path) -> Source:
    """The pages of one site, and the text of their paragraphs, which is nearly all that no other page has."""
    pages = [file.read_bytes() for file in sorted(folder.rglob("*.html"))]
    pages = [page for page in pages if len(page) >= MIN_BYTES]
    texts = ["\n".join(each.text_content() for each in html.document_fromstring(page).iter("p")) for page in pages]
    return Source(folder.name, pages, texts=texts)


def shell_pages(path: Path) -> list[Source]:
    """Real pages with other real articles: first with the same surroundings, then with different teasers."""
    bodies = texts(path)
    return [
        Source(f"{shell.name}{', teasers vary' if teasers else ''}", fill(shell, bodies), texts=bodies)
        for teasers in (False, True)
        for shell in shells(path, 4, teasers=teasers)
    ]


def table(title: str, rows: list[dict[str, object]]) -> None:
    print(f"\n{title}\n{tabulate(rows, headers='keys', floatfmt=',.1f', intfmt=',')}")


def captures(source: Source) -> Iterator[Capture]:
    for number, page in enumerate(source.pages):
        url = f"https://caliber.az/{source.language}/post/{number + 100_000}"
        yield Capture(
            site="caliber", url=url, fetched_at=NOW + timedelta(seconds=number), status=200, headers=HTML, body=page
        )


def archive_of(source: Source, folder: Path) -> Path:
    """An archive with these pages, created once."""
    path = folder / f"{source.name}.db"
    if not path.exists():
        with Archive.open(path, mode="write") as archive, archive.transaction():
            run_id = start(archive)
            for capture in captures(source):
                archive.captures.store(capture, run_id)
    return path


def start(archive: Archive) -> int:
    return archive.runs.start("benchmark", site="caliber", arguments={}, settings={}, software={})


def compression(source: Source, folder: Path) -> dict[str, object]:
    """Stored bytes including dictionaries, compared with one gzip member per page as in WARC files.

    ``text`` is a gzip member of the article's text alone. If everything else took no space, the ratio would be
    ``gzip / text``. Demo pages are far below it, because their generated texts share sentences; real texts do not.
    """
    path = archive_of(source, folder)
    with Archive.open(path) as archive:
        stored = archive.status()["bodies"]["stored"]
    zipped = sum(map(gzip_size, source.pages))
    text = sum(gzip_size(text.encode()) for text in source.texts or [])
    count = len(source.pages)
    return {
        "pages of": source.name,
        "pages": count,
        "as served": sum(map(len, source.pages)) / count,
        "gzip members": zipped / count,
        "text": text / count if text else None,
        "here": stored / count,
        "gzip / here": zipped / stored,
        "gzip / text": zipped / text if text else None,
        "whole file": path.stat().st_size / count,
    }


def gzip_size(page: bytes) -> int:
    return len(gzip.compress(page, 6))


def pairs(path: Path) -> list[dict[str, object]]:
    """The size of a page with another page of the site as its dictionary: the minimum gain from similar pages.

    ``gzip / text`` as above: the ratio for the article alone. Level 22 saves another 6 %.
    """
    found: dict[str, list[float]] = {"gzip / here": [], "gzip / text": []}
    for first, second, text in neighbours(path):
        compressed = compressor_of(first, LEVEL).compress(second)
        found["gzip / here"].append(gzip_size(second) / len(compressed))
        found["gzip / text"].append(gzip_size(second) / gzip_size(text.encode()))
    return [
        {"pairs": len(ratios), "": name} | dict(zip(QUARTERS, statistics.quantiles(ratios, n=4), strict=True))
        for name, ratios in found.items()
    ]


def sweep(source: Source) -> Iterator[dict[str, object]]:
    """Compress the pages after the training pages in every way. The size of the dictionary is not included."""
    if len(source.pages) < TRAINED_ON + COMPRESSED // 2:
        return
    known, pages = source.pages[:TRAINED_ON], source.pages[TRAINED_ON:][:COMPRESSED]
    samples: list[bytes | bytearray | memoryview[int]] = list(known)
    trained = zstandard.train_dictionary(TRAINED_BYTES, samples)
    several = choose_pages(known)
    for level in LEVELS:
        row: dict[str, object] = {"pages of": source.name, "level": level}
        for kind, compressor in {
            "none": zstandard.ZstdCompressor(level=level),
            "one page": compressor_of(known[0], level),
            "several pages": compressor_of(several, level),
            "trained": zstandard.ZstdCompressor(level=level, dict_data=trained),
        }.items():
            compressed: list[bytes] = []
            compressor.compress(b"")
            speed = rate(len(pages), lambda: compressed.extend(map(compressor.compress, pages)))  # noqa: B023
            row |= {kind: sum(map(len, compressed)) / len(pages), f"{kind}: pages/s": speed}
        yield row


def sizes(source: Source) -> dict[str, object]:
    """The same pages at the level in use, by the maximum size of a dictionary of several pages."""
    known, pages = source.pages[:TRAINED_ON], source.pages[TRAINED_ON:][:COMPRESSED]
    row: dict[str, object] = {"pages of": source.name}
    for kilobytes in DICTIONARY_SIZES:
        content = choose_pages(known, kilobytes * 1024)
        compressor = compressor_of(content, LEVEL)
        compressor.compress(b"")
        speed = rate(len(pages), lambda: [compressor.compress(page) for page in pages])  # noqa: B023
        compressed = sum(len(compressor.compress(page)) for page in pages)
        row |= {f"{kilobytes} kB": compressed / len(pages), f"{kilobytes} kB: pages/s": speed}
    return row


def speeds(source: Source, folder: Path) -> dict[str, object]:
    with Archive.open(archive_of(source, folder)) as archive:
        ids = [row[0] for row in archive.db.execute("SELECT id FROM captures")]
        random.Random(1).shuffle(ids)
        load = rate(len(ids), lambda: [archive.captures.get(id) for id in ids])
        reextract = Reextractor(SiteRegistry([CaliberSpider.site]))
        found: list[bool] = []
        extract = rate(
            len(ids),
            lambda: found.extend(isinstance(reextract.extract(archive.captures.get(id)), Extraction) for id in ids),
        )
    return {"pages of": source.name, "load": load, "load and extract": extract, "articles found": sum(found)}


def rate(count: int, work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return count / (time.perf_counter() - start)


def inflections_of(word: str) -> list[str]:
    """The inflections of a query word in the articles: search finds all of them."""
    if word[0] < "а":
        return [word, f"{word}s"]
    return [word + ending for ending in ("", "а", "у", "ом", "е", "ы", "ов", "ам", "ами", "ах")]


def generate_articles(count: int) -> Iterator[Extraction]:
    """Articles of 400 random words, each with its own page. Every query word occurs in many of them."""
    chance = random.Random(7)
    query_words = [form for word in QUERY_WORDS for form in inflections_of(word)]
    words = [*STOP_WORDS, *(f"word{number}" for number in range(30_000)), *query_words]
    weights = [1 / (rank + 3) for rank in range(len(words) - len(query_words))]
    # Zipf's law; each query word, in all inflections together, is about one of a thousand words.
    weights += [sum(weights) / 1_000 * len(QUERY_WORDS) / len(query_words)] * len(query_words)
    cumulative = list(accumulate(weights))
    for number in range(count):
        body = "\n\n".join(" ".join(chance.choices(words, cum_weights=cumulative, k=100)) for _ in range(4))
        url = f"https://caliber.az/en/post/{number}"
        at = NOW + timedelta(seconds=number)
        yield Extraction(
            capture=Capture(site="caliber", url=url, fetched_at=at, status=200, headers=HTML, body=body.encode()),
            article=Article(
                site="caliber",
                language="en",
                url=url,
                headline=" ".join(chance.choices(words, cum_weights=cumulative, k=8)),
                body=body,
                published_at=at,
                section="analytics",
                views=number,
            ),
            layout="new",
            extractor="benchmark",
        )


def write(archive: Archive, extractions: list[Extraction], run_id: int) -> None:
    for extraction in extractions:
        capture = archive.captures.store(extraction.capture, run_id)
        with archive.transaction():
            archive.articles.save(
                Extraction(
                    capture=capture,
                    article=extraction.article,
                    layout=extraction.layout,
                    extractor=extraction.extractor,
                ),
                run_id,
                [ArticleURL(url=extraction.article.url, language="en", number=capture.id)],
            )


def writing(folder: Path, count: int) -> Iterator[dict[str, object]]:
    """Two commits per article, as in a crawl: first the page, then its article."""
    extractions = list(generate_articles(count))
    for name, pragma, trigger in (
        ("default: every commit synced (FULL)", "FULL", True),
        ("survives a kill, but no power loss (NORMAL)", "NORMAL", True),
        ("FULL, without the full-text index", "FULL", False),
    ):
        path = folder / f"writing-{pragma}-{trigger}.db"
        with Archive.open(path, mode="write") as archive:
            archive.db.execute(f"PRAGMA synchronous = {pragma}")
            if not trigger:
                archive.db.execute("DROP TRIGGER versions_are_indexed")
            run_id = start(archive)
            speed = rate(count, lambda: write(archive, extractions, run_id))  # noqa: B023
        yield {"": name, "articles/s": speed, "ms per article": 1000 / speed}


def large(folder: Path, count: int) -> dict[str, object]:
    path = folder / "large.db"
    with Archive.open(path, mode="write") as archive:
        run_id = start(archive)
        batch: list[Extraction] = []
        for extraction in generate_articles(count):
            batch.append(extraction)
            if len(batch) == 500:
                with archive.transaction():
                    write(archive, batch, run_id)
                batch = []
        with archive.transaction():
            write(archive, batch, run_id)
    drop_page_cache(path)
    open_time = seconds(lambda: Archive.open(path).close())
    with Archive.open(path) as archive:
        cold = seconds(archive.status)
        times = [seconds(lambda: archive.search(query)) for query in QUERIES for _ in range(3)]  # noqa: B023
        status = seconds(archive.status)
    return {
        "MB": path.stat().st_size / 1e6,
        "open cold ms": open_time * 1000,
        "search median ms": statistics.median(times) * 1000,
        "search p95 ms": statistics.quantiles(times, n=20)[-1] * 1000,
        "status ms": status * 1000,
        "status cold ms": cold * 1000,
    }


def drop_page_cache(path: Path) -> None:
    """Remove a file from the page cache, so that it is read from the disk next time."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
