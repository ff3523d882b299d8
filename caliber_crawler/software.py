"""Versions of the software used by a run."""

from __future__ import annotations

import platform
import sqlite3
from importlib.metadata import version


def software() -> dict[str, str]:
    """Return the versions of everything that affects how pages are fetched, extracted and stored."""
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
