"""An HTML page that is parsed only as far as needed.

Most of a page is not part of its article. lexbor, which parses by browser rules, scans a page in a third of the time
that libxml2 needs for a tree. Only the elements found that way become a tree. The tree of the whole page is made on
demand.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property, partial
from html import escape

from lxml import etree
from selectolax.lexbor import LexborCSSSelector, LexborHTMLParser, LexborNode, SelectolaxError

from caliber_crawler.extraction.lines import inner_text
from caliber_crawler.extraction.linked_data import is_linked
from caliber_crawler.extraction.mojibake import may_be_mojibake, repair
from caliber_crawler.extraction.text import clean_inline
from caliber_crawler.extraction.tree import compiled, first, is_overloaded, parse_html, parse_piece, select
from caliber_crawler.site import Layout

# Browser rules may search all open tags for every tag, and repeat unclosed emphasis in every block: a small page can
# cost seconds and gigabytes. Pages above these limits are left to libxml2.
MAX_TAGS = 20_000
MAX_REPETITIONS = 500_000
# The test of the first letter is only for speed.
_EMPHASIS = re.compile(rb"<(?=[bcefistuBCEFISTU])(?:[bius]|em|tt|big|code|font|small|str(?:ike|ong))[\s/>]", re.I)
# Most pages have dozens of links and scripts without metadata.
CLAIMS = "html, title, meta, base, link[rel~='canonical' i], script[type*='ld+json' i]"
_HEAD = "title, meta, base, link[rel~='canonical' i], script[type*='ld+json' i]"
LEVELS_AROUND, MAX_SURROUNDINGS = 3, 6_000
"""How many levels above an element of an excerpt, and how many characters of HTML, are part of the excerpt."""
_CANONICAL = "link[rel~='canonical' i]"
CLAIMANTS = ("html", "title", "meta", "base", "link", "script")
_KEYS = ("property", "name", "itemprop")
Claim = tuple[str, Mapping[str, str | None], Callable[[], str]]
"""An element's tag, its attributes, and a function that returns its text."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a page declares about itself for machines, as written."""

    metas: Mapping[str, str] = field(default_factory=dict)
    """The first content of each ``<meta>`` by its ``property``, ``name`` or ``itemprop`` in lower case.
    Mojibake is left as it is: most pages' meta elements and linked data are never used."""
    canonical: str | None = None
    base: str = ""
    title: str = ""
    language: str = ""
    """From ``<html lang>``, as written."""
    linked: tuple[str, ...] = ()
    """The sources of its JSON-LD."""


