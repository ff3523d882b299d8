"""Alarms: what crawls found unusual about a site, and its acknowledgement by a person.

A run with an alarm is no baseline for later runs: a redesign that nobody has noticed must not become usual. An
acknowledgement is a run of its own, with who and when, so that it survives merging as every run does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, TypedDict

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.rows import JSONObject
from caliber_crawler.archive.core.times import utc_text, utc_time
from caliber_crawler.archive.reports.runs import Runs
from caliber_crawler.errors import CHECKS_FAILED

ALARMS = (
    "coverage_dropped",
    "fact_replaced",
    "fewer_articles",
    "fewer_teasers",
    "more_refused",
    "nothing_found",
    "nothing_requested",
    "unknown_layout",
    "unknown_listing",
)
"""Reasons of the problems of a whole run that are alarms."""
IS_ALARM = f"""p.stage = 'run' AND p.reason IN ({", ".join(f"'{reason}'" for reason in ALARMS)})"""
"""Whether the problem ``p`` is an alarm, as an SQL condition."""
HAS_ALARM = f"EXISTS (SELECT 1 FROM problems p WHERE p.run_id = r.id AND {IS_ALARM})"
"""Whether the run ``r`` has an alarm, as an SQL condition."""
ACKNOWLEDGE = "acknowledge"
"""The command of the runs that are acknowledgements."""
LAST_ACKNOWLEDGEMENT = f"""SELECT site, max(started_at) AS at, arguments ->> 'since' AS since
FROM runs WHERE command = '{ACKNOWLEDGE}' GROUP BY site"""
"""The last acknowledgement of each site: when it was given, and the start of the first run it covers."""
IS_USUAL = f"""r.started_at >= coalesce(a.since, '') AND (r.started_at <= coalesce(a.at, '') OR NOT {HAS_ALARM})"""
"""Whether the run ``r`` of a site with the last acknowledgement ``a`` is a baseline for others, as an SQL condition."""

LASTS = timedelta(days=1)
"""An alarm is open while a run within this time before the site's last run raised it: small runs cannot judge alone."""
PAUSE = timedelta(days=2)
"""The longest time between two runs of one alarm."""


class Alarm(TypedDict):
    """What is unusual about a site. Times are ISO 8601 text in UTC."""

    site: str
    reason: str
    field: str | None
    message: str
    """The message of the last run that raised it."""
    since: str
    """The start of the first run that raised it."""
    last: str
    """The start of the last run that raised it."""
    runs: int
    """The number of runs that raised it."""


@dataclass(frozen=True, slots=True)
class SiteState:
    """The state of a site after its last crawl. It is news for the operator when it differs from the one before."""

    exit_code: int
    alarms: tuple[str, ...] = ()
    """The reasons of its open alarms."""

    @property
    def name(self) -> Literal["healthy", "alarm", "failed"]:
        """``failed`` if the crawl failed; ``alarm`` if an alarm is open or the checks of the crawl failed."""
        if self.exit_code not in (0, CHECKS_FAILED):
            return "failed"
        return "alarm" if self.alarms or self.exit_code else "healthy"

    @property
    def values(self) -> dict[str, int | list[str]]:
        """Its fields, for JSON."""
        return {"exit_code": self.exit_code, "alarms": list(self.alarms)}

    def differs_from(self, other: SiteState | None) -> bool:
        """Whether the operator should hear of it. A failure that replaces another, or an alarm that joins, counts."""
        if other is None or self.name != other.name:
            return True
        return self.exit_code != other.exit_code if self.name == "failed" else self.alarms != other.alarms


class Alarms:
    """The open alarms of an archive, and their acknowledgement."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._runs = Runs(connection)

    def open(self, site: str | None = None) -> list[Alarm]:
        """The alarms of all sites or of one that nobody has acknowledged, by site and reason."""
        found: dict[tuple[str, str, str | None], Alarm] = {}
        for row in self._raised(site) if site is None or self._was_raised_lately(site) else ():
            alarm = found.get((row["site"], row["reason"], row["field"]))
            if alarm is None:
                if utc_time(row["last_run_at"]) - utc_time(row["started_at"]) > LASTS:
                    continue
                at = row["started_at"]
                found[row["site"], row["reason"], row["field"]] = Alarm(
                    site=row["site"],
                    reason=row["reason"],
                    field=row["field"],
                    message=row["message"],
                    since=at,
                    last=at,
                    runs=1,
                )
            elif utc_time(alarm["since"]) - utc_time(row["started_at"]) <= PAUSE:
                alarm["since"] = row["started_at"]
                alarm["runs"] += 1
        return [found[key] for key in sorted(found, key=lambda key: (key[0], key[1], key[2] or ""))]

    def state(self, site: str) -> SiteState | None:
        """The state of a site after its last crawl that ended; ``None`` before that."""
        code: int | None = self._connection.value(
            """SELECT exit_code FROM runs WHERE site = ? AND command = 'crawl' AND exit_code IS NOT NULL
            ORDER BY started_at DESC, id DESC LIMIT 1""",
            (site,),
        )
        return None if code is None else SiteState(code, tuple(alarm["reason"] for alarm in self.open(site)))

    def acknowledge(self, site: str, *, by: str, note: str, software: Mapping[str, object]) -> list[Alarm]:
        """Acknowledge the open alarms of a site and return them; without any, record nothing.

        Later runs are compared with the runs that these alarms cover: what they found is usual from now on.
        """
        alarms = self.open(site)
        if alarms:
            since = min(alarm["since"] for alarm in alarms)
            arguments = {"since": since, "by": by, "note": note, "reasons": [alarm["reason"] for alarm in alarms]}
            run_id = self._runs.start(ACKNOWLEDGE, site=site, arguments=arguments, settings={}, software=software)
            self._runs.finish(run_id, "finished", None, {"alarms": len(alarms)})
        return alarms

    def _was_raised_lately(self, site: str) -> bool:
        """Whether an alarm of a site may be open. The whole history is read only then."""
        last: str | None = self._connection.value(
            "SELECT started_at FROM runs WHERE command = 'crawl' AND site = ? ORDER BY started_at DESC LIMIT 1", (site,)
        )
        return last is not None and bool(
            self._connection.value(
                f"""SELECT EXISTS (SELECT 1 FROM runs r INDEXED BY runs_site
                WHERE r.command = 'crawl' AND r.site = ? AND r.started_at >= ? AND {HAS_ALARM})""",
                (site, utc_text(utc_time(last) - LASTS)),
            )
        )

    def _raised(self, site: str | None) -> list[JSONObject]:
        """The alarms of each run since the last acknowledgement, newest first."""
        return self._connection.rows(
            f"""SELECT DISTINCT r.site, p.reason, p.field, p.message, r.started_at,
              (SELECT started_at FROM runs l WHERE l.site = r.site AND l.command = 'crawl'
                ORDER BY started_at DESC LIMIT 1) AS last_run_at
            FROM problems p CROSS JOIN runs r ON r.id = p.run_id
            LEFT JOIN ({LAST_ACKNOWLEDGEMENT}) a ON a.site = r.site
            WHERE {IS_ALARM} AND r.command = 'crawl' AND r.site IS coalesce(?, r.site)
              AND r.started_at > coalesce(a.at, '')
            ORDER BY r.started_at DESC, p.id DESC""",
            (site,),
        )
