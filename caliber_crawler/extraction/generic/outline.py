"""Where an element of a page stands: near the headline, behind the text, or in a part that is not the article."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from enum import IntEnum
from functools import cached_property, lru_cache
from itertools import islice

from lxml import etree

from caliber_crawler.extraction.dates.printed import find_printed_dates
from caliber_crawler.extraction.text import clean_inline, fold, is_as_long
from caliber_crawler.extraction.tree import text_of

MIN_PROSE_LENGTH = 100
MIN_PROSE_SIGNS = 34
"""The same in Chinese, Japanese or Korean characters."""
MIN_SAMPLE_TEXT, MIN_SAMPLE, MAX_SAMPLE = 30, 300, 3000
MAX_LEAD = 2
"""Long texts between the headline and its date: the subtitle, a summary."""
MAX_PROSE_SHARE = 0.3
"""A part that contains more of the page's text than this is the article, whatever its name."""
LEVELS_OF_HEAD = 5
LEVELS_OF_ARTICLE = 5
MIN_SHARE_OF_MAIN = 0.5
LEVELS_OF_FOOTER = 3
MAX_WITHOUT_HEADING = 40
"""Elements between a date and the first long text on a page without a headline."""
MAX_LINKS_OF_HEAD = 3
MAX_LEVELS_BEFORE = 4
"""A date above the headline belongs to it within this number of elements around the headline."""
MAX_TEASER_LENGTH = 400
MAX_SHORT_ELEMENTS = 100
MAX_SPACE = 10
"""White space makes a source longer than its text, up to this number of times."""
MIN_TEASER_WORDS, MIN_TEASER_LENGTH = 5, 40
LEVELS_OF_TEASER = 4
UNREAD_TAGS = frozenset(("script", "style", "noscript", "template", "svg", "select", "option", "textarea", "iframe"))
"""Elements whose text no visitor reads."""
_FOREIGN_TAGS = frozenset(("nav", "dialog", "noscript", "template", "select", "iframe", "marquee"))
# Parts of other pages and of the site, wherever they stand.
_FOREIGN_WORDS_TEXT = """
related recommended recommendation recommendations ticker breaking trending popular mostread latest promo promos
upcoming event events calendar weather copyright carousel swiper marquee today currentdate clock menu nav navbar
navigation megamenu cookie cookies ad ads pagination prev previous next popup modal recent lastnews morenews
commentlist reply replies respond disqus
"""
_FOREIGN_WORDS = frozenset(_FOREIGN_WORDS_TEXT.split())
_NAVIGATION = re.compile(r"(?<![a-z])(?:menu|nav|navbar|navigation|prev|previous|next)(?![a-z])", re.IGNORECASE)
# Words that are also used for parts of an article's head: "teaser-meta", "comments-and-date", "sidebar-left".
_ASIDE_WORDS_TEXT = """
newsletter slider comment comments sidebar teaser teasers footer topbar bio tooltip rail tags
"""
_ASIDE_WORDS = frozenset(_ASIDE_WORDS_TEXT.split())
_PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_DIGIT = re.compile(r"[\d〇零]")  # in Chinese, a year may have no other digits
_ARTICLE_NAME = re.compile(r"(?:^|[\s_-])(?:article|post|story|news|entry|single)(?:$|[\s_-])", re.IGNORECASE)
MAX_NAMES_LENGTH = 300
MAX_NUMBERED_LENGTH = 1000
"""Characters of a text that may be a date or a counter."""


class Place(IntEnum):
    """Where an element stands; lower is nearer to the headline."""

    HEAD = 0
    """Between the headline and the first paragraph, or directly above the headline."""
    END = 1
    """Behind the text, in the element that contains the headline and the text."""
    TEXT = 2
    """Between paragraphs of the text."""
    ELSEWHERE = 3
    """Outside the article."""
    ASIDE = 4
    """In a part of the page that is not the article: comments, teasers, sidebar, the site's header."""


def _is_of_article(header: etree._Element) -> bool:
    """Return whether a ``header`` beside the headline is the article's: it has no navigation, form or list of links."""
    parent = header.getparent()
    parts = list(islice(header.iter("a", "nav", "form", "ul"), MAX_LINKS_OF_HEAD + 1))
    is_small = len(parts) <= MAX_LINKS_OF_HEAD and all(part.tag == "a" for part in parts)
    return parent is not None and parent.tag not in ("body", "html") and is_small


