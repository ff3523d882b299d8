"""Days, minutes and languages on pages with a known truth: python -m benchmarks.fields

Every page is extracted as it is, and again without its metadata: only the text, as a visitor reads it, and the URL
remain. Pages: those of the article benchmark (``benchmarks/scoring.py``), its further pages (``pages.jsonl.gz``), and
whole sites in a folder with ``sites/NAME.tar.zst`` and ``truth/NAME.jsonl.zst``.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import logging
import os
import re
import tarfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

import zstandard
from lxml import etree

from benchmarks.scoring import FETCHED_AT, find_benchmark
from caliber_crawler.extraction.generic.extractor import extract_tree
from caliber_crawler.extraction.tree import parse_html

BESIDE = Path(__file__).resolve().parents[2] / "shared" / "realsites"
_MACHINE_ATTRIBUTES = ("datetime", "content", "pubdate", "itemprop", "property", "title")


class KnownPage(NamedTuple):
    """A page and what is true of it."""

    id: str
    url: str
    html: str
    published_at: str | None
    language: str | None


class Outcome(NamedTuple):
    """What was found on a page, as it is or without metadata."""

    page: str
    group: str
    day: bool | None
    """``None`` if no day was found."""
    minute: bool | None
    language: bool | None
    found: str
    milliseconds: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--benchmarks", type=Path, default=find_benchmark())
    parser.add_argument("--sites", type=Path, default=Path(os.environ.get("CALIBER_REALSITES") or BESIDE))
    parser.add_argument("--list", action="store_true", help="Print every page with a wrong or missing day.")
    parser.add_argument("--only", default="", help="Only groups whose name begins with this.")
    arguments = parser.parse_args()
    logging.disable(logging.CRITICAL)
    pages = [page for page in load(arguments.benchmarks, arguments.sites) if page.id.startswith(arguments.only)]
    with ProcessPoolExecutor(2) as pool:
        outcomes = [outcome for found in pool.map(outcomes_of, pages, chunksize=16) for outcome in found]
    report(outcomes)
    if arguments.list:
        for outcome in outcomes:
            if not outcome.day or outcome.minute is False or outcome.language is False:
                print(outcome)


def report(outcomes: Sequence[Outcome]) -> None:
    print(f"{'pages':32}{'number':>8}{'day':>8}{'wrong':>8}{'minute':>8}{'language':>10}{'CPU ms':>8}")
    for group in dict.fromkeys(outcome.group for outcome in outcomes):
        rows = [outcome for outcome in outcomes if outcome.group == group]
        minutes = [row.minute for row in rows if row.minute is not None]
        languages = [row.language for row in rows if row.language is not None]
        days = Counter(row.day for row in rows)
        print(
            f"{group:32}{len(rows):8}{days[True] / len(rows):8.3f}{days[False] / len(rows):8.3f}"
            f"{_share(minutes):>8}{_share(languages):>10}{sum(row.milliseconds for row in rows) / len(rows):8.1f}"
        )


def _share(hits: Sequence[bool]) -> str:
    return f"{sum(hits) / len(hits):.3f}" if hits else "–"


def outcomes_of(page: KnownPage) -> list[Outcome]:
    return [_outcome(page, bare=False), _outcome(page, bare=True)]


def _outcome(page: KnownPage, *, bare: bool) -> Outcome:
    group = f"{page.id.partition('/')[0]}, {'text only' if bare else 'with metadata'}"
    try:
        root = parse_html(page.html.encode("utf-8", errors="replace"))
        if bare:
            without_metadata(root)
        started = time.process_time()
        found = extract_tree(root, page.url, now=FETCHED_AT)
        milliseconds = (time.process_time() - started) * 1000
    except Exception as wrong:  # noqa: BLE001 - a failure is a result
        return Outcome(page.id, group, None, None, None, repr(wrong), 0)
    at = found.published_at
    day, minute = _compare(at, page.published_at) if page.published_at else (True, None)
    language = _same_language(found.language, page.language) if page.language else None
    text = f"{at} {found.language} / {page.published_at} {page.language} {dict(found.methods)}"
    return Outcome(page.id, group, day, minute, language, text, milliseconds)


def _compare(at: datetime | None, truth: str) -> tuple[bool | None, bool | None]:
    if at is None:
        return None, (False if len(truth) > 10 else None)
    expected = datetime.fromisoformat(truth)
    if len(truth) == 10:
        return at.date() == expected.date(), None
    local = at.astimezone(expected.tzinfo) if at.tzinfo and expected.tzinfo else at
    same = local.replace(second=0, microsecond=0, tzinfo=None) == expected.replace(second=0, microsecond=0, tzinfo=None)
    return local.date() == expected.date(), same


def _same_language(found: str | None, truth: str) -> bool:
    norwegian = {"nb": "no", "nn": "no"}
    return norwegian.get(found or "", found) == norwegian.get(truth, truth)


def without_metadata(root: etree._Element) -> None:
    """Remove what machines read: scripts, meta elements, and attributes with dates."""
    etree.strip_elements(root, "script", "meta", with_tail=False)
    for element in root.iter(etree.Element):
        for name in list(element.attrib):
            if name in _MACHINE_ATTRIBUTES or str(name).startswith("data-"):
                del element.attrib[name]


def load(benchmarks: Path | None, sites: Path) -> Iterator[KnownPage]:
    for name in ("articles", "pages") if benchmarks else ():
        with gzip.open(benchmarks / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:  # type: ignore[operator]
            for row in map(json.loads, lines):
                truth = row["truth"]
                if truth.get("published_at"):
                    yield KnownPage(row["id"], row["url"], row["html"], truth["published_at"], truth.get("language"))
    for truth_file in sorted((sites / "truth").glob("*.jsonl.zst")):
        yield from _pages_of_site(sites, truth_file)


def _pages_of_site(folder: Path, truth_file: Path) -> Iterator[KnownPage]:
    name = truth_file.name.partition(".")[0]
    with zstandard.open(truth_file, "rt", encoding="utf-8") as lines:
        rows: list[dict[str, Any]] = [row for row in map(json.loads, lines) if row["kind"] == "article"]
    raw = zstandard.ZstdDecompressor(max_window_size=2**31).stream_reader(
        (folder / "sites" / f"{name}.tar.zst").open("rb")
    )
    files = {}
    with tarfile.open(fileobj=io.BufferedReader(raw), mode="r|") as tar:
        for member in tar:
            if member.isfile() and (handle := tar.extractfile(member)):
                files[member.name.partition("/")[2]] = handle.read()
    for row in rows:
        path = unquote(urlsplit(row["url"]).path).strip("/")
        source = next((files[key] for key in (path, f"{path}/index.html", f"{path}.html") if key in files), None)
        if source is not None and row.get("day"):
            html = re.sub("\0", "", source.decode("utf-8", errors="replace"))
            yield KnownPage(
                f"site-{name}/{path}", f"http://news.example{row['url']}", html, row["day"], row.get("language")
            )


if __name__ == "__main__":
    main()
