"""Compare a run with earlier ones: a site's redesign must be noticed on the first run after it.

Only finished runs with the same scope are compared, and nothing is reported where there is too little to compare. A run
from cron may extract no more than a page or two, so the latest runs are judged together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import sqrt
from statistics import median

from caliber_crawler.archive import Archive
from caliber_crawler.archive.reports.run_history import RunHistory
from caliber_crawler.items import Problem

STEADY_SOURCES = ("feed", "listing", "start_page")
"""Roads whose pages name about as many articles each time; results of searches and site maps do not."""
BASELINE_RUNS = 7
"""Number of runs, and of days, that a run is compared with."""
MIN_BASELINE_RUNS = 3
"""Minimum number of them."""
MIN_TEASER_SHARE = 0.5
"""Share of the usual number of teasers on a page below which a run is unusual."""
MIN_NEWS_SHARE = 0.25
"""Share of the usual number of new articles in 24 hours: news is quieter on holidays, but not that quiet."""
MIN_USUAL_NEWS = 12
"""Minimum number of new articles in usual 24 hours for a quiet day to be unusual."""
MAX_COVERAGE_DROP = 0.3
"""How much the share of pages with a field, or with a known layout, may fall."""
MIN_PAGES = 10
"""Minimum number of pages for a share."""
SHARE_RUNS = 200
"""Maximum number of earlier runs for a share; from cron, those of four days."""
MIN_STANDARD_ERRORS = 3.5
"""Minimum fall of a share in standard errors; less may be chance."""
SELECTOR = "selector"
"""The method that a site's own file gives: where others give the field instead, the file is out of date."""
UNKNOWN = ("unknown", "text", "generic")
"""Layouts that no site's file describes."""

Coverage = Mapping[tuple[str, str], tuple[int, int]]


def find_anomalies(archive: Archive, run_id: int, *, has_layouts: bool = True) -> list[Problem]:
    """Problems of a finished run, compared with the ones before it.

    ``has_layouts`` says that the site's file has layouts; without them no page has one that is known.
    """
    history = archive.run_history
    run = archive.runs.get(run_id)
    earlier = history.similar_runs(run_id, SHARE_RUNS)
    if run is None:
        return []
    fallen = _fallen(history, run_id, [other["id"] for other in earlier])
    accounts = [other["counts"] for other in earlier]
    return [
        *fewer_teasers(run["counts"], accounts),
        *more_refused(run["counts"], accounts),
        *fewer_articles(history.days(run_id, BASELINE_RUNS + 1)),
        *(problem for problem in fallen if has_layouts or problem.reason != "unknown_layout"),
    ]


def _fallen(history: RunHistory, run_id: int, earlier: Sequence[int]) -> list[Problem]:
    """Shares that fell in the latest runs that together have enough pages: this one and the newest before it."""
    pages = history.pages([run_id, *earlier])
    if run_id not in pages:
        return []
    latest, read = [run_id], pages[run_id]
    for other in earlier:
        if read >= MIN_PAGES:
            break
        latest.append(other)
        read += pages.get(other, 0)
    before = earlier[len(latest) - 1 :]
    problems = coverage_dropped(history.coverage(latest), history.coverage(before))
    told = {problem.field for problem in problems}
    by_selector = coverage_dropped(history.coverage(latest, SELECTOR), history.coverage(before, SELECTOR), SELECTOR)
    return [*problems, *(problem for problem in by_selector if problem.field and problem.field not in told)]


def fewer_teasers(counts: Mapping[str, int], earlier: Sequence[Mapping[str, int]]) -> Iterator[Problem]:
    """Do the pages of a road that name articles name far fewer than usual?

    Each road by itself, for a feed may name five times as many as a listing, and not every run takes both.
    """
    for via in STEADY_SOURCES:
        now = _teasers_per_page(counts, via)
        usual = [each for other in earlier if (each := _teasers_per_page(other, via)) is not None][:BASELINE_RUNS]
        if now is not None and len(usual) >= MIN_BASELINE_RUNS and now < MIN_TEASER_SHARE * median(usual):
            told = f"A page of road {via} named {now:.1f} articles; usual are {median(usual):.1f}."
            yield _problem("fewer_teasers", told)


