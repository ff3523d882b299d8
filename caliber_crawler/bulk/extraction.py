"""Extraction of one part. It runs in any process on any machine that has access to the input and the shards folder."""

from __future__ import annotations

import json
import math
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path
from platform import node
from time import process_time
from zipfile import BadZipFile

from caliber_crawler import __version__
from caliber_crawler.archive import Archive
from caliber_crawler.archive.search.selection import COLUMNS, Selection
from caliber_crawler.bulk.members import record_at_or_after
from caliber_crawler.bulk.parts import Part, identity_of
from caliber_crawler.bulk.shards import ARCHIVE, PARQUET, SUMMARY, Shards
from caliber_crawler.errors import ArchiveError, ArchiveFull, CaliberError, ColdFileUnavailable, InputError
from caliber_crawler.export.parquet import write_parquet
from caliber_crawler.extraction.extractor import extractor_of
from caliber_crawler.ingest import Ingester, Item, SiteResolver
from caliber_crawler.ingest.page_readers import PageReader, page_sources, require_pages
from caliber_crawler.page_files import form_of
from caliber_crawler.warc import Skipped, WarcReader

SCRATCH = f"caliber-bulk-{node()}-"
"""Name prefix of the folders in which shards are built; the ID of the building process follows."""


@dataclass(frozen=True, kw_only=True)
class Instructions:
    """How to extract parts: the same for all parts of a command."""

    site_resolver: SiteResolver
    software: Mapping[str, str]
    include_opted_out: bool = False

    @cached_property
    def code(self) -> str:
        """A digest that changes with the extraction code, the site definitions and the command's options."""
        extractors = sorted(map(extractor_of, (self.site_resolver.default, *self.site_resolver.sites.values())))
        return identity_of(__version__, *extractors, self.site_resolver.any_site, self.include_opted_out)

    def shard(self, part: Part) -> str:
        """The name of a part's shard."""
        return f"{part.name}-{self.code[:8]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The outcome of a part. If it has no shard, ``error`` is the reason."""

    counts: Mapping[str, int] = field(default_factory=dict)
    skipped: Mapping[str, int] = field(default_factory=dict)
    """Records that are not captures, by reason."""
    other_records: Mapping[str, int] = field(default_factory=dict)
    """Records that describe others or the file, by type."""
    articles: int = 0
    """Articles in its shard."""
    left_out: int = 0
    """Articles under a rights reservation: in the shard's archive, not in its Parquet file."""
    seconds: float = 0.0
    """CPU time for extracting and writing."""
    error: CaliberError | None = None


def extract_part(shards: Shards, instructions: Instructions, part: Part) -> Outcome:
    """Extract a part into its shard. A finished shard is not touched. Raises ``ArchiveFull``."""
    begun = process_time()
    with scratch() as folder:
        try:
            (folder / ARCHIVE).write_bytes(empty_archive())
            ingester = extract_into(folder / ARCHIVE, instructions, part)
            articles, left_out = write_articles(folder, include_opted_out=instructions.include_opted_out)
        except ArchiveFull:
            raise
        except (InputError, ArchiveError) as error:
            return Outcome(error=error, seconds=process_time() - begun)
        except (OSError, BadZipFile) as error:
            problem = InputError(f"Cannot read {part.path}: {getattr(error, 'strerror', None) or error}.")
            return Outcome(error=problem, seconds=process_time() - begun)
        outcome = Outcome(
            counts=dict(ingester.counts),
            skipped=dict(ingester.skipped),
            other_records=dict(ingester.other_records),
            articles=articles,
            left_out=left_out,
            seconds=round(process_time() - begun, 3),
        )
        (folder / SUMMARY).write_text(json.dumps(summary(part, outcome), indent=2) + "\n")
        shards.publish(folder, instructions.shard(part))
    return outcome


def summary(part: Part, outcome: Outcome) -> dict[str, object]:
    fields = {name: value for name, value in asdict(outcome).items() if name != "error"}
    return {"input": str(part.path), "begin": part.begin, "end": part.end, "bytes": part.size, **fields}


