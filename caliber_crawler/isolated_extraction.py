"""Extraction in a worker process: a page that hangs, crashes or fills the memory costs that page and nothing else.

:func:`extract_isolated` is for code that waits, :class:`IsolatedSteps` for an event loop. Both have the same limits,
and the same reason codes for a page that exceeds them: ``too_slow``, ``worker_crashed``, ``out_of_memory``.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from itertools import count
from typing import Any, NamedTuple

from lxml import etree

from caliber_crawler import extraction_steps
from caliber_crawler.extraction_steps import Outcome, extract_page
from caliber_crawler.items import Capture, CleanedPage, Extraction, Listing, Problem
from caliber_crawler.processes import PAGE_LIMITS, AsyncExecutor, TooSlow, WorkerCrashed, run_limited
from caliber_crawler.processes.call import Context
from caliber_crawler.processes.limits import limited
from caliber_crawler.site import Site

OPEN_PAGES = 64
"""Cleaned pages that a worker keeps until they are extracted; an older one is sent and cleaned again."""
LIMITS_EXCEEDED = (TooSlow, WorkerCrashed, MemoryError)

_tokens = count(1)


def extract_isolated(capture: Capture, site: Site, now: datetime) -> Outcome:
    """``extract_page`` within limits, in a worker process. An error of this program is a problem of the page.

    In a process that is a worker already, the page is extracted there.
    """
    if problem := extraction_steps.fetch_problem(capture):
        return problem
    key = sha256(f"{capture.url} {capture.fetched_at}".encode("utf-8", "surrogatepass")).hexdigest()
    try:
        return with_capture(run_limited(_extract_lightly, capture, site, now, key=key, limits=PAGE_LIMITS), capture)
    except LIMITS_EXCEEDED as error:
        return limit_problem(capture.effective_url, error)
    except Exception as error:  # noqa: BLE001 - one page must not cost the others
        return internal_error(capture.effective_url, error)


def limit_problem(address: str, error: BaseException) -> Problem:
    """The problem of a page that exceeded a limit."""
    match error:
        case TooSlow():
            reason, clause = "too_slow", str(error)
        case WorkerCrashed():
            reason, clause = "worker_crashed", str(error)
        case _:
            reason, clause = "out_of_memory", f"it took more than {PAGE_LIMITS.memory // 2**20} MiB of memory"
    message = f"{address} was put aside during extraction: {clause}."
    return Problem(stage="extract", reason=reason, message=message, fatal=True)


def internal_error(address: str, error: BaseException) -> Problem:
    """The problem of a page on which this program failed; later versions may do better."""
    message = f"{address} met an error of this program: {type(error).__name__}: {error}."
    return Problem(stage="extract", reason="internal_error", message=message, fatal=True)


def with_capture(outcome: Outcome, capture: Capture) -> Outcome:
    """The outcome with this capture: the page itself need not travel back from a worker."""
    match outcome:
        case Problem():
            return outcome
        case Listing(extraction=Extraction() as article):
            return replace(
                outcome, capture=capture, extraction=replace(article, capture=replace(capture, kind="article"))
            )
    return replace(outcome, capture=capture)


def _extract_lightly(capture: Capture, site: Site, now: datetime) -> Outcome:
    return with_capture(extract_page(capture, site, now), replace(capture, body=b""))


Light = tuple[Any, ...]
"""An outcome without its capture: an article in parts, or a listing or a problem alone."""


class Checked(NamedTuple):
    """What the check noted on a valid article."""

    warnings: tuple[Problem, ...]


class IsolatedSteps:
    """The three steps for one site, each a call to a worker. The worker keeps the opened page between the first two.

    Each step returns a ``Problem`` for a page that goes no further, one that exceeded a limit included, and raises the
    errors of this program.
    """

    def __init__(self, executor: AsyncExecutor, site: Site) -> None:
        self._executor = executor
        self._site = Context(site)

    async def clean(self, capture: Capture) -> CleanedPage | Problem:
        """See ``extraction_steps.clean``."""
        token = next(_tokens)
        try:
            cleaned = await self._executor.call(_clean, token, capture, context=self._site)
        except LIMITS_EXCEEDED as error:
            return limit_problem(capture.effective_url, error)
        if isinstance(cleaned, Problem):
            return cleaned
        layout, html = cleaned
        return CleanedPage(capture=capture, layout=layout, html=html, token=token)

    async def extract(self, page: CleanedPage | Capture) -> Outcome:
        """See ``extraction_steps.extract``; a capture is cleaned on the way."""
        capture = page if isinstance(page, Capture) else page.capture
        token = None if isinstance(page, Capture) else page.token
        try:
            found: Light | None = None
            if token is not None:
                found = await self._executor.call(_extract_open, token, context=self._site)
            if found is None:  # another worker has taken the place of the one that had the page
                found = await self._executor.call(_extract_anew, capture, context=self._site)
        except LIMITS_EXCEEDED as error:
            return limit_problem(capture.effective_url, error)
        return _arrived(found, capture)

    async def check(self, found: Extraction | Listing, now: datetime) -> Outcome:
        """See ``extraction_steps.check``."""
        capture = found.capture
        try:
            asked = (capture.url, capture.fetched_at, capture.status, now)
            checked = await self._executor.call(_check, _light(found), *asked, context=self._site)
        except LIMITS_EXCEEDED as error:
            return limit_problem(capture.effective_url, error)
        if isinstance(found, Extraction) and isinstance(checked, Checked):
            return replace(found, warnings=checked.warnings)
        return _arrived(checked, capture)


def _light(outcome: Outcome) -> Light:
    """An outcome without its capture, for the way between two processes: the page is most of it."""
    match outcome:
        case Extraction():
            return (outcome.article, outcome.layout, outcome.extractor, outcome.methods, outcome.warnings)
        case Listing():
            return (with_capture(outcome, replace(outcome.capture, body=b"")),)
    return (outcome,)


def _arrived(light: Light, capture: Capture) -> Outcome:
    """The outcome, with its capture."""
    if len(light) == 1:
        outcome: Outcome = light[0]
        return with_capture(outcome, capture)
    article, layout, extractor, methods, warnings = light
    return Extraction(
        capture=capture, article=article, layout=layout, extractor=extractor, methods=methods, warnings=warnings
    )


# --- In the worker ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OpenPage:
    """A page between two steps."""

    page: extraction_steps.CleanPage
    spent: float
    """Seconds of CPU time for cleaning: the steps share the time of one page."""


_open_pages: OrderedDict[int, OpenPage] = OrderedDict()


def _clean(site: Site, token: int, capture: Capture) -> tuple[str | None, str | None] | Problem:
    """Clean a page and keep it; returns its layout and the HTML of its article."""
    begun = time.process_time()
    cleaned = extraction_steps.clean(capture, site)
    if isinstance(cleaned, Problem):
        return cleaned
    page = cleaned.page
    layout = page.layout.name if page is not None and page.layout is not None else None
    html = None if page is None or page.article is None else etree.tostring(page.article, encoding="unicode")
    _open_pages[token] = OpenPage(cleaned, time.process_time() - begun)
    while len(_open_pages) > OPEN_PAGES:
        _open_pages.popitem(last=False)
    return layout, html


def _extract_open(site: Site, token: int) -> Light | None:
    """The outcome for a page that was cleaned here; ``None`` when it was cleaned elsewhere or long ago."""
    opened = _open_pages.pop(token, None)
    if opened is None:
        return None
    with limited(PAGE_LIMITS, opened.spent):
        return _light(extraction_steps.extract(opened.page, site))


def _extract_anew(site: Site, capture: Capture) -> Light:
    cleaned = extraction_steps.clean(capture, site)
    return _light(cleaned if isinstance(cleaned, Problem) else extraction_steps.extract(cleaned, site))


def _check(
    site: Site, light: Light, url: str, fetched_at: datetime, status: int | None, now: datetime
) -> Checked | Light:
    found = _arrived(light, Capture(site=site.name, url=url, fetched_at=fetched_at, status=status))
    assert not isinstance(found, Problem)
    checked = extraction_steps.check(found, site, now)
    return Checked(checked.warnings) if isinstance(checked, Extraction) else _light(checked)
