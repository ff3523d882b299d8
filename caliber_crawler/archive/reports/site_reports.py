"""The state of every site of an archive: its last crawl, alarms, new articles, known URLs, field coverage and growth.

A fixed number of queries, whatever the number of sites; all but the alarms read indexes and a few rows of each site.
Only crawls count. A page that was ingested or merged without its run belongs to none.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from statistics import median
from typing import Literal, TypedDict

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.rows import JSONObject
from caliber_crawler.archive.core.times import utc_now, utc_text, utc_time
from caliber_crawler.archive.reports.alarms import Alarm, Alarms, SiteState
from caliber_crawler.archive.reports.baselines import MAX_COVERAGE_DROP, MIN_BASELINE_RUNS, MIN_PAGES
from caliber_crawler.errors import CHECKS_FAILED

DAYS = 30
"""Number of periods of 24 hours, counted back from now, in which new articles and growth are counted."""
COVERAGE_RUNS = 4
"""Number of crawls with extracted pages whose field coverage is compared: the last one with those before it."""
MAX_COVERAGE_RUNS = 20
"""Number of the latest crawls among which these are looked for."""

CRAWLED = f"""
SELECT g.*, l.id AS last_run_id, l.outcome AS last_run_outcome, l.reason AS last_run_reason,
  l.exit_code AS last_run_exit_code, e.exit_code,
  (SELECT min(started_at) FROM runs WHERE command = 'crawl' AND site = g.site AND exit_code IS NOT NULL
    AND started_at > CASE e.exit_code
      WHEN 0 THEN max(coalesce(g.checks_failed_at, ''), coalesce(g.failed_at, ''))
      WHEN {CHECKS_FAILED} THEN max(coalesce(g.healthy_at, ''), coalesce(g.failed_at, ''))
      ELSE max(coalesce(g.healthy_at, ''), coalesce(g.checks_failed_at, '')) END) AS state_since
FROM (
  SELECT site, min(started_at) AS first_run_at, max(started_at) AS last_run_at,
    max(started_at) FILTER (WHERE exit_code = 0) AS healthy_at,
    max(started_at) FILTER (WHERE exit_code = {CHECKS_FAILED}) AS checks_failed_at,
    max(started_at) FILTER (WHERE exit_code NOT IN (0, {CHECKS_FAILED})) AS failed_at,
    coalesce(sum(problem_count), 0) AS problems,
    min(started_at) FILTER (WHERE problem_count > 0) AS problems_first_at,
    max(started_at) FILTER (WHERE problem_count > 0) AS problems_last_at,
    coalesce(sum(stored_bytes), 0) AS stored_bytes,
    coalesce(sum(stored_bytes) FILTER (WHERE started_at > :since), 0) AS recent_bytes
  FROM runs WHERE command = 'crawl' GROUP BY site) g
JOIN runs l ON l.id = (
  SELECT id FROM runs WHERE command = 'crawl' AND site = g.site ORDER BY started_at DESC, id DESC LIMIT 1)
LEFT JOIN runs e ON e.id = (
  SELECT id FROM runs WHERE command = 'crawl' AND site = g.site AND exit_code IS NOT NULL
  ORDER BY started_at DESC, id DESC LIMIT 1)"""

NEW_ARTICLES = """
SELECT site, json_group_object(day, new) AS days FROM (
  SELECT site, (unixepoch(:now) - unixepoch(started_at)) / 86400 AS day, sum(new_articles) AS new FROM runs
  WHERE command = 'crawl' AND started_at > :since AND started_at <= :now AND new_articles IS NOT NULL
  GROUP BY site, day)
GROUP BY site"""

# With min(), the other columns are those of the row with the minimum: https://www.sqlite.org/lang_select.html#bareagg.
URLS = """
SELECT u.*, f.url AS next_due_url FROM (
  SELECT site, min(due_at) AS next_due_at, id, sum(due) AS due_urls,
    coalesce(sum(urls) FILTER (WHERE kind = 'article'), 0) AS known_urls,
    coalesce(sum(stored) FILTER (WHERE kind = 'article'), 0) AS stored_urls,
    coalesce(sum(urls) FILTER (WHERE kind = 'article' AND state = 'failed'), 0) AS failed_urls,
    coalesce(sum(urls) FILTER (WHERE kind = 'article' AND state = 'refused'), 0) AS refused_urls
  FROM (
    SELECT site, kind, state, min(due_at) AS due_at, id, count(*) AS urls, count(article_id) AS stored,
      count(*) FILTER (WHERE due_at <= :now) AS due
    FROM frontier GROUP BY site, state, kind)
  GROUP BY site) u
