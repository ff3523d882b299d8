"""Draws the growth of the archive of ``benchmarks/year.py`` as SVG: a panel for each kind of row, size and cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from pathlib import Path
from statistics import median
from typing import Any

WIDTH, HEIGHT = 210, 90
"""Size of the drawing area of a panel."""
LEFT, TOP, RIGHT, BOTTOM = 14, 34, 20, 24
"""Margins of a panel."""
COLUMNS = 3
STYLE = """text { font: 11px sans-serif; fill: #24303c }
.title { font-weight: bold } .small { fill: #5b6875; font-size: 10px }
.area { fill: #c9dcf0 } .line { fill: none; stroke: #2b6cb0; stroke-width: 1.5 } .axis { stroke: #9aa6b2 }"""
TITLES = {
    "articles": "articles",
    "versions": "versions",
    "captures": "stored visits",
    "view_counts": "view counts",
    "frontier": "known URLs",
    "runs": "runs",
    "problems": "problems",
    "megabytes": "archive, MB",
}
Point = tuple[datetime, float]


@dataclass(frozen=True, slots=True)
class Panel:
    """A measure over time."""

    title: str
    points: Sequence[Point]
    decimals: int = 0

    @property
    def top(self) -> float:
        """The highest value, or 1 if all are 0."""
        return max(value for _, value in self.points) or 1.0


def draw(rounds: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Write the chart. Raises ``ValueError`` before the second week."""
    found = list(panels(rounds))
    if any(len(panel.points) < 2 for panel in found):
        raise ValueError("A chart needs two weeks of rounds.")
    begin = datetime.fromisoformat(rounds[0]["at"])
    end = max(at for panel in found for at, _ in panel.points)
    width, height = WIDTH + LEFT + RIGHT, HEIGHT + TOP + BOTTOM
    rows = -(-len(found) // COLUMNS)
    body = "\n".join(
        f'<g transform="translate({number % COLUMNS * width} {number // COLUMNS * height})">\n'
        + "\n".join(lines(panel, begin, end))
        + "\n</g>"
        for number, panel in enumerate(found)
    )
    size = f'viewBox="0 0 {COLUMNS * width} {rows * height}" width="{COLUMNS * width}" height="{rows * height}"'
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">\n<title>Growth of the archive of a year</title>\n'
        f'<style>{STYLE}</style>\n<rect width="100%" height="100%" fill="white"/>\n{body}\n</svg>\n',
        "utf-8",
    )


def panels(rounds: Sequence[Mapping[str, Any]]) -> Iterator[Panel]:
    """The sizes at the end of each week, and the costs and findings of each week."""
    measured = [each for each in rounds if "growth" in each]
    for name, title in TITLES.items():
        yield Panel(title, [(datetime.fromisoformat(each["at"]), each["growth"][name]) for each in measured])
    weeks = by_week(rounds)
    yield Panel("pages per crawl", [(at, share(week, "pages")) for at, week in weeks], 1)
    yield Panel("CPU per crawl, ms", [(at, cost(week)) for at, week in weeks])
    yield Panel("new articles per week", [(at, sum(each["new"] for each in week)) for at, week in weeks])
    yield Panel("sites with an alarm or failed, on average", [(at, unhealthy(week)) for at, week in weeks], 1)


def by_week(rounds: Sequence[Mapping[str, Any]]) -> list[tuple[datetime, list[Mapping[str, Any]]]]:
    """The rounds of each whole week, with its middle."""
    begin, found = datetime.fromisoformat(rounds[0]["at"]), dict[int, list[Mapping[str, Any]]]()
    for each in rounds:
        found.setdefault((datetime.fromisoformat(each["at"]) - begin).days // 7, []).append(each)
    if len(found) > 1 and len(found[max(found)]) < len(found[0]):
        del found[max(found)]
    return [(begin + timedelta(days=7 * number + 3.5), week) for number, week in sorted(found.items())]


def share(week: Sequence[Mapping[str, Any]], name: str) -> float:
    """A count of the rounds of a week, per crawl."""
    return float(sum(each[name] for each in week) / sum(each["crawls"] for each in week))


def cost(week: Sequence[Mapping[str, Any]]) -> float:
    """The CPU time of a crawl in ms: the median of the rounds, a few of which wait for hanging sites."""
    return median(1_000 * each["cpu"] / each["crawls"] for each in week)


def unhealthy(week: Sequence[Mapping[str, Any]]) -> float:
    """The number of sites that are not healthy after a round, on average."""
    return sum(len(each["unusual"]) for each in week) / len(week)


def lines(panel: Panel, begin: datetime, end: datetime) -> Iterator[str]:
    """The elements of a panel: title with the last value, area, line, time axis and highest value."""
    places = [
        (LEFT + WIDTH * ((at - begin) / (end - begin)), TOP + HEIGHT * (1 - value / panel.top))
        for at, value in panel.points
    ]
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    bottom = TOP + HEIGHT
    yield f'<text class="title" x="{LEFT}" y="14">{escape(panel.title)}</text>'
    last, top = (f"{value:,.{panel.decimals}f}" for value in (panel.points[-1][1], panel.top))
    values = f"{last} at the end" + (f", {top} at most" if top != last else "")
    yield f'<text class="small" x="{LEFT}" y="27">{values}</text>'
    yield f'<polygon class="area" points="{places[0][0]:.1f},{bottom} {points} {places[-1][0]:.1f},{bottom}"/>'
    yield f'<polyline class="line" points="{points}"/>'
    yield f'<path class="axis" d="M{LEFT} {bottom}H{LEFT + WIDTH}"/>'
    yield f'<text class="small" x="{LEFT}" y="{bottom + 13}">{begin:%-d %b %Y}</text>'
    yield f'<text class="small" x="{LEFT + WIDTH}" y="{bottom + 13}" text-anchor="end">{end:%-d %b %Y}</text>'
