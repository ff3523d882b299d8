"""Whose page is at an address?"""

from __future__ import annotations

from dataclasses import dataclass

from caliber_crawler.extraction.non_articles import is_front_page
from caliber_crawler.site import Site, SiteRegistry
from caliber_crawler.warc import ResolvedURL


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteResolver:
    """Recognises the pages of some sites; those of all others too, by their host, with ``any_site``."""

    sites: SiteRegistry
    default: Site
    """Whose the pages are that have no address of the web."""
    any_site: bool = False

    def __call__(self, url: str) -> ResolvedURL | None:
        """What an address is; ``None`` when it is of no site that is asked for."""
        if not url.lower().startswith(("http://", "https://")):
            # SavedArticle files have a name of their content. Browsers name what is no page: urn:pageinfo:…, urn:text:…
            is_saved = url.startswith("urn:sha256:")
            return ResolvedURL(site=self.default.name, url=url, is_article=True) if is_saved else None
        site = self.site_at(url)
        if site is None:
            return None
        article_url = site.article_url(url)
        if article_url is None:
            return ResolvedURL(
                site=site.name, url=url, is_article=False, is_front_page=site.owns(url) and is_front_page(url, site)
            )
        return ResolvedURL(site=site.name, url=article_url.url, is_article=True)

    def site_at(self, url: str) -> Site | None:
        """The site that a page of the web belongs to."""
        try:
            return self.sites.site_of(url) if self.any_site else self.sites.owner(url)
        except ValueError:
            return None
