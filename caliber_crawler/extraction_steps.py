"""From a capture to an article, a listing or a problem: clean, extract, check. Every command extracts pages this way.

    capture ── clean ──> CleanPage ── extract ──> Reading or Listing ── check ──> Reading or Listing

Each step is a pure function and returns a fatal ``Problem`` for a page that goes no further. :func:`extract_page` takes
all three. It may hang or crash: ``isolated_extraction`` runs it in a worker process.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus

from caliber_crawler import reading
from caliber_crawler.items import Capture, Listing, Problem, Reading
from caliber_crawler.reading import Page, Unreadable
from caliber_crawler.reading.impostors import recognise
from caliber_crawler.roads import read_list
from caliber_crawler.site import Site, StartPage

Outcome = Reading | Listing | Problem
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
    doubt = recognise(capture, site)
    if doubt is not None and doubt.reason != "soft_404":
        return doubt
    if problem := status_problem(capture):
        return problem
    try:
        page = reading.clean_page(reading.open_page(capture, site))
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
        found = reading.extract_article(page.page)
    except Unreadable as unreadable:
        return page.doubt or _unreadable("extract", unreadable)
    if page.doubt is not None and not _is_article_beyond_doubt(found, site):
        return page.doubt
    return found


def check(found: Reading | Listing, site: Site, now: datetime) -> Outcome:
    """Refuse an article that is not valid; note what a person should look at in one that is."""
    if isinstance(found, Listing):
        if found.reading is None:
            return found
        article = check(found.reading, site, now)
        return replace(found, reading=article if isinstance(article, Reading) else None)
    problems = reading.check(found, site, now)
    return next((problem for problem in problems if problem.fatal), replace(found, remarks=tuple(problems)))


def fetch_problem(capture: Capture) -> Problem | None:
    """Why there is no page in a capture: it could not be fetched, or it is as it was."""
    if capture.error is not None:
        message = f"{capture.address} could not be fetched: {capture.error}."
        return Problem(stage="fetch", reason=capture.error_code or "network", message=message, fatal=True)
    if capture.status == HTTPStatus.NOT_MODIFIED:
        return Problem(stage="fetch", reason=NOT_MODIFIED, message=f"{capture.address} is as it was.")
    return None


def status_problem(capture: Capture) -> Problem | None:
    """What a status other than 200 means."""
    if capture.status == HTTPStatus.OK:
        return None
    message = f"{capture.address} answered {capture.status}."
    return Problem(stage="fetch", reason=f"http_{capture.status}", message=message, fatal=True)


def _is_article_beyond_doubt(found: Reading, site: Site) -> bool:
    """News about a 404, or about what was not found: no page of apology has all parts of an article of the site."""
    if not all(found.rungs.get(field) == "selector" for field in MAIN_FIELDS):
        return False
    return not any(problem.fatal for problem in reading.check(found, site, found.capture.fetched_at))


def _extract_list(capture: Capture, site: Site) -> Listing | Problem:
    if problem := status_problem(capture):
        is_end = capture.kind == "listing" and capture.status in NOT_THERE
        return Listing(capture=capture, cards=(), missing=problem) if is_end else problem
    try:
        listing = read_list(capture, site)
    except Unreadable as unreadable:
        return _unreadable("extract", unreadable)
    if any(isinstance(road, StartPage) and site.normal_url(road.url) == capture.url for road in site.roads):
        return replace(listing, reading=_article_on(capture, site))
    return listing


def _article_on(capture: Capture, site: Site) -> Reading | None:
    """The article on a page that somebody named, which may hold both an article and a list."""
    try:
        return reading.read_page(replace(capture, kind="article"), site)
    except Unreadable:
        return None


def _unreadable(stage: str, unreadable: Unreadable) -> Problem:
    return Problem(stage=stage, reason=unreadable.reason, message=unreadable.message, fatal=True)
