"""What a site is: a description in plain facts, from which everything else works.

A site's file (``spiders/<site>.py``) fills in a :class:`Site`. Nothing here fetches or parses pages; the one piece of
behaviour is identity: which addresses are articles, and which of them are the same article.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import lru_cache
from ipaddress import ip_address
from typing import ClassVar
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
class JsonCards:
    """Where a batch of JSON keeps what is on its cards: dotted paths, ``items`` from the top, the rest in an item."""

    items: str
    """The list of cards (``result.posts``); empty when the answer itself is that list."""
    url: str
    """An item's address, or what ``address`` makes one of."""
    address: str = "{url}"
    """Address made of the item's ``url`` (``/en/post/{url}``)."""
    headline: str = ""
    section: str = ""
    date: str = ""
    image: str = ""


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
    """Address of a later batch, relative to the listing; empty when there is one batch or ``next`` links to it.

    It is composed from ``{page}`` (the first batch is ``first_batch``), ``{offset}`` (cards before it, by
    ``batch_size``), ``{size}`` (the same), ``{path}`` and ``{slug}`` (the listing's path and its last part) and
    ``{section}``: ``?page={page}``, ``/api/posts?category={slug}&offset={offset}&limit={size}``. Further batches may
    be pages, fragments of HTML, JSON that holds such fragments, or JSON with one object a card (``json``).
    """
    first_batch: int = 1
    batch_size: int = 0
    """Cards in a batch; needed for ``{offset}``."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """What the request for a later batch must carry (``X-Requested-With``)."""
    next: str = ""
    """Selector of the link to the next page of the list."""
    json: JsonCards | None = None
    """How later batches of JSON objects are read."""
    last: str = ""
    """Dotted path in a JSON batch that is false, zero, empty or missing on the last one (``pagination.has_more``)."""
    scroll: str = ""
    """``browser``: cards arrive on scroll by a request that nobody has named, so a real browser does the scrolling."""
    scroll_rounds: int = 40
    """How many times a browser scrolls at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Road:
    """One way to find articles. A site's file switches roads on by naming them in :attr:`Site.roads`."""

    name: ClassVar[str]
    by_default: bool = False
    """Taken when no road is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listings(Road):
    """The listings of the asked-for sections, from the newest card back; :class:`ListingLayout` says how."""

    name: ClassVar[str] = "listing"
    by_default: bool = True
    every: timedelta = timedelta(hours=1)
    """After how long a listing is due again for ``caliber crawl --due``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed(Road):
    """An RSS, Atom or JSON feed."""

    name: ClassVar[str] = "feed"
    by_default: bool = True
    path: str
    every: timedelta = timedelta(minutes=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitemaps(Road):
    """Site maps and news site maps: those that robots.txt names, or those named here."""

    name: ClassVar[str] = "sitemap"
    paths: tuple[str, ...] = ("/robots.txt",)
    most: int = 50
    """How many site maps a run reads, indexes included."""
    every: timedelta = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Search(Road):
    """The site's own search, for what ``--search`` asks."""

    name: ClassVar[str] = "search"
    path: str
    """With ``{query}``."""
    more: str = ""
    """Address of page ``{page}`` of the results, relative to the first; empty when there is one page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers(Road):
    """The walk through post numbers, from ``last`` down to ``first`` unless asked otherwise."""

    name: ClassVar[str] = "numbers"
    paths: Mapping[str, str]
    """By language, the address of post ``{number}``."""
    first: int = 1
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Links(Road):
    """Links to other articles in the text of articles."""

    name: ClassVar[str] = "links"
    depth: int = 2
    """How many links away from a listing, feed or other list an article may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StartPage(Road):
    """One page somebody named: the article on it, and the articles it links to."""

    name: ClassVar[str] = "page"
    by_default: bool = True
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Revisits:
    """When an article is visited again: young ones often, old ones rarely, so that each gets a curve of view counts."""

    ages: tuple[timedelta, ...] = (
        *(timedelta(hours=hours) for hours in (1, 3, 6, 12)),
        *(timedelta(days=days) for days in (1, 2, 4, 7, 14, 30)),
    )
    """Ages of an article, rising, at which it is visited; at least one."""
    later: timedelta = timedelta(days=91)
    """The interval once it has outgrown all of them: quarterly."""


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
    roads: tuple[Road, ...] = (Listings(),)
    """Every way to find articles that this site offers; :attr:`Road.by_default` says which are usual."""
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
    trusts: tuple[str, ...] = ()
    """Fields for which the pages' own metadata (JSON-LD, OpenGraph) is believed where no selector gives them:
    ``headline``, ``published_at``, ``authors``, ``section``, ``cover_image``. On many sites it names the site in titles
    and the day of a rebuild in dates."""
    reuse: str = ""
    """The site's own condition for using its texts."""
    revisits: Revisits = Revisits()
    """When its articles are due again."""
    counter_in_page: bool = True
    """The view counter stands in the article's page, so each visit brings a reading even when nothing else changed."""

    @property
    def described(self) -> bool:
        """Has somebody written down what its pages look like?"""
        return bool(self.layouts)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def host(self) -> str:
        return urlsplit(self.base_url).netloc.lower()

    @property
    def is_local(self) -> bool:
        """Is it served on this machine, as the demo site is?"""
        host = urlsplit(self.base_url).hostname or ""
        try:
            return host == "localhost" or ip_address(host).is_loopback
        except ValueError:
            return False

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

    def batch_url(self, listing_url: str, batch: int, section: str | None = None) -> str | None:
        """The request for a later batch of a listing, ``None`` where the site has only one."""
        if self.listing is None or not self.listing.more:
            return None
        path = urlsplit(listing_url).path
        more = self.listing.more.format(
            page=self.listing.first_batch + batch - 1,
            offset=(batch - 1) * self.listing.batch_size,
            size=self.listing.batch_size,
            path=path,
            slug=path.rpartition("/")[2],
            section=section or "",
        )
        return urljoin(listing_url, more)

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

    def addresses(self, urls: Iterable[str]) -> list[Address]:
        """Those of some addresses that are articles of this site, taken apart, in their order."""
        return [address for url in urls if (address := self.address(url))]

    def normal_url(self, url: str) -> str:
        """One spelling for every way to write an address of the site.

        Relative addresses are completed; the host takes the case and scheme of ``base_url``; the path is NFC,
        percent-encoded UTF-8 without a trailing slash; fragments and tracking parameters go.
        """
        return _normal(url, self.base_url)


# An address is asked about at every stage its page goes through.
@lru_cache(maxsize=256)
def _normal(url: str, base_url: str) -> str:
    parts = urlsplit(urljoin(base_url + "/", url.strip()))
    scheme, netloc = parts.scheme.lower(), parts.netloc.lower()
    base = urlsplit(base_url)
    if netloc.removeprefix("www.") == base.netloc.lower().removeprefix("www."):
        scheme, netloc = base.scheme, base.netloc.lower()
    path = quote(unicodedata.normalize("NFC", unquote(parts.path)), safe=PATH_CHARACTERS).rstrip("/")
    query = [(k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if not TRACKING_PARAMETERS.match(k)]
    return urlunsplit((scheme, netloc, path or "/", urlencode(query), ""))


def known_languages(sites: Sequence[Site]) -> list[str]:
    """Every language of these sites, by its code, sorted."""
    return sorted({edition.language for site in sites for edition in site.editions})
