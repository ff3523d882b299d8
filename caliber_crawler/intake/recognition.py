"""Whose page is at an address?"""

from __future__ import annotations

from dataclasses import dataclass

from caliber_crawler.reading.impostors import is_front_page
from caliber_crawler.site import Site, SiteRegistry
from caliber_crawler.warc import Recognised


@dataclass(frozen=True, slots=True, kw_only=True)
class Recogniser:
    """Recognises the pages of some sites; those of all others too, by their host, with ``any_site``."""

    sites: SiteRegistry
    default: Site
    """Whose the pages are that have no address of the web."""
    any_site: bool = False

    def __call__(self, url: str) -> Recognised | None:
        """What an address is; ``None`` when it is of no site that is asked for."""
        if not url.lower().startswith(("http://", "https://")):
            # Saved files have a name of their content. Browsers name what is no page: urn:pageinfo:…, urn:text:…
            is_saved = url.startswith("urn:sha256:")
            return Recognised(site=self.default.name, url=url, is_article=True) if is_saved else None
        site = self.site_at(url)
        if site is None:
            return None
        address = site.address(url)
        if address is None:
            return Recognised(
                site=site.name, url=url, is_article=False, is_front_page=site.owns(url) and is_front_page(url, site)
            )
        return Recognised(site=site.name, url=address.url, is_article=True)

    def site_at(self, url: str) -> Site | None:
        """The site that a page of the web belongs to."""
        try:
            return self.sites.site_of(url) if self.any_site else self.sites.owner(url)
        except ValueError:
            return None
