"""Compare a run with earlier ones: the first run after a site's redesign must report it.

So must each later one, until the site definition changes or somebody acknowledges the alarm.

Only finished runs with the same scope are compared, and only with enough data. A run from cron may extract just one or
two pages, so the latest runs are judged together. The baseline are usual runs: those without an alarm of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from math import exp, fsum, lgamma, sqrt
from statistics import median

from caliber_crawler.archive import Archive
from caliber_crawler.archive.reports.baselines import MAX_COVERAGE_DROP, MIN_BASELINE_RUNS, MIN_PAGES
from caliber_crawler.archive.reports.run_history import EarlierRun, RunHistory
from caliber_crawler.archive.reports.runs import RunRecord
from caliber_crawler.items import Problem
from caliber_crawler.quantity import quantity

STEADY_SOURCES = ("feed", "listing", "start_page")
"""Discovery sources with a steady number of teasers per page; search results and sitemaps vary."""
BASELINE_RUNS = 7
"""Number of runs and of days that a run is compared with."""
MIN_TEASER_SHARE = 0.5
"""Minimum share of the usual number of teasers per page; below it a run is reported."""
MIN_NEWS_SHARE = 0.25
"""Minimum share of the usual number of new articles in 24 hours. Holidays are quieter, but not by this much."""
MIN_USUAL_NEWS = 12
"""Minimum usual number of new articles in 24 hours; below it a quiet day is not reported."""
SHARE_RUNS = 200
"""Maximum number of earlier runs for a share; about four days of runs from cron."""
MIN_STANDARD_ERRORS = 3.5
"""Minimum drop of a share in standard errors; a smaller one may be chance."""
MAX_CHANCE = 1 / 100_000
"""Maximum probability that chance explains a drop of a field which only some articles have. Twenty sites with hourly
crawls compare some 100,000 independent samples a year, so that a higher one gives false alarms."""
MAX_CHANCE_OF_ALL = 1 / 4_000
"""The same for a field that every article had."""
MANY_PAGES = 3 * MIN_PAGES
"""Number of the latest pages to compare if fewer show a drop that may be chance."""
SELECTOR = "selector"
"""The method of a site definition: when other methods find the field instead, the definition is out of date."""
UNKNOWN = ("unknown", "text", "generic")
"""Layouts that are in no site definition."""

Coverage = Mapping[tuple[str, str], tuple[int, int]]


def find_anomalies(archive: Archive, run_id: int, *, has_layouts: bool = True) -> list[Problem]:
    """Return the anomalies of a finished run, compared with earlier runs.

    ``has_layouts``: whether the site definition has layouts; without them every page has an unknown layout.
    """
    history = archive.run_history
    run = archive.runs.get(run_id)
    if run is None:
        return []
    earlier = history.similar_runs(run_id, SHARE_RUNS)
    are_usual = all(other["is_usual"] for other in earlier)
    usual = earlier if are_usual else history.similar_runs(run_id, SHARE_RUNS, usual=True)
    # What somebody has acknowledged is compared with, not judged again.
    acknowledged_at = history.acknowledged_at(run_id)
    earlier = [other for other in earlier if other["started_at"] > acknowledged_at]
    is_acknowledged = any(other["started_at"] <= acknowledged_at for other in usual)
    ids = [[other["id"] for other in runs] for runs in (earlier, usual)]
    dropped = _dropped_shares(history, run_id, *ids, min_pages=1 if is_acknowledged else MIN_PAGES)
    return [
        *nothing_found(run["counts"], has_layouts=has_layouts),
        *fewer_teasers(run["counts"], [other["counts"] for other in usual]),
        *unknown_listing(run["counts"], [other["counts"] for other in usual]),
        *more_refused(run, earlier, usual),
        *fewer_articles(history.days(run_id, BASELINE_RUNS + 1)),
        *(problem for problem in dropped if has_layouts or problem.reason != "unknown_layout"),
    ]


def _dropped_shares(
    history: RunHistory, run_id: int, earlier: Sequence[int], usual: Sequence[int], *, min_pages: int
) -> list[Problem]:
    """Return shares that dropped in the latest runs: this run and as many before it as are needed for enough pages.

    The baseline are the ``usual`` runs before them; ``min_pages``: how many pages show which layouts are usual.
    """
    pages = history.pages([run_id, *earlier])
    if run_id not in pages:
        return []
    for enough in (MIN_PAGES, MANY_PAGES):
        latest, count = [run_id], pages[run_id]
        for other in earlier:
            if count >= enough:
                break
            latest.append(other)
            count += pages.get(other, 0)
        before = [other for other in usual if other not in latest]
        problems, is_doubtful = _compared(history, latest, before, min_pages)
        by_selector, is_doubtful_by_selector = _compared(history, latest, before, min_pages, SELECTOR)
        reported = {problem.field for problem in problems}
        problems += [problem for problem in by_selector if problem.field and problem.field not in reported]
        if problems or not (is_doubtful or is_doubtful_by_selector):
            return problems
    return []


def _compared(
    history: RunHistory, latest: Sequence[int], before: Sequence[int], min_pages: int, method: str = ""
) -> tuple[list[Problem], bool]:
    """The shares that dropped, and whether one has dropped by as much that may be chance."""
    now, then = history.coverage(latest, method), history.coverage(before, method)
    # Counting how often each article was visited takes longer, and matters only if something has dropped.
    found = coverage_dropped(now, then, method, min_pages=min_pages)
    if not found:
        return [], any(_is_lower(now[key], then.get(key, (0, 0))) for key in now)
    visits, own = (history.visits(latest), history.visits(before)), history.coverage(latest[:1], method)
    found = coverage_dropped(now, then, method, visits=visits, own=own, min_pages=min_pages)
    return found, not found


def nothing_found(counts: Mapping[str, int], *, has_layouts: bool = True) -> Iterator[Problem]:
    """Report a run whose lists name no article: its pages may have links that are not recognized.

    Of an exploration, it is also reported if none of the links that look like articles leads to one.
    """
    if counts.get("nothing_requested", 0):
        message = "The discovery sources of this run name no page to begin with. Add a source with --via, or --urls."
        yield _problem("nothing_requested", message)
    lists = counts.get("listing_pages", 0) + counts.get("url_lists", 0)
    teasers, links = counts.get("teasers", 0), counts.get("not_articles", 0)
    if not lists or counts.get("articles_on_lists", 0) or (teasers and not _explored_in_vain(counts)):
        return
    if teasers:
        found = f": none of {quantity(teasers, 'link')} on them leads to one"
    else:
        found = f": none of {quantity(links, 'URL')} on them has the form of one" if links else ""
    remedy = (
        "Run `caliber doctor`"
        if has_layouts
        else "Start at another page of the site, try --via sitemap, or write a site definition"
    )
    yield _problem("nothing_found", f"The lists of this run ({lists:,}) name no article{found}. {remedy}.")


def _explored_in_vain(counts: Mapping[str, int]) -> bool:
    """Whether an exploration has no article, not even one that it did not request."""
    return counts.get("site_size") == 0 and not counts.get("discovered", 0) and not counts.get("out_of_scope", 0)


def fewer_teasers(counts: Mapping[str, int], earlier: Sequence[Mapping[str, int]]) -> Iterator[Problem]:
    """Report discovery sources whose pages have far fewer teasers than usual.

    Sources are compared separately: a feed may have five times as many teasers as a listing, and a run may use either.
    """
    for via in STEADY_SOURCES:
        now = _teasers_per_page(counts, via)
        if now is None:
            continue
        found = (each for other in earlier if (each := _teasers_per_page(other, via)) is not None)
        usual = list(islice(found, BASELINE_RUNS))
        if len(usual) >= MIN_BASELINE_RUNS and now < MIN_TEASER_SHARE * median(usual):
            message = f"Pages of discovery source {via} had {now:.1f} teasers on average; usual: {median(usual):.1f}."
            yield _problem("fewer_teasers", message)


def unknown_listing(counts: Mapping[str, int], earlier: Sequence[Mapping[str, int]]) -> Iterator[Problem]:
    """Report a run in which no listing has teasers as the site definition states, unlike in usual runs.

    Their articles are found by their URLs, so that nothing else shows a redesign while all of them are known.
    """
    now = _listings(counts)
    before = _sum([_listings(other) for other in earlier[:BASELINE_RUNS]]) if now[1] else (0, 0)
    if now[0] and now[1] == now[0] and before[0] and _rose(now, before):
        message = f"The selector of teasers matched nothing on {quantity(now[0], 'listing')}"
        yield _problem("unknown_listing", f"{message}; usual: on {_share(before):.0%} of them.")


def more_refused(
    run: RunRecord | EarlierRun, earlier: Sequence[EarlierRun], usual: Sequence[EarlierRun]
) -> list[Problem]:
    """Report a sharp rise of refused and failed pages in the latest runs that together visited enough pages."""
    visited = [_visited(run["counts"])]
    if not visited[0][1]:  # the site has recovered, or the run has visited nothing
        return []
    latest = {run["id"]}
    for other in earlier:
        if _sum(visited)[0] >= MIN_PAGES:
            break
        latest.add(other["id"])
        visited.append(_visited(other["counts"]))
    now, before = _sum(visited), _sum([_visited(other["counts"]) for other in usual if other["id"] not in latest])
    if now[0] < MIN_PAGES or not _rose(now, before):
        return []
    message = f"{_share(now):.0%} of {quantity(now[0], 'page')} were refused or failed; usual: {_share(before):.0%}."
    return [_problem("more_refused", message)]


def fewer_articles(days: Sequence[int]) -> list[Problem]:
    """Report a sharp drop of new articles in the last 24 hours, the first of ``days``."""
    usual = days[1:]
    if len(usual) < MIN_BASELINE_RUNS:
        return []
    if median(usual) < MIN_USUAL_NEWS or days[0] >= MIN_NEWS_SHARE * median(usual):
        return []
    found = quantity(days[0], "new article was", "new articles were")
    return [_problem("fewer_articles", f"{found} found in 24 hours; usual: {median(usual):,.0f}.")]


def coverage_dropped(
    now: Coverage,
    before: Coverage,
    method: str = "",
    *,
    visits: tuple[float, float] = (1.0, 1.0),
    own: Coverage | None = None,
    min_pages: int = MIN_PAGES,
) -> list[Problem]:
    """Report fields found on far fewer pages of a layout, and a rise of pages with an unknown layout.

    ``method`` is the extraction method if the coverage was counted for one method only. ``visits`` is how often each
    article was visited, on average, now and before. ``own`` is the coverage of the last run alone, if ``now`` is that
    of several: what this run found again is not reported. ``min_pages`` is the minimum number of pages before that show
    which layouts are usual.
    """
    own = now if own is None else own
    problems = [*_dropped_fields(now, before, own, f" by {method}" if method else "", visits)]
    unknown, before_unknown = _unknown(now), _unknown(before, min_pages) or (0, 0)
    is_lasting = any(layout in UNKNOWN and pages for (layout, _), (pages, _) in own.items())
    if unknown is not None and is_lasting and _rose(unknown, before_unknown):
        message = f"{_share(unknown):.0%} of the pages have a layout that is not in the site definition"
        problems.append(_problem("unknown_layout", f"{message}; usual: {_share(before_unknown):.0%}."))
    return problems


def _dropped_fields(
    now: Coverage, before: Coverage, own: Coverage, how: str, visits: tuple[float, float]
) -> Iterator[Problem]:
    for (layout, field), (pages, filled) in sorted(now.items()):
        pages_before, filled_before = before.get((layout, field), (0, 0))
        own_pages, own_filled = own.get((layout, field), (0, 0))
        if pages < MIN_PAGES or pages_before < MIN_PAGES or own_filled == own_pages:
            continue
        # Compare the shares of pages without the field: a drop of coverage is their rise.
        now_without, before_without = (pages, pages - filled), (pages_before, pages_before - filled_before)
        if _is_lower(now[layout, field], (pages_before, filled_before)) and not _is_chance(
            now_without, before_without, visits
        ):
            found = f"{field} was found{how} on {filled / pages:.0%} of {quantity(pages, 'page')} of layout {layout}"
            yield _problem("coverage_dropped", f"{found}; usual: {filled_before / pages_before:.0%}.", field)


def _is_lower(now: tuple[int, int], before: tuple[int, int]) -> bool:
    """Return whether a share, given as (total, part), fell considerably."""
    return before[0] >= MIN_PAGES and _share(before) - _share(now) >= MAX_COVERAGE_DROP


def _rose(now: tuple[int, int], before: tuple[int, int]) -> bool:
    """Return whether a share, given as (total, part), rose considerably and by more than chance."""
    usual = _share(before)
    rise = _share(now) - usual
    error = sqrt(usual * (1 - usual) * (1 / now[0] + 1 / before[0])) if before[0] else 0.0
    return rise >= MAX_COVERAGE_DROP and rise > MIN_STANDARD_ERRORS * error


def _is_chance(now: tuple[int, int], before: tuple[int, int], visits: tuple[float, float]) -> bool:
    """Return whether two shares, given as (total, part), may be samples of the same share: Fisher's exact test.

    Further visits of one article make a sample no larger.
    """
    sizes = [max(1, round(total / each)) for (total, _), each in zip((now, before), visits, strict=True)]
    parts = [round(size * _share(counted)) for size, counted in zip(sizes, (now, before), strict=True)]
    return chance_of_as_many(sizes, parts) >= (MAX_CHANCE if before[1] else MAX_CHANCE_OF_ALL)


def chance_of_as_many(sizes: Sequence[int], parts: Sequence[int]) -> float:
    """The probability that the first of two samples has at least ``parts[0]`` of all parts by chance (hypergeometric).

    By logarithms: the exact numbers of ways have as many bits as a site has pages.
    """
    size, part, drawn = sum(sizes), sum(parts), sizes[0]
    least, most = max(parts[0], drawn - (size - part)), min(drawn, part)
    all_ways = _log_ways(size, drawn)
    return fsum(
        exp(_log_ways(part, number) + _log_ways(size - part, drawn - number) - all_ways)
        for number in range(least, most + 1)
    )


def _log_ways(size: int, drawn: int) -> float:
    """The logarithm of the number of ways to draw so many of so many."""
    return lgamma(size + 1) - lgamma(drawn + 1) - lgamma(size - drawn + 1)


def _share(counted: tuple[int, int]) -> float:
    total, part = counted
    return part / total if total else 0.0


def _visited(counts: Mapping[str, int]) -> tuple[int, int]:
    """Number of requested article pages, and of those that were refused or failed for the first time."""
    pages = sum(counts.get(name, 0) for name in ("stored", "revisited", "refused", "failed"))
    return pages, sum(counts.get(name, 0) for name in ("refused", "failed")) - counts.get("refused_again", 0)


def _listings(counts: Mapping[str, int]) -> tuple[int, int]:
    """Number of listings whose first page has teasers, and of those on which no selector found them."""
    return counts.get("listings_begun", 0), counts.get("listings_guessed", 0)


def _sum(runs: Sequence[tuple[int, int]]) -> tuple[int, int]:
    return sum(pages for pages, _ in runs), sum(bad for _, bad in runs)


def _teasers_per_page(counts: Mapping[str, int], via: str) -> float | None:
    pages = counts.get(f"listing_pages_{via}", 0)
    return counts.get(f"teasers_{via}", 0) / pages if pages else None


def _unknown(coverage: Coverage, min_pages: int = MIN_PAGES) -> tuple[int, int] | None:
    """Number of all pages and of pages with an unknown layout; ``None`` for too few pages."""
    pages = {layout: pages for (layout, field), (pages, _) in coverage.items() if field == "headline"}
    total = sum(pages.values())
    return (total, sum(pages.get(layout, 0) for layout in UNKNOWN)) if total >= min_pages else None


def _problem(reason: str, message: str, field: str | None = None) -> Problem:
    return Problem(stage="run", reason=reason, message=message, field=field)
