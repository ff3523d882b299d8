"""The JSON-LD node that describes a page's own article, among those of related articles, updates and comments."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from caliber_crawler.extraction.text import fold

Node = Mapping[str, Any]

# schema.org: Article with all its subtypes, and the types that news pages use instead.
_PREFIX = r"(?:https?://schema\.org/|schema:)?"
ARTICLE_TYPES = re.compile(
    rf"{_PREFIX}(?:[\w.]*Article|[\w.]*BlogPosting|SocialMediaPosting|Report|Review|SatiricalArticle)$", re.IGNORECASE
)
PAGE_TYPES = re.compile(rf"{_PREFIX}(?:WebPage|ItemPage|VideoObject|Recipe)$", re.IGNORECASE)
MAX_DEPTH = 12
MAX_NODES = 2_000
# The properties that this package uses. Pages write them in any case, and with a prefix.
_PROPERTIES = {
    name.lower(): name
    for name in (
        *("@type", "@id", "@graph", "headline", "alternativeHeadline", "name", "description", "datePublished"),
        *("dateModified", "dateCreated", "author", "creator", "contributor", "publisher", "givenName", "familyName"),
        *("articleSection", "articleBody", "keywords", "image", "url", "contentUrl", "mainEntityOfPage", "mainEntity"),
        *("inLanguage", "itemListElement", "item", "coverageStartTime", "liveBlogUpdate", "interactionStatistic"),
    )
}
_ALIASES = {"type": "@type", "id": "@id", "graph": "@graph"}
# The properties whose values describe the same page as the node. The article of a page is not below any other property:
# there are updates, comments, related articles, reviews.
_OWN = frozenset(("@graph", "mainEntity", "mainEntityOfPage"))


class Found(NamedTuple):
    """A node, and whether it is of the page itself: not inside another article, a list or a comment."""

    node: Node
    of_page: bool


@dataclass(frozen=True, slots=True)
class PageIdentity:
    """What is known of a page before its JSON-LD is read."""

    urls: frozenset[str]
    titles: tuple[frozenset[str], ...]
    """The words of each title."""

    @classmethod
    def of(cls, urls: Iterable[str], titles: Iterable[str]) -> PageIdentity:
        words = [_words(title) for title in dict.fromkeys(titles)]
        return cls(frozenset(filter(None, map(_url_key, urls))), tuple(filter(None, words)))


def find_nodes(data: Any) -> Iterator[Found]:
    """Return the nodes in JSON-LD, outermost first, with properties in their usual form (``@value``, case, prefix)."""
    left = [MAX_NODES]
    yield from _walk(_usual(data, left), of_page=True)


def choose_article(found: Sequence[Found], page: PageIdentity) -> Node:
    """Return the node of the page's article, completed by other nodes of the same article; empty if there is none.

    Its URL and its headline are compared with the page's. A node inside another one (a list, a live blog) must agree
    in one of them. Then a date, the type, and the order decide.
    """
    ranked: list[tuple[float, Node]] = []
    for node, of_page in found:
        is_article = is_type(node, ARTICLE_TYPES.match)
        is_titled = is_article and bool(node.get("headline") or node.get("name"))
        dated = bool(node.get("datePublished") or node.get("coverageStartTime"))
        if not is_titled and not (dated and of_page and (is_article or is_type(node, PAGE_TYPES.match))):
            continue
        url, title = _agreement_of_url(node, page), _agreement_of_title(node, page)
        if is_article and not is_titled and url < 0:
            continue
        agreement = 2 * url + 2 * title
        if (agreement <= 0 and not of_page) or (url < 0 and title < 0):
            continue
        ranked.append((agreement + 2 * of_page + dated + 2 * is_titled, node))
    if not ranked:
        return {}
    ranked.sort(key=lambda entry: -entry[0])  # stable: equal ones stay in page order
    return _completed(ranked[0][1], [node for _, node in ranked[1:]])


def is_type(node: Node, match: Callable[[str], object]) -> bool:
    kinds = node.get("@type")
    return any(isinstance(kind, str) and match(kind) for kind in (kinds if isinstance(kinds, list) else [kinds]))


def _walk(data: Any, *, of_page: bool, depth: int = 0) -> Iterator[Found]:
    if depth > MAX_DEPTH:
        return
    if isinstance(data, list):
        for child in data:
            yield from _walk(child, of_page=of_page, depth=depth + 1)
    elif isinstance(data, dict):
        yield Found(data, of_page)
        for name, child in data.items():
            if isinstance(child, dict | list):
                yield from _walk(child, of_page=of_page and name in _OWN, depth=depth + 1)


def _usual(data: Any, left: list[int], depth: int = 0) -> Any:
    """The same data with properties in their usual form."""
    if depth > MAX_DEPTH or left[0] <= 0:
        return None
    if isinstance(data, list):
        return [_usual(child, left, depth + 1) for child in data]
    if not isinstance(data, dict):
        return data
    left[0] -= 1
    for wrapper in ("@value", "@list", "@set"):
        if wrapper in data:
            return _usual(data[wrapper], left, depth + 1)
    node: dict[str, Any] = {}
    for name, value in data.items():
        if isinstance(value, dict | list):
            value = _usual(value, left, depth + 1)
        node.setdefault(_property(name), value)
    for alias, name in _ALIASES.items():
        if alias in node and name not in node:
            node[name] = node[alias]
    return node


def _property(name: str) -> str:
    name = name.strip().removeprefix("schema:").removeprefix("http://schema.org/").removeprefix("https://schema.org/")
    return _PROPERTIES.get(name.lower(), name) if len(name) < 40 else name


def _agreement_of_url(node: Node, page: PageIdentity) -> int:
    """1 if the node names the page's URL, -1 if it names only others, else 0."""
    keys = set(filter(None, map(_url_key, _urls_of(node))))
    if not keys or not page.urls:
        return 0
    if keys & page.urls:
        return 1
    # A home page's URL is a template's mistake, and says nothing about the article.
    return -1 if any("/" in key.rstrip("/") for key in keys) else 0


