"""The stages in the middle of the assembly line: clean, extract, check. Pure: a capture and the site's facts, no more.

A crawl has them gone through in one go in a process of its own (:mod:`caliber_crawler.processes.isolation`), for the
page of a broken or hostile site may hang or crash the C code that reads it.
"""

from __future__ import annotations

import pickle
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache

from caliber_crawler.items import Capture, Listing, Problem, Reading
from caliber_crawler.processes.isolation import Died, Isolation, TooSlow
from caliber_crawler.reading import Unreadable, check, clean_page, extract_article, open_page
from caliber_crawler.reading.impostors import recognise
from caliber_crawler.roads import read_list
from caliber_crawler.site import Site, StartPage

Outcome = Reading | Listing | Problem
"""What was read on a page; or why it went no further, and at which stage."""

LONGEST = 3.0
"""Seconds in which a page must be read; the capture of a slower one stays."""
MOST_MEMORY = 1024 * 1024 * 1024
"""Bytes of address space in which it must be read, those of the program included."""
PARTS = ("headline", "body", "published_at")
NOT_THERE = (404, 410)
"""What many sites answer behind the last page of a listing; the walk knows whether this is that page."""


def read(capture: Capture, site: Site) -> Outcome:
    """Take a page through the stages; an article keeps what the check remarked."""
    if capture.kind != "article":
        return _read_list(capture, site)
    impostor = recognise(capture, site)
    if impostor is None:
        return status_problem(capture) or _read_article(capture, site)
    return (_told_article(capture, site) if impostor.reason == "soft_404" else None) or impostor


def _told_article(capture: Capture, site: Site) -> Reading | None:
    """News that tell of a 404, or of what was not found: no page of apology has the parts of an article of the site."""
    try:
        if clean_page(open_page(capture, site)).layout is None:
            return None
    except Unreadable:
        return None
    article = _read_article(capture, site)
    if isinstance(article, Reading) and all(article.rungs.get(part) == "selector" for part in PARTS):
        return article
    return None


def status_problem(capture: Capture) -> Problem | None:
    """What a status other than 200 says."""
    if capture.status == 200:
        return None
    message = f"{capture.address} answered {capture.status}."
    return Problem(stage="fetch", reason=f"http_{capture.status}", message=message, fatal=True)


def _read_article(capture: Capture, site: Site) -> Reading | Problem:
    stage = "clean"
    try:
        page = clean_page(open_page(capture, site))
        stage = "extract"
        reading = extract_article(page)
    except Unreadable as unreadable:
        return Problem(stage=stage, reason=unreadable.reason, message=unreadable.message, fatal=True)
    remarks = check(reading, site, datetime.now(UTC))
    return next((remark for remark in remarks if remark.fatal), replace(reading, remarks=tuple(remarks)))


def _read_list(capture: Capture, site: Site) -> Listing | Problem:
    if problem := status_problem(capture):
        over = capture.kind == "listing" and capture.status in NOT_THERE
        return Listing(capture=capture, cards=(), missing=problem) if over else problem
    try:
        listing = read_list(capture, site)
    except Unreadable as unreadable:
        return Problem(stage="extract", reason=unreadable.reason, message=unreadable.message, fatal=True)
    if any(isinstance(road, StartPage) and site.normal_url(road.url) == capture.url for road in site.roads):
        article = _read_article(replace(capture, kind="article"), site)
        return replace(listing, reading=article if isinstance(article, Reading) else None)
    return listing


class IsolatedReader:
    """Reads the pages of a site in a process of its own."""

    def __init__(self, isolation: Isolation, site: Site) -> None:
        self._isolation = isolation
        self._site = pickle.dumps(site)

    async def read(self, capture: Capture) -> Outcome:
        """:func:`read`; what cannot be read within the bounds is a problem like others."""
        try:
            return _with_page(await self._isolation.call(_read_there, capture, self._site), capture)
        except TooSlow as error:
            reason, clause = "too_slow", str(error)
        except Died as error:
            reason, clause = "deadly", str(error)
        except MemoryError:
            reason, clause = "too_much_memory", f"it took more than {MOST_MEMORY // 2**20} MiB of memory"
        message = f"{capture.address} was put aside while it was read: {clause}."
        return Problem(stage="clean", reason=reason, message=message, fatal=True)


def _read_there(capture: Capture, site: bytes) -> Outcome:
    # The page itself need not travel back.
    return _with_page(read(capture, _site(site)), replace(capture, body=b""))


@lru_cache(maxsize=256)
def _site(pickled: bytes) -> Site:
    site: Site = pickle.loads(pickled)  # noqa: S301 - the crawl sent it
    return site


def _with_page(outcome: Outcome, capture: Capture) -> Outcome:
    """The outcome, read on this capture."""
    match outcome:
        case Problem():
            return outcome
        case Listing(reading=Reading() as reading):
            return replace(outcome, capture=capture, reading=replace(reading, capture=replace(capture, kind="article")))
    return replace(outcome, capture=capture)
