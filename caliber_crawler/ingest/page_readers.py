"""The readers of web archives, recorded browser sessions and MHTML: each gives the captures of one file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from caliber_crawler.errors import NoPages, NotAPage
from caliber_crawler.items import Capture
from caliber_crawler.page_files import FileForm, HarReader, read_saved_page
from caliber_crawler.warc import Originals, ResolveURL, Skipped, WarcReader, warcs_in


class PageReader(Protocol):
    """Gives the captures of a file, and the records that are none."""

    offset: int
    """The current position: bytes, or entries of a HAR."""
    records: int
    described: int
    others: Counter[str]

    def __iter__(self) -> Iterator[Capture | Skipped]:
        """Each capture, and each record that is none."""
        ...


@dataclass(frozen=True, slots=True)
class PageSource:
    """A file with records, or one of the files in a WACZ."""

    name: str
    size: int | None
    """In the unit of the reader's ``offset``; ``None`` if unknown."""
    reader: PageReader


@contextmanager
def page_sources(
    path: Path, form: FileForm, resolve_url: ResolveURL, originals: Originals | None = None
) -> Iterator[Iterator[PageSource]]:
    """The sources in a file. Raises :class:`NotAPage` for a ZIP without web archives."""
    if form == "har":
        yield iter([PageSource(str(path), None, HarReader(path, resolve_url))])
        return
    if form in ("mhtml", "page"):
        yield iter([PageSource(str(path), None, SavedPageReader(path, resolve_url))])
        return
    with warcs_in(path) as warcs:
        yield (
            PageSource(
                warc.name,
                warc.size,
                WarcReader(warc.open_file, resolve_url, originals=originals, is_seekable=warc.is_seekable),
            )
            for warc in warcs
        )


class SavedPageReader:
    """Gives the page in a file, if it belongs to a selected site."""

    def __init__(self, path: Path, resolve_url: ResolveURL) -> None:
        self._path = path
        self._resolve_url = resolve_url
        self.offset = 0
        self.records = 0
        self.described = 0
        self.others: Counter[str] = Counter()

    def __iter__(self) -> Iterator[Capture | Skipped]:
        page = read_saved_page(self._path)
        self.records += 1
        for origin in page.origins:
            resolved = self._resolve_url(origin.url)
            if resolved is not None:
                yield page.capture(resolved.site, resolved.url)
                return
        if page.origins:
            message = "it does not belong to a known site"
            yield Skipped(reason="other_site", offset=0, message=message, url=page.origins[0].url)
        else:
            yield Skipped(reason="no_url", offset=0, message="it does not name the URL that it was saved from")


def require_pages(name: str, reader: PageReader, damage: Skipped | None) -> None:
    """Raise :class:`NotAPage` if a file that was read has no records of pages; ``damage`` is its only result then."""
    if reader.described and reader.records == reader.others.total():
        raise NotAPage(f"{name} has only metadata of pages (WAT); ingest the WARC or WET file.")
    if reader.records:
        return
    if damage is not None:
        raise NotAPage(f"{name} cannot be read as a WARC: {damage.message}.")
    raise NoPages(f"{name} contains no records.")
