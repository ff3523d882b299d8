"""What a page of any site declares about itself for machines: JSON-LD, ``<meta>`` and microdata."""

from __future__ import annotations

import html
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from caliber_crawler.extraction.text import clean_inline

Node = Mapping[str, Any]

# schema.org: Article with all its subtypes, and the types that news pages use instead.
ARTICLE_TYPES = re.compile(r"(?:https?://schema\.org/)?(?:\w*Article|\w*BlogPosting|Report|Review|SatiricalArticle)$")
PAGE_TYPES = re.compile(r"(?:https?://schema\.org/)?(?:WebPage|ItemPage|VideoObject|Recipe)$")
MAX_DEPTH = 12
MAX_SCRIPT_LENGTH = 1_000_000
_OPENINGS = re.compile(r"\s*+(?:<!--|//\s*+<!\[CDATA\[|<!\[CDATA\[)*+")
_CLOSINGS = ("-->", "]]>", ";")


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


def parse_linked_data(root: etree._Element) -> LinkedData:
    """Parse the metadata in the page's head and scripts. Broken JSON is ignored."""
    nodes = _all_nodes(script.text or "" for script in root.iter("script") if is_linked(script.get("type")))
    by_id = {node["@id"]: node for node in nodes if isinstance(node.get("@id"), str) and len(node) > 2}
    crumbs = [node for node in nodes if node.get("@type") == "BreadcrumbList"]
    return LinkedData(article=_main_article(nodes), breadcrumbs=crumbs, nodes=by_id, metas=_metas(root))


def extract_linked_article(sources: Iterable[str]) -> Node:
    """Return the node of the article in these JSON-LD sources; empty if there is none."""
    return _main_article(_all_nodes(sources))


def is_linked(media_type: str | None) -> bool:
    """Return whether a script of this type is JSON-LD."""
    return "ld+json" in (media_type or "").lower()


def is_type(node: Node, match: Callable[[str], object]) -> bool:
    kinds = node.get("@type")
    return any(isinstance(kind, str) and match(kind) for kind in (kinds if isinstance(kinds, list) else [kinds]))


def unescaped(text: str) -> str:
    """Unescape a text that was escaped twice, as in JSON-LD made by templates."""
    return html.unescape(html.unescape(text)) if "&" in text else text


def _all_nodes(sources: Iterable[str]) -> list[Node]:
    return [node for data in _parsed(sources) for node in _nodes(data)]


def _parsed(sources: Iterable[str]) -> Iterator[Any]:
    for source in sources:
        if len(source) > MAX_SCRIPT_LENGTH:
            continue
        try:
            yield json.loads(_unwrapped(source), strict=False)
        except (ValueError, RecursionError):
            continue


def _unwrapped(source: str) -> str:
    """The content of a script without the comment or CDATA marks around it, and without a semicolon at its end."""
    source = source.rstrip()
    start, end = _OPENINGS.match(source).end(), len(source)  # type: ignore[union-attr]  # it matches any text
    while closing := next((mark for mark in _CLOSINGS if source.endswith(mark, start, end)), None):
        end -= len(closing)
        if closing == "]]>":
            before = end
            while before > start and source[before - 1].isspace():
                before -= 1
            if source.endswith("//", start, before):
                end = before - 2
    return source[start:end]


def _nodes(data: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    if depth > MAX_DEPTH:
        return
    if isinstance(data, dict):
        yield data
    for child in data.values() if isinstance(data, dict) else data if isinstance(data, list) else ():
        if isinstance(child, dict | list):
            yield from _nodes(child, depth + 1)


def _main_article(nodes: Sequence[Node]) -> Node:
    """The first article node with a date, else with a headline, else a dated page node."""
    articles = [
        node for node in nodes if is_type(node, ARTICLE_TYPES.match) and (node.get("headline") or node.get("name"))
    ]
    dated = [node for node in articles if node.get("datePublished")]
    pages = [node for node in nodes if is_type(node, PAGE_TYPES.match) and node.get("datePublished")]
    return next(iter([*dated, *articles, *pages]), {})


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
