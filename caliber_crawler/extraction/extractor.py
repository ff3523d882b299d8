"""The extractor's name: the code and the site definition that a page was extracted with.

The name changes whenever the result might change: with the source code of this package, and with the site definition.
A page with the current extractor's name need not be re-extracted. A changed comment changes the name too; the only cost
is a re-extraction.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import cache, lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from caliber_crawler import __version__
from caliber_crawler.site import Site
from caliber_crawler.site.site import SameSite

DIGITS = 8
"""Digits of the SHA-256 in an extractor's name."""


def extractor_of(site: Site) -> str:
    """Name, version and digest: ``caliber_crawler 0.1.0 (1b2c3d4e)``.

    The site's base URL, hosts and discovery sources do not count: they do not change what is extracted.
    """
    return _name(SameSite(site))


@lru_cache(maxsize=256)  # a process that crawls a site each hour gets a new object each time
def _name(key: SameSite) -> str:
    facts = repr(replace(key.site, base_url="", hosts=(), sources=()))
    digest = hashlib.sha256(f"{_sources()}\n{facts}".encode()).hexdigest()[:DIGITS]
    return f"caliber_crawler {__version__} ({digest})"


@cache
def _sources() -> str:
    digest = hashlib.sha256()
    for name, source in sorted(_source_files(files(__package__), "")):
        digest.update(f"{name}\n".encode() + source.read_bytes())
    return digest.hexdigest()


def _source_files(folder: Traversable, prefix: str) -> list[tuple[str, Traversable]]:
    found: list[tuple[str, Traversable]] = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _source_files(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith((".py", ".json")):
            found.append((prefix + entry.name, entry))
    return found
