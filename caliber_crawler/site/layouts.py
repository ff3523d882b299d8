"""What the pages of a site look like: where an article has its parts, and a listing its teasers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


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
class TextLayout:
    """What the lines of an article page look like where no :class:`Layout` fits: in a text file, after a redesign.

    The labels of sections and of the view counter, boilerplate and signatures are facts of the editions and the site.
    """

    controls: tuple[str, ...] = ()
    """Labels of the buttons between the section's label and the headline (``A+``, ``A-``), in their order. They may run
    together with each other, with the label before them and with the headline behind them."""
    labelled_dateline: str = ""
    """Name of the design that prints the section's label and the date on one line, with the bylines on the lines below:
    a name, the outlet or a role there. Empty when the site never had one."""
    unlabelled_counter: bool = False
    """The line behind the signature is the view counter under whatever label: an edition's ``view_labels`` are not all
    known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonTeasers:
    """Where a batch of JSON keeps what is on its teasers: dotted paths, ``items`` from the top, the rest in an item."""

    items: str
    """The list of teasers (``result.posts``); empty when the answer itself is that list."""
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
    """CSS selectors of a listing's teasers, and the request that brings more of them."""

    teaser: str
    link: str
    headline: str = ""
    section: str = ""
    date: str = ""
    image: str = ""
    more: str = ""
    """Address of a later batch, relative to the listing; empty when there is one batch or ``next`` links to it.

    It is composed from ``{page}`` (the first batch is ``first_page``), ``{offset}`` (teasers before it, by
    ``page_size``), ``{size}`` (the same), ``{path}`` and ``{slug}`` (the listing's path and its last part),
    ``{section}`` (our key), ``{id}`` (the site's own), ``{language}`` and ``{edition}`` (the site's name for it):
    ``?page={page}``, ``/api/posts?category={slug}&offset={offset}&limit={size}``. Further batches may be pages,
    fragments of HTML, JSON that holds such fragments, or JSON with one object a teaser (``json``).

    A list ends with a batch without teasers, one that is missing (404, 410), one that was there before, and where
    ``next``, ``last`` or ``continues`` say so.
    """
    form: str = ""
    """What the request for a later batch posts to ``more``, composed in the same way (``action=more&page={page}``);
    empty where it is no ``POST``. ``headers`` say so where it is no form."""
    first_page: int = 1
    page_size: int = 0
    """Teasers in a batch; needed for ``{offset}``."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """What the request for a later batch must carry (``X-Requested-With``)."""
    next: str = ""
    """Selector of the link to the next page of the list."""
    json: JsonTeasers | None = None
    """How later batches of JSON objects are read."""
    last: str = ""
    """Dotted path in a JSON batch that is false, zero, empty or missing on the last one (``pagination.has_more``)."""
    continues: str = ""
    """Selector of what a batch of HTML shows only while more follow (``button.more``)."""
    scroll: str = ""
    """``browser``: teasers arrive on scroll by a request that nobody has named, so a real browser does the scrolling."""
    max_scrolls: int = 40
    """How many times a browser scrolls at most."""
