"""Compares the alarms of ``benchmarks/year.py`` with their causes: outages and redesigns."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from benchmarks.year_sites import BAN, Outage, YearSite

AFTER = timedelta(hours=26)
"""An alarm is open for a day after the last run that raised it."""
AFTER_BAN = BAN + AFTER
"""The rules of a robots.txt are cached for a day: a ban is noticed late, and its end too."""


@dataclass(slots=True)
class Causes:
    """How often a kind of cause occurred, in how many cases it was noticed, and the rounds that reported it."""

    occurred: int = 0
    noticed: int = 0
    rounds: int = 0
    unhealthy: int = 0
    silent: list[str] = field(default_factory=list)
    """Causes that were not noticed."""
    reasons: Counter[str] = field(default_factory=Counter)


def compare(sites: Sequence[YearSite], rounds: Sequence[Mapping[str, Any]]) -> tuple[dict[str, Causes], list[str]]:
    """What was noticed of each kind of cause, and the alarms without a cause."""
    causes: defaultdict[str, Causes] = defaultdict(Causes)
    false = []
    times = [datetime.fromisoformat(each["at"]) for each in rounds]
    for site in sites:
        unusual = {at: each["unusual"].get(site.name) for at, each in zip(times, rounds, strict=True)}
        explained: set[datetime] = set()
        for outage in causes_of(site):
            during = [at for at in times if outage.start <= at < outage.end]
            after = AFTER_BAN if outage.kind == "robots_ban" else AFTER
            tail = [at for at in times if outage.end <= at < outage.end + after]
            explained |= {*during, *tail}
            if not during:
                continue
            cause = causes[outage.kind]
            bad = [unusual[at] for at in during if unusual[at]]
            is_noticed = bool(bad) or (outage.kind == "robots_ban" and any(unusual[at] for at in tail))
            cause.occurred += 1
            cause.noticed += is_noticed
            cause.rounds += len(during)
            cause.unhealthy += len(bad)
            cause.reasons.update(reason for each in bad for reason in reasons(each))
            if not is_noticed:
                cause.silent.append(f"{site.name} {outage.start:%Y-%m-%d %H:%M}, {len(during)} rounds")
        false += [
            f"{site.name} {at:%Y-%m-%d %H:%M}: {'; '.join(reasons(found))} ({found['why'] or found['anomalies']})"
            for at, found in unusual.items()
            if found and at not in explained
        ]
    return dict(causes), false


def causes_of(site: YearSite) -> Iterator[Outage]:
    """The outages of a site, and its redesign."""
    yield from site.outages
    if site.redesign is not None:
        yield Outage("redesign", site.redesign.at, site.redesign.fixed_at)


def reasons(unusual: Mapping[str, Any]) -> list[str]:
    """The exit code of a run and the reasons of its site's alarms."""
    return [f"exit code {unusual['exit_code']}", *unusual["alarms"]]
