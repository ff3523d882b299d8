"""Atom (RFC 4287): feeds of the web interface and of alerts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lxml import etree

from caliber_crawler.export.feed import NOT_IN_XML

ATOM = "http://www.w3.org/2005/Atom"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def atom_feed(
    entries: Iterable[etree._Element],
    *,
    id: str,
    title: str,
    author: str,
    updated: str,
    links: Mapping[str, str] | None = None,
) -> bytes:
    """Return the feed with these entries, in the order given.

    It was updated when its latest entry was; ``updated`` is for a feed without entries. ``links`` maps relations to
    URLs.
    """
    namespaces: dict[str | None, str] = {None: ATOM}
    feed = etree.Element(f"{{{ATOM}}}feed", nsmap=namespaces)  # type: ignore[arg-type] # lxml's default namespace
    held = list(entries)
    add(feed, "id", id)
    add(feed, "title", title)
    add(feed, "updated", max((entry.findtext(f"{{{ATOM}}}updated") or "" for entry in held), default=updated))
    for relation, url in (links or {}).items():
        add(feed, "link", rel=relation, href=url)
    add(add(feed, "author"), "name", author)
    feed.extend(held)
    return etree.tostring(feed, xml_declaration=True, encoding="utf-8", pretty_print=True)


def new_entry(id: str, title: str, updated: str, language: str | None = None) -> etree._Element:
    """Return an entry of a feed, to which further elements can be added."""
    entry = etree.Element(f"{{{ATOM}}}entry")
    if language is not None:
        entry.set(XML_LANG, language)
    add(entry, "id", id)
    add(entry, "title", title)
    add(entry, "updated", updated)
    return entry


def add(parent: etree._Element, tag: str, text: str | None = None, **attributes: str) -> etree._Element:
    """Add an element, without the characters that XML cannot represent."""
    values = {name: NOT_IN_XML.sub("", value) for name, value in attributes.items()}
    child = etree.SubElement(parent, f"{{{ATOM}}}{tag}", values)
    child.text = None if text is None else NOT_IN_XML.sub("", text)
    return child
