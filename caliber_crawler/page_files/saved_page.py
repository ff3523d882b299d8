"""Saved pages: the page in a file, and what it says of its origin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from caliber_crawler.errors import InputError, NotAPage
from caliber_crawler.items import Capture
from caliber_crawler.page_files.mhtml import NoPage, is_mhtml, mhtml_page
from caliber_crawler.page_files.savers import Origin, origins_of
from caliber_crawler.processes import Limits, TooSlow, WorkerCrashed, run_limited
from caliber_crawler.warc.content import MAX_CONTENT_BYTES

MULTIPART = "multipart/related"
MEDIA_TYPES = {
    ".html": "text/html",
    ".htm": "text/html",
    ".xhtml": "application/xhtml+xml",
    ".txt": "text/plain",
    ".mht": MULTIPART,
    ".mhtml": MULTIPART,
}
"""File name endings of pages in a folder. A file named on the command line is read whatever its ending."""
MAX_MHTML_BYTES = 64 * 1024 * 1024
"""Maximum bytes of an MHTML file: a page with its images."""
MHTML_LIMITS = Limits(cpu_seconds=20, wall_seconds=120)
"""The limits for parsing a file."""


@dataclass(frozen=True, slots=True)
class SavedPage:
    """The page in a file."""

    body: bytes
    headers: tuple[tuple[str, str], ...]
    origins: Sequence[Origin]
    """Where it was saved from, as it says, the most reliable first."""
    written_at: datetime
    """When it was saved: as it says, else the time of the file's last change."""

    def capture(self, site: str, url: str | None = None, fetched_at: datetime | None = None) -> Capture:
        """The page as a capture; without a URL, it gets a URN with the digest of its content."""
        return Capture(
            site=site,
            url=url or f"urn:sha256:{sha256(self.body).hexdigest()}",
            fetched_at=fetched_at or self.written_at,
            status=200,
            headers=self.headers,
            body=self.body,
        )


def read_saved_page(path: Path) -> SavedPage:
    """Read a page: HTML, the plain text of a page, or MHTML.

    Raises :class:`InputError` for an unreadable file and :class:`NotAPage` for one that is too large or has no page.
    """
    try:
        size = path.stat().st_size
        written_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        with path.open("rb") as file:
            body = file.read(MAX_CONTENT_BYTES + 1)
            packed = is_mhtml(body)
            limit = MAX_MHTML_BYTES if packed else MAX_CONTENT_BYTES
            if size > limit or len(body) > limit:
                raise NotAPage(f"{path} is larger than {limit // 1024**2} MiB, the maximum size of a page.")
            body += file.read(limit) if packed else b""
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    if packed:
        return saved_mhtml(path, body, written_at)
    media_type = MEDIA_TYPES.get(path.suffix.lower(), "").replace(MULTIPART, "")
    found = tuple(origins_of(body))
    saved_at = next((origin.saved_at for origin in found if origin.saved_at), None)
    return SavedPage(body, headers_of(path, media_type), found, saved_at or written_at)


def saved_mhtml(path: Path, content: bytes, written_at: datetime) -> SavedPage:
    try:
        page = run_limited(mhtml_page, content, key=f"mhtml {path}", limits=MHTML_LIMITS)
    except (NoPage, TooSlow, WorkerCrashed) as error:
        raise NotAPage(f"{path} is an MHTML file without a page: {error}.") from error
    except MemoryError as error:
        raise NotAPage(f"{path} is an MHTML file that needs more memory than a page.") from error
    if len(page.body) > MAX_CONTENT_BYTES:
        raise NotAPage(f"The page in {path} is larger than {MAX_CONTENT_BYTES // 1024**2} MiB.")
    own = (Origin(page.url, page.saved_at),) if page.url and page.url.lower().startswith(("http:", "https:")) else ()
    return SavedPage(
        page.body,
        headers_of(path, page.content_type),
        (*own, *origins_of(page.body)),
        page.saved_at or written_at,
    )


def headers_of(path: Path, media_type: str) -> tuple[tuple[str, str], ...]:
    name = ("Content-Disposition", f'attachment; filename="{path.name}"')
    return (("Content-Type", media_type), name) if media_type else (name,)
