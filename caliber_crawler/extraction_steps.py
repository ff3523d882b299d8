"""The steps from a capture to an article, a listing or a problem. Every command that extracts pages uses them.

    capture ── clean ──> CleanPage ── extract ──> Extraction or Listing ── check ──> Extraction or Listing

Each step is a pure function and returns a fatal ``Problem`` for a page that it refuses. :func:`extract_page` runs all
three. They may hang or crash on a hostile page: ``isolated_extraction`` runs them in a worker process.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus

from caliber_crawler import extraction
from caliber_crawler.extraction import Page, Unreadable, article_series
from caliber_crawler.extraction.candidates import Explanation
from caliber_crawler.extraction.non_articles import classify, has_long_text
from caliber_crawler.items import PAGE_STATUSES, Capture, Extraction, Listing, Problem
from caliber_crawler.lists import parse_list_page
from caliber_crawler.lists.sitemaps import is_tried_path
from caliber_crawler.site import Site, StartPage

Outcome = Extraction | Listing | Problem
"""The outcome of a capture: an article, a listing, or the reason why it is neither."""

NOT_MODIFIED = "not_modified"
"""The reason code of a response with status 304: the page is unchanged, and there is nothing to extract."""
MAIN_FIELDS = ("headline", "body", "published_at")
NOT_FOUND = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
"""Statuses that many sites return after the last page of a listing. The pagination decides whether it is the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanPage:
    """A page without boilerplate."""

    capture: Capture
    page: Page | None
    """The parsed page; ``None`` for a listing, which is not cleaned."""
    doubt: Problem | None = None
    """The page looks like a soft 404. It is an article only if the site's selectors find all main fields."""


def extract_page(capture: Capture, site: Site, now: datetime) -> Outcome:
    """The article or the listing on a capture, or the reason why there is neither.

    ``now`` is compared with the date of publication.
    """
    page = clean(capture, site)
    found = page if isinstance(page, Problem) else extract(page, site)
    return found if isinstance(found, Problem) else check(found, site, now)


def explain_page(capture: Capture, site: Site, now: datetime) -> tuple[Outcome, Explanation]:
    """The outcome of :func:`extract_page`, and every candidate of every field that led to it."""
    explanation = Explanation()
    page = clean(capture, site)
    found = page if isinstance(page, Problem) else extract(page, site, explanation)
    return (found if isinstance(found, Problem) else check(found, site, now)), explanation


def clean(capture: Capture, site: Site) -> CleanPage | Problem:
    """Parse a page and remove boilerplate; refuse errors, login walls, bot challenges and other non-article pages."""
    if problem := fetch_problem(capture):
        return problem
    if capture.kind != "article":
        return CleanPage(capture=capture, page=None)
    opened: Page | Unreadable | None = None
    is_known = site.has_layouts or (site.learned is not None and site.learned.is_trusted)
    if is_known and capture.status in PAGE_STATUSES:
        # Most of these pages have the text of an article, whose length need not be searched for in the source.
        opened = _open(capture, site)
    is_long = isinstance(opened, Page) and has_long_text(opened)
    doubt = classify(capture, site, is_long=is_long)
    if doubt is not None and doubt.reason != "soft_404":
        return doubt
    if problem := status_problem(capture):
        return problem
    page = opened or _open(capture, site)
    if isinstance(page, Unreadable):
        return doubt or _unreadable("clean", page)
    if doubt is not None and page.layout is None:
        return doubt
    return CleanPage(capture=capture, page=page, doubt=doubt)


def _open(capture: Capture, site: Site) -> Page | Unreadable:
    """The page without boilerplate, or why it cannot be read."""
    try:
        return extraction.clean_page(extraction.open_page(capture, site))
    except Unreadable as unreadable:
        return unreadable


