"""Web archives of demo pages as inputs of bulk extraction, and helpers to compare shards."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from caliber_crawler.archive import Archive
from caliber_crawler.bulk import BulkExtraction, Engine, Instructions, LocalEngine, Part, Shards, parts_of
from caliber_crawler.demo import DemoSite
from caliber_crawler.ingest import SiteResolver
from caliber_crawler.items import Capture
from caliber_crawler.site import SiteRegistry
from caliber_crawler.spiders.caliber import CaliberSpider
from caliber_crawler.warc import write_warc
from tests.warc.newsstand import held, visited

SITE = CaliberSpider.site
INSTRUCTIONS = Instructions(
    site_resolver=SiteResolver(sites=SiteRegistry([SITE]), default=SITE), software={"python": "3"}
)


def pages(count: int) -> list[Capture]:
    """Captures of ``count`` articles of a demo site, one per article, three days after publication."""
    site = DemoSite(max(10, count), base_url=SITE.base_url)
    truths = list(site.truth())[:count]
    return [
        visited(site, truth["url"], datetime.fromisoformat(truth["published_at"]) + timedelta(days=3))
        for truth in truths
    ]


def write_web_archive(path: Path, captures: list[Capture]) -> Path:
    with path.open("wb") as file:
        write_warc(captures, file, name=path.name)
    return path


def web_archives(folder: Path, files: int, pages_each: int = 1) -> list[Path]:
    """Write ``files`` WARC files, each with ``pages_each`` different pages."""
    captures = iter(pages(files * pages_each))
    return [
        write_web_archive(folder / f"{number:03}.warc.gz", [next(captures) for _ in range(pages_each)])
        for number in range(files)
    ]


def parts(paths: list[Path], **options: Any) -> list[Part]:
    return [part for path in paths for part in parts_of(path, **options)]


def extract_all(folder: Path, parts: list[Part], engine: Engine | None = None) -> BulkExtraction:
    """Extract parts into a folder of shards."""
    work = BulkExtraction(Shards(folder), INSTRUCTIONS, parts)
    for _ in work.run(engine or LocalEngine(1)):
        pass
    return work


def shards(folder: Path) -> Iterator[Path]:
    return iter(sorted(path for path in folder.iterdir() if not path.name.startswith(".")))


def rows(folder: Path) -> dict[str, dict[str, object]]:
    """All rows of every shard (archive and Parquet) and its summary without the CPU time."""
    found: dict[str, dict[str, object]] = {}
    for shard in shards(folder):
        summary = json.loads((shard / "summary.json").read_text())
        del summary["seconds"]
        table = pq.read_table(shard / "articles.parquet").to_pylist()
        found[shard.name] = {**held(shard / "archive.db"), "parquet": table, "summary": summary}
    return found


def articles_in(folder: Path) -> int:
    count = 0
    for shard in shards(folder):
        with Archive.open(shard / "archive.db") as archive:
            count += archive.db["articles"].count
    return count
