"""What a site is: a description in plain facts, from which everything else works.

A site's file (``spiders/<site>.py``) fills in a :class:`Site`. Nothing here fetches or parses pages; the one piece of
behaviour is identity: which addresses are articles, and which of them are the same article.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl, quote, unquote, urlencode, urljoin, urlsplit, urlunsplit
from zoneinfo import ZoneInfo

# Parameters that say where a reader came from and never what the page is.
TRACKING_PARAMETERS = re.compile(r"^(utm_\w+|fbclid|gclid|dclid|yclid|msclkid|mc_[ce]id|igshid|twclid|_openstat|ref)$")
PATH_CHARACTERS = "/:@!$&'()*+,;=-._~"


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A section of one edition: where its listing is and what its label reads on a page."""

    path: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One language of a site."""

    language: str
    """BCP 47."""
    name: str
    """What the site itself calls it (``arm``); accepted wherever a language is asked for."""
    prefixes: tuple[str, ...] = ("",)
    """Path prefixes of its pages, the one in use today first."""
    sections: Mapping[str, Section] = field(default_factory=dict)
    view_labels: tuple[str, ...] = ()
    """The words before the view counter (``Views``)."""
    chrome: tuple[str, ...] = ()
    """Lines of text that stand on pages of this edition and belong to no article."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """CSS selectors of one design of the article page; an empty selector means the design has no such part."""

    name: str
    article: str
    """The element whose presence tells this layout from others."""
    headline: str = ""
    subtitle: str = ""
    section: str = ""
    date: str = ""
    body: str = ""
    authors: str = ""
    signature: str = ""
    views: str = ""
    cover: str = ""
    drop: tuple[str, ...] = ()
    """What stands inside the article and is not of it: advertising, share bars, scripts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingLayout:
    """CSS selectors of a listing's cards, and the request that brings more of them."""

    card: str
    link: str
    headline: str = ""
    section: str = ""
    date: str = ""
    image: str = ""
    more: str = ""
    """Address of batch ``{page}``, relative to the listing (``?page={page}``); empty when there is one batch."""
    first_batch: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """An article's address, taken apart. Two addresses with a number or a slug in common are one article."""

    url: str
    """The normal form, the same for every spelling of this address."""
    language: str | None = None
    number: int | None = None
    slug: str | None = None

    @property
    def kind(self) -> str:
        """``number``, ``slug`` or ``other``: by what the address names its article."""
        return "number" if self.number is not None else "slug" if self.slug is not None else "other"


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
    layouts: tuple[Layout, ...] = ()
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
    chrome: tuple[str, ...] = ()
    """Lines of text that stand on pages of every edition and belong to no article."""
    reuse: str = ""
    """The site's own condition for using its texts."""

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def host(self) -> str:
        return urlsplit(self.base_url).netloc.lower()

    def at(self, base_url: str) -> Site:
        """The same site served from another address (a mirror, the demo)."""
        return replace(self, base_url=base_url.rstrip("/"))

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

    def batch_url(self, listing_url: str, batch: int) -> str | None:
        """The request for a later batch of a listing, ``None`` where the site has only one."""
        if self.listing is None or not self.listing.more:
            return None
        return urljoin(listing_url, self.listing.more.format(page=batch))

    def section_named(self, label: str, edition: Edition | None = None) -> str | None:
        """The section whose label is printed on a page, whatever its case; in one edition or, without one, in any."""
        wanted = label.strip().casefold()
        for candidate in (edition,) if edition else self.editions:
            for key, section in candidate.sections.items():
                if any(wanted == known.casefold() for known in section.labels):
                    return key
        return None

    def owns(self, url: str) -> bool:
        """Is this a page on one of the site's own hosts?"""
        return urlsplit(url).netloc.lower() in (self.host, *self.hosts)

    def address(self, url: str) -> Address | None:
        """The article an address names, or ``None`` when it is no article of this site."""
        normal = self.normal_url(url)
        if not self.owns(normal):
            return None
        path = unquote(urlsplit(normal).path)
        match = re.fullmatch(self.article_path, path)
        if match is None:
            return None
        groups = match.groupdict()
        edition = self.edition_at(normal)
        number, slug = groups.get("number"), groups.get("slug")
        return Address(
            url=normal,
            language=edition.language if edition else None,
            number=int(number) if number else None,
            slug=slug or None,
        )

    def normal_url(self, url: str) -> str:
        """One spelling for every way to write an address of the site.

        Relative addresses are completed; the host takes the case and scheme of ``base_url``; the path is NFC,
        percent-encoded UTF-8 without a trailing slash; fragments and tracking parameters go.
        """
        parts = urlsplit(urljoin(self.base_url + "/", url.strip()))
        scheme, netloc = parts.scheme.lower(), parts.netloc.lower()
        base = urlsplit(self.base_url)
        if netloc.removeprefix("www.") == base.netloc.lower().removeprefix("www."):
            scheme, netloc = base.scheme, base.netloc.lower()
        path = quote(unicodedata.normalize("NFC", unquote(parts.path)), safe=PATH_CHARACTERS).rstrip("/")
        query = [(k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if not TRACKING_PARAMETERS.match(k)]
        return urlunsplit((scheme, netloc, path or "/", urlencode(query), ""))


def known_languages(sites: Sequence[Site]) -> list[str]:
    """Every language of these sites, by its code, sorted."""
    return sorted({edition.language for site in sites for edition in site.editions})
