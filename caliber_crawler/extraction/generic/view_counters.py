"""The view counter of an article on a page of unknown layout.

Structured data states it, a label names it ("Views: 354"), or a class, an icon or an attribute beside the number does.
Only the article's own counter counts, never that of a teaser or a comment. Counters that disagree are not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple

from lxml import etree

from caliber_crawler.extraction.generic.elements import NUMBER_ATTRIBUTES
from caliber_crawler.extraction.generic.outline import (
    LEVELS_OF_TEASER,
    MAX_TEASER_LENGTH,
    UNREAD_TAGS,
    Outline,
    Place,
    short_text,
)
from caliber_crawler.extraction.generic.view_labels import (
    MAX_COUNTER_LENGTH,
    Counter,
    find_counter,
    is_counter_line,
    label_languages,
    may_be_counter,
    parse_bare_count,
)
from caliber_crawler.extraction.generic.view_words import EYES
from caliber_crawler.extraction.linked_data import LinkedData
from caliber_crawler.extraction.omissions import VIEW_COUNTER, Omissions
from caliber_crawler.extraction.text import clean_inline, fold

MAX_SOURCE_LENGTH = 200
"""Characters of a text in the source; templates indent it."""
LEVELS_AROUND = 3
"""Elements around a number that may name it."""
MAX_RUNS = 500
"""Short texts with a number that are examined on one page."""
MAX_STATISTICS = 50
MAX_ICONS = 8
MAX_NAMES_LENGTH = 200
MIN_LINK_LENGTH = 24
"""Characters of a link that is the headline of another page."""
MAX_ROUNDING = 0.1
_SLASH = re.compile(r"[/#]")
_DIGIT = re.compile(r"\d")
_VIEW_ACTION = re.compile(r"(?:https?://(?:www\.)?schema\.org/)?(?:Read|View|Watch|Consume)Action/?$")
_VISITS = re.compile(r"User(?:PageVisits|Plays)\s?[:/]\s?([0-9][0-9., ]*+)$", re.IGNORECASE)
_ARTICLE_SCOPE = re.compile(r"Article|BlogPosting|SocialMediaPosting|WebPage|Report|Review|Newspaper", re.IGNORECASE)
_VIEW_WORDS_TEXT = """
views hits pageviews pageview viewed viewcount viewscount viewcounter postviews viewsnum eye visibility baxis baxish
baxislar oxunma oxunub okunma goruntulenme izlenme prosmotr prosmotry prosmotrov prosmotri reads
totalcount daycount
"""
_VIEW_WORDS = frozenset(_VIEW_WORDS_TEXT.split())
_WEAK_VIEW_WORDS = frozenset(("view", "hit", "read", "see"))
"""Words that mean a view counter beside a word such as "count", or alone."""
_COUNT_WORDS = frozenset(("count", "counter", "counts", "num", "number", "total", "value", "amount"))
_OTHER_WORDS_TEXT = """
post posts article articles news entry page item stat stats icon icons ico meta info box wrap wrapper text single story
field statistics
statistic label detail details blog js data the span wp fa fas far fal bi ion la las ti fi glyphicon material svg mdi md
open fill filled outline outlined regular solid light o img image symbol sprite red remove alt post-views full
"""
_OTHER_WORDS = frozenset(_OTHER_WORDS_TEXT.split()) | _COUNT_WORDS
_FOREIGN_WORDS_TEXT = "comment comments reply replies like likes share shares vote votes rating downloads"
_FOREIGN_WORDS = frozenset(_FOREIGN_WORDS_TEXT.split())
_PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
MAX_PREFIX_LENGTH = 4
"""Letters of a prefix by which a theme marks its names: ``td-post-views``, ``jeg_meta_views``."""
_NO_PREFIXES = _VIEW_WORDS | _WEAK_VIEW_WORDS | {"most", "top", "hot", "best", "last", "all", "no", "ad", "list"}
# The lists of Drupal's Views module; only these fields of them are counters of visits.
_DRUPAL_VIEW = re.compile(
    r"views-(?!field-(?:totalcount|daycount)(?![a-z]))(?:field|row|label|element|content|view|exposed)"
)
_ICON_TEXTS = frozenset(("visibility", "remove_red_eye", *EYES))
_ICON_TAGS = ("i", "svg", "use", "img", "span", "em")
_UNREAD_TAGS = UNREAD_TAGS | {"h1", "h2", "h3", "h4", "h5", "h6", "title"}
_LABEL_ATTRIBUTES = ("title", "aria-label", "alt", "data-original-title", "data-title", "data-tooltip")
_COUNT_PROPERTIES = ("interactionCount", "userInteractionCount")


class ViewCounter(NamedTuple):
    """The view counter of a page, and the method that found it."""

    shown: str
    views: int
    method: str


class PlacedCounter(NamedTuple):
    """A counter, and where it stands."""

    counter: Counter
    place: Place


class _Run(NamedTuple):
    """A short text directly in an element, or directly behind one."""

    position: int
    element: etree._Element
    is_tail: bool
    text: str

    @property
    def holder(self) -> etree._Element:
        parent = self.element.getparent() if self.is_tail else None
        return self.element if parent is None else parent


class ViewCounters:
    """The view counters on one page. ``properties``: what :func:`find_properties` found on it."""

    def __init__(
        self, outline: Outline, data: LinkedData, language: str | None, properties: Sequence[etree._Element]
    ) -> None:
        self.outline = outline
        self.data = data
        self.language = language
        self._texts: list[_Run] = []
        self._nodes: list[etree._Element] = []
        self._marked = [element for element in properties if _has_number(element)][:MAX_STATISTICS]
        self.visible = (*self._visible(), *self._attributed())
        """The counters in texts and attributes."""
        self.own = self._stated() or self._choose(self.visible)
        """The counter of the article; ``None`` if there is none, or if it is not certain."""

    def remove(self, omissions: Omissions | None = None) -> None:
        """Take the texts of all counters out of the tree, so that none becomes part of the body."""
        for run in self._texts:
            if omissions is not None:
                omissions.add(VIEW_COUNTER, (run.element.tail if run.is_tail else run.element.text) or "")
            if run.is_tail:
                run.element.tail = None
            else:
                run.element.text = None
        for node in self._nodes:
            if omissions is not None:
                omissions.add_element(VIEW_COUNTER, node)
            for inner in node.iter():
                inner.text = None
                if inner is not node:
                    inner.tail = None

    # ------------------------------------------------------------------------------------------------ structured data

    def _stated(self) -> ViewCounter | None:
        article = self.data.article
        pages = [page for page in self.data.resolved(article.get("mainEntityOfPage")) if isinstance(page, dict)]
        counts = {count for node in (article, *pages) for count in _counts_of(node, self.data)}
        counts = counts or set(self._microdata())
        return ViewCounter(str(count := counts.pop()), count, "structured_data") if len(counts) == 1 else None

    def _microdata(self) -> Iterator[int]:
        for element in self._marked:
            if element.get("itemprop") not in _COUNT_PROPERTIES:
                continue
            value = element.get("content") or short_text(element, MAX_COUNTER_LENGTH) or ""
            scopes = [node for node in element.iterancestors() if node.get("itemtype")]
            if element.get("itemprop") == "userInteractionCount":
                statistic = next(element.iterancestors(), None)
                while statistic is not None and statistic.get("itemscope") is None:
                    statistic = statistic.getparent()
                if statistic is None or not any(map(_is_view_type, islice(statistic.iter(), MAX_STATISTICS))):
                    continue
                scopes = [node for node in scopes if node is not statistic]
                count = parse_bare_count(value, None)
            else:
                count = _visits(value)
            scope = scopes[0].get("itemtype") or "" if scopes else "Article"
            if count and _ARTICLE_SCOPE.search(scope) and self._place_of(element) is not None:
                yield count

    # --------------------------------------------------------------------------------------------------- visible text

    def _visible(self) -> Iterator[PlacedCounter]:
        for run in islice(self._runs(), MAX_RUNS):
            counter = None
            if may_be_counter(run.text):
                counter = find_counter(run.text, self.language)
                if is_counter_line(run.text):
                    self._texts.append(run)
            elif (count := parse_bare_count(run.text, self.language)) is not None:
                counter = self._named_counter(run, count)
            if counter is not None and (place := self._place_of(run.holder, run.position)) is not None:
                yield PlacedCounter(counter, place)

    def _runs(self) -> Iterator[_Run]:
        """The short texts with a number, in order."""
        for position in self.outline.numbered:
            element = self.outline.elements[position]
            text = element.text
            if text and len(text) <= MAX_SOURCE_LENGTH and _DIGIT.search(text) and element.tag not in _UNREAD_TAGS:
                yield from _short_run(_Run(position, element, is_tail=False, text=text))
            text = element.tail
            if text and len(text) <= MAX_SOURCE_LENGTH and _DIGIT.search(text):
                yield from _short_run(_Run(position, element, is_tail=True, text=text))

    def _named_counter(self, run: _Run, count: int) -> Counter | None:
        """The counter whose number is all of a text, if something beside or around it names it."""
        own = Counter(run.text, count, is_label_first=True)
        before = run.element if run.is_tail else run.element.getprevious()
        if before is not None and (run.is_tail or not (before.tail or "").strip()) and _is_eye(before):
            self._texts.append(run)
            return own
        node: etree._Element | None = run.holder
        for _ in range(LEVELS_AROUND):
            if node is None or node.tag in ("body", "html", "main", "article"):
                return None
            whole = short_text(node, MAX_COUNTER_LENGTH)
            if whole is None:
                return None
            if whole != run.text and whole not in (f"{eye} {run.text}" for eye in EYES):
                found = find_counter(whole, self.language)
                if found is not None and found.views and is_counter_line(whole):
                    self._nodes.append(node)
                return found
            if self._is_named(node) or any(map(_is_eye, islice(node.iter(*_ICON_TAGS), MAX_ICONS))):
                self._texts.append(run)
                return own
            node = node.getparent()
        return None

    def _is_named(self, node: etree._Element) -> bool:
        if _has_view_name(node):
            return True
        for name in _LABEL_ATTRIBUTES:
            value = (node.get(name) or "")[: MAX_COUNTER_LENGTH + 1]
            if value and (label_languages(value) or find_counter(value, self.language)):
                return True
        return False

    def _attributed(self) -> Iterator[PlacedCounter]:
        """Numbers in attributes such as ``data-views``."""
        for element in self._marked:
            value = element.get(NUMBER_ATTRIBUTES[0]) or element.get(NUMBER_ATTRIBUTES[1]) or ""
            count = int(value) if value.isascii() and value.isdecimal() and len(value) <= 10 else 0
            if count and (place := self._place_of(element)) is not None:
                yield PlacedCounter(Counter(value, count, is_label_first=True), place)

    # --------------------------------------------------------------------------------------------------------- choice

    def _place_of(self, element: etree._Element, position: int | None = None) -> Place | None:
        """The place of a counter; ``None`` for one that is not the article's own."""
        if element in self.outline.level and position is None:
            return Place.HEAD
        place = self.outline.place_of(element, position)
        return None if place is Place.ASIDE or self._is_teaser(element) else place

    def _is_teaser(self, element: etree._Element) -> bool:
        """Whether an element stands in a small box with a link to another page."""
        node: etree._Element | None = element
        for _ in range(LEVELS_OF_TEASER):
            if node is None or node in self.outline.level or short_text(node, MAX_TEASER_LENGTH) is None:
                return False
            links = islice(node.iter("a"), MAX_ICONS)
            texts = (short_text(link, MAX_TEASER_LENGTH) or "" for link in links if link.get("href"))
            if any(len(text) >= MIN_LINK_LENGTH and fold(text) != self.outline.headline for text in texts):
                return True
            node = node.getparent()
        return False

    def _choose(self, candidates: Sequence[PlacedCounter]) -> ViewCounter | None:
        """The counter nearest to the headline; ``None`` if several there differ."""
        for place in (Place.HEAD, Place.END, Place.TEXT, Place.ELSEWHERE):
            found = [candidate.counter for candidate in candidates if candidate.place is place]
            if place is Place.TEXT:
                found = [counter for counter in found if counter.is_label_first]
            if place is Place.ELSEWHERE and len(found) > 1:
                return None
            if found:
                best = max(found, key=lambda counter: (counter.views % 100 != 0, len(counter.shown)))
                same = all(abs(counter.views - best.views) <= _rounding(counter) for counter in found)
                return ViewCounter(best.shown, best.views, "text") if same else None
        return None


