"""Which software a run is the work of."""

from __future__ import annotations

import platform
import sqlite3
from importlib.metadata import version


def software() -> dict[str, str]:
    """Versions of what decides how pages are fetched, read and kept."""
    packages = (
        "caliber-crawler",
        "scrapy",
        "parsel",
        "lxml",
        "dateparser",
        "trafilatura",
        "resiliparse",
        "sqlite-utils",
        "zstandard",
    )
    return {
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        **{package: version(package) for package in packages},
    }
