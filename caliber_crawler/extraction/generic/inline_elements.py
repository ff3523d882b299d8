"""Inline elements of running text, simplified so that they never change the text around them.

The extraction libraries delete what follows an empty element, what an icon or a class name stands beside, and the words
of some elements (``time``, ``button``, ``q``). A visitor sees one sentence. So inside running text an empty inline
element is removed, links and emphasis lose their attributes, and every other inline element is replaced by its content.
"""

from __future__ import annotations

from lxml import etree

from caliber_crawler.extraction.generic.elements import remove_marked, writable
from caliber_crawler.extraction.omissions import HIDDEN, REMOVED, Omissions, mark
from caliber_crawler.extraction.tree import strip_tags

# Elements that a sentence may contain.
STYLED = frozenset(("a", "b", "strong", "i", "em"))
_INVISIBLE_MARKUP = """
abbr acronym bdi bdo big cite data del dfn font ins kbd mark meter nobr output progress q rp rt ruby s samp small span
strike sub sup time tt u var
"""
_CONTROLS = frozenset(("button", "label"))
INLINE = frozenset((*STYLED, *_INVISIBLE_MARKUP.split(), *_CONTROLS))
CODE = "code"
# Blocks that are a paragraph of their own; any text beside an inline element in them is running text.
_PARAGRAPHS = frozenset(("p", "li", "dd", "dt", "td", "th", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6"))
_BREAK_NAMES = frozenset(("br", "break", "line-break", "linebreak"))
SENTENCE_ENDS = frozenset(".!?…”»")
_UNSEEN_NAMES = frozenset(("sr-only", "visually-hidden", "screen-reader-text", "screen-reader", "tooltiptext"))
MIN_TEXT_BESIDE = 12
"""Characters of text beside an inline element that make it part of running text outside a paragraph element."""
MAX_NEIGHBOURS = 2
MAX_DEPTH = 8
"""Maximum number of nested inline elements in running text."""
DISSOLVED = "dissolved"


def simplify_inline(root: etree._Element, omissions: Omissions | None = None) -> None:
    """Simplify the inline elements of running text in place. The words and their order stay."""
    _rename_custom(root)
    elements = [element for element in root.iter(*INLINE, CODE) if element.tag != CODE or not _is_listing(element)]
    removed: list[etree._Element] = []
    dissolved = 0
    for element in reversed(elements):
        if is_unseen(element):
            mark(element, HIDDEN, omissions)
            removed.append(element)
        elif _is_empty(element):
            if _is_break(element):
                element.tag = "br"
                element.addprevious(etree.Element("br"))
            else:
                element.tag = DISSOLVED  # a blank in it stays
                dissolved += 1
    remove_marked(root, removed, omissions)
    if dissolved:
        strip_tags(root, DISSOLVED, dissolved)
    dissolved = 0
    flowing: set[etree._Element] = set()
    for element in elements:
        if (element.tag not in INLINE and element.tag != CODE) or not _is_in_flow(element, flowing):
            continue
        flowing.add(element)
        if element.tag in STYLED:
            _strip_attributes(element)
        else:
            element.tag = DISSOLVED
            dissolved += 1
    if dissolved:
        strip_tags(root, DISSOLVED, dissolved)


def _rename_custom(root: etree._Element) -> None:
    """Turn elements that a site made up (``<glossary-term>``) into plain inline ones where they stand in a sentence."""
    # Their names have a hyphen. XPath takes longer.
    for element in [element for element in root.iter(etree.Element) if "-" in element.tag]:
        if all(inner.tag in INLINE for inner in element.iterdescendants(etree.Element)) and _is_in_flow(element, set()):
            element.tag = "span"


def _is_listing(code: etree._Element) -> bool:
    """Return whether an element for code is a listing, not a word of a sentence."""
    return len(code) > 0 or "\n" in (code.text or "").strip() or next(code.iterancestors("pre"), None) is not None


def is_unseen(element: etree._Element) -> bool:
    """Return whether an inline element is hidden from visitors by its own attributes."""
    attributes = element.keys()
    if not attributes:
        return False
    if "hidden" in attributes:
        return True
    style = element.get("style")
    if style and "display:none" in style.replace(" ", "").lower():
        return True
    names = element.get("class")
    return bool(names) and not _UNSEEN_NAMES.isdisjoint((names or "").split())


def _is_empty(element: etree._Element) -> bool:
    """Return whether nothing of an element is visible. Its children are judged first."""
    if element.text and not element.text.isspace():
        return False
    return all(child.tag in (REMOVED, DISSOLVED) and not (child.tail or "").strip() for child in element)


def _is_break(element: etree._Element) -> bool:
    """Return whether an empty element ends a paragraph: by its name, or between sentences without a blank."""
    if not _BREAK_NAMES.isdisjoint((element.get("class") or "").split()):
        return True
    return (
        _text_before(element)[-1:] in SENTENCE_ENDS
        and (element.tail or "")[:1].isupper()
        and not (element.text or len(element))
    )


def _is_in_flow(element: etree._Element, flowing: set[etree._Element]) -> bool:
    """Return whether text is directly beside an element, or beside an inline element around it."""
    node = element
    for _ in range(MAX_DEPTH):
        parent = node.getparent()
        if parent is None:
            return False
        if parent in flowing:
            return True
        inline = parent.tag in INLINE
        if _length_beside(node) >= (1 if inline or parent.tag in _PARAGRAPHS else MIN_TEXT_BESIDE):
            return True
        if not inline:
            return False
        node = parent
    return False


def _length_beside(node: etree._Element) -> int:
    """The length of the text before and after an element, beyond at most two other inline elements on each side."""
    length = len((node.tail or "").strip()) + len(_text_before(node).strip())
    following, previous = node.getnext(), node.getprevious()
    for _ in range(MAX_NEIGHBOURS):
        if length < MIN_TEXT_BESIDE and following is not None and following.tag in INLINE:
            length += len((following.tail or "").strip())
            following = following.getnext()
        if length < MIN_TEXT_BESIDE and previous is not None and previous.tag in INLINE:
            length += len(_text_before(previous).strip())
            previous = previous.getprevious()
    return length


def _text_before(node: etree._Element) -> str:
    before, parent = node.getprevious(), node.getparent()
    return (before.tail if before is not None else parent.text if parent is not None else None) or ""


def _strip_attributes(element: etree._Element) -> None:
    """Remove all attributes but the URL; their names may have characters by which lxml cannot remove them singly."""
    url = element.get("href")
    element.attrib.clear()
    if url is not None:
        element.set("href", writable(url))
