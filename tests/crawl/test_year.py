"""The year in fast-forward: its sites, the comparison of alarms with causes, and some days of it."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from random import randrange
from typing import Any
from xml.etree import ElementTree

import pytest

from benchmarks import year_alarms, year_chart
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


def weeks(count: int) -> list[dict[str, Any]]:
    """The rounds of so many weeks of two sites, one a day, with more new articles each week."""
    return [
        {
            "at": (START + timedelta(days=day)).isoformat(),
            "crawls": 2,
            "pages": 6,
            "cpu": 0.1,
            "new": day // 7,
            "unusual": {},
        }
        | ({"growth": dict.fromkeys(year_chart.TITLES, 10 * (day // 7 + 1))} if day % 7 == 6 else {})
        for day in range(7 * count)
    ]


def test_the_growth_of_everything_is_drawn(tmp_path: Path) -> None:
    year_chart.draw(weeks(3), tmp_path / "growth.svg")
    chart = ElementTree.parse(tmp_path / "growth.svg")
    texts = [element.text for element in chart.iter("{http://www.w3.org/2000/svg}text")]
    for title in year_chart.TITLES.values():
        assert texts[texts.index(title) + 1] == "30 at the end"
    assert texts[texts.index("new articles per week") + 1] == "14 at the end"
    assert texts[texts.index("CPU per crawl, ms") + 1] == "50 at the end"
    line = next(chart.iter("{http://www.w3.org/2000/svg}polyline")).attrib["points"].split()
    heights = [float(point.split(",")[1]) for point in line]
    assert heights == sorted(heights, reverse=True)
    assert heights[-1] == year_chart.TOP


def test_a_chart_needs_two_weeks(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="two weeks"):
        year_chart.draw(weeks(1), tmp_path / "growth.svg")


@pytest.mark.slow
def test_some_days_of_any_year_are_archived_completely(tmp_path: Path) -> None:
    """Three sites, each with outages and a redesign, in a year of a seed drawn at random. The run is stopped once."""
    seed = randrange(2, 100_000)
    command = [sys.executable, "-m", "benchmarks.year", "--folder", tmp_path, "--days", 3, "--sites", 3]
    command += ["--hours-between", 12, "--port", PORT, "--seed", seed]
    stopped = subprocess.run([*map(str, command), "--seconds", "4"], cwd=ROOT, capture_output=True, text=True)
    assert "of 3 days of 3 sites" in stopped.stdout, f"--seed {seed}: {stopped.stderr}"
    ended = subprocess.run(list(map(str, command)), cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == 0, f"--seed {seed}: {ended.stdout}{ended.stderr}"
    assert "3.0 of 3 days of 3 sites" in ended.stdout
