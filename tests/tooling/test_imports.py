"""What a command loads: imports cost time at each start, and memory for as long as it runs."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.slow
def test_the_process_of_a_crawl_loads_neither_migrations_nor_extraction_libraries() -> None:
    """sqlite-utils, which also loads pandas where it is installed, is only for migrations: half a second. Pages are
    extracted in a worker process: trafilatura and resiliparse cost a fifth of a second and 10 MB."""
    loaded = (
        "import sys, caliber_crawler.crawl_process, caliber_crawler.pipelines;"
        "print({'sqlite_utils', 'pandas', 'trafilatura', 'resiliparse'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "set()\n"
