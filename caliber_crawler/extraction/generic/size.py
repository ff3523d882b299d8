"""Size limits for pages: the time of the libraries grows faster than the page."""

from __future__ import annotations

from lxml import etree

from caliber_crawler.extraction.tree import strip_tags

# The largest known news pages have 15,000 elements, 40 levels and 400 siblings.
MAX_ELEMENTS = 40_000
MAX_SIBLINGS = 2_000
MAX_DEPTH = 200
MAX_NAMES = 1_000
"""Different names of elements, and of attributes, on one page. lexbor's time is quadratic in their number."""
_INLINE = ("span", "font", "b", "i", "em", "strong", "u", "small", "mark", "abbr", "wbr", "bdi", "nobr")


def tame(root: etree._Element) -> bool:
    """Reduce a tree to a size that every library handles in its usual time; return whether that succeeded.

    Dissolves inline elements if they have more siblings than any text needs, and gives elements of very many different
    names one name; their text stays.
    """
    names: set[object] = set()
    crowded = []
    elements = depth = 0
    path: list[etree._Element] = []
    for element in root.iter(etree.Element):
        names.add(element.tag)
        if len(names) > MAX_NAMES:
            element.tag = "span"
        if len(element) > MAX_SIBLINGS:
            crowded.append(element)
        elements += 1
        parent = element.getparent()
        while path and path[-1] is not parent:
            path.pop()
        path.append(element)
        depth = max(depth, len(path))
    if not crowded:
        return elements <= MAX_ELEMENTS and depth <= MAX_DEPTH
    for parent in crowded:
        for name in _INLINE:
            strip_tags(parent, name)
    return _is_tame(root)


def _is_tame(root: etree._Element) -> bool:
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


def drop_rare_attributes(root: etree._Element) -> bool:
    """Drop the attributes of a page with very many different ones, except the first; return whether there are any."""
    names: set[object] = set()
    dropped = False
    for element in root.iter(etree.Element):
        for name in list(element.attrib):
            if len(names) < MAX_NAMES:
                names.add(name)
            elif name not in names:
                del element.attrib[name]
                dropped = True
    return dropped
