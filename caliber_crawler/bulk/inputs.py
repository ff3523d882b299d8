"""Inputs of bulk extraction: web archives, folders of them, path lists as Common Crawl publishes, and archives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from caliber_crawler.decompression import Undecodable, compression_of, unpack_file
from caliber_crawler.errors import InputError, NoPages, NotAPage
from caliber_crawler.page_files import form_of
from caliber_crawler.page_files.forms import BULK_FILES

PATHS_FILES = (".paths", ".paths.gz")
"""File name endings of a path list: https://commoncrawl.org/get-started."""
MAX_LIST_BYTES = 256 * 1024 * 1024
"""Maximum bytes of a path list; that of all of Common Crawl has 15 MB."""
SQLITE = b"SQLite format 3\0"


@dataclass(frozen=True, slots=True)
class Inputs:
    """The files to extract, each once, and the errors of the inputs that are refused."""

    files: tuple[Path, ...]
    refused: tuple[InputError, ...]


def find_inputs(paths: Iterable[Path], prefix: Path | None = None) -> Inputs:
    """Find the web archives and archives among the given files, folders and path lists.

    Paths in a list are relative to ``prefix``, or to the list's folder. An unreadable input does not affect the others.
    """
    files: dict[Path, None] = {}
    refused: list[InputError] = []
    for path in paths:
        try:
            named = [path] if path.is_file() and not is_list(path) else list(list_inputs(path, prefix))
        except InputError as error:
            refused.append(error)
            continue
        for file in named:
            try:
                require_readable(file)
                files[file.resolve()] = None
            except InputError as error:
                refused.append(error)
    return Inputs(tuple(files), tuple(refused))


def is_list(path: Path) -> bool:
    return path.name.lower().endswith(PATHS_FILES)


def list_inputs(path: Path, prefix: Path | None) -> Iterator[Path]:
    """The web archives in a folder, or the files named in a path list."""
    if path.is_dir():
        found = sorted(file for file in path.rglob("*") if file.name.lower().endswith(BULK_FILES) and file.is_file())
        if not found:
            raise NoPages(
                f"{path} contains no web archives; web archives are files that end in {', '.join(BULK_FILES)}."
            )
        yield from found
    elif path.is_file():
        yield from (Path(prefix or path.parent, line) for line in lines_of(path))
    else:
        raise InputError(f"{path} does not exist.")


def lines_of(path: Path) -> list[str]:
    try:
        packed = path.read_bytes()
        if path.suffix.lower() == ".gz" and compression_of(packed) != "gzip":
            raise InputError(f"{path} is not a valid path list: it is not compressed.")
        content, is_complete = unpack_file(packed, MAX_LIST_BYTES)
        text = content.decode("utf-8-sig")
    except (OSError, Undecodable, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not a valid path list: {error}.") from error
    if not is_complete:
        raise InputError(f"{path} is not a valid path list: it is truncated, or larger than {MAX_LIST_BYTES:,} bytes.")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        raise NoPages(f"{path} contains no paths.")
    return lines


def require_readable(path: Path) -> None:
    """Raise ``InputError`` for a path that is neither a web archive nor a Caliber archive."""
    if not path.is_file():
        raise InputError(f"{path} does not exist.")
    if not is_database(path) and form_of(path) == "page":
        raise NotAPage(
            f"{path} is neither a web archive (WARC, ARC, WACZ, HAR, MHTML) nor a Caliber archive; "
            "for pages use `caliber ingest`."
        )


def is_database(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(SQLITE)) == SQLITE
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
