"""A cold file: a WARC file of pages in cold storage, with an index that states where each page is.

All records of a page follow each other: its first capture as a response, its request, later captures as revisits. So a
page can be removed from the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from caliber_crawler.items import Capture
from caliber_crawler.warc.wacz import Lines, cdxj
from caliber_crawler.warc.writer import WarcFile

Page = tuple[str, Iterable[Capture]]
"""The SHA-256 of a body, and every capture of it."""


def write_cold_file(
    pages: Iterator[Page], warc_path: Path, index_path: Path, *, name: str, max_size: int, rights: str = ""
) -> int:
    """Write pages as a WARC file until it has ``max_size`` bytes, and its CDXJ index; return the number of pages.

    0 disables the limit. The file contains its ``name`` and the ``rights``.
    """
    count = 0
    with Lines() as index:
        with warc_path.open("xb") as file:
            warc = WarcFile(file, name, rights)
            for digest, captures in pages:
                start = file.tell()
                entries = [entry for capture in captures if (entry := warc.add(capture)) is not None]
                place = {"body": digest, "extent": str(file.tell() - start)}
                first = next((entry for entry in entries if entry.media_type != "warc/revisit"), None)
                for entry in entries:
                    index.add(cdxj(entry, name, **(place if entry is first and entry.offset == start else {})))
                count += 1
                if max_size and file.tell() >= max_size:
                    break
        with index_path.open("xb") as out:
            out.writelines(index)
    return count


def first_of(pages: Iterator[Page]) -> Iterator[Page] | None:
    """The same pages; ``None`` if there are none."""
    page = next(pages, None)
    return None if page is None else chain([page], pages)
