"""RSS 2.0 (https://www.rssboard.org/rss-specification), for feed readers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from email.utils import format_datetime
from html import escape
from typing import IO
from urllib.parse import urljoin

from lxml import etree

from caliber_crawler.export.row import Row

DC = "http://purl.org/dc/elements/1.1/"
NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_rss(rows: Iterable[Row], file: IO[bytes]) -> int:
    """Write articles as a feed, in the order given; return their number. All rows are kept in memory.

    The description of an entry is the subtitle or else the first paragraph, followed by a line with the source, the
    time of retrieval and the terms of use.
    """
    articles = list(rows)
    rss = etree.Element("rss", {"version": "2.0"}, nsmap={"dc": DC})
    channel = etree.SubElement(rss, "channel")
    titles = ", ".join(dict.fromkeys(row["site_title"] for row in articles))
    add(channel, "title", titles or "Empty archive")
    add(channel, "link", urljoin(articles[0]["url"], "/") if articles else "about:blank")
    add(channel, "description", f"Newest articles of {titles}, from a news archive." if titles else "No articles.")
    if articles:
        add(channel, "copyright", " ".join(dict.fromkeys(row["reuse"] for row in articles)))
    for row in articles:
        add_item(channel, row)
    file.write(etree.tostring(rss, xml_declaration=True, encoding="utf-8", pretty_print=True))
    return len(articles)


def add_item(channel: etree._Element, row: Row) -> None:
    item = etree.SubElement(channel, "item")
    add(item, "title", row["headline"])
    add(item, "link", row["url"])
    add(item, "guid", row["url"], isPermaLink="true" if row["url"].startswith("http") else "false")
    if row["published_at"]:
        add(item, "pubDate", format_datetime(datetime.fromisoformat(row["published_at"]), usegmt=True))
    add(item, "description", description(row))
    if row["section_label"] or row["section"]:
        add(item, "category", row["section_label"] or row["section"])
    for author in (row["authors"] or "").split("; "):
        if author:
            add(item, f"{{{DC}}}creator", author)
    add(item, f"{{{DC}}}language", row["language"])
    add(item, f"{{{DC}}}publisher", row["site_title"])
    add(item, f"{{{DC}}}rights", row["reuse"])


def description(row: Row) -> str:
    """Return the description as HTML, the format that feed readers expect."""
    summary = row["subtitle"] or row["body"].partition("\n\n")[0]
    site = f'<a href="{escape(row["url"])}">{escape(row["site_title"])}</a>'
    source = f"{site}, retrieved {escape(row['retrieved_at'])}. Reuse: {escape(row['reuse'])}"
    return f"<p>{escape(summary)}</p><p>{source}</p>"


def add(parent: etree._Element, tag: str, text: str, **attributes: str) -> None:
    """Add an element, without the characters that XML cannot represent."""
    etree.SubElement(parent, tag, attributes).text = NOT_IN_XML.sub("", text)