def extract(page: CleanPage, site: Site, explanation: Explanation | None = None) -> Outcome:
    """Extract the fields of an article, or the teasers of a listing. ``explanation`` collects the candidates."""
    if page.page is None:
        return _extract_list(page.capture, site)
    try:
        found = extraction.extract_article(page.page, explanation)
    except Unreadable as unreadable:
        return page.doubt or _unreadable("extract", unreadable)
    if page.doubt is not None and not _is_complete_article(found, site):
        return page.doubt
    if problem := extraction.check_length(found) or extraction.check_address(found, site):
        return problem
    series = article_series.series_of(page.page)
    problem = article_series.later_page_problem(page.capture.effective_url, series)
    return problem or article_series.in_series(found, page.page, series)


def check(found: Extraction | Listing, site: Site, now: datetime) -> Outcome:
    """Refuse an invalid article; add warnings to a valid one."""
    if isinstance(found, Listing):
        if found.extraction is None:
            return found
        article = check(found.extraction, site, now)
        if isinstance(article, Problem):
            return replace(found, extraction=None, refusal=article)
        return replace(found, extraction=article if isinstance(article, Extraction) else None)
    problems = tuple(extraction.check(found, site, now))
    if (fatal := next((problem for problem in problems if problem.fatal), None)) is not None:
        return fatal
    return found if problems == found.warnings else replace(found, warnings=problems)


def fetch_problem(capture: Capture) -> Problem | None:
    """The reason why a capture has no page: it could not be fetched, or the page is unchanged."""
    if capture.error is not None:
        message = f"Could not fetch {capture.effective_url}: {capture.error}."
        return Problem(stage="fetch", reason=capture.error_code or "network", message=message, fatal=True)
    if capture.status == HTTPStatus.NOT_MODIFIED:
        return Problem(stage="fetch", reason=NOT_MODIFIED, message=f"{capture.effective_url} is unchanged.")
    return None


def status_problem(capture: Capture) -> Problem | None:
    """The problem of a status that has no complete page."""
    if capture.status in PAGE_STATUSES:
        return None
    message = f"{capture.effective_url} returned status {capture.status}."
    return Problem(stage="fetch", reason=f"http_{capture.status}", message=message, fatal=True)


def _is_complete_article(found: Extraction, site: Site) -> bool:
    """Whether a page that looks like a soft 404 is an article, such as news about a 404: it has all main fields."""
    if not all(found.methods.get(field) == "selector" for field in MAIN_FIELDS):
        return False
    return not any(problem.fatal for problem in extraction.check(found, site, found.capture.fetched_at))


def _extract_list(capture: Capture, site: Site) -> Listing | Problem:
    if problem := status_problem(capture):
        return _missing_list(capture, problem, site)
    try:
        listing = parse_list_page(capture, site)
    except Unreadable as unreadable:
        problem = _unreadable("extract", unreadable)
        return _missing_list(capture, problem, site) if capture.kind == "sitemap" else problem
    if any(isinstance(source, StartPage) and site.normal_url(source.url) == capture.url for source in site.sources):
        return replace(listing, extraction=_article_on(capture, site))
    return listing


def _missing_list(capture: Capture, problem: Problem, site: Site) -> Listing | Problem:
    """A list that may be missing, as one without entries: the page after the last one, or a sitemap that was tried."""
    is_end = capture.kind == "listing" and capture.status in NOT_FOUND
    is_busy = capture.status == HTTPStatus.TOO_MANY_REQUESTS or (capture.status or 0) >= 500
    if is_end or (capture.kind == "sitemap" and not is_busy and is_tried_path(capture.url, site)):
        return Listing(capture=capture, teasers=(), missing=problem)
    return problem


def _article_on(capture: Capture, site: Site) -> Extraction | None:
    """The article on a start page: the page may be an article that also lists others."""
    try:
        found = extraction.extract_page(replace(capture, kind="article"), site)
    except Unreadable:
        return None
    return found if extraction.check_length(found) is None else None


def _unreadable(stage: str, unreadable: Unreadable) -> Problem:
    return Problem(stage=stage, reason=unreadable.reason, message=unreadable.message, fatal=True)
