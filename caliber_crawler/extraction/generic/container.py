"""The article's container on a page of unknown layout, and all of its text.

Extraction libraries judge every paragraph and drop lists, tables and sections that look unusual. This reader works the
other way round: it searches the element that contains the article, by what the libraries agree on and where the prose
is, and takes everything in it except links to other pages and parts that are named as something else.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Container, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from lxml import etree

from caliber_crawler.extraction.generic.inline_elements import INLINE
from caliber_crawler.extraction.generic.outline import aside_names
from caliber_crawler.extraction.generic.pruning import is_text, names_of
from caliber_crawler.extraction.lines import LISTS
from caliber_crawler.extraction.omissions import ASIDE, COMMENT, HIDDEN, LINKS, NOT_PARAGRAPH, OUTSIDE, TEASER
from caliber_crawler.extraction.text import SENTENCE_MARKS, clean_inline, is_as_long

BREAK = "\n"
MIN_PROSE_LENGTH = 80
MIN_MATCH_LENGTH, MATCHED_LENGTH = 30, 60
"""A block of at least this many characters is looked up in a reading, by its first characters."""
MAX_SEARCHED = 20_000_000
"""Characters of a reading that are searched for blocks that begin within a line, together."""
MIN_CONTAINER_SHARE = 0.55
"""A container holds more than this share of the prose of the element around it."""
MIN_PART_SHARE = 0.15
"""Share of the prose in paragraphs beside the largest container, or in containers of its kind, that belongs to it."""
MAX_LINKED_SHARE = 0.6
MAX_ASIDE_SHARE = 0.5
"""A part with more than this share of the prose that all readers have is the article, whatever its name."""
MAX_LINK_LENGTH = 60
MAX_CARD_LENGTH, MIN_TITLE_LENGTH = 600, 20
MIN_ALIKE = 2
MIN_USUAL_SHARE = 0.8
MIN_AGREED_SHARE = 0.3
_WEIGHTS = (0.25, 0.4, 1.0)
"""The weight of prose that no reading, one or both of them have."""
_SENTENCE_ENDS = tuple(f"{SENTENCE_MARKS}»”\"’':;)")
_UNSEEN_TEXT = "script style template noscript textarea iframe object head svg select button title"
_UNSEEN = frozenset(_UNSEEN_TEXT.split())
_INLINE = INLINE | {"br", "code", "ins", "img", "wbr", "picture", "source"}
_CELLS = frozenset(("td", "th"))
_ASIDE_TAGS = frozenset(("nav", "footer", "aside", "form", "dialog", "menu"))
_NAMED_TAGS = frozenset(("div", "section", "ul", "ol", "header"))
_ASIDE_WORDS = frozenset(
    ("footer", "sidebar", "nav", "navbar", "menu", "megamenu", "respond", "cookie", "banner", "masthead")
)
_URL = re.compile(r"https?://\S+")
_PARAGRAPHS = frozenset(("p", "li", "td", "blockquote", "dd"))
_PARTS = frozenset(("p", "ul", "ol", "h2", "h3", "blockquote", "table", "pre"))
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_TEXT_TAGS = _HEADINGS | _PARAGRAPHS | {"dt", "pre", "th", "tr", "ins"}
_LINK_LISTS = frozenset(("div", "ul", "ol", "section", "nav", "table", "header", "footer"))
_LINK_HOLDERS = frozenset(("li", "p", "td", "h2", "h3", "h4"))


class Block(NamedTuple):
    """A run of text between the borders of blocks."""

    text: str
    linked: int
    """Characters in links."""
    node: int
    """The position of the block element around it."""


class Blocks:
    """The blocks of text of a page, and the block elements around them, each a number with the number of its parent."""

    def __init__(self, root: etree._Element) -> None:
        body = root.find("body")
        self.elements: list[etree._Element] = []
        self.tags: list[str] = []
        self.parents: list[int] = []
        self.blocks: list[Block] = list(self._walk(root if body is None else body))

    def _walk(self, body: etree._Element) -> Iterator[Block]:
        parts: list[str] = []
        linked = unseen = links = 0
        node = -1
        holder = 0

        def finished() -> Block | None:
            nonlocal linked
            text = clean_inline("".join(parts)).strip("| ") if parts else ""
            block = Block(text, min(linked, len(text)), holder) if text else None
            parts.clear()
            linked = 0
            return block

        for event, element in etree.iterwalk(body, events=("start", "end")):
            tag = element.tag
            starts = event == "start"
            if tag in _UNSEEN:
                unseen += 1 if starts else -1
            if unseen:
                continue
            if tag not in _INLINE and tag not in _UNSEEN:
                if parts and tag not in _CELLS and (block := finished()):
                    yield block
                if starts:
                    if tag in _CELLS and parts:
                        parts.append(" | ")
                    self.parents.append(node)
                    node = len(self.elements)
                    self.elements.append(element)
                    self.tags.append(str(tag))
                else:
                    node = self.parents[node]
            elif tag == "a":
                links += 1 if starts else -1
            elif tag == "br" and starts and parts:
                # Two line breaks end a paragraph.
                if parts[-1] == BREAK and (block := finished()):
                    yield block
                else:
                    parts.append(BREAK)
            text = element.text if starts else element.tail if element is not body else None
            if text and not (text.isspace() and (not parts or parts[-1] == BREAK)):
                if not parts:
                    holder = node
                parts.append(text)
                if links:
                    linked += len(text.strip())
        if block := finished():
            yield block

    def around(self, node: int) -> Iterator[etree._Element]:
        """An element and those around it."""
        while node >= 0:
            yield self.elements[node]
            node = self.parents[node]

    def sums(self, values: Sequence[float]) -> list[float]:
        """The sum over all blocks of each element, given one value for each block."""
        totals = [0.0] * len(self.elements)
        for block, value in zip(self.blocks, values, strict=True):
            totals[block.node] += value
        for number in range(len(totals) - 1, 0, -1):
            totals[self.parents[number]] += totals[number]
        return totals

    def spread(self, marked: Sequence[bool]) -> list[bool]:
        """The elements that are marked or inside a marked one."""
        inside = list(marked)
        if True in inside:
            for number, parent in enumerate(self.parents):
                if parent >= 0 and inside[parent]:
                    inside[number] = True
        return inside


Account = list[tuple[str, str | None]]
"""The text of each block of a page, and why it is not in the container's text; ``None`` if it is."""


