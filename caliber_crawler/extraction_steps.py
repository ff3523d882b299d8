"""From a capture to an article, a listing or a problem: clean, extract, check. Every command extracts pages this way.

    capture ── clean ──> CleanPage ── extract ──> Reading or Listing ── check ──> Reading or Listing

Each step is a pure function and returns a fatal ``Problem`` for a page that goes no further. :func:`extract_page` takes
all three. It may hang or crash: ``isolated_extraction`` runs it in a worker process.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus

from caliber_crawler import extraction
from caliber_crawler.discovery import parse_list_page
from caliber_crawler.extraction import Page, Unreadable
from caliber_crawler.extraction.non_articles import classify
from caliber_crawler.items import Capture, Extraction, Listing, Problem
from caliber_crawler.site import Site, StartPage

Outcome = Extraction | Listing | Problem
"""What a capture holds: an article, a list of articles, or why it gives neither."""

NOT_MODIFIED = "not_modified"
"""The reason code of an answer with status 304: the page is as it was, and there is nothing to extract."""
MAIN_FIELDS = ("headline", "body", "published_at")
NOT_THERE = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
"""What many sites answer behind the last page of a listing; whether this is that page shows the pagination."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanPage:
    """A page without the parts that belong to the site and not to the article."""

    capture: Capture
    page: Page | None
    """The opened page; ``None`` for a page that lists articles, which is not cleaned."""
    doubt: Problem | None = None
    """It looks like a page that says "not found". It is an article only if the site's own selectors find all of it."""


def extract_page(capture: Capture, site: Site, now: datetime) -> Outcome:
    """The article or the list of articles on a capture, or the problem why there is neither.

    ``now`` is compared with the date of publication.
    """
    page = clean(capture, site)
    found = page if isinstance(page, Problem) else extract(page, site)
    return found if isinstance(found, Problem) else check(found, site, now)


def clean(capture: Capture, site: Site) -> CleanPage | Problem:
    """Open a page and take out boilerplate; refuse what is not a page of an article: errors, log-ins, challenges."""
    if problem := fetch_problem(capture):
        return problem
    if capture.kind != "article":
        return CleanPage(capture=capture, page=None)
    doubt = classify(capture, site)
    if doubt is not None and doubt.reason != "soft_404":
        return doubt
    if problem := status_problem(capture):
        return problem
    try:
        page = extraction.clean_page(extraction.open_page(capture, site))
    except Unreadable as unreadable:
        return doubt or _unreadable("clean", unreadable)
    if doubt is not None and page.layout is None:
        return doubt
    return CleanPage(capture=capture, page=page, doubt=doubt)


def extract(page: CleanPage, site: Site) -> Outcome:
    """The fields of an article, or the entries of a page that lists articles."""
    if page.page is None:
        return _extract_list(page.capture, site)
    try:
        found = extraction.extract_article(page.page)
    except Unreadable as unreadable:
        return page.doubt or _unreadable("extract", unreadable)
    if page.doubt is not None and not _is_article_beyond_doubt(found, site):
        return page.doubt
    return found


def check(found: Extraction | Listing, site: Site, now: datetime) -> Outcome:
    """Refuse an article that is not valid; note what a person should look at in one that is."""
    if isinstance(found, Listing):
        if found.extraction is None:
            return found
        article = check(found.extraction, site, now)
        return replace(found, extraction=article if isinstance(article, Extraction) else None)
    problems = extraction.check(found, site, now)
    return next((problem for problem in problems if problem.fatal), replace(found, warnings=tuple(problems)))


def fetch_problem(capture: Capture) -> Problem | None:
    """Why there is no page in a capture: it could not be fetched, or it is as it was."""
    if capture.error is not None:
        message = f"{capture.effective_url} could not be fetched: {capture.error}."
        return Problem(stage="fetch", reason=capture.error_code or "network", message=message, fatal=True)
    if capture.status == HTTPStatus.NOT_MODIFIED:
        return Problem(stage="fetch", reason=NOT_MODIFIED, message=f"{capture.effective_url} is as it was.")
    return None


def status_problem(capture: Capture) -> Problem | None:
    """What a status other than 200 means."""
    if capture.status == HTTPStatus.OK:
        return None
    message = f"{capture.effective_url} answered {capture.status}."
    return Problem(stage="fetch", reason=f"http_{capture.status}", message=message, fatal=True)


def _is_article_beyond_doubt(found: Extraction, site: Site) -> bool:
    """News about a 404, or about what was not found: no page of apology has all parts of an article of the site."""
    if not all(found.methods.get(field) == "selector" for field in MAIN_FIELDS):
        return False
    return not any(problem.fatal for problem in extraction.check(found, site, found.capture.fetched_at))


def _extract_list(capture: Capture, site: Site) -> Listing | Problem:
    if problem := status_problem(capture):
        is_end = capture.kind == "listing" and capture.status in NOT_THERE
        return Listing(capture=capture, teasers=(), missing=problem) if is_end else problem
    try:
        listing = parse_list_page(capture, site)
    except Unreadable as unreadable:
        return _unreadable("extract", unreadable)
    if any(isinstance(source, StartPage) and site.normal_url(source.url) == capture.url for source in site.sources):
        return replace(listing, extraction=_article_on(capture, site))
    return listing


def _article_on(capture: Capture, site: Site) -> Extraction | None:
    """The article on a page that somebody named, which may hold both an article and a list."""
    try:
        return extraction.extract_page(replace(capture, kind="article"), site)
    except Unreadable:
        return None


def _unreadable(stage: str, unreadable: Unreadable) -> Problem:
    return Problem(stage=stage, reason=unreadable.reason, message=unreadable.message, fatal=True)
