"""Crawl health: runs, problems by reason, field coverage, the crawl queue and repeated failures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from shlex import quote
from statistics import median
from typing import TYPE_CHECKING, NamedTuple, TypedDict

from caliber_crawler.archive.core.times import utc_now, utc_text
from caliber_crawler.archive.reports.alarms import Alarms
from caliber_crawler.archive.reports.baselines import MAX_COVERAGE_DROP, MIN_BASELINE_RUNS
from caliber_crawler.archive.reports.runs import RunRecord, Runs
from caliber_crawler.archive.reports.sites import Sites
from caliber_crawler.archive.reports.status import cold_storage

if TYPE_CHECKING:
    from pathlib import Path

    from datasette.utils.asgi import Response

    from caliber_crawler.archive.core.connection import Connection
    from caliber_crawler.archive.core.rows import JSONObject
    from caliber_crawler.browse.pages import Context, PageRequest

RUNS = 30
COVERED_RUNS = 8
PROBLEM_RUNS = 10
SITE_PROBLEM_RUNS = 100
"""Number of runs whose problems the page of one site shows."""
ROWS = 15
MAX_ALARMS = 50
FAILING = 2
"""Minimum number of consecutive failures of a listed page."""

RESULTS = ("stored", "new", "updated", "unchanged", "failed", "refused", "missing", "remaining")
"""The counts of a run that come first."""
SHOWN_COUNTS = 8
"""Number of counts that are columns; the others are in a fold below the table."""

# `where` and `and_site` in these queries are the condition that selects one site, or nothing.
PROBLEMS = """
SELECT p.stage, p.reason, count(*) AS total, sum(p.fatal) AS refused, min(p.noted_at) AS first_at,
  max(p.noted_at) AS last_at, p.message AS example
FROM problems p WHERE p.run_id IN (SELECT id FROM runs {where} ORDER BY {order} DESC LIMIT :problem_runs)
GROUP BY p.stage, p.reason ORDER BY total DESC, p.stage, p.reason LIMIT 40"""

# The rows of all extraction methods repeat the number of pages of a layout, which must be counted once.
COVERAGE = """
WITH recent AS (SELECT DISTINCT run_id FROM field_coverage {where} ORDER BY run_id DESC LIMIT :covered_runs)
SELECT field, run_id, sum(filled) AS filled, sum(pages) AS pages FROM (
  SELECT c.run_id, c.site, c.layout, c.field, max(c.pages) AS pages, sum(c.filled) AS filled
  FROM recent r CROSS JOIN field_coverage c ON c.run_id = r.run_id {where} GROUP BY c.run_id, c.site, c.layout, c.field)
GROUP BY field, run_id ORDER BY field, run_id"""

# Every run fetches the seed URLs of its discovery sources; they have no due time.
BEGINS = (
    "kind <> 'article' AND page_number = 1 AND discovered_via IN ('listing', 'feed', 'sitemap', 'search', 'start_page')"
)
DUE = f"""
SELECT site, kind, count(*) AS known, count(*) FILTER (WHERE due_at <= :now) AS due_now,
  count(*) FILTER (WHERE due_at > :now AND due_at <= :tomorrow) AS due_in_a_day,
  count(*) FILTER (WHERE due_at > :tomorrow) AS due_later,
  count(*) FILTER (WHERE due_at IS NULL AND {BEGINS} AND state = 'done') AS each_run,
  count(*) FILTER (WHERE due_at IS NULL AND NOT ({BEGINS} AND state = 'done')) AS not_again
FROM frontier {{where}} GROUP BY site, kind ORDER BY site, kind"""
NEXT = """
SELECT url, kind, section, due_at, visited_at, discovered_via FROM frontier
WHERE due_at IS NOT NULL {and_site} ORDER BY due_at, priority DESC, id LIMIT :rows"""
FAILED = f"""
SELECT id, url, kind, state, failures, last_status, reason, visited_at, due_at FROM frontier
WHERE failures >= {FAILING} {{and_site}} ORDER BY failures DESC, visited_at DESC LIMIT :rows"""


class TimedRun(RunRecord):
    """A run and its duration until now or until its end (``1 h 05 min``)."""

    duration_text: str


class Share(NamedTuple):
    """The share of a run's pages with a field, from 0 to 1."""

    share: float
    is_low: bool
    """Whether it is far below what was usual in the runs before."""


class Coverage(TypedDict):
    """The share of pages with each field, by run."""

    runs: list[int]
    fields: dict[str, list[Share | None]]
    """For each field, the shares in the order of ``runs``; ``None`` if the run has none."""
    usual: dict[str, float | None]
    """The median of each field's shares in the runs before the last one."""


