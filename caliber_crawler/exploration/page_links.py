"""The links of a page to other pages of its site, each with its class and its signature."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from enum import IntFlag, auto
from typing import NamedTuple

from lxml import etree

from caliber_crawler.exploration.link_classes import LinkClass
from caliber_crawler.extraction.text import letters_in
from caliber_crawler.extraction.tree import text_of

MIN_HEADLINE, MIN_LONG_TEXT, MIN_PROSE = 12, 25, 60
"""Letters of a headline, of a long text and of a paragraph of prose."""
MAX_NAVIGATION_TEXT = 25
PROSE_RATIO = 2
"""How many times longer than its link a paragraph of prose is."""
MAX_LINKS = 3_000
"""Number of links of one page that are looked at."""
MAX_DEPTH = 200
STEPS = 4
"""Number of elements around a link that make its signature."""
HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5"))
_TOKEN = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_DIGITS = re.compile(r"\d+")
MAX_NAMES = 300
MAX_DIGITS = 5
"""Digits of the number of a page."""

_NAVIGATION = frozenset(
    ["nav", "navbar", "navigation", "menu", "menus", "submenu", "breadcrumb", "breadcrumbs", "topbar", "footer"]
)
_PAGER = frozenset(["pagination", "pager", "paging", "paginator", "pagenavi", "pagenav", "pages", "loadmore"])
_SIDEBAR = frozenset(("sidebar", "aside", "widget", "widgets", "secondary"))
_ADJACENT = (
    frozenset(("post", "navigation")),
    frozenset(("nav", "single")),
    frozenset(("nav", "previous")),
    frozenset(("nav", "next")),
    frozenset(("post", "nav")),
    frozenset(("prev", "next")),
    frozenset(("post", "pager")),
    frozenset(("read", "next")),
)
_POSTS = frozenset(("posts", "paging", "archive"))
_FURTHER_WORDS = (
    r"next|older|more|previous|prev|newer|load more|show more|view more|see more"
    r"|weiter\w*|nächste\w*|ältere\w*|mehr|suivante?s?|plus anciens?|siguientes?|anteriores|más|avanti|succ\w*"
    r"|próxim[ao]s?|mais|dalej|starsze|далее|дальше|ещё|еще|следующ\w*|старые|старше|раньше|предыдущ\w*|назад"
    r"|вперед|вперёд|показать ещ[её]|далі|наступн\w*|sonraki|önceki|eski\w*|daha fazla|daha çox|növbəti|sonrakı"
    r"|əvvəlki|հաջորդ\w*|ավելին|მეტი|შემდეგი|بعدی|قبلی|بیشتر|التالي|المزيد|السابق|下一页|下一頁|上一页|更多"
    r"|次へ|次のページ|もっと見る|다음|더보기"
)
_FURTHER = re.compile(rf"^\W*(?:(?:{_FURTHER_WORDS})\b.{{0,25}})?\W*$", re.IGNORECASE)
_ARROWS = re.compile(r"^[\s»›→>«‹←<…]+$")
_WORD = re.compile(r"\w")


class Place(IntFlag):
    """The parts of a page that an element is inside of."""

    NAVIGATION = auto()
    SIDEBAR = auto()
    PAGER = auto()
    ADJACENT = auto()
    HEADING = auto()
    PROSE = auto()


class FoundLink(NamedTuple):
    """A link as printed."""

    href: str
    link_class: LinkClass
    signature: str


class _Around(NamedTuple):
    """What is known of an element from its ancestors and itself."""

    place: Place
    steps: tuple[str, ...]
    depth: int


_NOWHERE = _Around(Place(0), (), 0)


def page_links(root: etree._Element, is_own: Callable[[str], bool] = lambda href: True) -> Iterator[FoundLink]:
    """The links of a page in order, at most :data:`MAX_LINKS`. ``is_own`` selects links by their ``href``."""
    for link in root.iter("link"):
        if {"next", "prev"} & _relations(link) and (href := _href(link)):
            yield FoundLink(href, LinkClass.PAGER, "link")
    around: dict[etree._Element, _Around] = {}
    seen = 0
    for anchor in root.iter("a"):
        href = _href(anchor)
        if not href or href[0] == "#" or not is_own(href):
            continue
        seen += 1
        if seen > MAX_LINKS:
            return
        parent = anchor.getparent()
        context = _around(parent, around) if parent is not None else _NOWHERE
        link_class = _class_of(anchor, context.place)
        yield FoundLink(href, link_class, ">".join(context.steps))


def _href(element: etree._Element) -> str:
    return (element.get("href") or "").strip()


def _relations(element: etree._Element) -> set[str]:
    return set((element.get("rel") or "").lower().split())


def _class_of(anchor: etree._Element, place: Place) -> LinkClass:
    relations = _relations(anchor)
    text = text_of(anchor)
    length = letters_in(text)
    has_heading = Place.HEADING in place or (length >= MIN_HEADLINE and next(anchor.iter(*HEADINGS), None) is not None)
    own = _tokens(anchor)
    is_further = len(text) <= 40 and (bool(_FURTHER.match(text)) if _WORD.search(text) else bool(_ARROWS.match(text)))
    is_adjacent = Place.ADJACENT in place or any(words <= own for words in _ADJACENT)
    in_pager = (Place.PAGER in place or bool(own & _PAGER) or {"page", "numbers"} <= own) and not is_adjacent
    if "next" in relations or ("prev" in relations and in_pager) or (in_pager and (is_further or not text)):
        return LinkClass.ADJACENT if is_adjacent else LinkClass.PAGER
    if _is_number(text) and (in_pager or _has_numbers_beside(anchor)):
        return LinkClass.NUMBER
    if relations & {"tag", "category"}:
        return LinkClass.TAG
    if "author" in relations:
        return LinkClass.AUTHOR
    if is_adjacent:
        return LinkClass.ADJACENT
    if has_heading and length >= MIN_HEADLINE and Place.NAVIGATION not in place:
        return LinkClass.SIDEBAR if Place.SIDEBAR in place else LinkClass.HEADLINE
    if Place.NAVIGATION in place:
        return LinkClass.NAVIGATION_LONG if length >= MAX_NAVIGATION_TEXT else LinkClass.NAVIGATION
    if Place.PROSE in place and _is_in_prose(anchor, length):
        return LinkClass.PROSE
    if length >= MIN_LONG_TEXT:
        return LinkClass.TEXT
    if is_further:
        return LinkClass.PAGER if in_pager else LinkClass.NEXT
    if length < 3 and next(anchor.iter("img", "picture", "svg"), None) is not None:
        return LinkClass.IMAGE
    return LinkClass.SHORT


def _is_in_prose(anchor: etree._Element, length: int) -> bool:
    paragraph = next((each for each in anchor.iterancestors("p", "blockquote", "td", "li")), None)
    around = letters_in(text_of(paragraph)) if paragraph is not None else 0
    return around >= MIN_PROSE and around >= PROSE_RATIO * max(1, length)


def _is_number(text: str) -> bool:
    digits = text.strip(" \n\t.·|[]()")
    return digits.isdecimal() and len(digits) <= MAX_DIGITS


def _has_numbers_beside(anchor: etree._Element) -> bool:
    holder = anchor.getparent()
    for _ in range(2):
        if holder is None:
            return False
        numbers = sum(
            1
            for number, each in enumerate(holder.iter("a", "span", "strong", "b", "em"))
            if number < 60 and each is not anchor and _is_number(each.text or "")
        )
        if numbers >= 1:
            return True
        holder = holder.getparent()
    return False


def _around(element: etree._Element, known: dict[etree._Element, _Around]) -> _Around:
    path = []
    current: etree._Element | None = element
    while current is not None and current not in known:
        path.append(current)
        current = current.getparent()
    context = known[current] if current is not None else _NOWHERE
    for each in reversed(path):
        context = known[each] = _inside(each, context)
    return context


def _inside(element: etree._Element, outer: _Around) -> _Around:
    tag = element.tag if isinstance(element.tag, str) else ""
    place, tokens = outer.place, _tokens(element)
    if tag in ("body", "html", "main", "article"):
        tokens = frozenset()
    if tag in HEADINGS:
        place |= Place.HEADING
    if tag == "p":
        place |= Place.PROSE
    if tag == "aside" or tokens & _SIDEBAR:
        place |= Place.SIDEBAR
    is_adjacent = any(words <= tokens for words in _ADJACENT) and not tokens & _POSTS
    if is_adjacent:
        place |= Place.ADJACENT
    if (tokens & _PAGER and not is_adjacent) or {"posts", "navigation"} <= tokens or {"page", "numbers"} <= tokens:
        place |= Place.PAGER
    if (tag in ("nav", "footer") or tokens & _NAVIGATION) and not place & (Place.PAGER | Place.ADJACENT):
        place |= Place.NAVIGATION
    names = (element.get("class") or element.get("id") or "").split()
    step = f"{tag}.{_DIGITS.sub('', names[0][:40])}" if names else tag
    steps = (*outer.steps, step)[-STEPS:]
    return _Around(place, steps, outer.depth + 1)


def _tokens(element: etree._Element) -> frozenset[str]:
    names = f"{element.get('class') or ''} {element.get('id') or ''}"[:MAX_NAMES]
    return frozenset(token.lower() for token in _TOKEN.findall(names)) if len(names) > 1 else frozenset()
