"""Pages that were saved to disk, as captures: what a browser, another program or a person kept."""

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
"""Endings by which a page is recognised in a folder. A file that is named is read whatever its ending."""

WEB_ARCHIVES = (".warc", ".warc.gz", ".warc.zst", ".wet", ".wet.gz", ".wacz")
"""Endings by which a web archive is recognised in a folder."""

SAVED_FROM = re.compile(rb"<!-- saved from url=\(\d+\)(\S+?) -->")
"""The line that browsers write on top of a page they save."""


def find_pages(paths: Iterable[Path]) -> Iterator[Path]:
    """The files named, and every page or web archive in the folders named, in a stable order.

    Raises :class:`InputError` for a path that is not there and :class:`NoPages` for a folder without pages.
    """
    for path in paths:
        if path.is_dir():
            endings = (*MEDIA_TYPES, *WEB_ARCHIVES)
            pages = sorted(page for page in path.rglob("*") if page.name.lower().endswith(endings) and page.is_file())
            if not pages:
                raise NoPages(f"{path} holds no page: no file that ends in {', '.join(endings)}.")
            yield from pages
        elif path.exists():
            yield path
        else:
            raise InputError(f"{path} does not exist.")


def capture_from_file(path: Path, site: Site, *, url: str | None = None, fetched_at: datetime | None = None) -> Capture:
    """Read a saved page as if it had just been fetched.

    The address is ``url``, or the one a browser wrote into the page, or a name made of the content. The time is
    ``fetched_at``, or when the file was last written. Raises :class:`InputError` when the file cannot be read.
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
