"""A crawl with many hostile pages; `python -m benchmarks.soak` is the long version."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.soak import soak


@pytest.mark.slow
def test_a_crawl_with_many_hostile_pages_has_flat_memory_and_balanced_counts(tmp_path: Path) -> None:
    result = soak(240, 3, tmp_path, bombs=False)
    assert (result.outcome, result.lost, result.balanced) == ("finished", 0, True)
    assert result.hostile > 70
    assert result.growth < 50