def _has_number(element: etree._Element) -> bool:
    return element.get("itemprop") in _COUNT_PROPERTIES or any(element.get(name) for name in NUMBER_ATTRIBUTES)


def _short_run(run: _Run) -> Iterator[_Run]:
    line = clean_inline(run.text)
    if len(line) <= MAX_COUNTER_LENGTH:
        yield run._replace(text=line)


def _rounding(counter: Counter) -> float:
    """By how much the exact count may differ from a counter: nothing, unless it has a scale."""
    return MAX_ROUNDING * counter.views if counter.views % 100 == 0 else 0


def _counts_of(node: Mapping[str, Any], data: LinkedData) -> Iterator[int]:
    pending = [*data.resolved(node.get("interactionStatistic"))][:MAX_STATISTICS]
    for item in pending:
        if isinstance(item, list):
            if len(pending) < MAX_STATISTICS:
                pending += item
        elif isinstance(item, dict) and _is_view_action(item.get("interactionType")):
            value = item.get("userInteractionCount", item.get("interactionCount"))
            if (count := parse_bare_count(str(value), None) if isinstance(value, str | int) else None) is not None:
                yield count
    for value in data.resolved(node.get("interactionCount"))[:MAX_STATISTICS]:
        if isinstance(value, str) and (count := _visits(value)):
            yield count


