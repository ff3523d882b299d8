"""A news site as data, and the rules that decide which URLs are the same article."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urljoin, urlsplit, urlunsplit
from zoneinfo import ZoneInfo

from caliber_crawler.errors import DefinitionError, SiteError
from caliber_crawler.site.discovery import DiscoverySource, Listings, Revisits
from caliber_crawler.site.editions import Edition
from caliber_crawler.site.layouts import Layout, ListingLayout, TextLayout
from caliber_crawler.site.learned import LearnedLayout
from caliber_crawler.site.urls import (
    MAX_NUMBER_DIGITS,
    ArticleURL,
    PageURL,
    ascii_netloc,
    browser_url,
    host_of,
    is_http_url,
    normal_url,
    readable_path,
    requested_url,
    without_credentials,
)
from caliber_crawler.site.validation import validation_errors

ROOT_SLASHES = 3
"""Number of slashes in the URL of a front page: ``https://example.org/``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A news site. Site definitions create it."""

    name: str
    title: str
    base_url: str
    timezone: str
    editions: tuple[Edition, ...]
    article_path: str
    """Regular expression for the path of an article, with the optional groups ``prefix``, ``number`` and ``slug``."""
    listing: ListingLayout | None = None
    sources: tuple[DiscoverySource, ...] = (Listings(),)
    """All discovery sources of this site; :attr:`DiscoverySource.is_default` marks those of a normal crawl."""
    trailing_slash: bool | None = None
    """Whether pages are requested with a slash at the end (``/2026/01/talks-resume/``), because the site redirects
    there or serves something else without it; ``None`` for as printed. ``article_path`` matches the path without the
    slash in any case."""
    layouts: tuple[Layout, ...] = ()
    text: TextLayout = field(default_factory=TextLayout)
    """The lines of an article page without a matching layout."""
    default_sections: tuple[str, ...] = ()
    """Sections that are crawled when none is requested."""
    hosts: tuple[str, ...] = ()
    """Hosts of the site (``www.``, image hosts) in addition to the host of ``base_url``."""
    date_formats: tuple[str, ...] = ()
    """The site's date formats, as directives of ``strptime``, most reliable first."""
    signatures: tuple[str, ...] = ()
    """Last lines of articles that name the outlet instead of an author."""
    decoration: tuple[str, ...] = ()
    """Path prefixes of decorative images."""
    boilerplate: tuple[str, ...] = ()
    """Lines on pages of all editions that are not part of an article."""
    trusted_metadata: tuple[str, ...] = ()
    """Fields that may come from the metadata of pages (JSON-LD, OpenGraph) if no selector finds them: ``headline``,
    ``published_at``, ``authors``, ``section``, ``cover_image``. On many sites, metadata titles contain the site's name,
    and metadata dates are those of a rebuild."""
    learned: LearnedLayout | None = None
    """What was learned about its article pages; definitions leave it empty."""
    reuse: str = ""
    """The site's terms of use for its texts."""
    revisits: Revisits = field(default_factory=Revisits)
    """The schedule for revisiting its articles."""
    counter_in_page: bool = True
    """The view counter is part of the article's page, so that each visit yields a view count even if the text is
    unchanged."""

    def __post_init__(self) -> None:
        # Hosts of requests are in ASCII, and are compared with these.
        if is_http_url(self.base_url):
            parts = urlsplit(browser_url(self.base_url))
            path = urlsplit(self.base_url).path  # a browser would add a slash
            object.__setattr__(self, "base_url", urlunsplit(parts._replace(path=path)))
        try:
            object.__setattr__(self, "hosts", tuple(map(ascii_netloc, self.hosts)))
        except ValueError as error:
            raise DefinitionError(self.name, ("hosts",), f"hosts contains an invalid host name: {error}") from None
        for place, clause in validation_errors(self):
            raise DefinitionError(self.name, place, clause)

    @property
    def has_layouts(self) -> bool:
        """Whether the site has a definition with layouts; generic sites have none."""
        return bool(self.layouts)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def host(self) -> str:
        return urlsplit(self.base_url).netloc.lower()

    @property
    def all_hosts(self) -> frozenset[str]:
        """All hosts that a crawl of the site may send requests to."""
        return frozenset((self.host, *self.hosts))

    @property
    def is_local(self) -> bool:
        """Whether the site is served on this machine, like the demo site."""
        host = urlsplit(self.base_url).hostname or ""
        try:
            return host == "localhost" or ip_address(host).is_loopback
        except ValueError:
            return False

    def served_at(self, base_url: str) -> Site:
        """The same site at another base URL (a mirror, the demo). Raises :class:`SiteError` for an invalid URL."""
        return replace(self, base_url=origin(base_url))

    def with_learned(self, layout: LearnedLayout) -> Site:
        """The same site with what was learned about its pages. In a definition it stands behind the stated layouts."""
        if not self.has_layouts:
            return replace(self, learned=layout)
        healed = layout.as_layout
        if healed is None:
            return replace(self, layouts=tuple(layout.corrected(known) for known in self.layouts))
        if any(known.name == healed.name for known in self.layouts):
            return self
        # What the stated layouts drop, such as advertising, may have kept its names.
        stated = (selector for known in self.layouts for selector in known.drop)
        drop = tuple(dict.fromkeys((*healed.drop, *stated)))
        return replace(self, layouts=(*self.layouts, replace(healed, drop=drop)))

    def at(self, base_url: str) -> Site:
        """The same site with the scheme and the ``www.`` of a base URL, if that differs in nothing else."""
        if base_url == self.base_url or host_of(base_url) is None or not self._is_base(base_url):
            return self
        return self.served_at(base_url)

    def edition(self, language: str) -> Edition | None:
        """The edition of a language, by BCP 47 code or by the site's own name for it."""
        wanted = language.strip().lower()
        return next((e for e in self.editions if wanted in (e.language, e.name)), None)

    def edition_at(self, url: str) -> Edition | None:
        """The edition a page of this site belongs to, by its path: the longest matching prefix decides."""
        path = urlsplit(url).path
        matches = [
            (len(prefix), edition)
            for edition in self.editions
            for prefix in edition.prefixes
            if not prefix or path == prefix or path.startswith(prefix + "/")
        ]
        return max(matches, key=lambda match: match[0])[1] if matches else None

    def listing_url(self, edition: Edition, section: str) -> str:
        """The URL of the first page of a section's listing."""
        return self.normal_url(edition.sections[section].path)

    def page_url(self, listing_url: str, page_number: int, section: str | None = None) -> str | None:
        """The URL of a later page of a listing, or ``None`` if listings have only one page.

        The form to be posted is in the fragment, which is never sent, so that each page has its own URL.
        """
        if self.listing is None or not self.listing.more:
            return None
        path, edition = urlsplit(listing_url).path.rstrip("/"), self.edition_at(listing_url)
        known = edition.sections.get(section or "") if edition else None
        fields = {
            "page": self.listing.first_page + page_number - 1,
            "offset": (page_number - 1) * self.listing.page_size,
            "size": self.listing.page_size,
            "path": path,
            "slug": path.rpartition("/")[2],
            "section": section or "",
            "id": known.id if known else "",
            "language": edition.language if edition else "",
            "edition": edition.name if edition else "",
        }
        posted = f"#{self.listing.form.format(**fields)}" if self.listing.form else ""
        return urljoin(listing_url, self.listing.more.format(**fields)) + posted

    def section_named(self, label: str, edition: Edition | None = None) -> str | None:
        """The key of the section with a label, ignoring case: in one edition or, without an edition, in all of them."""
        wanted = label.strip().casefold()
        for candidate in (edition,) if edition else self.editions:
            for key, section in candidate.sections.items():
                if any(wanted == known.casefold() for known in section.labels):
                    return key
        return None

    def owns(self, url: str) -> bool:
        """Whether this is an absolute URL on a host of the site. The base host counts with and without ``www.``.

        :class:`~caliber_crawler.site.SiteRegistry` decides between several sites.
        """
        host = host_of(url)
        return host is not None and self._owns_host(host)

    def _owns_host(self, host: str) -> bool:
        own = self.host
        return host == own or host in self.hosts or host.removeprefix("www.") == own.removeprefix("www.")

    def article_url(self, url: str) -> ArticleURL | None:
        """Parse the URL of an article. Return ``None`` if it is not an article of this site, or not a valid URL."""
        return _parse_article_url(SameSite(self), url)

    def _parse_article_url(self, url: str) -> ArticleURL | None:
        try:
            normal = self.normal_url(url)
        except ValueError:
            return None
        parts = urlsplit(normal)
        if parts.scheme not in ("http", "https") or not self._owns_host(parts.netloc):
            return None
        match = re.fullmatch(self.article_path, readable_path(parts.path).rstrip("/") or "/")
        if match is None:
            return None
        groups = match.groupdict()
        edition = self.edition_at(normal)
        number, slug = groups.get("number"), groups.get("slug")
        return ArticleURL(
            url=normal,
            language=edition.language if edition else None,
            number=int(number) if number and len(number) <= MAX_NUMBER_DIGITS else None,
            slug=slug or None,
            request_url=self._other_form(url, normal),
        )

    def article_urls(self, urls: Iterable[str]) -> list[ArticleURL]:
        """Parse those URLs that are articles of this site, in their order."""
        return [article_url for url in urls if (article_url := self.article_url(url))]

    def normal_url(self, url: str) -> str:
        """The normal form of a URL of the site, equal for all spellings of one page. Raises ``ValueError``.

        Relative URLs become absolute. The host gets the case and scheme of ``base_url``. The path becomes NFC and
        percent-encoded, without a trailing slash, or with one if ``trailing_slash`` is set. Fragments, credentials,
        tracking parameters and session IDs are removed.
        """
        return normal_url(url, self.base_url, slash=bool(self.trailing_slash))

    def requested_url(self, url: str) -> str:
        """The form of a URL that is requested: as printed, without what only tracks a visitor. Raises ``ValueError``.

        A definition decides on the scheme and on a trailing slash; HTTPS is never given up for HTTP.
        """
        requested = requested_url(url, f"{self.base_url}/")
        scheme, own_scheme = requested.partition("://")[0], self.base_url.partition("://")[0]
        # The base URL of a generic site is only what a person typed: such a site may print HTTPS nevertheless.
        if scheme != own_scheme and (own_scheme == "https" or self.has_layouts) and self._is_base(requested):
            requested = own_scheme + requested[len(scheme) :]
        if self.trailing_slash is not None:
            start, mark, query = requested.partition("?")
            if self.trailing_slash and not start.endswith("/") and "." not in start.rpartition("/")[2]:
                start += "/"
            elif not self.trailing_slash and start.count("/") > ROOT_SLASHES:
                start = start.rstrip("/")
            requested = f"{start}{mark}{query}"
        return requested

    def parse_url(self, url: str) -> PageURL:
        """Parse the URL of any page. Raises ``ValueError``."""
        normal = self.normal_url(url)
        return PageURL(url=normal, request_url=self._other_form(url, normal))

    def _other_form(self, url: str, normal: str) -> str | None:
        requested = self.requested_url(url)
        return requested if requested != normal else None

    def _is_base(self, url: str) -> bool:
        netloc = urlsplit(url).netloc
        return netloc.removeprefix("www.") == self.host.removeprefix("www.")


@dataclass(frozen=True, slots=True, eq=False)
class SameSite:
    """A site as a key: equal only to itself, so that not all of it is compared."""

    site: Site

    def __hash__(self) -> int:
        return id(self.site)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SameSite) and self.site is other.site


@lru_cache(maxsize=512)  # a page is saved with five look-ups of its one or two URLs
def _parse_article_url(key: SameSite, url: str) -> ArticleURL | None:
    return key.site._parse_article_url(url)


def origin(base_url: str) -> str:
    """The scheme and host of a base URL. Raises :class:`SiteError` for an invalid one."""
    if is_http_url(base_url := base_url.strip()):
        parts = urlsplit(base_url)
        if not (parts.path.strip("/") or parts.query or parts.fragment or parts.username):
            return browser_url(base_url).rstrip("/")
    raise SiteError(
        f"{without_credentials(base_url)!r} is not the base URL of a site; write it as https://example.org."
    )


def known_languages(sites: Sequence[Site]) -> list[str]:
    """The language codes of these sites, sorted."""
    return sorted({edition.language for site in sites for edition in site.editions})
