"""An article was saved: what the frontier learns from it. The one place for this rule.

The URL led to the article, it was visited then, and it is due again at a later date. A crawl, an ingested page and a
re-extracted one record their visits here, so pages may come in any order of time.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from caliber_crawler.archive import Archive, Entry
from caliber_crawler.items import Capture, Extraction
from caliber_crawler.revisit import REVISIT, next_visit
from caliber_crawler.site import Site

INGEST = "ingest"
"""How an article was discovered that came with a page from disk."""


def record_visit(
    archive: Archive,
    site: Site,
    extraction: Extraction,
    article_id: int,
    run_id: int | None,
    *,
    url: str | None = None,
    in_flight: Collection[str] = (),
    now: datetime | None = None,
) -> int:
    """Record that a page led to an article, and when the page is due again.

    ``url`` is the URL at which the article is visited from now on, :func:`visited_url` unless given. It is added to the
    frontier when it is unknown. A visit that is older than the last known one of this URL changes nothing but the link
    to the article, unless the URL is ``in_flight``: then a clock was put back, and the URL must not stay due.

    An article is visited at one URL, the one that was visited last: its other URLs are no longer due, except those that
    are ``in_flight``. Returns how many of them were due at ``now``.
    """
    capture, frontier = extraction.capture, archive.frontier
    url = url or visited_url(site, extraction)
    if url is None:
        return 0
    known = frontier.get(url)
    if known is None:
        article = extraction.article
        frontier.add([ingest_entry(url, site, article.language, article.section)], run_id)
        known = frontier.get(url)
    if known is None:  # it was taken down
        return 0
    if url not in in_flight and known.visited_at is not None and known.visited_at > capture.fetched_at:
        frontier.link(url, article_id)
        return 0
    visited_under_other_url = frontier.was_visited_elsewhere(article_id, url, since=capture.fetched_at)
    frontier.mark_done(
        url,
        capture.fetched_at,
        status=capture.status,
        article_id=article_id,
        due_at=None if visited_under_other_url else due_again(archive, site, article_id, capture),
        priority=REVISIT,
        etag=capture.header("etag"),
        last_modified=capture.header("last-modified"),
    )
    if (absence := archive.absences.last_absence(url, capture.fetched_at)) is not None:
        frontier.mark_gone(url, absence.at, status=absence.status)
        archive.aliases.resume(url, absence.at)
        return 0
    if visited_under_other_url:
        return 0
    return archive.aliases.suspend(article_id, {url, *in_flight}, now or capture.fetched_at)


def due_again(archive: Archive, site: Site, article_id: int, capture: Capture) -> datetime:
    """When an article is due again that a capture shows, by its age and the plan of its site.

    Its age counts from the date of publication that the archive holds, which need not be the one on this page.
    """
    return next_visit(archive.articles.appeared_at(article_id), capture.fetched_at, site.revisits)


def visited_url(site: Site, extraction: Extraction) -> str | None:
    """The URL at which a page is visited again: where redirects led to, so that they are spared.

    Never a URL that nobody fetched, as a canonical link may be, unless the page has no other. ``None`` for a page
    without a URL of the site.
    """
    capture = extraction.capture
    article_urls = site.article_urls(
        url for url in (capture.effective_url, capture.url, extraction.article.url) if _is_web(url)
    )
    return article_urls[0].url if article_urls else None


def _is_web(url: str) -> bool:
    return url.lower().startswith(("http://", "https://"))


def ingest_entry(url: str, site: Site, language: str | None, section: str | None = None) -> Entry:
    """An article's URL that came with a page from disk, or stands in an ingested list of URLs: a crawl fetches it."""
    return Entry(
        url=url, site=site.name, kind="article", language=language, section=section, discovered_via=INGEST, priority=1
    )