class Document:
    """The source of an HTML page, in UTF-8, with its parsed parts."""

    def __init__(self, source: bytes) -> None:
        self.source = source
        self._found: dict[str, list[LexborNode]] = {}
        self._excerpt: etree._Element | None = None

    @cached_property
    def root(self) -> etree._Element:
        """The tree of the whole page. Raises :class:`Unreadable`."""
        source = self.source.decode()
        repaired = repair(source)
        return parse_html(self.source if repaired is source else repaired.encode("utf-8", errors="replace"))

    @property
    def has_root(self) -> bool:
        """Whether the tree of the whole page was made, and elements may be parts of it."""
        return "root" in vars(self)

    def take_root(self) -> etree._Element:
        """Return the tree of the whole page for changes; :attr:`root` is parsed again when it is needed.

        Raises :class:`Unreadable`.
        """
        root, _ = self.root, self.metadata
        del vars(self)["root"]
        return root

    @cached_property
    def metadata(self) -> Metadata:
        """What the page declares about itself for machines. Raises :class:`Unreadable`."""
        tree = vars(self).get("root", self._excerpt)
        if tree is None and self._look is not None:
            return _gather(_claims(find_nodes(CLAIMS, self._top)))
        return _gather(_claims_in(self.root if tree is None else tree, *CLAIMANTS))

    @property
    def _small_tree(self) -> etree._Element | None:
        """The tree of an excerpt, if the metadata in it is not known."""
        return None if "metadata" in vars(self) or self.has_root else self._excerpt

    @property
    def _is_scanned(self) -> bool:
        """Whether metadata is searched for in the page as lexbor parsed it, and not all of it is known."""
        is_known = "metadata" in vars(self) or self.has_root or self._excerpt is not None
        return not is_known and self._look is not None

    @cached_property
    def canonical(self) -> str | None:
        """The canonical link of :attr:`metadata`, in a part of its time if that is unknown."""
        if (tree := self._small_tree) is not None:
            return _gather(_claims_in(tree, "link")).canonical
        if not self._is_scanned:
            return self.metadata.canonical
        # No element of the body is before one of the head.
        found = find_nodes(_CANONICAL, self._head) or find_nodes(_CANONICAL, self._top)
        return (found[0].attributes.get("href") or "") if found else None

    @cached_property
    def base(self) -> str:
        """The base of :attr:`metadata`, in a part of its time if that is unknown."""
        if (tree := self._small_tree) is not None:
            return _gather(_claims_in(tree, "base")).base
        return _gather(_claims(find_nodes("base", self._top)[:1])).base if self._is_scanned else self.metadata.base

    @cached_property
    def metas(self) -> Mapping[str, str]:
        """The meta elements of :attr:`metadata`, in a part of its time if that is unknown."""
        if not self._is_scanned:
            return self.metadata.metas
        return _gather(_claims(find_nodes("meta", self._top))).metas

    def meta(self, name: str) -> str | None:
        """The content of a meta element. Most are in the head, which is searched first."""
        if "metas" in vars(self) or not self._is_scanned:
            return self.metas.get(name)
        in_head = self._metas_in_head
        return in_head[name] if name in in_head else self.metas.get(name)

    @cached_property
    def _metas_in_head(self) -> Mapping[str, str]:
        return _gather(_claims(find_nodes("meta", self._head))).metas

    def find_article(self, layout: Layout) -> etree._Element | None:
        """Return the element that contains the article if the page has this layout. Raises :class:`Unreadable`.

        Pages with infinite scrolling contain further articles below their own: the first one with a headline counts.
        """
        if (nodes := self._nodes(layout.article)) is None:
            elements = select(self.root, layout.article)
            headed = (element for element in elements if first(element, layout.headline) is not None)
            return next(headed, elements[0] if elements else None)
        if len(nodes) > 1 and layout.headline:
            nodes = [next((node for node in nodes if find_nodes(layout.headline, node)), nodes[0])]
        return _tree_of(nodes[0]) if nodes else None

    def find_beside(self, layout: Layout, css: str) -> etree._Element | None:
        """Return the first match of a selector on a page that contains one article. Raises :class:`Unreadable`."""
        articles, found = self._nodes(layout.article), self._nodes(css)
        if articles is None or found is None:
            return first(self.root, css) if len(select(self.root, layout.article)) == 1 else None
        return _tree_of(found[0]) if found and len(articles) == 1 else None

    def values(self, css: str, attribute: str = "") -> list[str]:
        """The texts of all matches of a selector, or the values of an attribute. Raises :class:`Unreadable`."""
        if (nodes := self._nodes(css)) is None:
            elements = select(self.root, css)
            values = [element.get(attribute) or "" if attribute else inner_text(element) for element in elements]
        else:
            values = [repair(node.attributes.get(attribute) or "" if attribute else node.text()) for node in nodes]
        return [clean_inline(value) for value in values]

    def paragraphs(self, css: str) -> Iterator[str]:
        """The texts of the paragraphs in the only match of a selector, without those of elements in them.

        None if libxml2 has to search.
        """
        found = (self._nodes(css) or []) if css else []
        for node in find_nodes("p", found[0]) if len(found) == 1 else ():
            yield node.text(deep=False)

    def outermost(self, css: str) -> list[etree._Element]:
        """The matches of a selector that are in no other match, each as a tree of its own."""
        if (nodes := self._nodes(css)) is None:
            elements = select(self.root, css)
            own = [element for element in elements if not any(other in elements for other in element.iterancestors())]
            return [copy.deepcopy(element) for element in own]
        known = {node.mem_id for node in nodes}
        return [_tree_of(node) for node in nodes if not _is_inside(node, known)]

    def excerpt(self, selectors: Sequence[str]) -> etree._Element:
        """A small tree: metadata, attributes of ``html`` and ``body``, headings and selected elements in their places.

        The tree of the whole page, where libxml2 has to search. Raises :class:`Unreadable`.
        """
        look = self._look
        try:
            found = find_nodes(", ".join((_HEAD, "h1", *selectors)), self._top) if look is not None else None
        except SelectolaxError:
            found = None
        if look is None or found is None:
            return self.root
        sizes: dict[int, int] = {}
        nodes = [_surroundings(node, sizes) if node.tag not in CLAIMANTS else node for node in found]
        known = {node.mem_id for node in nodes}
        pieces = {node.mem_id: node.html or "" for node in nodes if not _is_inside(node, known)}
        html, body = (next(iter(find_nodes(tag, self._top)), None) for tag in ("html", "body"))
        whole = f"<html{_attributes(html)}><body{_attributes(body)}>{''.join(pieces.values())}</body></html>"
        self._excerpt = parse_piece(_repaired(whole))
        return self._excerpt

    @cached_property
    def _look(self) -> LexborHTMLParser | None:
        """The page parsed by browser rules, if that is safe."""
        tags = self.source.count(b"<")
        if tags > MAX_TAGS or is_overloaded(self.source):
            return None
        # At most half of the tags are unclosed emphasis, and half are blocks.
        if tags * tags > 4 * MAX_REPETITIONS and len(_EMPHASIS.findall(self.source)) * tags > MAX_REPETITIONS:
            return None
        return LexborHTMLParser(self.source)

    @property
    def _head(self) -> LexborNode | None:
        return self._look.head if self._look is not None else None

    @property
    def _top(self) -> LexborNode | None:
        return self._look.root if self._look is not None else None

    def _nodes(self, css: str) -> list[LexborNode] | None:
        """The matches of a selector; ``None`` if libxml2 has to search."""
        if (known := self._found.get(css)) is not None:
            return known
        compiled(css)  # an invalid selector raises the same error for both parsers
        if self._look is None:
            return None
        try:
            found = self._found[css] = find_nodes(css, self._top)
        except SelectolaxError:  # lexbor supports fewer selectors
            return None
        return found


