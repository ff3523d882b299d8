"""An HTML page, parsed no further than it is asked for.

Most of a page is not of its article. lexbor, which parses by the rules of browsers, looks a page through in a third of
the time that a tree of libxml2 takes; what is found there is made such a tree, alone. The tree of the whole page is
made when somebody asks for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial

from lxml import etree
from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from caliber_crawler.reading.lines import inner_text
from caliber_crawler.reading.linked_data import is_linked
from caliber_crawler.reading.mojibake import repair
from caliber_crawler.reading.text import clean_inline
from caliber_crawler.reading.tree import compiled, first, is_overloaded, parse_html, parse_piece, select
from caliber_crawler.site import Layout

# By the rules of browsers every tag may be looked for among all that are open, and every block repeats the emphasis
# left open before it: a small page can cost seconds and gigabytes. What has more than this is left to libxml2.
MOST_TAGS = 20_000
MOST_REPETITIONS = 500_000
# The look at the first letter is for speed alone.
_EMPHASIS = re.compile(rb"<(?=[bcefistuBCEFISTU])(?:[bius]|em|tt|big|code|font|small|str(?:ike|ong))[\s/>]", re.I)
# Of links and scripts most pages have dozens that claim nothing.
CLAIMS = "html, title, meta, base, link[rel~='canonical' i], script[type*='ld+json' i]"
CLAIMANTS = ("html", "title", "meta", "base", "link", "script")
_KEYS = ("property", "name", "itemprop")
Claim = tuple[str, Mapping[str, str | None], Callable[[], str]]
"""An element's tag, its attributes and, when asked for, its text."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a page says about itself to machines, as written."""

    metas: Mapping[str, str] = field(default_factory=dict)
    """The content of each ``<meta>`` by its ``property``, ``name`` or ``itemprop`` in lower case; the first counts. The
    metas and linked data of most pages are never read, so their mojibake is left as it is."""
    canonical: str | None = None
    base: str = ""
    title: str = ""
    language: str = ""
    """Of ``<html lang>``, as written."""
    linked: tuple[str, ...] = ()
    """The sources of its JSON-LD."""


class Document:
    """The source of an HTML page, in UTF-8, and what was made of it so far."""

    def __init__(self, source: bytes) -> None:
        self.source = source

    @cached_property
    def root(self) -> etree._Element:
        """The tree of the whole page. Raises :class:`Unreadable`."""
        return parse_html(_repaired(self.source.decode()))

    @cached_property
    def metadata(self) -> Metadata:
        """What the page says about itself to machines. Raises :class:`Unreadable`."""
        if "root" not in vars(self) and self._look is not None:
            return _gather((node.tag or "", node.attributes, node.text) for node in self._look.css(CLAIMS))
        return _gather(
            (str(element.tag), {str(key): str(value) for key, value in element.items()}, partial(inner_text, element))
            for element in self.root.iter(*CLAIMANTS)
        )

    def find_article(self, layout: Layout) -> etree._Element | None:
        """The element that holds the article, where the page has this layout. Raises :class:`Unreadable`.

        Scrolled pages carry further articles below the one they are the page of: the first with a headline counts.
        """
        if (nodes := self._nodes(layout.article)) is None:
            elements = select(self.root, layout.article)
            headed = (element for element in elements if first(element, layout.headline) is not None)
            return next(headed, elements[0] if elements else None)
        if len(nodes) > 1 and layout.headline:
            nodes = [next((node for node in nodes if node.css_matches(layout.headline)), nodes[0])]
        return _tree_of(nodes[0]) if nodes else None

    def find_beside(self, layout: Layout, css: str) -> etree._Element | None:
        """The first element under a selector, anywhere on a page that holds one article. Raises :class:`Unreadable`."""
        articles, found = self._nodes(layout.article), self._nodes(css)
        if articles is None or found is None:
            return first(self.root, css) if len(select(self.root, layout.article)) == 1 else None
        return _tree_of(found[0]) if found and len(articles) == 1 else None

    @cached_property
    def _look(self) -> LexborHTMLParser | None:
        """The page by the rules of browsers, where they are harmless."""
        tags = self.source.count(b"<")
        if tags > MOST_TAGS or is_overloaded(self.source):
            return None
        # Half of the tags at most are emphasis left open, and half are blocks.
        if tags * tags > 4 * MOST_REPETITIONS and len(_EMPHASIS.findall(self.source)) * tags > MOST_REPETITIONS:
            return None
        return LexborHTMLParser(self.source)

    def _nodes(self, css: str) -> list[LexborNode] | None:
        """What a selector finds; ``None`` where that has to be asked of libxml2."""
        compiled(css)  # what is no selector is the same error whoever is asked
        try:
            return self._look.css(css) if self._look is not None else None
        except SelectolaxError:  # it knows fewer selectors
            return None


def _tree_of(node: LexborNode) -> etree._Element:
    tree = parse_piece(_repaired(node.html or ""))
    return next(tree.iter(node.tag or etree.Element), tree)


def _repaired(source: str) -> bytes:
    return repair(source).encode("utf-8", errors="replace")


def _gather(claims: Iterable[Claim]) -> Metadata:
    metas: dict[str, str] = {}
    linked: list[str] = []
    first_of: dict[str, str] = {}
    for tag, attributes, text in claims:
        if tag == "meta":
            content = attributes.get("content") or ""
            for name in _KEYS if content.strip() else ():
                if key := attributes.get(name):
                    metas.setdefault(key.strip().lower(), content)
        elif tag == "script":
            if is_linked(attributes.get("type")):
                linked.append(text())
        elif tag == "link":
            if "canonical" in (attributes.get("rel") or "").lower().split():
                first_of.setdefault(tag, attributes.get("href") or "")
        else:
            value = text() if tag == "title" else attributes.get("lang" if tag == "html" else "href")
            first_of.setdefault(tag, clean_inline(repair(value or "")))
    return Metadata(
        metas=metas,
        canonical=first_of.get("link"),
        base=first_of.get("base", ""),
        title=first_of.get("title", ""),
        language=first_of.get("html", ""),
        linked=tuple(linked),
    )
