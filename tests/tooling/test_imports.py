"""What a command loads: imports cost time at each start, and memory for as long as it runs."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.slow
def test_a_crawl_does_not_load_sqlite_utils_or_pandas() -> None:
    """sqlite-utils, which also loads pandas where it is installed, is only for migrations: half a second."""
    loaded = "import sys, caliber_crawler.crawl_process; print({'sqlite_utils', 'pandas'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "set()\n"