def read_container(
    root: etree._Element, readings: Sequence[Sequence[str]], account: Account | None = None
) -> list[str]:
    """Return the blocks of the article's container, given what two libraries read on the same pruned page.

    ``account`` collects every block of the page.
    """
    page = Blocks(root)
    if not page.blocks:
        return []
    votes = _votes(page.blocks, readings)
    named = [_is_named_aside(tag, element) for tag, element in zip(page.tags, page.elements, strict=True)]
    beside = page.spread(named)
    weights = _weights(page.blocks, votes, len(readings), beside)
    asides = page.spread(_asides(page, named, page.sums(weights)))
    for number, block in enumerate(page.blocks):
        if asides[block.node] and votes[number] < len(readings):
            weights[number] = 0.0
    container = _find_container(page, page.sums(weights))
    length = page.sums([len(block.text) for block in page.blocks])
    linked = page.sums([block.linked for block in page.blocks])
    lists = page.spread(
        [
            number > container
            and tag in _LINK_LISTS
            and linked[number] > MAX_LINKED_SHARE * length[number] > 0
            and not (tag in LISTS and is_text(page.elements[number]))
            for number, tag in enumerate(page.tags)
        ]
    )
    inside = page.spread([number == container for number in range(len(page.elements))])
    cards = page.spread(_cards(page, length))
    foreign = [aside or listed or card for aside, listed, card in zip(asides, lists, cards, strict=True)]
    own = [within and not other for within, other in zip(inside, foreign, strict=True)]
    kinds = _kinds_of_prose(page, own)
    held = _holder_tags(page, own)

    def part_of(node: int) -> str:
        return ASIDE if asides[node] else LINKS if lists[node] else TEASER

    kept = []
    for block, vote in zip(page.blocks, votes, strict=True):
        node, element = block.node, page.elements[block.node]
        cause = None
        if _is_machine_text(block, element):
            cause = HIDDEN
        elif element.tag not in held and not (vote and _is_prose(block)):
            cause = part_of(node) if foreign[node] else NOT_PARAGRAPH if inside[node] else OUTSIDE
        elif vote != len(readings):
            if foreign[node]:
                cause = part_of(node)
            elif not (inside[node] or (vote and _is_prose(block) and _kinds(page, node) in kinds)):
                cause = OUTSIDE
            elif _is_lone_link(block, element):
                cause = LINKS
        if cause is None:
            kept.append(block.text)
        if account is not None:
            is_comment = cause == ASIDE and any(map(_is_comment, page.around(node)))
            account.append((block.text, COMMENT if is_comment else cause))
    return kept