def _is_view_action(kind: Any) -> bool:
    if isinstance(kind, list):
        return any(map(_is_view_action, kind[:MAX_ICONS]))
    if isinstance(kind, dict):
        return any(isinstance(kind.get(key), str) and _is_view_action(kind[key]) for key in ("@type", "@id", "name"))
    return isinstance(kind, str) and _VIEW_ACTION.match(kind.strip()) is not None


def _is_view_type(element: etree._Element) -> bool:
    if element.get("itemprop") != "interactionType":
        return False
    return any(_is_view_action(element.get(name)) for name in ("content", "href", "itemtype"))


def _visits(value: str) -> int | None:
    match = _VISITS.match(value.strip())
    return parse_bare_count(match[1], None) if match else None


def _is_eye(element: etree._Element) -> bool:
    """Whether an element is the icon of a view counter: an eye, or one that is called so."""
    text = short_text(element, MAX_COUNTER_LENGTH)
    if text is None or (text and text not in _ICON_TEXTS):
        return False
    if text:
        return True
    for icon in islice(element.iter(*_ICON_TAGS), MAX_ICONS):
        names = [icon.get("class"), icon.get("id"), icon.get("data-icon"), icon.get("data-lucide")]
        urls = (icon.get(name) or "" for name in ("src", "href", "{http://www.w3.org/1999/xlink}href", "xlink:href"))
        names += [_SLASH.split(url[-MAX_NAMES_LENGTH:])[-1].partition(".")[0] for url in urls if url]
        if any(_names_views(name[:MAX_NAMES_LENGTH]) for name in names if name):
            return True
        if any(label_languages(icon.get(name) or "") for name in _LABEL_ATTRIBUTES if icon.get(name)):
            return True
    return False


def _has_view_name(element: etree._Element) -> bool:
    names = f"{element.get('class', '')} {element.get('id', '')}"
    return len(names) > 1 and _names_views(names[:MAX_NAMES_LENGTH])


@lru_cache(maxsize=4096)
def _names_views(names: str) -> bool:
    """Whether one of an element's names says that it is a view counter."""
    parts = {part.lower() for part in _PART.findall(names)}
    return parts.isdisjoint(_FOREIGN_WORDS) and any(_is_view_name(name) for name in names.split())


def _is_view_name(name: str) -> bool:
    if _DRUPAL_VIEW.match(name):
        return False
    words = [part.lower() for part in _PART.findall(name)]
    if len(words) > 1 and len(words[0]) <= MAX_PREFIX_LENGTH and words[0] not in _NO_PREFIXES:
        del words[0]
    parts = frozenset(words)
    strong, weak = parts & _VIEW_WORDS, parts & _WEAK_VIEW_WORDS
    if not parts <= _VIEW_WORDS | _WEAK_VIEW_WORDS | _OTHER_WORDS:
        return False
    return bool(strong) or (bool(weak) and (parts == weak or not parts.isdisjoint(_COUNT_WORDS)))
