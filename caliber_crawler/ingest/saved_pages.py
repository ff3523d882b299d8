"""Saved pages: files from a browser or another program, read as captures."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from caliber_crawler.errors import InputError, NoPages
from caliber_crawler.items import Capture
from caliber_crawler.site import Site

MEDIA_TYPES = {
    ".html": "text/html",
    ".htm": "text/html",
    ".xhtml": "application/xhtml+xml",
    ".txt": "text/plain",
}
"""File name endings of pages in a folder. A file named on the command line is read whatever its ending."""

WEB_ARCHIVES = (".warc", ".warc.gz", ".warc.zst", ".wet", ".wet.gz", ".wacz")
"""File name endings of web archives in a folder."""

SAVED_FROM = re.compile(rb"<!-- saved from url=\(\d+\)(\S+?) -->")
"""The comment that browsers write at the top of a saved page."""


def find_pages(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield the given files, and every page or web archive in the given folders, in a stable order.

    Raises :class:`InputError` for a path that does not exist and :class:`NoPages` for a folder without pages.
    """
    for path in paths:
        if path.is_dir():
            endings = (*MEDIA_TYPES, *WEB_ARCHIVES)
            pages = sorted(page for page in path.rglob("*") if page.name.lower().endswith(endings) and page.is_file())
            if not pages:
                raise NoPages(f"{path} contains no pages; pages are files that end in {', '.join(endings)}.")
            yield from pages
        elif path.exists():
            yield path
        else:
            raise InputError(f"{path} does not exist.")


def capture_from_file(path: Path, site: Site, *, url: str | None = None, fetched_at: datetime | None = None) -> Capture:
    """Read a saved page as a capture.

    The URL is ``url``, else the one that a browser wrote into the page, else a URN with the digest of the content. The
    time is ``fetched_at``, else the file's modification time. Raises :class:`InputError` for an unreadable file.
    """
    try:
        body = path.read_bytes()
        written_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    return Capture(
        site=site.name,
        url=site.normal_url(url) if url else _saved_from(body, site) or f"urn:sha256:{sha256(body).hexdigest()}",
        fetched_at=fetched_at or written_at,
        status=200,
        headers=_headers(path),
        body=body,
    )


def _saved_from(body: bytes, site: Site) -> str | None:
    match = SAVED_FROM.search(body[:2048])
    url = match[1].decode("utf-8", "replace") if match else ""
    return site.normal_url(url) if site.article_url(url) else None


def _headers(path: Path) -> tuple[tuple[str, str], ...]:
    media_type = MEDIA_TYPES.get(path.suffix.lower())
    name = ("Content-Disposition", f'attachment; filename="{path.name}"')
    return (("Content-Type", media_type), name) if media_type else (name,)