LEFT JOIN frontier f ON f.id = u.id AND u.next_due_at IS NOT NULL"""

# The rows of all extraction methods repeat the number of pages of a layout, which must be counted once.
COVERAGE = f"""
SELECT s.site, r.started_at, (
    SELECT json_group_array(json_array(field, pages, filled)) FROM (
      SELECT field, sum(pages) AS pages, sum(filled) AS filled FROM (
        SELECT field, max(pages) AS pages, sum(filled) AS filled FROM field_coverage
        WHERE run_id = r.id AND site = s.site GROUP BY layout, field)
      GROUP BY field)) AS fields
FROM (SELECT value AS site FROM json_each(:sites)) s
CROSS JOIN runs r ON r.id IN (
  SELECT id FROM (
    SELECT id FROM runs WHERE command = 'crawl' AND site = s.site ORDER BY started_at DESC LIMIT {MAX_COVERAGE_RUNS})
  WHERE EXISTS (SELECT 1 FROM field_coverage WHERE run_id = id) LIMIT {COVERAGE_RUNS})"""


class FieldShare(TypedDict):
    """The share of pages with a field in the last crawl that extracted pages, from 0 to 1."""

    field: str
    share: float
    usual: float | None
    """The share in the crawls before it; ``None`` for fewer than three."""
    is_low: bool
    """Whether it is far below the usual one, on enough pages to tell."""


class SiteReport(TypedDict):
    """One site. Times are ISO 8601 text in UTC, sizes are bytes."""

    site: str
    title: str
    url: str | None
    state: Literal["healthy", "alarm", "failed"] | None
    """``None`` before a crawl has ended."""
    state_since: str | None
    """The start of the first crawl that found it so, without interruption."""
    alarms: list[Alarm]
    """Its open alarms."""
    last_run_id: int | None
    last_run_at: str | None
    last_run_outcome: str | None
    last_run_exit_code: int | None
    last_run_reason: str | None
    new_articles: int | None
    """New articles in the last 24 hours; ``None`` if no crawl ended."""
    usual_new_articles: float | None
    """The median of the 29 days before, without days on which no crawl ended; ``None`` for fewer than three days."""
    new_per_day: list[int | None]
    """New articles in the last 30 periods of 24 hours, oldest first; ``None`` if no crawl ended."""
    known_urls: int
    """Article URLs in the frontier."""
    stored_urls: int
    """Those that led to an article."""
    failed_urls: int
    refused_urls: int
    coverage: float | None
    """The share of the known article URLs that are stored, from 0 to 1."""
    fields: list[FieldShare]
    problems: int
    """Problems that its crawls recorded."""
    problems_first_at: str | None
    """The start of the first crawl with a problem."""
    problems_last_at: str | None
    stored_bytes: int
    """Bytes of the pages that its crawls stored, compressed."""
    bytes_per_day: float | None
    """Their growth in the last 30 days, or since a later first crawl; ``None`` before the first day ends."""
    due_urls: int
    next_due_at: str | None
    next_due_url: str | None


COLUMNS = (
    *("site", "title", "url", "state", "state_since", "alarms", "last_run_id", "last_run_at", "last_run_outcome"),
    *("last_run_exit_code", "last_run_reason", "new_articles", "usual_new_articles", "known_urls", "stored_urls"),
    *("failed_urls", "refused_urls", "coverage", "low_fields", "problems", "problems_first_at", "problems_last_at"),
    *("stored_bytes", "bytes_per_day", "due_urls", "next_due_at", "next_due_url"),
)
"""The columns of a site as a row of a table."""
SEVERITY = ("failed", "alarm", None, "healthy")
"""The states, those that need attention first."""


def site_reports(connection: Connection, now: datetime | None = None) -> list[SiteReport]:
    """A report for each site that the archive knows: failed sites first, then alarms, then by title."""
    reports = reports_without_fields(connection, now or utc_now())
    add_fields(connection, reports)
    return reports


def reports_without_fields(connection: Connection, now: datetime) -> list[SiteReport]:
    """The same with empty ``fields``."""
    times = {"now": utc_text(now), "since": utc_text(now - timedelta(days=DAYS))}
    sites = by_site(connection.rows("SELECT site, title, url FROM sites"))
    crawled = by_site(connection.rows(CRAWLED, times))
    days = by_site(connection.rows(NEW_ARTICLES, times))
    urls = by_site(connection.rows(URLS, times))
    alarms: dict[str, list[Alarm]] = defaultdict(list)
    for alarm in Alarms(connection).open():
        alarms[alarm["site"]].append(alarm)
    reports = [
        site_report(
            sites.get(site, {"site": site}),
            crawled.get(site, {}),
            urls.get(site, {}),
            alarms.get(site, []),
            new_per_day(days.get(site)),
            now,
        )
        for site in sites.keys() | crawled.keys() | urls.keys()
    ]
    return sorted(reports, key=severity)


def add_fields(connection: Connection, reports: Sequence[SiteReport]) -> None:
    """Set the ``fields`` of reports."""
    runs: dict[str, list[list[tuple[str, int, int]]]] = defaultdict(list)
    rows = connection.rows(COVERAGE, {"sites": json.dumps([report["site"] for report in reports])})
    for row in sorted(rows, key=lambda row: str(row["started_at"])):
        runs[row["site"]].append(json.loads(row["fields"]))
    for report in reports:
        report["fields"] = field_shares(runs[report["site"]])


def by_site(rows: Iterable[JSONObject]) -> dict[str, JSONObject]:
    """Rows by site, without those that have none."""
    return {row["site"]: row for row in rows if row["site"] is not None}


def severity(report: SiteReport) -> tuple[int, str, str]:
    """The place of a site in a list that begins with those that need attention."""
    return SEVERITY.index(report["state"]), report["title"].casefold(), report["site"]


def site_report(
    site: JSONObject,
    crawled: JSONObject,
    urls: JSONObject,
    alarms: list[Alarm],
    days: list[int | None],
    now: datetime,
) -> SiteReport:
    """The report of one site from the rows of the queries above, without its fields."""
    code = crawled.get("exit_code")
    state = None if code is None else SiteState(code, tuple(alarm["reason"] for alarm in alarms)).name
    since = min((alarm["since"] for alarm in alarms), default=None) if state == "alarm" else None
    known, stored = urls.get("known_urls", 0), urls.get("stored_urls", 0)
    return {
        "site": site["site"],
        "title": site.get("title") or site["site"],
        "url": site.get("url"),
        "state": state,
        "state_since": since or crawled.get("state_since"),
        "alarms": alarms,
        "last_run_id": crawled.get("last_run_id"),
        "last_run_at": crawled.get("last_run_at"),
        "last_run_outcome": crawled.get("last_run_outcome"),
        "last_run_exit_code": crawled.get("last_run_exit_code"),
        "last_run_reason": crawled.get("last_run_reason"),
        "new_articles": days[-1],
        "usual_new_articles": usual_of(days[:-1]),
        "new_per_day": days,
        "known_urls": known,
        "stored_urls": stored,
        "failed_urls": urls.get("failed_urls", 0),
        "refused_urls": urls.get("refused_urls", 0),
        "coverage": stored / known if known else None,
        "fields": [],
        "problems": crawled.get("problems", 0),
        "problems_first_at": crawled.get("problems_first_at"),
        "problems_last_at": crawled.get("problems_last_at"),
        "stored_bytes": crawled.get("stored_bytes", 0),
        "bytes_per_day": growth(crawled, now),
        "due_urls": urls.get("due_urls", 0),
        "next_due_at": urls.get("next_due_at"),
        "next_due_url": urls.get("next_due_url"),
    }


def new_per_day(row: JSONObject | None) -> list[int | None]:
    """New articles of each period of 24 hours, oldest first."""
    days = json.loads(row["days"]) if row else {}
    return [days.get(str(day)) for day in reversed(range(DAYS))]


def usual_of(days: Sequence[int | None]) -> float | None:
    """The median of the days on which a crawl ended; ``None`` for too few."""
    known = [day for day in days if day is not None]
    return float(median(known)) if len(known) >= MIN_BASELINE_RUNS else None


def field_shares(runs: Sequence[Sequence[tuple[str, int, int]]]) -> list[FieldShare]:
    """The share of pages with each field in the last crawl, compared with the crawls before it.

    ``runs``: field, pages, and pages with the field, of each crawl, the last one at the end.
    """
    earlier: dict[str, tuple[int, int, int]] = {}
    for run in runs[:-1]:
        for field, pages, filled in run:
            known_runs, known_pages, known_filled = earlier.get(field, (0, 0, 0))
            earlier[field] = (known_runs + 1, known_pages + pages, known_filled + filled)
    shares: list[FieldShare] = []
    for field, pages, filled in runs[-1] if runs else ():
        known_runs, known_pages, known_filled = earlier.get(field, (0, 0, 0))
        usual = known_filled / known_pages if known_runs >= MIN_BASELINE_RUNS and known_pages else None
        share = filled / pages if pages else 0.0
        is_low = usual is not None and pages >= MIN_PAGES and usual - share > MAX_COVERAGE_DROP
        shares.append({"field": field, "share": share, "usual": usual, "is_low": is_low})
    return shares


def growth(crawled: JSONObject, now: datetime) -> float | None:
    """Bytes that crawls stored per day, recently."""
    if not crawled:
        return None
    days = min((now - utc_time(crawled["first_run_at"])) / timedelta(days=1), DAYS)
    return round(crawled["recent_bytes"] / days, 1) if days >= 1 else None


def flat_row(report: SiteReport) -> dict[str, object]:
    """A report as a row of a table with the columns ``COLUMNS``: lists as text."""
    alarms = "; ".join(alarm["message"] for alarm in report["alarms"])
    low = "; ".join(each["field"] for each in report["fields"] if each["is_low"])
    return {name: value for name, value in ({**report, "alarms": alarms, "low_fields": low}).items() if name in COLUMNS}
