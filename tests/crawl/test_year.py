"""The year in fast-forward: its sites, the comparison of alarms with causes, and some days of it."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from benchmarks import year_alarms
from benchmarks.year_sites import KINDS, START, YearSite, definition, has_new_definition, redesigns
from caliber_crawler.demo import DemoSite
from tests.tooling.repository import ROOT

PORT = 9_618
HOUR = timedelta(hours=1)


def site(number: int = 0, days: int = 365, sites: int = 20) -> YearSite:
    return YearSite(number, days, sites, PORT)


def test_articles_are_published_in_order_and_more_of_them_in_summer() -> None:
    timeline = site().newsroom.timeline
    times = [timeline.published_at(k) for k in range(timeline.newest, timeline.oldest)]
    assert all(later >= earlier for later, earlier in pairwise(times))
    months = Counter(time.month for time in times if time.year == 2025)
    assert months[7] > 1.5 * months[1]


@pytest.mark.slow
def test_a_deleted_article_is_missing_until_it_returns() -> None:
    paper = site()
    shelf = paper.newsroom.shelf("en", "analytics")
    assert shelf is not None
    found = [k for k in shelf.walk(1, 2_000) if (paper.absence(k) or (START, START))[1].year == 2025]
    k = next(k for k in found if (paper.absence(k) or (START, START))[0] > START)
    start, end = paper.absence(k) or (START, START)
    path = paper.newsroom.article(k).path
    statuses = [DemoSite.respond(paper, path, at).status for at in (start - HOUR, start + HOUR, end + HOUR)]
    assert statuses == [200, 404, 200]
    assert k not in [article.k for article in paper.visible(start + HOUR, "en", "analytics")]


def test_every_kind_of_outage_occurs_in_a_year_and_none_overlaps() -> None:
    outages = [outage for number in range(20) for outage in site(number).outages]
    assert {outage.kind for outage in outages} == set(KINDS)
    for number in range(20):
        assert all(earlier.end < later.start for earlier, later in pairwise(site(number).outages))


def test_a_definition_follows_its_redesign() -> None:
    change = redesigns(365, 20)[2]
    paper = site(change.site)
    before, after = (definition(paper, is_new=has_new_definition(paper, at)) for at in (change.at, change.fixed_at))
    assert [layout.article for layout in before.layouts] == [".post"]
    assert [layout.article for layout in after.layouts] == [".story", ".post"]
    assert (before.listing and before.listing.teaser, after.listing and after.listing.teaser) == (
        ".float_block",
        ".tile",
    )
    page = paper.respond("/en/category/analytics", change.fixed_at).body
    assert b'class="tile"' in page
    assert b'class="float_block"' not in page


def rounds(paper: YearSite, hours: range, unhealthy: set[int]) -> list[dict[str, Any]]:
    alarm = {"exit_code": 3, "alarms": ["unknown_layout"], "why": None, "anomalies": []}
    return [
        {"at": (START + hour * HOUR).isoformat(), "unusual": {paper.name: alarm} if hour in unhealthy else {}}
        for hour in hours
    ]


def test_an_alarm_has_a_cause_and_a_cause_an_alarm() -> None:
    paper = site(5)
    outage = paper.outages[0]
    first = round((outage.start - START) / HOUR)
    hours = range(first + 100)
    causes, false = year_alarms.compare([paper], rounds(paper, hours, {first, first + 1}))
    assert (causes[outage.kind].occurred, causes[outage.kind].noticed, false) == (1, 1, [])
    causes, false = year_alarms.compare([paper], rounds(paper, hours, {first - 2}))
    assert (causes[outage.kind].noticed, len(causes[outage.kind].silent), len(false)) == (0, 1, 1)


@pytest.mark.slow
def test_some_days_of_the_year_are_archived_completely(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.year", "--folder", tmp_path, "--days", 2, "--sites", 1]
    command += ["--hours-between", 6, "--port", PORT]
    stopped = subprocess.run([*map(str, command), "--seconds", "4"], cwd=ROOT, capture_output=True, text=True)
    assert "of 2 days of 1 site" in stopped.stdout, stopped.stderr
    ended = subprocess.run(list(map(str, command)), cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "2.0 of 2 days of 1 site" in ended.stdout
