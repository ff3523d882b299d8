"""What the archive costs and gives: python benchmarks/archive.py [--articles N] [--pages FOLDER]... [--shells FILE]

Pages come from the demo site, from HTML files of your own (--pages, one site each), and from real pages into which
other real articles are put (--shells, JSON lines with `url`, `html` and `truth`; see shells.py). Prints one table
a question. Every figure is of this machine and of one process; run it again before trusting the second digit.
"""

from __future__ import annotations

import argparse
import gzip
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import zstandard
from shells import filled, neighbours, shells, texts
from tabulate import tabulate

from caliber_crawler.archive import Archive
from caliber_crawler.demo import DemoSite
from caliber_crawler.items import Article, Capture, Reading
from caliber_crawler.rereading import Rereader
from caliber_crawler.site import Address
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


LEVELS = (3, 9, 19)
# Pages that a trained dictionary is made of, and pages that are then packed with every kind.
TRAINED_ON, SWEPT = 60, 40
TRAINED_BYTES = 112_640


@dataclass(frozen=True, slots=True)
class Source:
    """Pages of one site and language. ``texts`` are those of their articles, when known."""

    name: str
    pages: list[bytes]
    language: str = "en"
    texts: list[str] | None = None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=2_000, help="of the archive that is searched (goal: 200000)")
    parser.add_argument("--demo-pages", type=int, default=300)
    parser.add_argument("--pages", type=Path, action="append", default=[], help="a folder of HTML files of one site")
    parser.add_argument("--shells", type=Path, help="real pages to put articles into: JSON lines, gzip")
    options = parser.parse_args()
    demo = demo_pages(options.demo_pages)
    folders = [
        Source(path.name, [file.read_bytes() for file in sorted(path.rglob("*.html"))]) for path in options.pages
    ]
    real = shell_pages(options.shells) if options.shells else []
    sources = [*demo, *folders, *real]
    with tempfile.TemporaryDirectory() as folder:
        table("Bytes a page", [packing(source, Path(folder)) for source in sources])
        if options.shells:
            table("Two real pages of one newspaper as they are, one packed with the other", pairs(options.shells))
        else:
            print("\nNo pages of real size were measured: give some with --shells.")
        table("Bytes a page by level and dictionary", [row for source in sources for row in sweep(source)])
        table("Pages a second, one process", [speeds(source, Path(folder)) for source in [*demo, *folders]])
        table("Articles written a second", list(writing(Path(folder), min(options.articles, 1_000))))
        table(f"An archive of {options.articles:,} articles", [large(Path(folder), options.articles)])


def demo_pages(count: int) -> list[Source]:
    """The demo site, one source for each of its languages: a crawl knows them and packs each by itself."""
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


