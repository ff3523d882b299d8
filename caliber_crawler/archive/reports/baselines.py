"""How much earlier data a comparison needs, and how far a value may fall below what is usual."""

from __future__ import annotations

MIN_BASELINE_RUNS = 3
"""Minimum number of runs or days for a comparison."""
MAX_COVERAGE_DROP = 0.3
"""Maximum drop of the share of pages with a field or with a known layout."""
MIN_PAGES = 10
"""Minimum number of pages to compute a share."""
