"""Did a run bring what such runs usually bring? A site's redesign must be noticed on the first run after it.

Held against earlier runs that asked the same and came to their end. Where there is too little to compare, nothing is
said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median

from caliber_crawler.archive import Archive
from caliber_crawler.items import Problem

EARLIER = 7
"""Runs, and days, that a run is held against."""
FEWEST = 3
"""Of them, at least so many."""
FAR_LESS = 0.5
"""Share of the usual number of cards on a page below which a run brought far less."""
QUIET_DAY = 0.25
"""Share of the usual number of new articles in 24 hours: news is quieter on holidays, but not that quiet."""
FEWEST_NEWS = 12
"""New articles in usual 24 hours, for a quiet day to mean anything."""
DROP = 0.3
"""By how much the share of pages that have a field, or a layout that is known, may fall."""
FEWEST_PAGES = 10
"""Pages that shares are told from."""
UNKNOWN = ("unknown", "text", "general")
"""Layouts that no site's file describes."""

Coverage = Mapping[tuple[str, str], tuple[int, int]]


def unusual(archive: Archive, run_id: int) -> list[Problem]:
    """What is wrong with a finished run, judged by the ones before it."""
    history = archive.run_history
    run = archive.runs.get(run_id)
    earlier = history.like(run_id, EARLIER)
    if run is None:
        return []
    return [
        *fewer_cards(run["counts"], [other["counts"] for other in earlier]),
        *fewer_news(history.days(run_id, EARLIER + 1)),
        *fallen_coverage(history.coverage([run_id]), history.coverage([other["id"] for other in earlier])),
    ]


def fewer_cards(counts: Mapping[str, int], earlier: Sequence[Mapping[str, int]]) -> list[Problem]:
    """Do the pages that name articles name far fewer than usual?"""
    usual = [per_page for other in earlier if (per_page := _cards_per_page(other)) is not None]
    now = _cards_per_page(counts)
    if now is None or len(usual) < FEWEST or now >= FAR_LESS * median(usual):
        return []
    return [
        _problem("fewer_cards", f"A page that names articles named {now:.1f} of them; usual are {median(usual):.1f}.")
    ]


def fewer_news(days: Sequence[int | None]) -> list[Problem]:
    """Were far fewer articles found in the last 24 hours than in those before?"""
    usual = [found for found in days[1:] if found is not None]
    if not days or days[0] is None or len(usual) < FEWEST:
        return []
    if median(usual) < FEWEST_NEWS or days[0] >= QUIET_DAY * median(usual):
        return []
    return [_problem("fewer_news", f"{days[0]:,} new articles were found in 24 hours; usual are {median(usual):,.0f}.")]


def fallen_coverage(now: Coverage, before: Coverage) -> list[Problem]:
    """Which fields are found on far fewer pages of a layout, and does a known layout go away?"""
    problems = []
    for (layout, field), (pages, filled) in sorted(now.items()):
        pages_before, filled_before = before.get((layout, field), (0, 0))
        if pages >= FEWEST_PAGES and pages_before >= FEWEST_PAGES:
            share, usual = filled / pages, filled_before / pages_before
            if usual - share >= DROP:
                told = f"{field} was found on {share:.0%} of {pages:,} pages of layout {layout}; usual is {usual:.0%}."
                problems.append(_problem("fallen_coverage", told, field))
    strange, formerly = _unknown(now), _unknown(before) or 0.0
    if strange is not None and strange - formerly >= DROP:
        told = (
            f"{strange:.0%} of the pages have a layout that the site's file does not describe; usual is {formerly:.0%}."
        )
        problems.append(_problem("unknown_layout", told))
    return problems


def _cards_per_page(counts: Mapping[str, int]) -> float | None:
    pages = counts.get("listing_pages", 0)
    return counts.get("cards", 0) / pages if pages else None


def _unknown(coverage: Coverage) -> float | None:
    pages = {layout: pages for (layout, field), (pages, _) in coverage.items() if field == "headline"}
    total = sum(pages.values())
    return sum(pages.get(layout, 0) for layout in UNKNOWN) / total if total >= FEWEST_PAGES else None


def _problem(reason: str, message: str, field: str | None = None) -> Problem:
    return Problem(stage="run", reason=reason, message=message, field=field)
