"""The rules for which site owns a URL, and which site definition extracts a capture."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from caliber_crawler.errors import SiteError
from caliber_crawler.items import Capture
from caliber_crawler.site.generic import generic_site
from caliber_crawler.site.learned import LearnedLayout
from caliber_crawler.site.site import Site
from caliber_crawler.site.unknown import UNKNOWN_SITE, unknown_site
from caliber_crawler.site.urls import host_of


class SiteRegistry(Mapping[str, Site]):
    """Sites by name. A registry can be sent to another process.

    A site owns the URLs on its own hosts (:meth:`Site.owns`). If several sites share a host, the site for which the URL
    is an article comes first, then a site whose ``base_url`` is on that host, then one that lists it in ``hosts``.
    """

    def __init__(self, sites: Iterable[Site] = ()) -> None:
        self._sites = {site.name: site for site in sites}
        self._base_urls: dict[str, str] = {}
        self._layouts: dict[str, LearnedLayout] = {}
        self._served: defaultdict[str, list[Site]] = defaultdict(list)
        self._additional: defaultdict[str, list[Site]] = defaultdict(list)
        for site in self._sites.values():
            self._served[site.host.removeprefix("www.")].append(site)
            for host in site.hosts:
                self._additional[host].append(site)

    def __getitem__(self, name: str) -> Site:
        return self._sites[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._sites)

    def __len__(self) -> int:
        return len(self._sites)

    def __repr__(self) -> str:
        # It contains every field of every site, so that results of other definitions can be recognized.
        return f"SiteRegistry({list(self._sites.values())!r}, {self._layouts!r})"

    def named(self, name: str) -> Site:
        """The site with a name. Raises :class:`SiteError` with the known names."""
        if name not in self._sites:
            known = ", ".join(self._sites)
            raise SiteError(f"Unknown site {name!r}; known sites: {known}. Any other site needs its URL.")
        return self._sites[name]

    def only(self, name: str) -> SiteRegistry:
        """A registry of one site. Raises like :meth:`named`."""
        return self._with([self.named(name)])

    def served_at(self, base_urls: Mapping[str, str]) -> SiteRegistry:
        """The same sites, with another base URL for some of them: a mirror, the demo site.

        Names that are not in the registry are ignored: an archive may contain sites without a definition.
        """
        return self._with(site.served_at(base_urls[name]) if name in base_urls else site for name, site in self.items())

    def _with(self, sites: Iterable[Site]) -> SiteRegistry:
        registry = SiteRegistry(sites)
        registry.remember_layouts(self._layouts)
        return registry

    def owner(self, url: str) -> Site | None:
        """The site that owns a URL; ``None`` when no site of the registry does."""
        host = host_of(url)
        if host is None:
            return None
        owners: list[Site] = [*self._served.get(host.removeprefix("www."), ()), *self._additional.get(host, ())]
        if len(owners) > 1:
            return next((site for site in owners if site.article_url(url) is not None), owners[0])
        return owners[0] if owners else None

    def site_of(self, url: str) -> Site:
        """The site that owns a URL, or the generic site of its host. Raises ``ValueError`` for other URLs.

        The first URL of a host decides on the scheme and the ``www.`` of its generic site: with other ones it is the
        same site.
        """
        site = self.owner(url)
        if site is None:
            site = generic_site(url)
            site = self._learned(site.at(self._base_urls.setdefault(site.name, site.base_url)))
        return site

    def remember_layouts(self, layouts: Mapping[str, LearnedLayout]) -> None:
        """Use these learned layouts for generic sites, by name."""
        self._layouts.update(layouts)

    def _learned(self, site: Site) -> Site:
        layout = self._layouts.get(site.name)
        return site if layout is None else site.with_learned(layout)

    def remember(self, base_urls: Mapping[str, str]) -> None:
        """Use these base URLs for generic sites: those under which an archive contains them."""
        self._base_urls.update(base_urls)

    def definition_for(self, capture: Capture) -> Site | None:
        """The site whose definition extracts a capture: the site that it was fetched for, not the owner of its URL.

        A capture of a generic site is extracted as one. Return ``None`` if its site has no definition here.
        """
        site = self.get(capture.site)
        if site is not None:
            return self._learned(site)
        if capture.site == UNKNOWN_SITE:
            return unknown_site()
        try:
            generic = generic_site(capture.url)
        except ValueError:
            return None
        return self._learned(generic) if generic.name == capture.site else None