def shell_pages(path: Path) -> list[Source]:
    """Real pages with other real articles in them: all else alike, then every teaser different."""
    bodies = texts(path)
    return [
        Source(f"{shell.name}{', teasers vary' if teasers else ''}", filled(shell, bodies), texts=bodies)
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


def kept(source: Source, folder: Path) -> Path:
    """An archive that holds these pages, made once."""
    path = folder / f"{source.name}.db"
    if not path.exists():
        with Archive.open(path, mode="write") as archive, archive.transaction():
            run_id = start(archive)
            for capture in captures(source):
                archive.captures.keep(capture, run_id)
    return path


def start(archive: Archive) -> int:
    return archive.runs.start("benchmark", site="caliber", arguments={}, settings={}, software={})


def packing(source: Source, folder: Path) -> dict[str, object]:
    """Stored bytes, the dictionaries included, against a gzip member for each page as WARC has it.

    ``text`` is a gzip member of the article's text alone: were all else free, the ratio would be ``gzip / text``. Demo
    pages come near it, and in Russian and Armenian below, for their made-up texts share whole sentences.
    """
    path = kept(source, folder)
    with Archive.open(path) as archive:
        stored = archive.status()["bodies"]["stored"]
    zipped = sum(map(gzipped, source.pages))
    text = sum(gzipped(text.encode()) for text in source.texts or [])
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


def gzipped(page: bytes) -> int:
    return len(gzip.compress(page, 6))


def pairs(path: Path) -> list[dict[str, object]]:
    """What the one page takes with the other as its dictionary: the least that a site's likeness gives."""
    ratios = [gzipped(second) / len(one_page(first, 9).compress(second)) for _, first, second in neighbours(path)]
    low, middle, high = statistics.quantiles(ratios, n=4)
    return [{"pairs": len(ratios), "gzip / here: lower quarter": low, "median": middle, "upper quarter": high}]


def one_page(page: bytes, level: int) -> zstandard.ZstdCompressor:
    dictionary = zstandard.ZstdCompressionDict(page, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
    return zstandard.ZstdCompressor(level=level, dict_data=dictionary)


def sweep(source: Source) -> Iterator[dict[str, object]]:
    """The pages after those a dictionary is trained on, packed in every way; a dictionary's own bytes not counted."""
    if len(source.pages) < TRAINED_ON + SWEPT // 2:
        return
    known, pages = source.pages[:TRAINED_ON], source.pages[TRAINED_ON:][:SWEPT]
    samples: list[bytes | bytearray | memoryview[int]] = list(known)
    trained = zstandard.train_dictionary(TRAINED_BYTES, samples)
    for level in LEVELS:
        row: dict[str, object] = {"pages of": source.name, "level": level}
        for kind, compressor in {
            "none": zstandard.ZstdCompressor(level=level),
            "one page": one_page(known[0], level),
            "trained": zstandard.ZstdCompressor(level=level, dict_data=trained),
        }.items():
            packed: list[bytes] = []
            compressor.compress(b"")
            speed = rate(len(pages), lambda: packed.extend(map(compressor.compress, pages)))  # noqa: B023
            row |= {kind: sum(map(len, packed)) / len(pages), f"{kind}: pages a second": speed}
        yield row


def speeds(source: Source, folder: Path) -> dict[str, object]:
    with Archive.open(kept(source, folder)) as archive:
        ids = [row[0] for row in archive.db.execute("SELECT id FROM captures")]
        random.Random(1).shuffle(ids)
        back = rate(len(ids), lambda: [archive.captures.get(id) for id in ids])
        reread = Rereader({"caliber": CaliberSpider.site})
        found: list[bool] = []
        again = rate(
            len(ids), lambda: found.extend(isinstance(reread.read(archive.captures.get(id)), Reading) for id in ids)
        )
    return {"pages of": source.name, "read back": back, "read back and read again": again, "articles found": sum(found)}


def rate(count: int, work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return count / (time.perf_counter() - begun)


def made_up(count: int) -> Iterator[Reading]:
    """Articles of 400 words drawn as words are, each with a page of its own."""
    chance = random.Random(7)
    words = [
        *["the", "of", "and", "in", "to", "a", "on", "is", "for", "with", "by", "at", "as", "from"],
        *(f"word{n}" for n in range(30_000)),
    ]
    words += [word.strip('"-') for query in QUERIES for word in query.split() if word != "OR"]
    weights = [1 / (rank + 3) for rank in range(len(words) - 14)] + [0.001] * 14
    for number in range(count):
        body = "\n\n".join(" ".join(chance.choices(words, weights, k=100)) for _ in range(4))
        url = f"https://caliber.az/en/post/{number}"
        at = NOW + timedelta(seconds=number)
        yield Reading(
            capture=Capture(site="caliber", url=url, fetched_at=at, status=200, headers=HTML, body=body.encode()),
            article=Article(
                site="caliber",
                language="en",
                url=url,
                headline=" ".join(chance.choices(words, weights, k=8)),
                body=body,
                published_at=at,
                section="analytics",
                views=number,
            ),
            layout="new",
            extractor="benchmark",
        )


def write(archive: Archive, readings: list[Reading], run_id: int) -> None:
    for reading in readings:
        capture = archive.captures.keep(reading.capture, run_id)
        with archive.transaction():
            archive.articles.save(
                Reading(capture=capture, article=reading.article, layout=reading.layout, extractor=reading.extractor),
                run_id,
                [Address(url=reading.article.url, language="en", number=capture.id)],
            )


def writing(folder: Path, count: int) -> Iterator[dict[str, object]]:
    """Two commits an article, as a crawl makes them: the page, then what was read on it."""
    readings = list(made_up(count))
    for name, pragma, trigger in (
        ("as it is: every commit on the disk (FULL)", "FULL", True),
        ("safe against kill, not power loss (NORMAL)", "NORMAL", True),
        ("FULL, without the full-text index", "FULL", False),
    ):
        path = folder / f"writing-{pragma}-{trigger}.db"
        with Archive.open(path, mode="write") as archive:
            archive.db.execute(f"PRAGMA synchronous = {pragma}")
            if not trigger:
                archive.db.execute("DROP TRIGGER versions_are_indexed")
            run_id = start(archive)
            speed = rate(count, lambda: write(archive, readings, run_id))  # noqa: B023
        yield {"": name, "articles a second": speed, "ms each": 1000 / speed}


def large(folder: Path, count: int) -> dict[str, object]:
    path = folder / "large.db"
    with Archive.open(path, mode="write") as archive:
        run_id = start(archive)
        batch: list[Reading] = []
        for reading in made_up(count):
            batch.append(reading)
            if len(batch) == 500:
                with archive.transaction():
                    write(archive, batch, run_id)
                batch = []
        with archive.transaction():
            write(archive, batch, run_id)
    opened = seconds(lambda: Archive.open(path).close())
    with Archive.open(path) as archive:
        took = [seconds(lambda: archive.search(query)) for query in QUERIES for _ in range(3)]  # noqa: B023
        status = seconds(archive.status)
    return {
        "MB": path.stat().st_size / 1e6,
        "open ms": opened * 1000,
        "search median ms": statistics.median(took) * 1000,
        "search p95 ms": statistics.quantiles(took, n=20)[-1] * 1000,
        "status ms": status * 1000,
    }


def seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
