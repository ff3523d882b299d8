"""Tables that only arrange a page."""

from __future__ import annotations

import re
from itertools import islice
from urllib.parse import urljoin, urlsplit

from lxml import etree

from caliber_crawler.extraction.generic.elements import text_length
from caliber_crawler.extraction.lines import is_data_table
from caliber_crawler.extraction.tree import text_of

MAX_CELLS = 200
"""Cells of a table that are examined for what only arranges a page."""
MIN_CELL_LENGTH = 200
"""Characters of a cell whose blank lines divide paragraphs."""
_HOME = re.compile(r"/(?:[a-z]{2}/?)?(?:(?:index|default|home)(?:\.\w{2,5})?)?")
_TABLE_PARTS = ("tbody", "thead", "tfoot", "tr", "td", "th")


def dissolve_layout_tables(root: etree._Element, url: str) -> None:
    """Turn tables that only arrange a page into plain boxes."""
    tables = [table for table in root.iter("table") if not is_data_table(table) or _arranges_page(table, url)]
    for table in tables:
        own = [table]
        for node in own:
            own += [child for child in node if child.tag in _TABLE_PARTS and node.tag != "td"]
        for node in own:
            node.tag = "div"


def _arranges_page(table: etree._Element, url: str) -> bool:
    """Return whether a cell has paragraphs divided by blank lines, or nothing but a link to the home page."""
    for cell in islice(table.iter("td", "th"), MAX_CELLS):
        breaks = (node for node in cell.iter("br") if not (node.tail or "").strip())
        is_divided = any((after := node.getnext()) is not None and after.tag == "br" for node in breaks)
        if is_divided and text_length(cell) >= MIN_CELL_LENGTH:
            return True
        link = next(cell.iter("a"), None)
        if link is not None and _HOME.fullmatch(_path_of(link, url)) and text_of(cell) == text_of(link):
            return True
    return False


def _path_of(link: etree._Element, url: str) -> str:
    """The path of a link on the same site; empty for another site."""
    try:
        own, other = urlsplit(url), urlsplit(urljoin(url, (link.get("href") or "#").strip()))
    except ValueError:
        return ""
    return other.path or "/" if other.netloc == own.netloc and not other.fragment else ""
