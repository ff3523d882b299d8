"""What a page of any site declares about itself for machines: JSON-LD, ``<meta>`` and microdata."""

from __future__ import annotations

import html
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from lxml import etree

from caliber_crawler.extraction.article_node import Found, Node, PageIdentity, choose_article, find_nodes
from caliber_crawler.extraction.text import clean_inline
from caliber_crawler.extraction.tolerant_json import parse_json
from caliber_crawler.extraction.tree import text_of

_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,300}+>")
MAX_TITLES = 12
"""Headings of a page that are compared with its JSON-LD."""


@dataclass(frozen=True, slots=True)
class LinkedData:
    """The machine-readable metadata of one page. Texts are clean single lines."""

    article: Node = field(default_factory=dict)
    """The JSON-LD node of the article; empty if there is none."""
    breadcrumbs: Sequence[Node] = ()
    """JSON-LD breadcrumb lists."""
    nodes: Mapping[str, Node] = field(default_factory=dict)
    """JSON-LD nodes by their ``@id``."""
    metas: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Contents of ``<meta>`` by ``property``, ``name`` or ``itemprop`` in lower case."""

    def meta(self, *names: str) -> str | None:
        """Return the content of the first of these names that exists."""
        return next((self.metas[name][0] for name in names if name in self.metas), None)

    def text(self, name: str) -> str | None:
        """Return a property of the article as plain text; ``None`` if it is not text."""
        value = self.article.get(name)
        if isinstance(value, list) and value:
            value = value[0]
        return clean_inline(unescaped(value)) or None if isinstance(value, str) else None

    def resolved(self, value: Any) -> list[Any]:
        """Return a property's values as a list, with ``@id`` references resolved."""
        values = value if isinstance(value, list) else [] if value is None else [value]
        return [self._resolved(item) for item in values]

    def _resolved(self, item: Any) -> Any:
        if isinstance(item, dict) and "name" not in item and isinstance(item.get("@id"), str):
            return self.nodes.get(item["@id"], item)
        return item


def parse_linked_data(root: etree._Element, url: str = "") -> LinkedData:
    """Parse the metadata in the page's head and scripts. Faulty JSON is repaired where that is possible.

    ``url``: the page's own, which helps to choose the node of its article.
    """
    nodes = _all_nodes(script.text or "" for script in root.iter("script") if is_linked(script.get("type")))
    by_id = {node["@id"]: node for node, _ in nodes if isinstance(node.get("@id"), str) and len(node) > 2}
    crumbs = [node for node, _ in nodes if node.get("@type") == "BreadcrumbList"]
    metas = _metas(root)
    article = choose_article(nodes, _known_of(root, metas, url)) if nodes else {}
    return LinkedData(article=article, breadcrumbs=crumbs, nodes=by_id, metas=metas)


def extract_linked_article(sources: Iterable[str], urls: Iterable[str] = (), titles: Iterable[str] = ()) -> Node:
    """Return the node of the article in these JSON-LD sources; empty if there is none.

    ``urls``, ``titles``: those of the page.
    """
    return choose_article(_all_nodes(sources), PageIdentity.of(urls, titles))


def _known_of(root: etree._Element, metas: Mapping[str, Sequence[str]], url: str) -> PageIdentity:
    links = (link.get("href") or "" for link in root.iter("link") if "canonical" in (link.get("rel") or "").lower())
    titles = [*metas.get("og:title", ())[:1], *metas.get("twitter:title", ())[:1]]
    titles += [text_of(element) for element in islice(root.iter("title", "h1"), MAX_TITLES)]
    return PageIdentity.of([url, *metas.get("og:url", ())[:1], *islice(links, 1)], titles)


def is_linked(media_type: str | None) -> bool:
    """Return whether a script of this type is JSON-LD."""
    return "ld+json" in (media_type or "").lower()


def unescaped(text: str) -> str:
    """Unescape a text that was escaped twice, as in JSON-LD made by templates."""
    return html.unescape(html.unescape(text)) if "&" in text else text


def without_tags(text: str) -> str:
    """Return a text without the HTML tags that some pages print in JSON-LD and meta elements."""
    return _TAG.sub("", text) if "<" in text else text


def _all_nodes(sources: Iterable[str]) -> list[Found]:
    return [found for source in sources for data in parse_json(source) for found in find_nodes(data)]


def _metas(root: etree._Element) -> dict[str, list[str]]:
    metas: dict[str, list[str]] = defaultdict(list)
    for element in root.iter("meta"):
        content = clean_inline(element.get("content") or "")
        if not content:
            continue
        for attribute in ("property", "name", "itemprop"):
            if key := element.get(attribute):
                metas[key.strip().lower()].append(content)
    return dict(metas)
