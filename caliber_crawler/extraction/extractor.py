"""The extractor: which code and which facts of a site a page was read with.

Its name changes whenever a page might be read differently: with the sources of this package, and with what the site's
file says. So a page that was read with the same extractor need not be read again. A changed comment changes it too:
that costs a second reading and no more.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from caliber_crawler import __version__
from caliber_crawler.site import Site

DIGITS = 8
"""Of a SHA-256, to tell extractors apart."""

_named: dict[int, tuple[Site, str]] = {}


def extractor_of(site: Site) -> str:
    """Name, version and digest: ``caliber_crawler 0.1.0 (1b2c3d4e)``. Where the site is served from does not count."""
    known = _named.get(id(site))
    if known is None:
        facts = repr(replace(site, base_url="", hosts=()))
        digest = hashlib.sha256(f"{_sources()}\n{facts}".encode()).hexdigest()[:DIGITS]
        # The site is kept with its name: so no other can take its place in memory.
        known = _named[id(site)] = site, f"caliber_crawler {__version__} ({digest})"
    return known[1]


@cache
def _sources() -> str:
    digest = hashlib.sha256()
    for name, source in sorted(_python_files(files(__package__), "")):
        digest.update(f"{name}\n".encode() + source.read_bytes())
    return digest.hexdigest()


def _python_files(folder: Traversable, beginning: str) -> list[tuple[str, Traversable]]:
    found: list[tuple[str, Traversable]] = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _python_files(entry, f"{beginning}{entry.name}/")
        elif entry.name.endswith(".py"):
            found.append((beginning + entry.name, entry))
    return found
