"""RSS 2.0 (https://www.rssboard.org/rss-specification), so that any feed reader can follow an archive."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from email.utils import format_datetime
from html import escape
from typing import IO
from urllib.parse import urljoin

from lxml import etree

from caliber_crawler.export.file import Row

DC = "http://purl.org/dc/elements/1.1/"
NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_rss(rows: Iterable[Row], file: IO[bytes]) -> int:
    """Write articles as a feed, in the order given; how many. They are held in memory: a feed is of the newest.

    An entry's description is the subtitle, or else the first paragraph, and a line that says where the text is from,
    when it was retrieved and on what condition it may be used.
    """
    articles = list(rows)
    rss = etree.Element("rss", {"version": "2.0"}, nsmap={"dc": DC})
    channel = etree.SubElement(rss, "channel")
    titles = ", ".join(dict.fromkeys(row["site_title"] for row in articles))
    add(channel, "title", titles or "An archive without articles")
    add(channel, "link", urljoin(articles[0]["url"], "/") if articles else "about:blank")
    add(channel, "description", f"The newest articles of {titles}, from an archive." if titles else "Nothing yet.")
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
    """HTML: readers show a description as such."""
    summary = row["subtitle"] or row["body"].partition("\n\n")[0]
    site = f'<a href="{escape(row["url"])}">{escape(row["site_title"])}</a>'
    source = f"{site}, retrieved {escape(row['retrieved_at'])}. Reuse: {escape(row['reuse'])}"
    return f"<p>{escape(summary)}</p><p>{source}</p>"


def add(parent: etree._Element, tag: str, text: str, **attributes: str) -> None:
    """Add an element; letters that XML has no way to write are left out."""
    etree.SubElement(parent, tag, attributes).text = NOT_IN_XML.sub("", text)
