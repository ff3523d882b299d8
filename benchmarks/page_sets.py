"""Real pages with a known truth, from the files beside this checkout; none of them is part of the project.

``articles.jsonl.gz`` and ``pages.jsonl.gz`` (``benchmarks/scoring.py``), and whole sites in a folder with
``sites/NAME.tar.zst`` and ``truth/NAME.jsonl.zst``.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

import zstandard
from lxml import etree

from caliber_crawler.extraction.tree import parse_html

SITES_BESIDE = Path(__file__).resolve().parents[2] / "shared" / "realsites"
FILES = ("articles", "pages")
PAGE_TYPES = {
    "aeb": "news, bodies",
    "fundus": "news, all fields",
    "wcxb": "articles of any kind",
    "htmldate": "dated pages",
    "site": "whole sites",
}
"""What the pages of a set are."""
OTHER_PAGES = "other pages of whole sites"
_MACHINE_ATTRIBUTES = ("datetime", "content", "pubdate", "itemprop", "property", "title")


class TruePage(NamedTuple):
    """A page and what is true of it."""

    id: str
    """Begins with the name of its set."""
    url: str
    html: str
    truth: Mapping[str, Any]
    """``headline``, ``body``, ``body_without_summary``, ``published_at``, ``authors``, ``language``; each may be
    missing."""
    is_article: bool = True

    @property
    def set(self) -> str:
        return self.id.partition("/")[0]

    @property
    def page_type(self) -> str:
        return PAGE_TYPES[self.set.partition("-")[0]] if self.is_article else OTHER_PAGES

    def without_metadata(self) -> TruePage:
        """The page as a visitor reads it: without scripts, meta elements and attributes for machines."""
        root = parse_html(self.html.encode("utf-8", errors="replace"))
        without_metadata(root)
        return self._replace(html=etree.tostring(root, method="html", encoding="unicode"))


def find_sites() -> Path | None:
    """The folder ``CALIBER_REALSITES``, or ``../shared/realsites`` beside the checkout; ``None`` if it is missing."""
    folder = Path(os.environ.get("CALIBER_REALSITES") or SITES_BESIDE)
    return folder if (folder / "truth").is_dir() else None


def load_all(benchmarks: Path | None, sites: Path | None, sample: int | None = None) -> Iterator[TruePage]:
    """All pages; of a whole site at most ``sample`` articles and as many other pages, evenly spread."""
    for name in FILES if benchmarks else ():
        with gzip.open(benchmarks / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:  # type: ignore[operator]
            for row in map(json.loads, lines):
                yield TruePage(row["id"], row["url"], row["html"], row["truth"])
    for truth in sorted((sites / "truth").glob("*.jsonl.zst")) if sites else ():
        yield from _pages_of_site(truth, sample)


def without_metadata(root: etree._Element) -> None:
    """Remove what machines read: scripts, meta elements, and attributes with dates."""
    etree.strip_elements(root, "script", "meta", with_tail=False)
    for element in root.iter(etree.Element):
        for name in list(element.attrib):
            if name in _MACHINE_ATTRIBUTES or str(name).startswith("data-"):
                del element.attrib[name]


def _pages_of_site(truth: Path, sample: int | None) -> Iterator[TruePage]:
    name = truth.name.partition(".")[0]
    with zstandard.open(truth, "rt", encoding="utf-8") as lines:
        rows: list[dict[str, Any]] = [json.loads(line) for line in lines]
    wanted = []
    for is_article in (True, False):
        kind = [row for row in rows if (row["kind"] == "article") == is_article]
        wanted += kind[:: max(1, len(kind) // sample)][:sample] if sample else kind
    files = _files_of(truth.parents[1] / "sites" / f"{name}.tar.zst")
    for row in wanted:
        path = unquote(urlsplit(row["url"]).path).strip("/")
        source = next((files[key] for key in (path, f"{path}/index.html", f"{path}.html") if key in files), None)
        if source is not None:
            html = source.decode("utf-8", errors="replace").replace("\0", "")
            yield TruePage(
                f"site-{name}/{path}", f"http://news.example{row['url']}", html, _truth(row), row["kind"] == "article"
            )


def _truth(row: Mapping[str, Any]) -> dict[str, Any]:
    truth = {name: row[name] for name in ("headline", "body", "language") if row.get(name)}
    if row.get("day"):
        truth["published_at"] = row["day"]
    if row.get("author"):
        truth["authors"] = [row["author"]]
    return truth


def _files_of(archive: Path) -> dict[str, bytes]:
    raw = zstandard.ZstdDecompressor(max_window_size=2**31).stream_reader(archive.open("rb"))
    files = {}
    with tarfile.open(fileobj=io.BufferedReader(raw), mode="r|") as tar:
        for member in tar:
            if member.isfile() and (handle := tar.extractfile(member)):
                files[member.name.partition("/")[2]] = handle.read()
    return files