class Outline:
    """The order and the parts of one page. The tree must not change while it is used."""

    def __init__(self, root: etree._Element, headline: str | None) -> None:
        self.root = root
        self.heading = self._find_heading(headline)
        self.headline = fold(headline or "")
        around = [] if self.heading is None else [self.heading, *self.heading.iterancestors()]
        self.level = {element: number for number, element in enumerate(around)}
        self._asides: dict[etree._Element, tuple[bool, bool]] = {}

    @cached_property
    def elements(self) -> list[etree._Element]:
        """All elements, in order."""
        return list(self.root.iter(etree.Element))

    @cached_property
    def position(self) -> dict[etree._Element, int]:
        return {element: number for number, element in enumerate(self.elements)}

    def release(self) -> None:
        """Forget the elements. Must be called before some are removed from the tree.

        lxml searches a removed part for other references each time that a reference to one of its elements ends.
        """
        for name in ("elements", "position"):
            vars(self).pop(name, None)
        self._asides.clear()

    def _find_heading(self, headline: str | None) -> etree._Element | None:
        """The heading with the headline's text, else the first ``h1``."""
        headings = list(self.root.iter("h1"))
        title = fold(headline or "")
        if title and (len(headings) != 1 or fold(text_of(headings[0])) != title):
            others = self.root.iter("h2", "h3", "h4")
            same = (heading for heading in (*headings, *others) if fold(text_of(heading)) == title)
            return next(same, headings[0] if headings else None)
        return headings[0] if headings else None

    @cached_property
    def prose(self) -> list[int]:
        """Positions of the elements with long text, in order."""
        body = next(self.root.iter("body"), None)
        head = self.position[body] if body is not None else -1
        long, _ = self._texts
        return [number for number in long if number > head]

    @property
    def numbered(self) -> list[int]:
        """Positions of the elements in which or behind which a text has a digit, except very long texts; in order."""
        return self._texts[1]

    @cached_property
    def _texts(self) -> tuple[list[int], list[int]]:
        """The positions of elements with long text, and with numbers, from one pass over the page."""
        long, numbered = [], []
        has_digit = _DIGIT.search
        for number, element in enumerate(self.elements):
            text, tail = element.text or "", element.tail or ""
            if len(text) >= MIN_PROSE_SIGNS or len(tail) >= MIN_PROSE_SIGNS:
                if _is_long(tail) or (element.tag not in UNREAD_TAGS and _is_long(text)):
                    long.append(number)
            elif text.isspace() and tail.isspace():  # the blanks between most elements
                continue
            if (len(text) <= MAX_NUMBERED_LENGTH and has_digit(text)) or (
                len(tail) <= MAX_NUMBERED_LENGTH and has_digit(tail)
            ):
                numbered.append(number)
        return long, numbered

    @cached_property
    def sample(self) -> str:
        """Text of the page for the detection of its language: paragraphs, else any long text."""
        return " ".join(self.samples)

    @cached_property
    def samples(self) -> list[str]:
        """The texts of the sample."""
        for tags in (("p",), ("div", "span", "li", "td", "article", "section", "p")):
            texts: list[str] = []
            length = 0
            for element in self.root.iter(*tags):
                if (text := element.text) and len(text) >= MIN_SAMPLE_TEXT:
                    texts.append(" ".join(text.split()))
                    length += len(texts[-1])
                    if length >= MAX_SAMPLE:
                        break
            if length >= MIN_SAMPLE:
                break
        return texts

    @cached_property
    def head(self) -> range:
        """The positions in which :meth:`place_of` can be ``HEAD``."""
        first = 0
        if self.heading is not None:
            around = [node for node in self.level if node.tag not in ("body", "html")]
            first = self.position[around[: MAX_LEVELS_BEFORE + 1][-1]] if around else self.position[self.heading]
        below = bisect_right(self.prose, self._last_of_heading)
        return range(
            first, self.prose[below + MAX_LEAD] + 1 if below + MAX_LEAD < len(self.prose) else len(self.elements)
        )

    @cached_property
    def main(self) -> etree._Element | None:
        """The smallest element that contains the headline and at least half of the text."""
        if self.heading is None:
            return None
        for element in self.level:
            start = self.position[element]
            if 2 * self._prose_between(start - 1, self._end(element)) >= len(self.prose):
                return element
        return None

    @cached_property
    def article(self) -> etree._Element | None:
        """The largest element around the article that has no other long text and is named as an article.

        Without a headline, the ``article`` with most of the text. It also contains the boxes beside the text, such as
        one with the author and the date.
        """
        if self.main is None:
            articles = self.root.iter("article")
            return next((node for node in articles if self.prose and self._prose_share(node) > MIN_SHARE_OF_MAIN), None)
        found = None if self.main.tag in ("body", "html") else self.main
        prose = self._prose_between(self.position[self.main] - 1, self._end(self.main))
        for node in islice(self.main.iterancestors(), LEVELS_OF_ARTICLE):
            if (
                node.tag in ("body", "html")
                or self._prose_between(self.position[node] - 1, self._end(node)) > prose + MAX_LEAD
            ):
                break
            if node.tag == "article" or _ARTICLE_NAME.search(f"{node.get('class', '')[:MAX_NAMES_LENGTH]}"):
                found = node
        return found

    def _end(self, element: etree._Element) -> int:
        """The position of the first element after this one and its contents."""
        following: etree._Element | None = element
        while following is not None:
            after = following.getnext()
            if after is not None and after in self.position:
                return self.position[after]
            following = following.getparent()
        return len(self.elements)

    def _prose_between(self, first: int, last: int) -> int:
        return bisect_left(self.prose, last) - bisect_right(self.prose, first)

    def place_of(self, element: etree._Element, position: int | None = None) -> Place:
        """Return where an element stands, or a text directly in it that begins at a position."""
        position = self.position.get(element, 0) if position is None else position
        start = self.position[self.heading] if self.heading is not None else -1
        lead = self._prose_between(self._last_of_heading, position)
        in_head = position >= start and lead <= MAX_LEAD and lead < max(1, len(self.prose))
        is_beside = self._is_beside(element, position, start, in_head=in_head)
        if self._is_aside(element, foreign=is_beside):
            return Place.ASIDE
        if self.heading is None:
            return Place.HEAD if in_head else Place.ELSEWHERE
        if position < start:
            if (outside := self._place_before_article(element)) is not None:
                return outside
            near = self.level_of(element) <= MAX_LEVELS_BEFORE and not self._prose_between(position, start)
            return Place.HEAD if near else Place.ELSEWHERE
        if in_head:
            return Place.HEAD
        if self.main is None or self.main not in element.iterancestors():
            return Place.ELSEWHERE
        return Place.TEXT if self._prose_between(position, self._end(self.main)) else Place.END

    def is_above_headline(self, position: int) -> bool:
        return self.heading is not None and position < self.position[self.heading]

    def is_headline(self, element: etree._Element) -> bool:
        """Return whether an element is the headline, or part of it."""
        return self.heading is not None and (element is self.heading or self.heading in element.iterancestors())

    def is_in_figure(self, element: etree._Element) -> bool:
        return any(node.tag in ("figure", "figcaption") for node in (element, *element.iterancestors()))

    def is_below_prose(self, position: int) -> bool:
        """Return whether long texts stand between the headline and a position."""
        return self._prose_between(self._last_of_heading, position) > 0

    @cached_property
    def _last_of_heading(self) -> int:
        return self._end(self.heading) - 1 if self.heading is not None else -1

    def level_of(self, element: etree._Element) -> int:
        """The number of elements around the headline up to the first that contains this element."""
        around = (element, *element.iterancestors())
        return next((self.level[node] for node in around if node in self.level), len(self.level))

    def _is_beside(self, element: etree._Element, position: int, start: int, *, in_head: bool) -> bool:
        """Return whether an element is so near to the headline that the name of a box around it does not matter."""
        if self.heading is None:
            return bool(self.prose) and 0 <= self.prose[0] - position <= MAX_WITHOUT_HEADING
        if position < start:
            return self.level_of(element) <= 2
        return in_head and self.level_of(element) <= LEVELS_OF_HEAD

    def _place_before_article(self, element: etree._Element) -> Place | None:
        """Return the place of an element above the headline that stands in the site's header."""
        if element in self.level:
            return None
        around = self.heading.getparent() if self.heading is not None else None
        for node in element.iterancestors():
            if node in self.level:
                return Place.ELSEWHERE if node.tag in ("body", "html") and around is not node else None
            if node.tag == "header":
                return None if node.getparent() is around and _is_of_article(node) else Place.ASIDE
        return None

    def _is_aside(self, element: etree._Element, *, foreign: bool = False) -> bool:
        """Return whether an element is in a part that is not the article; ``foreign``: in one that never is."""
        path = []
        node: etree._Element | None = element
        while node is not None and node not in self._asides and node not in self.level:
            path.append(node)
            node = node.getparent()
        found = self._asides.get(node, (False, False)) if node is not None else (False, False)
        for node in reversed(path):
            own = self._aside_root(node) if not found[1] else (True, True)
            if any(own) and self.prose and self._prose_share(node) > MAX_PROSE_SHARE:
                own = (False, False)
            found = self._asides[node] = (found[0] or own[0], found[1] or own[1])
        return found[1] if foreign else any(found)

    def _prose_share(self, element: etree._Element) -> float:
        return self._prose_between(self.position[element] - 1, self._end(element)) / len(self.prose)

    def _aside_root(self, element: etree._Element) -> tuple[bool, bool]:
        """Return whether an element begins a part that is not the article, and whether that is certain."""
        if element.tag in _FOREIGN_TAGS:
            return True, True
        if element.tag in ("body", "html", "main", "article"):
            return False, False
        if element.tag == "footer" and self.level_of(element) > LEVELS_OF_FOOTER:
            return True, True
        names = f"{element.get('class', '')} {element.get('id', '')}"
        called, certain = aside_names(names[:MAX_NAMES_LENGTH]) if len(names) > 1 else (False, False)
        if certain and element.find(".//a") is None and not any(aside_names(_without_navigation(names))):
            return False, False
        return called or element.tag in ("aside", "figure", "figcaption"), certain

    def is_teaser(self, element: etree._Element, *, anywhere: bool = False) -> bool:
        """Return whether an element stands beside a link that is long enough to be the headline of another page.

        Near the article's own headline such a link must be very near; ``anywhere``: it need not.
        """
        levels = LEVELS_OF_TEASER
        if not anywhere and self.level_of(element) <= LEVELS_OF_HEAD:
            levels = 1 + next((n for n, node in enumerate(element.iterancestors(), start=1) if node.tag == "li"), 0)
        node = element
        for _ in range(min(levels, LEVELS_OF_TEASER)):
            if node in self.level or node.tag in ("body", "main"):
                return False
            if short_text(node, MAX_TEASER_LENGTH) is None:
                return False
            if any(self._is_headline_link(link) for link in node.iter("a")):
                return True
            parent = node.getparent()
            if parent is None:
                return False
            node = parent
        return False

    def _is_headline_link(self, link: etree._Element) -> bool:
        if not link.get("href"):
            return False
        text = short_text(link, MAX_TEASER_LENGTH) or ""
        if find_printed_dates(text):
            return False
        is_long = len(text.split()) >= MIN_TEASER_WORDS or len(text) >= MIN_TEASER_LENGTH
        return is_long and fold(text) != self.headline


