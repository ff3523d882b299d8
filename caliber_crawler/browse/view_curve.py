"""The curve of an article's view counts, as points of an SVG picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

WIDTH, HEIGHT = 320, 120
"""Size of the picture in its own units; the page scales it."""

MARGIN = 5
"""Margin, so that the first and last dots are not clipped."""


@dataclass(frozen=True, slots=True)
class Dot:
    """One view count and its position."""

    x: float
    y: float
    observed_at: str
    views: int


@dataclass(frozen=True, slots=True)
class Curve:
    """View counts in order of time: time to the right, views upwards from zero."""

    dots: tuple[Dot, ...]
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def line(self) -> str:
        """The ``points`` of an SVG polyline."""
        return " ".join(f"{dot.x},{dot.y}" for dot in self.dots)

    @property
    def area(self) -> str:
        """The ``points`` of an SVG polygon: the area under the line."""
        ground = HEIGHT - MARGIN
        return f"{self.dots[0].x},{ground} {self.line} {self.dots[-1].x},{ground}"


def curve_of(observations: Sequence[tuple[str, int]]) -> Curve | None:
    """Return the curve of ``(observed_at, views)`` in order of time; ``None`` with fewer than two different times."""
    moments = [datetime.fromisoformat(observed_at).timestamp() for observed_at, _ in observations]
    if len(set(moments)) < 2:
        return None
    start, span = moments[0], moments[-1] - moments[0]
    top = max(views for _, views in observations) or 1
    across, up = WIDTH - 2 * MARGIN, HEIGHT - 2 * MARGIN
    return Curve(
        tuple(
            Dot(
                round(MARGIN + across * (moment - start) / span, 1),
                round(HEIGHT - MARGIN - up * views / top, 1),
                at,
                views,
            )
            for moment, (at, views) in zip(moments, observations, strict=True)
        )
    )
