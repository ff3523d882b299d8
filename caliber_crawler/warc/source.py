"""Where WARC records come from: a WARC file in any packing, or the WARC files in a WACZ."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO
from zipfile import BadZipFile, ZipFile

from caliber_crawler.errors import InputError, NotAPage

ZIP, GZIP, ZSTD, SKIPPABLE = b"PK\x03\x04", b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"\x5d\x2a\x4d\x18"
"""First bytes. A zstd WARC may begin with its dictionary in a skippable frame of this number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WarcSource:
    """One WARC file; ``open_file`` gives it from its first byte, seekable. ``size`` is in bytes."""

    name: str
    open_file: Callable[[], IO[bytes]]
    size: int


def is_web_archive(path: Path) -> bool:
    """Does a file begin like a WARC or a WACZ? Raises ``InputError`` when it cannot be read."""
    try:
        with path.open("rb") as file:
            start = file.read(5)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    return start.startswith((b"WARC/", ZIP, GZIP, ZSTD, SKIPPABLE))


@contextmanager
def warcs_in(path: Path) -> Iterator[list[WarcSource]]:
    """The WARC files at a path, for as long as the ``with`` block lasts. Raises ``NotAPage`` for a ZIP without any."""
    with path.open("rb") as file:
        is_zip = file.read(4) == ZIP
    if not is_zip:
        yield [WarcSource(name=str(path), open_file=lambda: path.open("rb"), size=path.stat().st_size)]
        return
    try:
        zipped = ZipFile(path)
    except BadZipFile as error:
        raise NotAPage(f"{path} is no WACZ: {error}.") from error
    with zipped:
        warcs = [
            WarcSource(name=f"{path}/{entry.filename}", open_file=partial(zipped.open, entry), size=entry.file_size)
            for entry in zipped.infolist()
            if entry.filename.startswith("archive/") and ".warc" in entry.filename
        ]
        if not warcs:
            raise NotAPage(f"{path} is no WACZ: there is no WARC in its archive/.")
        yield warcs
