"""What an archive and its cold files contain."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from caliber_crawler.archive import Archive
from caliber_crawler.cold_storage import Move, move_pages
from caliber_crawler.items import Capture
from caliber_crawler.warc import ResolvedURL, WarcReader
from tests.archive.newsroom import minutes

LATER = minutes(10_000)
"""After every capture of the tests."""


def move_all(path: Path, folder: Path | None, **options: int) -> Move:
    """Move every page of an archive."""
    with Archive.open(path, mode="write") as archive:
        return move_pages(archive, LATER, folder, **options)


def captures_of(path: Path) -> list[Capture]:
    """Every capture with its body and headers."""
    with Archive.open(path) as archive:
        return list(archive.captures.each())


def digests_in(folder: Path) -> Counter[bytes]:
    """How often each page occurs in the WARC files of a folder, read without the archive."""
    found: Counter[bytes] = Counter()
    for warc in sorted(folder.glob("*.warc.gz")):
        reader = WarcReader(
            lambda warc=warc: warc.open("rb"),  # type: ignore[misc]
            lambda url: ResolvedURL(site="caliber", url=url, is_article=True),
        )
        for item in reader:
            assert isinstance(item, Capture), item
            found[item.body] += 1
    return found


def findings(path: Path, *, cold: bool = False) -> tuple[list[str], list[str]]:
    """The messages and notes of a verification."""
    with Archive.open(path) as archive:
        verification = archive.verify(cold=cold)
        return [finding.message for finding in verification if finding], verification.notes
