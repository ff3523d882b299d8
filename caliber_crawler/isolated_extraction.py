"""Extraction in a worker process, so that a page that hangs, crashes or fills the memory affects no other page.

Blocking code uses :func:`extract_isolated`, an event loop uses :class:`IsolatedSteps`. Both apply the same limits and
the same reason codes for a page that exceeds them: ``too_slow``, ``worker_crashed``, ``worker_killed``,
``out_of_memory``.
"""

from __future__ import annotations

import contextlib
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from lxml import etree

from caliber_crawler import extraction_steps, page_exploration
from caliber_crawler.extraction.candidates import Explanation
from caliber_crawler.extraction_steps import Outcome, explain_page, extract_page
from caliber_crawler.items import Capture, CleanedPage, Extraction, Listing, Problem, internal_error
from caliber_crawler.processes import PAGE_LIMITS, TooSlow, WorkerCrashed, WorkerKilled, run_limited
from caliber_crawler.processes.call import Context
from caliber_crawler.processes.limits import apply_limits
from caliber_crawler.site import Site

if TYPE_CHECKING:
    from caliber_crawler.processes.async_executor import AsyncExecutor

OPEN_PAGES = 64
"""Maximum number of cleaned pages that a worker keeps until they are extracted. Older pages are sent and cleaned again.
"""
MAX_HTML_LENGTH = 4_000_000
"""Characters of a cleaned page that are sent from a worker. They are only for information."""
MAX_TEXT_CHECKED_HERE = 256 * 1024
"""Characters of an article's text. Checking a text takes linear time, about 50 ms for each million characters, so a
short text is checked in the calling process: sending it to a worker takes longer than the check.
"""
CHECK_LASTS = timedelta(minutes=10)
"""How long the outcome of a check stays the same: the date of an article may be up to a day after the time."""
LIMITS_EXCEEDED = (TooSlow, WorkerCrashed, MemoryError)

_tokens = count(1)
_NOTHING = Explanation()


def extract_isolated(capture: Capture, site: Site, now: datetime) -> Outcome:
    """Run ``extract_page`` in a worker process within limits. An internal error is returned as a problem of the page.

    A process that is a worker already extracts the page itself.
    """
    return _run_isolated(_extract_without_body, capture, site, now)[0]


def explain_isolated(capture: Capture, site: Site, now: datetime) -> tuple[Outcome, Explanation]:
    """Run ``explain_page`` as :func:`extract_isolated` runs ``extract_page``."""
    return _run_isolated(_explain_without_body, capture, site, now)


def _run_isolated(
    run: Callable[[Capture, Site, datetime], tuple[Outcome, Explanation]], capture: Capture, site: Site, now: datetime
) -> tuple[Outcome, Explanation]:
    if problem := extraction_steps.fetch_problem(capture):
        return problem, Explanation()
    key = sha256(f"{capture.url} {capture.fetched_at}".encode("utf-8", "surrogatepass")).hexdigest()
    try:
        outcome, explanation = run_limited(run, capture, site, now, key=key, limits=PAGE_LIMITS)
    except LIMITS_EXCEEDED as error:
        return limit_problem(capture.effective_url, error), Explanation()
    except Exception as error:  # noqa: BLE001 - one page must not stop the others
        return internal_error(capture.effective_url, error, "extract"), Explanation()
    return with_capture(outcome, capture), explanation


def limit_problem(url: str, error: BaseException) -> Problem:
    """The problem of a page that exceeded a limit."""
    match error:
        case TooSlow():
            reason, clause = "too_slow", str(error)
        case WorkerKilled():
            reason, clause = "worker_killed", str(error)
        case WorkerCrashed():
            reason, clause = "worker_crashed", str(error)
        case _:
            reason, clause = "out_of_memory", f"it took more than {PAGE_LIMITS.memory // 2**20} MiB of memory"
    message = f"Extraction of {url} failed: {clause}."
    return Problem(stage="extract", reason=reason, message=message, fatal=True)


def with_capture(outcome: Outcome, capture: Capture) -> Outcome:
    """The outcome with this capture. A worker returns outcomes without the page's body."""
    match outcome:
        case Problem():
            return outcome
        case Listing(extraction=Extraction() as article):
            return replace(
                outcome, capture=capture, extraction=replace(article, capture=replace(capture, kind="article"))
            )
    return replace(outcome, capture=capture)


def _extract_without_body(capture: Capture, site: Site, now: datetime) -> tuple[Outcome, Explanation]:
    return with_capture(extract_page(capture, site, now), replace(capture, body=b"")), _NOTHING


def _explain_without_body(capture: Capture, site: Site, now: datetime) -> tuple[Outcome, Explanation]:
    outcome, explanation = explain_page(capture, site, now)
    return with_capture(outcome, replace(capture, body=b"")), explanation


