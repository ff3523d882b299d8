"""The layouts of a site's pages: the parts of an article, and the teasers of a listing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """CSS selectors of one design of the article page. An empty selector means that the design has no such part."""

    name: str
    article: str
    """The element of the article; its presence identifies this layout."""
    headline: str = ""
    subtitle: str = ""
    section: str = ""
    date: str = ""
    """With ``@name`` at the end for the attribute that has the date: ``time.published@datetime``."""
    body: str = ""
    authors: str = ""
    signature: str = ""
    views: str = ""
    cover: str = ""
    drop: tuple[str, ...] = ()
    """Elements inside the article that are not part of it: advertising, share bars, scripts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextLayout:
    """The lines of an article page without a matching :class:`Layout`: a text file, or a page after a redesign.

    The labels of sections and view counters, boilerplate and signatures belong to :class:`Edition` and :class:`Site`.
    """

    controls: tuple[str, ...] = ()
    """Labels of the buttons between the section's label and the headline (``A+``, ``A-``), in their order. They may be
    joined with each other, with the label before them and with the headline after them."""
    labelled_dateline: str = ""
    """Name of the design with the section's label and the date on one line, and the bylines (a name, the outlet or a
    role) on the lines below. Empty if the site never had one."""
    unlabelled_counter: bool = False
    """The line after the signature is the view counter, whatever its label, because not all ``view_labels`` of the
    editions are known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonTeasers:
    """Dotted paths in a listing page of JSON: ``items`` from the top level, the others inside an item."""

    items: str
    """The list of teasers (``result.posts``); empty if the response itself is that list."""
    url: str
    """The URL of an item, or the value that ``url_template`` inserts into one."""
    url_template: str = "{url}"
    """Template of the URL, with the item's ``url`` (``/en/post/{url}``)."""
    headline: str = ""
    section: str = ""
    date: str = ""
    image: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingLayout:
    """CSS selectors of a listing's teasers, and the request for its later pages."""

    teaser: str
    link: str
    headline: str = ""
    section: str = ""
    date: str = ""
    image: str = ""
    more: str = ""
    """Template of the URL of a later page, relative to the listing. Empty if there is one page or ``next`` links to it.

    Fields: ``{page}`` (the first page is ``first_page``), ``{offset}`` (teasers before the page, from ``page_size``),
    ``{size}`` (``page_size``), ``{path}`` and ``{slug}`` (the listing's path and its last segment), ``{section}`` (the
    section's key), ``{id}`` (the site's ID of it), ``{language}`` and ``{edition}`` (the site's name of it). Examples:
    ``?page={page}``, ``/api/posts?category={slug}&offset={offset}&limit={size}``. Later pages may be HTML pages, HTML
    fragments, JSON that contains fragments, or JSON with one object for each teaser (``json``).

    A listing ends at a page that has no teasers, is missing (404, 410) or repeats an earlier one, and where ``next``,
    ``last`` or ``continues`` indicate the end.
    """
    form: str = ""
    """Template of the form that the request for a later page posts to ``more`` (``action=more&page={page}``). Empty for
    a ``GET``. Set the content type in ``headers`` if the body is not a form."""
    first_page: int = 1
    page_size: int = 0
    """Number of teasers on a page; required for ``{offset}``."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Headers that the request for a later page needs (``X-Requested-With``)."""
    next: str = ""
    """Selector of the link to the next page."""
    json: JsonTeasers | None = None
    """Paths of the teasers on later pages in JSON."""
    last: str = ""
    """Dotted path in a JSON page that is false, zero, empty or missing on the last page (``pagination.has_more``)."""
    continues: str = ""
    """Selector of an element that is missing on the last HTML page (``button.more``)."""
    scroll: str = ""
    """``browser``: the request that loads teasers on scroll is unknown, so a headless browser scrolls the page."""
    max_scrolls: int = 40
    """Maximum number of times that the browser scrolls."""