def _holder_tags(page: Blocks, inside: Sequence[bool]) -> Container[str]:
    """The tags of the elements that hold the text of a container: any, unless its prose is in paragraphs.

    Beside paragraphs, the text of other boxes is captions, credits and buttons.
    """
    lengths = Counter(page.elements[block.node].tag for block in page.blocks if inside[block.node] and _is_prose(block))
    in_paragraphs = sum(length for tag, length in lengths.items() if tag in _TEXT_TAGS)
    return _TEXT_TAGS if in_paragraphs >= MIN_USUAL_SHARE * lengths.total() else frozenset(page.tags)


def _cards(page: Blocks, length: Sequence[float]) -> list[bool]:
    """Return which elements are teasers: a box whose heading is a link, with little text below it."""
    found = [False] * len(page.elements)
    for block in page.blocks:
        if block.linked >= 0.9 * len(block.text) and page.elements[block.node].tag in _HEADINGS:
            parent = page.parents[block.node]
            if parent > 0 and length[parent] <= MAX_CARD_LENGTH and len(block.text) >= MIN_TITLE_LENGTH:
                found[parent] = True
    return found


def _kinds(page: Blocks, node: int) -> tuple[tuple[str, str], tuple[str, str]]:
    parent = page.parents[node]
    return _kind(page.elements[node]), _kind(page.elements[parent]) if parent >= 0 else ("", "")


def _kinds_of_prose(page: Blocks, inside: Sequence[bool]) -> set[tuple[tuple[str, str], tuple[str, str]]]:
    """The kinds of the elements with prose in the container, where a class name tells them from others."""
    kinds = Counter(_kinds(page, block.node) for block in page.blocks if inside[block.node] and _is_prose(block))
    return {kind for kind, number in kinds.items() if number >= MIN_ALIKE and kind[1][1]}


class Lookup:
    """Looks up blocks in a reading, by their first characters."""

    def __init__(self, reading: Sequence[str]) -> None:
        self._lines = frozenset(reading)
        self._starts = frozenset(line[:MATCHED_LENGTH] for line in reading)
        self._whole = BREAK.join(reading)
        self._budget = MAX_SEARCHED

    def __contains__(self, block: str) -> bool:
        if block in self._lines:
            return True
        if len(block) < MIN_MATCH_LENGTH and not is_as_long(block, MIN_MATCH_LENGTH):
            return False
        start = block[:MATCHED_LENGTH]
        if start in self._starts:
            return True
        self._budget -= len(self._whole)
        return self._budget > 0 and start in self._whole


def _votes(blocks: Sequence[Block], readings: Sequence[Sequence[str]]) -> list[int]:
    lookups = [Lookup(reading) for reading in readings]
    return [
        sum(block.text in lookup for lookup in lookups if is_as_long(block.text, MIN_MATCH_LENGTH)) for block in blocks
    ]


def _weights(blocks: Sequence[Block], votes: Sequence[int], most: int, beside: Sequence[bool]) -> list[float]:
    """The weight of each block as evidence of where the article is.

    Where the readings agree on little of the prose, they prove nothing.
    """
    lengths = [len(block.text) - block.linked if _is_prose(block) else 0 for block in blocks]
    agreed = sum(len(block.text) for block, vote in zip(blocks, votes, strict=True) if vote == most)
    if agreed < MIN_AGREED_SHARE * sum(
        length for block, length in zip(blocks, lengths, strict=True) if not beside[block.node]
    ):
        return [float(length) for length in lengths]
    return [
        (len(block.text) - block.linked) * _WEIGHTS[vote] if length or vote == most else 0.0
        for block, length, vote in zip(blocks, lengths, votes, strict=True)
    ]


