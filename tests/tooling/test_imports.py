"""What a command loads: imports cost time at each start, and memory for as long as it runs."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

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


HEAVY = ("scrapy", "twisted", "lxml", "parsel", "trafilatura", "datasette", "pandas", "numpy", "sqlite_utils", "httpx")
NOT_FOR_SEARCH = (
    "zstandard",
    "filelock",
    "tempfile",
    "importlib.resources",
    "importlib.metadata",
    "caliber_crawler.crawling",
    "caliber_crawler.extraction",
    "caliber_crawler.site",
    "caliber_crawler.archive.merge",
    "caliber_crawler.archive.pages",
    "caliber_crawler.archive.texts",
    "caliber_crawler.archive.upkeep",
)
STARTS = """
import sys
from caliber_crawler.commands.cli import main
try:
    main({arguments})
except SystemExit:
    print(sorted(set({unwanted}) & set(sys.modules)))
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "unwanted"),
    [
        (["--help"], (*HEAVY, "sqlite3", "asyncio", "caliber_crawler.archive", "caliber_crawler.site")),
        (
            ["search", "corridor", "--archive", "none.db"],
            (*HEAVY, *NOT_FOR_SEARCH),
        ),
        (["history", "https://example.org/", "--archive", "none.db"], ("scrapy", "twisted", "datasette", "pandas")),
    ],
)
def test_a_short_command_loads_no_library_that_it_does_not_need(
    arguments: list[str], unwanted: tuple[str, ...], tmp_path: Path
) -> None:
    code = STARTS.format(arguments=arguments, unwanted=unwanted)
    command = [sys.executable, "-P", "-c", code]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.slow
def test_a_worker_that_reads_web_archives_loads_no_library_that_writes_them_or_searches() -> None:
    """warcio, which loads fsspec and asyncio where they are installed, takes a fifth of the start of such a worker."""
    loaded = (
        "import sys, caliber_crawler.bulk.extraction, caliber_crawler.ingest.parallel;"
        "print({'warcio', 'fsspec', 'asyncio', 'snowballstemmer', 'pyarrow'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "set()\n"


@pytest.mark.parametrize("package", ["archive", "warc"])
def test_every_public_name_of_a_package_is_found_where_it_is_defined(package: str) -> None:
    """Some are imported on first use; a name without a module would only be missed by a user."""
    module = import_module(f"caliber_crawler.{package}")

    assert set(module.MODULES) <= set(module.__all__)
    assert all(getattr(module, name) is not None for name in module.__all__)
    with pytest.raises(AttributeError, match="no attribute 'Missing'"):
        _ = module.Missing