Packed = tuple[Any, ...]
"""An outcome without its capture: the fields of an extraction, or a single listing or problem."""


class CheckResult(NamedTuple):
    """The outcome of the check on an article: its warnings, or why it is refused."""

    warnings: tuple[Problem, ...]
    refusal: Problem | None
    at: datetime

    def applied(self, found: Extraction) -> Extraction | Problem:
        """The outcome for an article."""
        return self.refusal or replace(found, warnings=self.warnings)


class IsolatedSteps:
    """The three steps for one site, each a call to a worker. The worker keeps the parsed page between the first two.

    A step returns a ``Problem`` for a refused page or one that exceeded a limit. It raises internal errors.
    """

    def __init__(self, executor: AsyncExecutor, site: Site) -> None:
        self._executor = executor
        self.site = site
        self._first_token = next(_tokens)
        """Pages with a lower token were cleaned by the steps of another definition."""
        self._context = Context(site)

    async def clean(self, capture: Capture, *, extracts: bool = False) -> CleanedPage | Problem:
        """See ``extraction_steps.clean``.

        With ``extracts``, the page is extracted and checked in the same call. Then :meth:`extract` and :meth:`check`
        have their outcomes already, also those of another object for the same site.
        """
        token = next(_tokens)
        function = _process if extracts else _clean
        try:
            cleaned = await self._executor.call(function, token, capture, context=self._context)
        except LIMITS_EXCEEDED as error:
            return limit_problem(capture.effective_url, error)
        if isinstance(cleaned, Problem):
            return cleaned
        layout, html, processed = cleaned
        if processed is not None:
            _keep(_processed, token, (self.site, *processed))
        return CleanedPage(capture=capture, layout=layout, html=html, token=token)

    async def extract(self, page: CleanedPage | Capture) -> Outcome:
        """See ``extraction_steps.extract``; a capture is cleaned first."""
        capture = page if isinstance(page, Capture) else page.capture
        token = None if isinstance(page, Capture) else page.token
        known = None if token is None else _processed.pop(token, None)
        if known is not None and known[0] is self.site:
            outcome, checked = _unpack(known[1], capture), known[2]
            if checked is not None and isinstance(outcome, Extraction):
                _keep(_checked, id(outcome), (self.site, outcome, checked))
            return outcome
        if token is not None and token < self._first_token:
            token = None
        try:
            found: Packed | None = None
            if token is not None:
                found = await self._executor.call(_extract_open, token, context=self._context)
            if found is None:  # the worker that had the cleaned page was replaced
                found = await self._executor.call(_extract_anew, capture, context=self._context)
        except LIMITS_EXCEEDED as error:
            return limit_problem(capture.effective_url, error)
        return _unpack(found, capture)

    async def explore(self, capture: Capture, *, is_linked: bool) -> Listing | Problem:
        """See ``page_exploration.explore_page``."""
        try:
            found = await self._executor.call(_explore, capture, is_linked, context=self._context)
        except LIMITS_EXCEEDED as error:
            return limit_problem(capture.effective_url, error)
        outcome = _unpack(found, capture)
        assert not isinstance(outcome, Extraction)
        return outcome

    async def check(self, found: Extraction | Listing, now: datetime) -> Outcome:
        """See ``extraction_steps.check``."""
        known = _checked.pop(id(found), None)
        if known is not None and known[0] is self.site and known[1] is found and abs(now - known[2].at) < CHECK_LASTS:
            return known[2].applied(known[1])
        if _text_length(found) <= MAX_TEXT_CHECKED_HERE:
            return extraction_steps.check(found, self.site, now)
        capture = found.capture
        try:
            arguments = (_pack(found), capture.url, capture.fetched_at, capture.status, now)
            checked = await self._executor.call(_check, *arguments, context=self._context)
        except LIMITS_EXCEEDED as error:
            return limit_problem(capture.effective_url, error)
        if isinstance(found, Extraction) and isinstance(checked, CheckResult):
            return checked.applied(found)
        assert not isinstance(checked, CheckResult)
        return _unpack(checked, capture)


Kept = TypeVar("Kept")

_processed: OrderedDict[int, tuple[Site, Packed, CheckResult | None]] = OrderedDict()
"""The latest pages that were extracted when they were cleaned: the site and both outcomes, by token."""
_checked: OrderedDict[int, tuple[Site, Extraction, CheckResult]] = OrderedDict()
"""The latest of these pages that a stage has asked for: the site and both outcomes, by the identity of the first."""
EXTRACTION_FIELDS = tuple(each.name for each in fields(Extraction) if each.name != "capture")


