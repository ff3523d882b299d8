"""The part of a known text that stands on another page of the same article."""

from __future__ import annotations

from collections.abc import Sequence

from lxml import etree

from caliber_crawler.extraction.lines import inner_text
from caliber_crawler.extraction.tree import select
from caliber_crawler.learning.page_index import PageIndex, text_key


def common_body(body: str, root: etree._Element) -> str:
    """The lines of a text that stand anywhere on a page."""
    return _lines_in(body, "".join(block.key for block in PageIndex(root).blocks))


def body_inside(root: etree._Element, selectors: Sequence[str], body: str) -> str:
    """The lines of a text inside the only element that the first fitting selector finds; else all of them."""
    for selector in selectors:
        if len(found := select(root, selector)) == 1:
            return _lines_in(body, text_key(inner_text(found[0])))
    return body


def _lines_in(body: str, key: str) -> str:
    lines = body.split("\n")
    return "\n".join(line for line in lines if not (own := text_key(line)) or own in key)
