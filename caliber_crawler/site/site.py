"""A news site, as facts, and its one piece of behaviour, identity: which addresses are the same article."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit
from zoneinfo import ZoneInfo

from caliber_crawler.errors import SiteError
from caliber_crawler.site.discovery import DiscoverySource, Listings, Revisits
from caliber_crawler.site.editions import Edition
from caliber_crawler.site.layouts import Layout, ListingLayout, TextLayout
from caliber_crawler.site.urls import ArticleURL, ascii_netloc, host_of, is_http_url, normal_url
from caliber_crawler.site.validation import validation_errors


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A news site, as facts."""

    name: str
    title: str
    base_url: str
    timezone: str
    editions: tuple[Edition, ...]
    article_path: str
    """Regular expression for the path of an article; groups ``prefix``, ``number``, ``slug`` where it has them."""
    listing: ListingLayout | None = None
    sources: tuple[DiscoverySource, ...] = (Listings(),)
    """Every way to find articles that this site offers; :attr:`DiscoverySource.is_default` says which are usual."""
    trailing_slash: bool = False
    """Addresses end with a slash (``/2026/01/talks-resume/``), and redirect there when asked for without it. What
    ``article_path`` matches has none in any case."""
    layouts: tuple[Layout, ...] = ()
    text: TextLayout = field(default_factory=TextLayout)
    """How an article page reads as lines of text."""
    default_sections: tuple[str, ...] = ()
    """Crawled when no section is asked for."""
    hosts: tuple[str, ...] = ()
    """Other hosts of the site (``www.``, image hosts), beside the host of ``base_url``."""
    date_formats: tuple[str, ...] = ()
    """The site's own forms, in the directives of ``strptime``, surest first."""
    signatures: tuple[str, ...] = ()
    """Last lines of an article that name the outlet and not an author."""
    decoration: tuple[str, ...] = ()
    """Path prefixes of images that are page furniture."""
    boilerplate: tuple[str, ...] = ()
    """Lines of text that stand on pages of every edition and belong to no article."""
    trusted_metadata: tuple[str, ...] = ()
    """Fields for which the pages' own metadata (JSON-LD, OpenGraph) is believed where no selector gives them:
    ``headline``, ``published_at``, ``authors``, ``section``, ``cover_image``. On many sites it names the site in titles
    and the day of a rebuild in dates."""
    reuse: str = ""
    """The site's own condition for using its texts."""
    revisits: Revisits = field(default_factory=Revisits)
    """When its articles are due again."""
    counter_in_page: bool = True
    """The view counter stands in the article's page, so each visit brings a reading even when nothing else changed."""

    def __post_init__(self) -> None:
        # Requests name hosts in ASCII, and are held against these.
        parts = urlsplit(self.base_url)
        object.__setattr__(self, "base_url", urlunsplit(parts._replace(netloc=ascii_netloc(parts.netloc))))
        object.__setattr__(self, "hosts", tuple(map(ascii_netloc, self.hosts)))
        if fault := next(validation_errors(self), None):
            raise SiteError(f"The file of {self.name!r} cannot be right: {fault}.")

    @property
    def has_layouts(self) -> bool:
        """Has somebody written down what its pages look like?"""
        return bool(self.layouts)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def host(self) -> str:
        return urlsplit(self.base_url).netloc.lower()

    @property
    def all_hosts(self) -> frozenset[str]:
        """All hosts that a crawl of the site may ask."""
        return frozenset((self.host, *self.hosts))

    @property
    def is_local(self) -> bool:
        """Is it served on this machine, as the demo site is?"""
        host = urlsplit(self.base_url).hostname or ""
        try:
            return host == "localhost" or ip_address(host).is_loopback
        except ValueError:
            return False

    def served_at(self, base_url: str) -> Site:
        """The same site served from another address (a mirror, the demo). Raises :class:`SiteError` for no address."""
        return replace(self, base_url=origin(base_url))

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
        """Where the section's listing starts."""
        return self.normal_url(edition.sections[section].path)

    def page_url(self, listing_url: str, page_number: int, section: str | None = None) -> str | None:
        """The request for a later batch of a listing, ``None`` where the site has only one.

        What is to be posted stands behind a ``#``, which is never sent: each batch has an address of its own.
        """
        if self.listing is None or not self.listing.more:
            return None
        path, edition = urlsplit(listing_url).path.rstrip("/"), self.edition_at(listing_url)
        known = edition.sections.get(section or "") if edition else None
        facts = {
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
        posted = f"#{self.listing.form.format(**facts)}" if self.listing.form else ""
        return urljoin(listing_url, self.listing.more.format(**facts)) + posted

    def section_named(self, label: str, edition: Edition | None = None) -> str | None:
        """The section whose label is printed on a page, whatever its case; in one edition or, without one, in any."""
        wanted = label.strip().casefold()
        for candidate in (edition,) if edition else self.editions:
            for key, section in candidate.sections.items():
                if any(wanted == known.casefold() for known in section.labels):
                    return key
        return None

    def owns(self, url: str) -> bool:
        """Is this an absolute URL on one of the site's own hosts? The base host counts with and without ``www.``.

        :class:`~caliber_crawler.site.SiteRegistry` decides between several sites.
        """
        host = host_of(url)
        return host is not None and self._owns_host(host)

    def _owns_host(self, host: str) -> bool:
        own = self.host
        return host == own or host in self.hosts or host.removeprefix("www.") == own.removeprefix("www.")

    def article_url(self, url: str) -> ArticleURL | None:
        """The article an address names, or ``None`` when it is no article of this site."""
        normal = self.normal_url(url)
        parts = urlsplit(normal)
        # A URL with a password in it is nobody's article: it would be kept with the password.
        if parts.scheme not in ("http", "https") or not self._owns_host(parts.netloc):
            return None
        path = unquote(parts.path).rstrip("/") or "/"
        match = re.fullmatch(self.article_path, path)
        if match is None:
            return None
        groups = match.groupdict()
        edition = self.edition_at(normal)
        number, slug = groups.get("number"), groups.get("slug")
        return ArticleURL(
            url=normal,
            language=edition.language if edition else None,
            number=int(number) if number else None,
            slug=slug or None,
        )

    def article_urls(self, urls: Iterable[str]) -> list[ArticleURL]:
        """Those of some addresses that are articles of this site, taken apart, in their order."""
        return [article_url for url in urls if (article_url := self.article_url(url))]

    def normal_url(self, url: str) -> str:
        """One spelling for every way to write an address of the site.

        Relative addresses are completed; the host takes the case and scheme of ``base_url``; the path is NFC,
        percent-encoded UTF-8 without a trailing slash, or with one where the site has them; fragments and tracking
        parameters go.
        """
        return normal_url(url, self.base_url, slash=self.trailing_slash)


def origin(base_url: str) -> str:
    """Where a whole site stands: scheme and host. Raises :class:`SiteError` for what is no such address."""
    if is_http_url(base_url := base_url.strip()):
        parts = urlsplit(base_url)
        if not (parts.path.strip("/") or parts.query or parts.fragment or parts.username):
            return f"{parts.scheme}://{ascii_netloc(parts.netloc)}"
    raise SiteError(f"{base_url!r} is no address of a site; write it as https://example.org.")


def known_languages(sites: Sequence[Site]) -> list[str]:
    """Every language of these sites, by its code, sorted."""
    return sorted({edition.language for site in sites for edition in site.editions})
