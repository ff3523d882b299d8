"""Who crawls: a site must be able to reach them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from caliber_crawler.errors import SiteError

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings

    from caliber_crawler.site import Site

REACHABLE = re.compile(r"[^\s@.<>()][@.][^\s@.<>()]")
"""What both e-mail addresses and those of web pages have."""


def require_contact(site: Site, settings: BaseSettings) -> None:
    """Raise :class:`SiteError` when a site could not reach whoever crawls it; this machine need not."""
    contact = settings["CONTACT"]
    if contact and not (contact.isprintable() and REACHABLE.search(contact)):
        raise SiteError(f"{contact!r} is neither an e-mail address nor a web page: nobody could be reached by it.")
    if contact or site.is_local:
        return
    host = urlsplit(site.base_url).hostname
    raise SiteError(
        f"{host} must be able to reach whoever crawls it: give --contact or set CALIBER_CONTACT (e-mail or web page)."
    )