@contextmanager
def scratch() -> Iterator[Path]:
    """A local folder to build a shard in: SQLite does not work on a network file system.

    Folders that killed processes left are deleted.
    """
    for left in Path(tempfile.gettempdir()).glob(f"{SCRATCH}*"):
        pid = left.name.removeprefix(SCRATCH).partition("-")[0]
        if pid.isdecimal() and not is_running(int(pid)):
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=f"{SCRATCH}{os.getpid()}-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def is_running(pid: int) -> bool:
    """Whether there is a process with this ID."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@cache
def empty_archive() -> bytes:
    """An empty archive, created once per process: creating one takes longer than extracting many small parts."""
    with scratch() as folder:
        Archive.open(folder / ARCHIVE, mode="write").close()
        return (folder / ARCHIVE).read_bytes()


def extract_into(path: Path, instructions: Instructions, part: Part) -> Ingester:
    site_resolver = instructions.site_resolver
    if not part.is_archive:
        with open_ingester(path, site_resolver, instructions, part) as ingester:
            extract_web_archive(ingester, site_resolver, part)
        return ingester
    with Archive.open(part.path) as archive:
        # Pages of any site: all of them were stored on purpose.
        sites = site_resolver.sites.served_at(archive.sites.base_urls())
        site_resolver = replace(site_resolver, sites=sites, any_site=True)
        with open_ingester(path, site_resolver, instructions, part) as ingester:
            extract_archive(ingester, archive, part)
    return ingester


def open_ingester(path: Path, site_resolver: SiteResolver, instructions: Instructions, part: Part) -> Ingester:
    # Not synced while it is built: a shard lost in a power failure is built again.
    return Ingester(path, site_resolver, instructions.software, [part.path], synced_every=math.inf)


def extract_archive(ingester: Ingester, archive: Archive, part: Part) -> None:
    assert part.end is not None
    for id in archive.pages_between(part.begin, part.end - 1):
        try:
            page = replace(archive.captures.get(id), id=None)
        except ColdFileUnavailable:
            # The shard would lack pages, and the next run would take it for complete.
            raise
        except ArchiveError:
            # A damaged page does not affect the others; `caliber verify` reports details.
            ingester.skipped["damaged"] += 1
            continue
        if ingester.is_new(page):
            ingester.ingest(Item(path=part.path, capture=page, saved=False), ingester.extract(page))


def extract_web_archive(ingester: Ingester, site_resolver: SiteResolver, part: Part) -> None:
    with page_sources(part.path, form_of(part.path), site_resolver) as sources:
        for source in sources:
            if part.number is None:
                extract_source(ingester, source.reader, part, source.name)
                continue
            begin = record_at_or_after(part.path, part.begin)
            end = None if part.end is None else record_at_or_after(part.path, part.end)
            if begin is not None:
                reader = WarcReader(lambda: part.path.open("rb"), site_resolver, begin, end)
                extract_source(ingester, reader, part, source.name)


def extract_source(ingester: Ingester, reader: PageReader, part: Part, name: str) -> None:
    damage: Skipped | None = None
    for found in reader:
        if isinstance(found, Skipped):
            ingester.skip(part.path, found)
            damage = damage or found
        elif ingester.is_new(found):
            ingester.ingest(Item(path=part.path, capture=found, saved=False), ingester.extract(found))
    ingester.other_records.update(reader.others)
    if part.begin == 0:
        require_pages(name, reader, damage)


def write_articles(folder: Path, *, include_opted_out: bool) -> tuple[int, int]:
    """Write the Parquet file beside an archive; return the number of articles and of those left out as opted out."""
    selection = Selection(include_opted_out=include_opted_out)
    with Archive.open(folder / ARCHIVE, mode="write") as archive, (folder / PARQUET).open("xb") as file:
        # Without a write-ahead log, an archive can be read over a network or from a read-only disk.
        archive.db.execute("PRAGMA journal_mode = DELETE")
        count = write_parquet(archive.rows(selection), COLUMNS, file)
        return count, archive.count_opted_out(selection, "articles")
