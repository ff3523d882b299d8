"""Resolves a URL to the site that owns it."""

from __future__ import annotations

from dataclasses import dataclass

from caliber_crawler.extraction.non_articles import is_front_page
from caliber_crawler.site import Site, SiteRegistry
from caliber_crawler.warc import ResolvedURL


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteResolver:
    """Resolves the URLs of the given sites; with ``any_site``, also those of all other hosts, as generic sites."""

    sites: SiteRegistry
    default: Site
    """The site of pages without a web URL."""
    any_site: bool = False

    def __call__(self, url: str) -> ResolvedURL | None:
        """The site and kind of a URL; ``None`` when none of the selected sites owns it."""
        if not url.lower().startswith(("http://", "https://")):
            # Saved files have a URN with their digest. Browsers write other URNs for records that are not pages:
            # urn:pageinfo:…, urn:text:…
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
        """The site that owns a web URL."""
        try:
            return self.sites.site_of(url) if self.any_site else self.sites.owner(url)
        except ValueError:
            return None
