"""Which site owns a URL, and which site definition extracts a capture: the one place for both rules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from caliber_crawler.errors import SiteError
from caliber_crawler.items import Capture
from caliber_crawler.site.generic import generic_site
from caliber_crawler.site.site import Site
from caliber_crawler.site.urls import host_of


class SiteRegistry(Mapping[str, Site]):
    """Sites by name. A registry can be sent to another process.

    A site owns the URLs on its own hosts (:meth:`Site.owns`). Where several sites share a host, a site that is served
    there comes before one that only keeps files there, and the one for which the URL is an article before the others.
    """

    def __init__(self, sites: Iterable[Site] = ()) -> None:
        self._sites = {site.name: site for site in sites}
        self._served: defaultdict[str, list[Site]] = defaultdict(list)
        self._further: defaultdict[str, list[Site]] = defaultdict(list)
        for site in self._sites.values():
            self._served[site.host.removeprefix("www.")].append(site)
            for host in site.hosts:
                self._further[host].append(site)

    def __getitem__(self, name: str) -> Site:
        return self._sites[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._sites)

    def __len__(self) -> int:
        return len(self._sites)

    def __repr__(self) -> str:
        # Every fact of every site: what was made with other facts is told apart by it.
        return f"SiteRegistry({list(self._sites.values())!r})"

    def named(self, name: str) -> Site:
        """The site of a name. Raises :class:`SiteError` that lists the known names."""
        if name not in self._sites:
            raise SiteError(f"There is no site {name!r}; known sites: {', '.join(self._sites)}.")
        return self._sites[name]

    def only(self, name: str) -> SiteRegistry:
        """A registry of one site. Raises as :meth:`named` does."""
        return SiteRegistry([self.named(name)])

    def served_at(self, base_urls: Mapping[str, str]) -> SiteRegistry:
        """The same sites, those named here at another base URL: a mirror, the demo site.

        Names that are not in the registry are ignored: an archive may hold sites that have no definition here.
        """
        return SiteRegistry(
            site.served_at(base_urls[name]) if name in base_urls else site for name, site in self.items()
        )

    def owner(self, url: str) -> Site | None:
        """The site that owns a URL; ``None`` when no site of the registry does."""
        host = host_of(url)
        if host is None:
            return None
        owners: list[Site] = [*self._served.get(host.removeprefix("www."), ()), *self._further.get(host, ())]
        if len(owners) > 1:
            return next((site for site in owners if site.article_url(url) is not None), owners[0])
        return owners[0] if owners else None

    def site_of(self, url: str) -> Site:
        """The site that owns a URL, or the generic site of its host. Raises ``ValueError`` for no URL of the web."""
        return self.owner(url) or generic_site(url)

    def definition_for(self, capture: Capture) -> Site | None:
        """The site whose definition extracts a capture: the one it was captured for, whoever owns its URL today.

        A capture of a generic site is extracted as one. ``None`` when its site had a definition that is not here.
        """
        site = self.get(capture.site)
        if site is not None:
            return site
        try:
            generic = generic_site(capture.url)
        except ValueError:
            return None
        return generic if generic.name == capture.site else None
