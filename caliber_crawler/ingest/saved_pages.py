"""Saved pages as captures: the site and the URL of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from caliber_crawler.errors import InputError, NoPages
from caliber_crawler.items import Capture
from caliber_crawler.page_files import MEDIA_TYPES, WEB_ARCHIVES, Origin, read_saved_page
from caliber_crawler.site import Site, SiteRegistry
from caliber_crawler.site.unknown import unknown_site

MAX_SIGNED_BYTES = 1024 * 1024
"""Bytes of a text that are searched for the signature of its site."""


def find_pages(paths: Iterable[Path], ignored: list[Path] | None = None) -> Iterator[Path]:
    """Yield the given files, and every page or web archive in the given folders, in a stable order.

    The other files in the folders are added to ``ignored``. Raises :class:`InputError` for a path that does not exist
    and :class:`NoPages` for a folder without pages.
    """
    for path in paths:
        if path.is_dir():
            endings = (*MEDIA_TYPES, *WEB_ARCHIVES)
            files = sorted(file for file in path.rglob("*") if not file.is_dir())
            # Links that lead nowhere, pipes and devices are not pages, whatever their names.
            pages = [file for file in files if file.name.lower().endswith(endings) and file.is_file()]
            if ignored is not None:
                ignored += sorted(set(files) - set(pages))
            if not pages:
                raise NoPages(f"{path} contains no pages; pages are files that end in {', '.join(endings)}.")
            yield from pages
        elif path.exists():
            yield path
        else:
            raise InputError(f"{path} does not exist.")


def capture_from_file(path: Path, site: Site, *, url: str | None = None, fetched_at: datetime | None = None) -> Capture:
    """Read a saved page of a site as a capture.

    The URL is ``url``, else the one that the page names, if it is an article of the site, else a URN with the digest of
    the content. The time is ``fetched_at``, else the one that the page names, else the file's modification time. Raises
    :class:`InputError` for an unreadable file.
    """
    page = read_saved_page(path)
    named = (site.normal_url(origin.url) for origin in page.origins if _is_article(site, origin.url))
    return page.capture(site.name, site.normal_url(url) if url else next(named, None), fetched_at)


def capture_of_any_site(path: Path, sites: SiteRegistry, *, fetched_at: datetime | None = None) -> Capture:
    """Read a saved page as a capture of the site that the page names.

    That is the site of the URL that it was saved from, of its canonical link, or of the signature of a plain text.
    Without any, it is a page of the unknown site. Raises like :func:`capture_from_file`.
    """
    page = read_saved_page(path)
    site, url = site_and_url(page.body, page.origins, sites)
    return page.capture(site.name, url, fetched_at)


def site_and_url(body: bytes, origins: Iterable[Origin], sites: SiteRegistry) -> tuple[Site, str | None]:
    """The site that a page names, and its URL, if it names one."""
    for origin in origins:
        try:
            site = sites.site_of(origin.url)
            return site, site.normal_url(origin.url)
        except ValueError:
            continue
    return site_of_text(body, sites) or unknown_site(), None


def site_of_text(body: bytes, sites: SiteRegistry) -> Site | None:
    """The site whose signature is a line of a plain text; ``None`` if it is not exactly one."""
    start = body[:MAX_SIGNED_BYTES].lstrip()
    if start.startswith(b"<"):
        return None
    lines = {line.strip() for line in start.decode("utf-8", "replace").splitlines()}
    named = [site for site in sites.values() if lines.intersection(site.signatures)]
    return named[0] if len(named) == 1 else None


def _is_article(site: Site, url: str) -> bool:
    try:
        return site.article_url(url) is not None
    except ValueError:  # an invalid URL such as http://[
        return False