def short_text(element: etree._Element, longest: int) -> str | None:
    """Return the text of an element as one clean line; ``None`` for a long one, in bounded time."""
    if next(islice(element.iter(), MAX_SHORT_ELEMENTS, None), None) is not None:
        return None
    pieces = [text for text in element.itertext() if isinstance(text, str)]
    if sum(map(len, pieces)) > MAX_SPACE * longest:
        return None
    text = clean_inline(" ".join(pieces))
    return text if len(text) <= longest else None


def _is_long(text: str) -> bool:
    if len(text) < MIN_PROSE_LENGTH and (len(text) < MIN_PROSE_SIGNS or text.isascii()):
        return False
    return is_as_long(" ".join(text.split()), MIN_PROSE_LENGTH)


@lru_cache(maxsize=1024)
def _without_navigation(names: str) -> str:
    """The names of an element without words for navigation: without a link, it is none ("news_nav": a date)."""
    return _NAVIGATION.sub(" ", names[:MAX_NAMES_LENGTH])


@lru_cache(maxsize=8192)
def aside_names(names: str) -> tuple[bool, bool]:
    # Names with digits are made by programs, and their letters mean nothing ("u6aAD").
    if names.isascii() and names.islower():
        parts = names.replace("-", " ").replace("_", " ").split()
    else:
        words = " ".join(name for name in re.split(r"[\s_-]+", names) if name.isalpha())
        parts = [part.lower() for part in _PART.findall(words)]
    certain = not _FOREIGN_WORDS.isdisjoint(parts) or ("widget" in names.split() and "elementor" not in names)
    return certain or not _ASIDE_WORDS.isdisjoint(parts), certain
