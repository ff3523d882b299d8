"""Lines that stand on many pages of a site: sidebars, notices, biographies. They are not part of an article.

An editor may repeat a line in the text of several articles. So a repeated line counts only if it also stands outside
the text, on a page that is not an article, or always at the edge of the text.
"""

from __future__ import annotations

from collections.abc import Sequence

from caliber_crawler.learning.body import MIN_BLOCK, repeated_lines
from caliber_crawler.learning.candidates import Selector, matches
from caliber_crawler.learning.fields import IndexedSample
from caliber_crawler.learning.page_index import PageIndex

EDGE_LINES = 3
"""Lines at each end of a text that count as its edge."""


def boilerplate_lines(samples: Sequence[IndexedSample], container: Selector | None) -> dict[str, int]:
    """The repeated lines that are not part of an article, as printed, with the number of pages that have each.

    ``container``: the element that contains the text of an article; without one, no line is known to be outside.
    """
    counts = repeated_lines([sample.page for sample in samples])
    outside: set[str] = set()
    inner: set[str] = set()
    printed: dict[str, str] = {}
    for sample in samples:
        start, end = _interval(sample.page, container) if sample.body else (0, 0)
        inside = [block.key for block in sample.page.blocks if start <= block.element < end]
        inner.update(inside[EDGE_LINES : max(EDGE_LINES, len(inside) - EDGE_LINES)])
        for block in sample.page.blocks:
            if block.key in counts and len(block.key) >= MIN_BLOCK:
                printed.setdefault(block.key, block.text)
                if container is not None and not start <= block.element < end:
                    outside.add(block.key)
    return {text: counts[key] for key, text in printed.items() if key in outside or key not in inner}


def _interval(page: PageIndex, container: Selector | None) -> tuple[int, int]:
    """The first and the last element of a container, with one added; the whole page if it is not found."""
    found = matches(page, container) if container is not None else []
    return (found[0], page.ends[found[0]]) if found else (0, len(page.elements))
