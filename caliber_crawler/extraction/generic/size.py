"""Size limits for pages: the time of the libraries grows faster than the page."""

from __future__ import annotations

from functools import cache

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
    elements = 0
    for element in root.iter(etree.Element):
        names.add(element.tag)
        if len(names) > MAX_NAMES:
            element.tag = "span"
        if len(element) > MAX_SIBLINGS:
            crowded.append(element)
        elements += 1
    if not crowded:
        return elements <= MAX_ELEMENTS and not _is_too_deep()(root)
    for parent in crowded:
        for name in _INLINE:
            strip_tags(parent, name)
    return _is_tame(root)


def _is_tame(root: etree._Element) -> bool:
    for number, element in enumerate(root.iter(etree.Element), start=1):
        if number > MAX_ELEMENTS or len(element) > MAX_SIBLINGS:
            return False
    return not _is_too_deep()(root)


@cache
def _is_too_deep() -> etree.XPath:
    """Return whether a tree has more than the greatest number of levels. libxml2 looks at one level after another."""
    return etree.XPath(f"boolean({'/'.join('*' * MAX_DEPTH)})")


def drop_rare_attributes(root: etree._Element) -> bool:
    """Drop the attributes of a page with very many different ones, except the first; return whether there are any."""
    names: set[object] = set()
    dropped = False
    for element in root.iter(etree.Element):
        rare = []
        for name in element.attrib:
            if len(names) < MAX_NAMES:
                names.add(name)
            elif name not in names:
                rare.append(name)
        dropped = dropped or bool(rare)
        try:
            for name in rare:
                del element.attrib[name]
        except ValueError:  # a name with a character by which lxml cannot remove it
            element.attrib.clear()
    return dropped
