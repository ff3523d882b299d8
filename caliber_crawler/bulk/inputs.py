"""What is to be read in bulk: web archives, folders of them, lists of them as Common Crawl publishes, archives."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from caliber_crawler.errors import InputError, NoPages, NotAPage
from caliber_crawler.ingest.saved_pages import WEB_ARCHIVES
from caliber_crawler.warc import is_web_archive

PATHS_FILES = (".paths", ".paths.gz")
"""Endings of a list of paths: https://commoncrawl.org/get-started."""
SQLITE = b"SQLite format 3\0"


@dataclass(frozen=True, slots=True)
class Inputs:
    """The files to be read, each once, and why others are not."""

    files: tuple[Path, ...]
    refused: tuple[InputError, ...]


def find_inputs(paths: Iterable[Path], prefix: Path | None = None) -> Inputs:
    """The web archives and archives that are named, stand in a named folder, or in a named list of paths.

    Paths in a list are taken to lie in ``prefix``, or beside the list. What cannot be read costs itself only.
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
    """The files that a folder or a list of paths stands for."""
    if path.is_dir():
        found = sorted(file for file in path.rglob("*") if file.name.lower().endswith(WEB_ARCHIVES) and file.is_file())
        if not found:
            raise NoPages(f"{path} holds no web archive: no file that ends in {', '.join(WEB_ARCHIVES)}.")
        yield from found
    elif path.is_file():
        yield from (Path(prefix or path.parent, line) for line in lines_of(path))
    else:
        raise InputError(f"{path} does not exist.")


def lines_of(path: Path) -> list[str]:
    try:
        content = path.read_bytes()
        text = (gzip.decompress(content) if path.suffix.lower() == ".gz" else content).decode()
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise InputError(f"{path} is no list of paths: {error}.") from error
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        raise NoPages(f"{path} names no file.")
    return lines


def require_readable(path: Path) -> None:
    """Raise ``InputError`` for what is neither a web archive nor an archive of ours."""
    if not path.is_file():
        raise InputError(f"{path} does not exist.")
    if not is_web_archive(path) and not is_database(path):
        raise NotAPage(
            f"{path} is neither a web archive (WARC, WET, WACZ) nor an archive; `caliber ingest` takes pages."
        )


def is_database(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(SQLITE)) == SQLITE
