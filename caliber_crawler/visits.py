"""Visits: how the frontier is updated when an article is saved. This is the only place for the rule.

The URL is linked to the article, marked as visited, and due again later. Crawls, ingest and re-extraction record visits
here, so pages may come in any chronological order.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from caliber_crawler.archive import Archive, Entry
from caliber_crawler.items import Capture, Extraction
from caliber_crawler.revisit import REVISIT, next_visit
from caliber_crawler.site import Site

INGEST = "ingest"
"""Discovery source of articles in ingested pages."""


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
    is_new: bool = False,
) -> int:
    """Record that a page contained an article, and when the page is due again.

    ``url`` is the URL for future visits of the article, by default :func:`visited_url`. An unknown URL is added to the
    frontier. A visit older than the last known visit of the URL only links the URL to the article. The exception is a
    URL ``in_flight``: its clock was set back, and it must not stay due.

    An article is visited at one URL, the one that was visited last. Its other URLs are no longer due, except those
    ``in_flight``. An article that ``is_new`` has no others. Return the number of other URLs that were due at ``now``.
    """
    capture, frontier = extraction.capture, archive.frontier
    url = url or visited_url(site, extraction)
    if url is None:
        return 0
    is_known, visited_at = frontier.last_visit(url)
    if not is_known:
        article = extraction.article
        printed = site.article_url(capture.effective_url)
        request_url = printed.request_url if printed is not None and printed.url == url else None
        if not frontier.add([ingest_entry(url, site, article.language, article.section, request_url)], run_id):
            return 0  # under a takedown
    if url not in in_flight and visited_at is not None and visited_at > capture.fetched_at:
        frontier.link(url, article_id)
        return 0
    visited_under_other_url = not is_new and frontier.was_visited_elsewhere(article_id, url, since=capture.fetched_at)
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
    if is_new or visited_under_other_url:
        return 0
    return archive.aliases.suspend(article_id, {url, *in_flight}, now or capture.fetched_at)


def due_again(archive: Archive, site: Site, article_id: int, capture: Capture) -> datetime:
    """Return when the article of a capture is due again, by its age and the revisit plan of its site.

    The age counts from the publication date in the archive, which may differ from the date on this page.
    """
    return next_visit(archive.articles.appeared_at(article_id), capture.fetched_at, site.revisits)


def visited_url(site: Site, extraction: Extraction) -> str | None:
    """Return the URL for future visits of a page: the target of redirects, to avoid them.

    A URL that was not fetched, such as a canonical link, is used only if the page has no other. Return ``None`` for a
    page without a URL of the site.
    """
    capture = extraction.capture
    article_urls = site.article_urls(
        url for url in (capture.effective_url, capture.url, extraction.article.url) if _is_web(url)
    )
    return article_urls[0].url if article_urls else None


def _is_web(url: str) -> bool:
    return url.lower().startswith(("http://", "https://"))


def ingest_entry(
    url: str, site: Site, language: str | None, section: str | None = None, request_url: str | None = None
) -> Entry:
    """Create the frontier entry of an article URL from an ingested page or an ingested list of URLs."""
    return Entry(
        url=url,
        request_url=request_url,
        site=site.name,
        kind="article",
        language=language,
        section=section,
        discovered_via=INGEST,
        priority=1,
    )
