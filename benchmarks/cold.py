"""Pages in cold storage: python -m benchmarks.cold [--pages N] [--folder FOLDER] [--shells FILE]

Moves every page of an archive to WARC files: demo pages, your own HTML files (--folder), or real pages in which the
article is replaced by other real articles (--shells, as in benchmarks/archive.py). Prints the bytes
before and after, and the CPU time of this process per page.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tabulate import tabulate

from benchmarks.archive import NOW, Source, archive_of, demo_pages, shell_pages
from caliber_crawler.archive import Archive
from caliber_crawler.cold_storage import Move, move_pages


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=1_000)
    parser.add_argument("--folder", type=Path, help="a folder with HTML files of one site")
    parser.add_argument("--shells", type=Path, help="real pages to insert articles into: JSON lines, gzip")
    options = parser.parse_args()
    if options.folder:
        files = sorted(options.folder.rglob("*.html"))[: options.pages]
        sources = [Source(options.folder.name, [file.read_bytes() for file in files])]
    elif options.shells:
        sources = [source for source in shell_pages(options.shells) if source.name.endswith("teasers vary")]
    else:
        sources = demo_pages(options.pages)[:1]
    with tempfile.TemporaryDirectory() as home:
        print(tabulate([measure(source, Path(home)) for source in sources], headers="keys", floatfmt=",.2f"))


def measure(source: Source, home: Path) -> dict[str, object]:
    path, folder = archive_of(source, home), home / f"cold-{source.name}"
    folder.mkdir()
    count, before = len(source.pages), path.stat().st_size
    here = read_all(path) / count
    with Archive.open(path, mode="write") as archive:
        moved: list[Move] = []
        seconds = cpu(lambda: moved.append(move_pages(archive, NOW.replace(year=NOW.year + 1), folder)))
        archive.cold_pages.vacuum()
    assert moved[0].pages == len(set(source.pages))
    return {
        "pages": source.name,
        "count": count,
        "KB per page, as served": sum(map(len, source.pages)) / count / 1e3,
        "archive before, KB per page": before / count / 1e3,
        "after --vacuum": path.stat().st_size / count / 1e3,
        "cold files": moved[0].size / count / 1e3,
        "ms to move a page": seconds / count * 1e3,
        "to read it from the archive": here * 1e3,
        "from cold storage": read_all(path) / count * 1e3,
    }


def read_all(path: Path) -> float:
    """The CPU time of reading every page of an archive."""
    with Archive.open(path) as archive:
        return cpu(lambda: sum(len(capture.body) for capture in archive.captures.each()))


def cpu(work: Callable[[], object]) -> float:
    begin = time.process_time()
    work()
    return time.process_time() - begin


if __name__ == "__main__":
    main()