def _urls_of(node: Node) -> Iterator[str]:
    for name in ("url", "mainEntityOfPage", "@id"):
        value = node.get(name)
        if isinstance(value, dict):
            value = value.get("@id") or value.get("url")
        if isinstance(value, str) and ("/" in value):
            yield value


def _url_key(url: str) -> str:
    """A comparison key: host and path, without scheme, ``www``, query, fragment and last slash."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return ""
    host = (parts.netloc or "").lower().removeprefix("www.").removeprefix("m.").removeprefix("amp.")
    path = unquote(parts.path).rstrip("/").casefold().removesuffix("/amp")
    return f"{host}{path}" if host and path else ""


def _agreement_of_title(node: Node, page: PageIdentity) -> int:
    """1 if the node's headline is one of the page's titles, -1 if it has no word in common with any, else 0."""
    title = node.get("headline") or node.get("name")
    words = _words(title) if isinstance(title, str) else frozenset()
    if not words or not page.titles:
        return 0
    shares = [len(words & others) / min(len(words), len(others)) for others in page.titles if len(others) > 1] or [0.0]
    return 1 if max(shares) >= 0.6 else -1 if max(shares) < 0.2 else 0


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", fold(text[:500])))


def _completed(article: Node, others: Iterable[Node]) -> Node:
    """The article's node, with properties that only other nodes of the same headline have."""
    key = fold(str(article.get("headline") or ""))
    same = [node for node in others if key and fold(str(node.get("headline") or "")) == key]
    completed: dict[str, Any] = {}
    for node in (article, *same):
        for name, value in node.items():
            if value not in (None, "", [], {}):
                completed.setdefault(name, value)
    return completed
