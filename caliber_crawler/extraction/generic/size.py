"""Size limits for pages: the time of the libraries grows faster than the page."""

from __future__ import annotations

from lxml import etree

# The largest known news pages have 15,000 elements, 40 levels and 400 siblings.
MAX_ELEMENTS = 40_000
MAX_SIBLINGS = 2_000
MAX_DEPTH = 200
_INLINE = ("span", "font", "b", "i", "em", "strong", "u", "small", "mark", "abbr", "wbr", "bdi", "nobr")


def tame(root: etree._Element) -> bool:
    """Reduce a tree to a size that every library handles in its usual time; return whether that succeeded.

    Dissolves inline elements if they have more siblings than any text needs; their text stays.
    """
    for parent in [element for element in root.iter(etree.Element) if len(element) > MAX_SIBLINGS]:
        etree.strip_tags(parent, *_INLINE)
    elements = depth = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if event == "end":
            depth -= 1
            continue
        elements += 1
        depth += 1
        if elements > MAX_ELEMENTS or depth > MAX_DEPTH or len(element) > MAX_SIBLINGS:
            return False
    return True
