"""A crawl among many hostile pages; `python -m benchmarks.soak` is the long one."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.soak import soak


@pytest.mark.slow
def test_a_long_crawl_among_hostile_pages_stays_flat_and_keeps_its_accounts(tmp_path: Path) -> None:
    soaked = soak(240, 3, tmp_path, bombs=False)
    assert (soaked.outcome, soaked.lost, soaked.balanced) == ("finished", 0, True)
    assert soaked.hostile > 70
    assert soaked.growth < 50