def find_nodes(css: str, node: LexborNode | None) -> list[LexborNode]:
    """The matches of a selector in a node and below it. Raises :class:`SelectolaxError` if lexbor does not support it.

    One engine searches all pages: to make one takes three times as long as a search.
    """
    if node is None:
        return []
    try:
        return _engine().find(css, node)
    except SelectolaxError:
        _engine.cache_clear()  # its state is unknown
        raise


@cache
def _engine() -> LexborCSSSelector:
    return LexborCSSSelector()  # type: ignore[no-untyped-call]


def _claims(nodes: Iterable[LexborNode]) -> list[Claim]:
    return [(node.tag or "", node.attributes, node.text) for node in nodes]


def _claims_in(tree: etree._Element, *tags: str) -> Iterator[Claim]:
    for element in tree.iter(*tags):
        attributes = {str(key): str(value) for key, value in element.items()}
        yield str(element.tag), attributes, partial(inner_text, element)


def _surroundings(node: LexborNode, sizes: dict[int, int]) -> LexborNode:
    """The largest element around a node that is not much text. ``sizes``: the lengths of elements measured before."""
    for _ in range(LEVELS_AROUND):
        parent = node.parent
        if parent is None or parent.tag in ("body", "html"):
            break
        if (size := sizes.get(parent.mem_id)) is None:
            size = sizes[parent.mem_id] = len(parent.html or "")
        if size > MAX_SURROUNDINGS:
            break
        node = parent
    return node


def _is_inside(node: LexborNode, known: Collection[int]) -> bool:
    parent = node.parent
    while parent is not None:
        if parent.mem_id in known:
            return True
        parent = parent.parent
    return False


def _attributes(node: LexborNode | None) -> str:
    known = node.attributes if node is not None else {}
    return "".join(f' {name}="{escape(known[name] or "")}"' for name in ("lang", "class") if name in known)


def _tree_of(node: LexborNode) -> etree._Element:
    tree = parse_piece(_repaired(node.html or ""))
    return next(tree.iter(node.tag or etree.Element), tree)


def _repaired(source: str) -> bytes:
    encoded = source.encode("utf-8", errors="replace")
    repaired = repair(source) if may_be_mojibake(encoded) else source
    return encoded if repaired is source else repaired.encode("utf-8", errors="replace")


def _gather(claims: Iterable[Claim]) -> Metadata:
    metas: dict[str, str] = {}
    linked: list[str] = []
    first_of: dict[str, str] = {}
    for tag, attributes, text in claims:
        if tag == "meta":
            content = attributes.get("content")
            if not content or content.isspace():
                continue
            for name in _KEYS:
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
