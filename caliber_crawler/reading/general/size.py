"""Bounds that keep a page from costing more than it is worth: the time of libraries does not grow evenly with it."""

from __future__ import annotations

from lxml import etree

# The largest news pages seen have 15,000 elements, 40 levels and 400 siblings.
MOST_ELEMENTS = 40_000
MOST_SIBLINGS = 2_000
DEEPEST = 200
_INLINE = ("span", "font", "b", "i", "em", "strong", "u", "small", "mark", "abbr", "wbr", "bdi", "nobr")


def tame(root: etree._Element) -> bool:
    """Bring a tree to a size that every reader handles in its usual time; false where that cannot be done.

    Inline elements are dissolved where there are more of them side by side than any text needs; their text stays.
    """
    for parent in [element for element in root.iter(etree.Element) if len(element) > MOST_SIBLINGS]:
        etree.strip_tags(parent, *_INLINE)
    elements = depth = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if event == "end":
            depth -= 1
            continue
        elements += 1
        depth += 1
        if elements > MOST_ELEMENTS or depth > DEEPEST or len(element) > MOST_SIBLINGS:
            return False
    return True