def _is_prose(block: Block) -> bool:
    text = block.text
    return is_as_long(text, MIN_PROSE_LENGTH) and text.endswith(_SENTENCE_ENDS) and block.linked < len(text) / 2


def _is_machine_text(block: Block, element: etree._Element) -> bool:
    """Return whether a block is a bare URL, or text directly in a hidden element, such as a copy of the article."""
    style = element.get("style")
    return bool(style and "display:none" in style.replace(" ", "").lower()) or _URL.fullmatch(block.text) is not None


def _is_lone_link(block: Block, element: etree._Element) -> bool:
    length = len(block.text)
    return block.linked > 0.8 * length and length < MAX_LINK_LENGTH and element.tag not in _LINK_HOLDERS


def _asides(page: Blocks, named: Sequence[bool], mass: Sequence[float]) -> list[bool]:
    """Return which elements are called or shown as something other than the article, and do not contain it.

    Elements of one name may share the article between them, but for comments. Beside the article, another one is the
    next of an endless page, or a teaser.
    """
    most = MAX_ASIDE_SHARE * mass[0]
    of_kind: defaultdict[tuple[str, str], float] = defaultdict(float)
    for number, element in enumerate(page.elements):
        if named[number]:
            of_kind[_kind(element)] += mass[number]
    has_main = False
    inside_main = [False] * len(page.elements)
    for number, tag in enumerate(page.tags):
        inside_main[number] = number > 0 and inside_main[page.parents[number]]
        if tag == "article" and mass[number] > most:
            inside_main[number] = has_main = True
    return [
        mass[number] <= most
        and (
            (named[number] and (of_kind[_kind(page.elements[number])] <= most or _is_comment(page.elements[number])))
            or (tag == "article" and has_main and not inside_main[number])
        )
        for number, tag in enumerate(page.tags)
    ]


def _is_comment(element: etree._Element) -> bool:
    return _is_comment_name(names_of(element).lower())


def _is_comment_name(small: str) -> bool:
    return "comment" in small or "reply" in small or "replies" in small or "disqus" in small or "discussion" in small


def _is_named_aside(tag: str, element: etree._Element) -> bool:
    if tag in _ASIDE_TAGS:
        return True
    if tag not in _NAMED_TAGS:
        return False
    names = names_of(element)
    return len(names) > 1 and _is_aside_name(names)


@lru_cache(maxsize=8192)
def _is_aside_name(names: str) -> bool:
    small = names.lower()
    return (
        not _ASIDE_WORDS.isdisjoint(small.replace("-", " ").replace("_", " ").split())
        or _is_comment_name(small)
        or any(aside_names(names))
    )


def _find_container(page: Blocks, mass: Sequence[float]) -> int:
    """Return the element to which most of the prose leads, unless its neighbours are parts of the same text."""
    children: dict[int, list[int]] = {}
    for number in range(1, len(page.elements)):
        if mass[number]:
            children.setdefault(page.parents[number], []).append(number)
    here = 0
    while below := children.get(here):
        top = max(below, key=mass.__getitem__)
        element = page.elements[top]
        if element.tag in _PARAGRAPHS or mass[top] < MIN_CONTAINER_SHARE * mass[here]:
            break
        others = [number for number in below if number != top]
        alike = sum(mass[number] for number in others if _kind(page.elements[number]) == _kind(element))
        parts = sum(mass[number] for number in others if page.elements[number].tag in _PARTS)
        if parts > MIN_PART_SHARE * mass[here]:
            break
        if alike > MIN_PART_SHARE * mass[here] and element.tag != "article":
            break
        here = top
    return here


def _kind(element: etree._Element) -> tuple[str, str]:
    return str(element.tag), element.get("class") or ""
