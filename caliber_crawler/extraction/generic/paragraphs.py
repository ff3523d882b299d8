"""Paragraphs: text that is one for a visitor becomes one for the extraction libraries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from lxml import etree

from caliber_crawler.extraction.generic.elements import MIN_PROSE_LENGTH, is_long, text_length, writable
from caliber_crawler.extraction.generic.inline_elements import INLINE
from caliber_crawler.extraction.text import SENTENCE_MARKS, is_as_long
from caliber_crawler.extraction.tree import text_of

_ARTICLE_TAGS = ("article", "main", "section")
MIN_SHARED_CLASS = 3
"""Number of long paragraphs with the same class name that shows that it is a name for text."""
SENTENCE_ENDS = tuple(f"{SENTENCE_MARKS}:;»”\"’')")
MIN_SENTENCE_LENGTH = 40


def enclose_loose_text(root: etree._Element) -> None:
    """Turn the sentences directly in an article's element into paragraphs. The libraries drop some of them there.

    Another element, or two line breaks, ends a paragraph.
    """
    for element in list(root.iter(*_ARTICLE_TAGS)):
        before: etree._Element | None = None
        run: list[etree._Element] = []
        for child in [*element, None]:
            if child is not None and _continues(child, before, run, element):
                run.append(child)
                continue
            loose = (element.text if before is None else before.tail) or ""
            if loose.strip() or run:
                _enclose(element, before, loose, run)
            before, run = child, []


def _continues(
    child: etree._Element, before: etree._Element | None, run: Sequence[etree._Element], element: etree._Element
) -> bool:
    """Return whether a child of an article's element continues the text before it."""
    if child.tag != "br":
        return child.tag in INLINE
    following = child.getnext()
    is_double = following is not None and following.tag == "br" and not (child.tail or "").strip()
    return not is_double and bool(run or ((element.text if before is None else before.tail) or "").strip())


def _enclose(element: etree._Element, before: etree._Element | None, loose: str, run: Sequence[etree._Element]) -> None:
    text = loose + "".join(text_of(child) + (child.tail or "") for child in run)
    if not is_as_long(text.strip(), MIN_SENTENCE_LENGTH):
        return
    paragraph = etree.Element("p")
    paragraph.text = writable(loose)
    if before is None:
        element.text = None
        element.insert(0, paragraph)
    else:
        before.tail = None
        before.addnext(paragraph)
    paragraph.extend(run)


def mark_paragraphs(root: etree._Element) -> None:
    """Turn boxes of nothing but sentences into paragraphs, beside paragraphs or where there are no others.

    Page builders write no paragraphs, and the libraries drop such boxes. Between two paragraphs, a short sentence is
    enough.
    """
    boxes = [box for box in root.iter("div") if _is_box_of_sentences(box)]
    if not boxes:
        return
    prose = {element for element in root.iter("p") if is_long(element)}
    usual = sum(map(text_length, boxes)) > sum(map(text_length, prose))
    for box in boxes:
        beside = (box.getprevious() in prose) + (box.getnext() in prose)
        if (usual or beside) and (beside == 2 or is_long(box)):
            box.tag = "p"


def _is_box_of_sentences(box: etree._Element) -> bool:
    if not (len(box) or box.text) or any(inner.tag not in INLINE for inner in box.iterdescendants()):
        return False
    text = text_of(box)
    least = MIN_PROSE_LENGTH if box.keys() else MIN_SENTENCE_LENGTH
    return is_as_long(text, least) and text.endswith(SENTENCE_ENDS)


def clear_prose_attributes(root: etree._Element) -> None:
    """Remove what the libraries take as a sign of boilerplate from paragraphs: visitors do not see it.

    A class name that several long paragraphs share belongs to the text. A paragraph of a paywall is hidden, but text.
    """
    prose = [element for element in root.iter("p") if is_long(element)]
    classes = Counter(element.get("class") for element in prose)
    shown = {element for element in prose if element.get("aria-hidden") is None}
    for element in prose:
        if element.getprevious() in shown or element.getnext() in shown:
            element.attrib.pop("aria-hidden", "")
        if element.get("class") and classes[element.get("class")] >= MIN_SHARED_CLASS:
            element.attrib.pop("class")
            element.attrib.pop("id", "")
