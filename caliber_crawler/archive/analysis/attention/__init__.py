"""Attention over time: how many articles match a query in each day, week or month, and their share of all articles."""

from caliber_crawler.archive.analysis.attention.counts import (
    BREAKDOWNS,
    PERIODS,
    Attention,
    AttentionRow,
    Breakdown,
    attention,
)
from caliber_crawler.archive.analysis.attention.periods import Period
from caliber_crawler.archive.analysis.attention.views_at import ViewsAt, ViewsAtRow, views_at

__all__ = [
    "BREAKDOWNS",
    "PERIODS",
    "Attention",
    "AttentionRow",
    "Breakdown",
    "Period",
    "ViewsAt",
    "ViewsAtRow",
    "attention",
    "views_at",
]