def more_refused(counts: Mapping[str, int], earlier: Sequence[Mapping[str, int]]) -> list[Problem]:
    """Were far more pages refused, or could not be had, in the latest runs that together visited enough?"""
    visited = [_visited(each) for each in (counts, *earlier)]
    if not visited[0][0]:
        return []
    latest = next((n for n in range(1, len(visited)) if sum(p for p, _ in visited[:n]) >= MIN_PAGES), len(visited))
    now, before = _together(visited[:latest]), _together(visited[latest:])
    if now[0] < MIN_PAGES or not _rose(now, before):
        return []
    told = f"{_share(now):.0%} of {now[0]:,} pages were refused or could not be had; usual is {_share(before):.0%}."
    return [_problem("more_refused", told)]


def fewer_articles(days: Sequence[int | None]) -> list[Problem]:
    """Were far fewer articles found in the last 24 hours than in those before?"""
    usual = [found for found in days[1:] if found is not None]
    if not days or days[0] is None or len(usual) < MIN_BASELINE_RUNS:
        return []
    if median(usual) < MIN_USUAL_NEWS or days[0] >= MIN_NEWS_SHARE * median(usual):
        return []
    return [
        _problem("fewer_articles", f"{days[0]:,} new articles were found in 24 hours; usual are {median(usual):,.0f}.")
    ]


def coverage_dropped(now: Coverage, before: Coverage, method: str = "") -> list[Problem]:
    """Which fields are found on far fewer pages of a layout, and does a known layout go away?

    ``method`` is what gave the fields, where they were counted for one method alone.
    """
    problems = [*_fallen_fields(now, before, f" by its {method}" if method else "")]
    strange, formerly = _unknown(now), _unknown(before) or (0, 0)
    if strange is not None and _rose(strange, formerly):
        told = f"{_share(strange):.0%} of the pages have a layout that the site's file does not describe"
        problems.append(_problem("unknown_layout", f"{told}; usual is {_share(formerly):.0%}."))
    return problems


def _fallen_fields(now: Coverage, before: Coverage, how: str) -> Iterator[Problem]:
    for (layout, field), (pages, filled) in sorted(now.items()):
        pages_before, filled_before = before.get((layout, field), (0, 0))
        if pages < MIN_PAGES or pages_before < MIN_PAGES:
            continue
        # That a field is found on fewer pages is that it is missing on more.
        if _rose((pages, pages - filled), (pages_before, pages_before - filled_before)):
            found = f"{field} was found{how} on {filled / pages:.0%} of {pages:,} pages of layout {layout}"
            yield _problem("coverage_dropped", f"{found}; usual is {filled_before / pages_before:.0%}.", field)


def _rose(now: tuple[int, int], before: tuple[int, int]) -> bool:
    """Did a share, given by all pages and those that count, rise by much, and by more than chance brings?"""
    usual = _share(before)
    rise = _share(now) - usual
    error = sqrt(usual * (1 - usual) * (1 / now[0] + 1 / before[0])) if before[0] else 0.0
    return rise >= MAX_COVERAGE_DROP and rise > MIN_STANDARD_ERRORS * error


def _share(counted: tuple[int, int]) -> float:
    pages, those = counted
    return those / pages if pages else 0.0


def _visited(counts: Mapping[str, int]) -> tuple[int, int]:
    """Pages of articles that were asked for, and those of which nothing came for the first time."""
    pages = sum(counts.get(name, 0) for name in ("stored", "revisited", "refused", "failed"))
    return pages, sum(counts.get(name, 0) for name in ("refused", "failed")) - counts.get("refused_again", 0)


def _together(runs: Sequence[tuple[int, int]]) -> tuple[int, int]:
    return sum(pages for pages, _ in runs), sum(bad for _, bad in runs)


def _teasers_per_page(counts: Mapping[str, int], via: str) -> float | None:
    pages = counts.get(f"listing_pages_{via}", 0)
    return counts.get(f"teasers_{via}", 0) / pages if pages else None


def _unknown(coverage: Coverage) -> tuple[int, int] | None:
    """All pages, and those of a layout that nobody described."""
    pages = {layout: pages for (layout, field), (pages, _) in coverage.items() if field == "headline"}
    total = sum(pages.values())
    return (total, sum(pages.get(layout, 0) for layout in UNKNOWN)) if total >= MIN_PAGES else None


def _problem(reason: str, message: str, field: str | None = None) -> Problem:
    return Problem(stage="run", reason=reason, message=message, field=field)
