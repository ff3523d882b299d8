"""Cold storage: move old pages of an archive to WARC files. See docs/guides/retention.md.

A page leaves the archive in the transaction that records its place, after its record was read back from the complete
file. A file is recorded before it is written, so that a move that was killed is completed by the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from pathlib import Path

from caliber_crawler.archive import Archive, Selection
from caliber_crawler.archive.pages.cold_files import index_of
from caliber_crawler.errors import ArchiveError
from caliber_crawler.output_files import new_files
from caliber_crawler.warc.cold_file import Page, first_of, write_cold_file
from caliber_crawler.warc.rotation import MAX_FILE_BYTES


@dataclass(slots=True)
class Move:
    """What a move did. Sizes are in bytes."""

    pages: int = 0
    recovered: int = 0
    """Those of a move that was killed."""
    damaged: int = 0
    """Old pages that cannot be read and stayed in the archive."""
    released: int = 0
    """What the pages took in the archive."""
    files: list[Path] = field(default_factory=list)
    size: int = 0
    """Of the files."""


@dataclass(slots=True)
class Return:
    """What a return of pages did."""

    pages: int = 0
    damaged: int = 0
    """Pages that could not be read and are still in cold storage."""
    files: list[Path] = field(default_factory=list)
    """The files that the archive does not need any more."""


def move_pages(
    archive: Archive,
    before: datetime,
    folder: Path | None = None,
    *,
    max_size: int = MAX_FILE_BYTES,
    progress: Callable[[int], object] = lambda pages: None,
) -> Move:
    """Move the pages all of whose captures are older than a time to WARC files in a folder.

    ``archive`` is open for writing. By default the folder is that of the last move. A new file begins when one has
    ``max_size`` bytes; 0 disables the limit. ``progress`` is called with the number of pages of each finished file.
    Raises ``ArchiveError`` if the folder does not exist, ``ArchiveFull`` if a file cannot be written,
    ``ColdFileUnavailable`` if an earlier move was killed and its folder is missing.
    """
    cold = archive.cold_pages
    folder = folder or cold.files.last_folder
    if folder is None:
        raise ArchiveError(f"{archive.path} has no pages in cold storage yet; name a folder for the files (--to).")
    if not folder.is_dir():
        raise ArchiveError(f"The folder {folder} does not exist. Create it, or mount the storage.")
    stored = cold.stored_bytes
    move = Move(recovered=cold.recover())
    archive.deletion.remove_cold_records()
    move.pages = cold.release(before)
    rights = archive.rights(Selection())
    # Digests are found in order, so that the search goes on after the pages of the last file.
    pages = _pages(archive, before, move)
    while (rest := first_of(pages)) is not None:
        pages = rest
        file = cold.files.begin(folder)
        path = folder / file.name
        try:
            with new_files(path) as files:
                warc, index = files.begin(), files.begin()
                move.pages += write_cold_file(pages, warc, index, name=file.name, max_size=max_size, rights=rights)
                files.finish_new(index, index_of(path))
                files.finish_new(warc, path)
        except BaseException:
            if not path.exists():
                cold.files.discard(file)
            raise
        progress(cold.complete(file))
        move.files.append(path)
        move.size += path.stat().st_size
    move.released = stored - cold.stored_bytes
    return move


def _pages(archive: Archive, before: datetime, move: Move) -> Iterator[Page]:
    for digest in archive.cold_pages.movable(before):
        captures = archive.captures.of_body(digest)
        try:
            first = next(captures)
        except ArchiveError:
            move.damaged += 1
        else:
            yield digest, chain([first], captures)


def return_pages(archive: Archive, *, progress: Callable[[int], object] = lambda pages: None) -> Return:
    """Move all pages from cold storage back into an archive that is open for writing.

    The files stay: other archives may refer to them. ``progress`` is called with the number of pages of each batch.
    Raises ``ColdFileUnavailable`` if a file is not available; then nothing is moved.
    """
    cold = archive.cold_pages
    cold.recover()
    archive.deletion.remove_cold_records()
    for file in cold.files.all():
        cold.files.require(file)
    result = Return()
    for digests in cold.placed():
        with archive.transaction():
            for digest in digests:
                try:
                    archive.captures.put_back(digest)
                except ArchiveError:
                    result.damaged += 1
                else:
                    cold.drop_place(digest)
                    result.pages += 1
        progress(len(digests))
    result.files = cold.files.discard_unused()
    return result