def _keep(pages: OrderedDict[int, Kept], key: int, page: Kept) -> None:
    """Keep a page until its next stage, and drop the oldest of too many."""
    pages[key] = page
    while len(pages) > OPEN_PAGES:
        pages.popitem(last=False)


def _text_length(found: Extraction | Listing) -> int:
    """The number of characters that a check looks at."""
    extraction = found.extraction if isinstance(found, Listing) else found
    if extraction is None:
        return 0
    article = extraction.article
    return len(article.headline) + len(article.subtitle or "") + len(article.body)


def _pack(outcome: Outcome) -> Packed:
    """Pack an outcome without its capture, to send it between processes: the body is most of its size."""
    match outcome:
        case Extraction():
            return tuple(getattr(outcome, name) for name in EXTRACTION_FIELDS)
        case Listing():
            return (with_capture(outcome, replace(outcome.capture, body=b"")),)
    return (outcome,)


def _unpack(packed: Packed, capture: Capture) -> Outcome:
    """Restore an outcome with its capture."""
    if len(packed) == 1:
        outcome: Outcome = packed[0]
        return with_capture(outcome, capture)
    return Extraction(capture=capture, **dict(zip(EXTRACTION_FIELDS, packed, strict=True)))


# --- Functions that run in the worker ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OpenPage:
    """A cleaned page that waits for extraction."""

    page: extraction_steps.CleanPage
    spent: float
    """Seconds of CPU time used for cleaning: cleaning and extraction share one time limit."""


_open_pages: OrderedDict[int, OpenPage] = OrderedDict()


Cleaned = tuple[str | None, str | None, tuple[Packed, CheckResult | None] | None]
"""The layout of a page, the HTML of its article, and the outcomes of extraction and check if they were tried, too."""


def _clean(site: Site, token: int, capture: Capture) -> Cleaned | Problem:
    """Clean a page and keep it for extraction; return its layout and the HTML of its article."""
    start = time.process_time()
    cleaned = extraction_steps.clean(capture, site)
    if isinstance(cleaned, Problem):
        return cleaned
    page = cleaned.page
    layout = page.layout.name if page is not None and page.layout is not None else None
    html = None if page is None or page.article is None else etree.tostring(page.article, encoding="unicode")
    if html is not None and len(html) > MAX_HTML_LENGTH:
        html = None
    _open_pages[token] = OpenPage(cleaned, time.process_time() - start)
    while len(_open_pages) > OPEN_PAGES:
        _open_pages.popitem(last=False)
    return layout, html, None


def _process(site: Site, token: int, capture: Capture) -> Cleaned | Problem:
    """Clean, extract and check a page within the limits of this call. Internal errors are left to the later steps."""
    cleaned = _clean(site, token, capture)
    if isinstance(cleaned, Problem):
        return cleaned
    page = _open_pages.pop(token).page
    with contextlib.suppress(Exception):
        found = extraction_steps.extract(page, site)
        return *cleaned[:2], (_pack(found), _checked_with(found, site, datetime.now(UTC)))
    return cleaned


def _checked_with(found: Outcome, site: Site, now: datetime) -> CheckResult | None:
    """The outcome of the check on an article; ``None`` if it raises, and for other pages."""
    if isinstance(found, Extraction):
        with contextlib.suppress(Exception):
            return _result_of(extraction_steps.check(found, site, now), now)
    return None


def _result_of(checked: Outcome, now: datetime) -> CheckResult:
    assert not isinstance(checked, Listing)
    return CheckResult((), checked, now) if isinstance(checked, Problem) else CheckResult(checked.warnings, None, now)


def _extract_open(site: Site, token: int) -> Packed | None:
    """The outcome for a page that this worker cleaned; ``None`` if it does not have the page (any more)."""
    open_page = _open_pages.pop(token, None)
    if open_page is None:
        return None
    with apply_limits(PAGE_LIMITS, open_page.spent):
        return _pack(extraction_steps.extract(open_page.page, site))


def _extract_anew(site: Site, capture: Capture) -> Packed:
    cleaned = extraction_steps.clean(capture, site)
    return _pack(cleaned if isinstance(cleaned, Problem) else extraction_steps.extract(cleaned, site))


def _explore(site: Site, capture: Capture, is_linked: bool) -> Packed:
    return _pack(page_exploration.explore_page(capture, site, is_linked=is_linked))


def _check(
    site: Site, packed: Packed, url: str, fetched_at: datetime, status: int | None, now: datetime
) -> CheckResult | Packed:
    found = _unpack(packed, Capture(site=site.name, url=url, fetched_at=fetched_at, status=status))
    assert not isinstance(found, Problem)
    checked = extraction_steps.check(found, site, now)
    return _result_of(checked, now) if isinstance(found, Extraction) else _pack(checked)
