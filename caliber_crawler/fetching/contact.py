"""The operator's contact: a site must be able to reach the operator of a crawl."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from caliber_crawler.errors import SiteError

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings

    from caliber_crawler.site import Site

REACHABLE = re.compile(r"[^\s@.<>()][@.][^\s@.<>()]")
"""A pattern that both e-mail addresses and URLs contain."""


def require_contact(site: Site, settings: BaseSettings) -> None:
    """Raise :class:`SiteError` without a valid contact of the operator; sites on this machine need none."""
    contact = settings["CONTACT"]
    if contact and not (contact.isprintable() and REACHABLE.search(contact)):
        raise SiteError(f"{contact!r} is not a contact: give an e-mail address or the URL of a web page.")
    if contact or site.is_local:
        return
    host = urlsplit(site.base_url).hostname
    raise SiteError(
        f"{host} must be able to contact you: give your e-mail address or web page with --contact you@example.org, or"
        " set CALIBER_CONTACT once: export CALIBER_CONTACT=you@example.org"
    )
