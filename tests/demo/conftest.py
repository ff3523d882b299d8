from __future__ import annotations

import pytest

from caliber_crawler.demo import DemoSite


@pytest.fixture(scope="session")
def site() -> DemoSite:
    """A site of 600 articles, all published long ago."""
    return DemoSite(600, seed=5)
