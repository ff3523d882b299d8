"""Versions of the software used by a run."""

from __future__ import annotations

import platform
import sqlite3
from functools import cache
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
        **{package: _version(package) for package in packages},
    }


def versions_in_short() -> str:
    """The versions that matter in the report of a problem, in one line."""
    from lxml import etree

    libxml2 = ".".join(map(str, etree.LIBXML_VERSION))
    return (
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, Scrapy {_version('scrapy')},"
        f" Datasette {_version('datasette')}, lxml {_version('lxml')} (libxml2 {libxml2}), {platform.system()}"
        f" {platform.machine()}"
    )


@cache
def _version(package: str) -> str:
    # A lookup reads files, and a process may start many runs.
    return version(package)