async def health_page(page_request: PageRequest) -> Response:
    """``/-/health``, and ``/-/health?site=NAME`` for one site."""
    site = page_request.argument("site") or None
    return await page_request.html("archive_health.html", await page_request.read(lambda found: health(found, site)))


def health(connection: Connection, site: str | None = None) -> Context:
    """Return the context of the health page of all sites or of one."""
    now = utc_now()
    runs: list[TimedRun] = [
        {**run, "duration_text": duration_text(run, now)} for run in Runs(connection).last(RUNS, site=site)
    ]
    problem_runs = PROBLEM_RUNS if site is None else SITE_PROBLEM_RUNS
    values = {
        "now": utc_text(now),
        "tomorrow": utc_text(now + timedelta(days=1)),
        "site": site,
        "problem_runs": problem_runs,
        "covered_runs": COVERED_RUNS,
        "rows": ROWS,
    }

    def rows(sql: str) -> list[JSONObject]:
        return connection.rows(of_site(sql, site), values)

    record = None if site is None else Sites(connection).get(site)
    return {
        "now": values["now"],
        "site": site,
        "title": site if record is None else record["title"],
        "is_known": site is None or record is not None or bool(runs),
        "several": connection.value("SELECT count(*) FROM sites") > 1,
        "alarms": Alarms(connection).open(site),
        "max_alarms": MAX_ALARMS,
        "acknowledge": acknowledge_command(site, connection.path),
        "cold": cold_storage(connection),
        "runs": runs,
        "counted": counted(runs),
        "shown_counts": SHOWN_COUNTS,
        "problems": rows(PROBLEMS),
        "problem_runs": problem_runs,
        "coverage": coverage(rows(COVERAGE)),
        "due": rows(DUE),
        "next": rows(NEXT),
        "failing": rows(FAILED),
    }


def acknowledge_command(site: str | None, archive: Path) -> str:
    """Return the command that acknowledges the alarms of a site."""
    return f'caliber status --acknowledge {quote(site or "SITE")} --note "…" --archive {quote(archive.name)}'


def of_site(sql: str, site: str | None) -> str:
    """Return one of the queries for all sites or for the site ``:site``."""
    if site is None:
        return sql.format(where="", and_site="", order="id")
    # A unary plus: the few runs of the site are sorted, and not all runs searched for them.
    return sql.format(where="WHERE site = :site", and_site="AND site = :site", order="+id")


def counted(runs: Sequence[RunRecord]) -> list[str]:
    """Return the names of what the runs counted: results first, then what led to them."""
    names = dict.fromkeys(name for run in runs for name, count in run["counts"].items() if count)
    return sorted(names, key=lambda name: RESULTS.index(name) if name in RESULTS else len(RESULTS))


def coverage(rows: Sequence[JSONObject]) -> Coverage:
    """Return the share of pages with each field, for the latest runs that extracted pages.

    A share is low compared with the median of the runs before it: 5 % of authors is usual on some sites.
    """
    runs = sorted({row["run_id"] for row in rows})
    shares: dict[str, dict[int, float]] = {}
    for row in rows:
        shares.setdefault(row["field"], {})[row["run_id"]] = row["filled"] / row["pages"] if row["pages"] else 0.0
    of_fields = {field: [of.get(run) for run in runs] for field, of in shares.items()}
    return {
        "runs": runs,
        "fields": {field: judged(of) for field, of in of_fields.items()},
        "usual": {field: usual(of[:-1]) for field, of in of_fields.items()},
    }


def judged(shares: Sequence[float | None]) -> list[Share | None]:
    """Return each share of a field with its judgement."""
    found: list[Share | None] = []
    for place, share in enumerate(shares):
        before = usual(shares[:place])
        low = share is not None and before is not None and before - share > MAX_COVERAGE_DROP
        found.append(None if share is None else Share(share, low))
    return found


def usual(shares: Sequence[float | None]) -> float | None:
    """Return the median of some shares; ``None`` if there are too few to know what is usual."""
    known = [share for share in shares if share is not None]
    return median(known) if len(known) >= MIN_BASELINE_RUNS else None


def duration_text(run: RunRecord, now: datetime) -> str:
    """Return the duration of a run until now or until its end: ``1 h 05 min``."""
    end = datetime.fromisoformat(run["finished_at"] or run["heartbeat_at"])
    if run["outcome"] == "running":
        end = now
    seconds = max(int((end - datetime.fromisoformat(run["started_at"])).total_seconds()), 0)
    if seconds < 60:
        return f"{seconds} s"
    minutes = seconds // 60
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"
