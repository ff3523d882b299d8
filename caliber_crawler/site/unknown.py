"""The site of saved pages that do not name the URL that they were saved from."""

from __future__ import annotations

from dataclasses import replace

from caliber_crawler.site.generic import generic_site
from caliber_crawler.site.site import Site

UNKNOWN_SITE = "unknown"
"""The name of the unknown site."""


def unknown_site() -> Site:
    """The unknown site: its pages are extracted as those of a generic site. Its host exists nowhere (RFC 6761)."""
    return replace(generic_site("https://unknown.invalid/"), name=UNKNOWN_SITE, title="Unknown site", sources=())
