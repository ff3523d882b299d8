"""Atom feeds (RFC 4287) of articles, of search results and of edits."""

from __future__ import annotations

import json
import uuid
from dataclasses import asdict, replace
from html import escape
from typing import TYPE_CHECKING, TypedDict

from datasette.utils.asgi import Response
from lxml import etree

from caliber_crawler.archive.search.ranking import NARROWED
from caliber_crawler.archive.selection import reserved_articles
from caliber_crawler.archive.times import utc_now, utc_text
from caliber_crawler.browse.edits import KINDS, Edit, EditRow, recent_edits, shown
from caliber_crawler.browse.public import withholds_reserved
from caliber_crawler.browse.search import NARROWING, answer, asked_for
from caliber_crawler.export.feed import NOT_IN_XML

if TYPE_CHECKING:
    from collections.abc import Iterable

    from caliber_crawler.archive.connection import Connection
    from caliber_crawler.browse.differences import Paragraph
    from caliber_crawler.browse.pages import Asked

ATOM = "http://www.w3.org/2005/Atom"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
ENTRIES = 50
SUMMARY_LETTERS = 600

NEWEST = f"""
SELECT a.id FROM articles a
WHERE {NARROWED} AND a.published_at IS NOT NULL AND a.id NOT IN (SELECT value FROM json_each(:withheld))
ORDER BY a.published_at DESC, a.id DESC LIMIT :limit"""

ENTRY = """
SELECT t.id, t.url, t.headline, t.subtitle, t.body, t.authors, t.published_at, t.language, t.section_label, t.section,
  v.seen_from AS updated_at, coalesce(s.title, t.site) AS site_title, s.reuse
FROM article_texts t JOIN versions v ON v.id = t.current_version_id LEFT JOIN sites s ON s.site = t.site
WHERE t.id = ?"""


class Entry(TypedDict):
    """An article in a feed. Times are ISO 8601 text in UTC."""

    id: int
    url: str
    headline: str
    subtitle: str | None
    body: str
    authors: str | None
    """Names, separated by ``; ``."""
    published_at: str | None
    language: str
    section_label: str | None
    section: str | None
    updated_at: str
    """When the current text was first seen."""
    site_title: str
    reuse: str | None


async def articles_feed(asked: Asked) -> Response:
    """``/-/feeds/articles?section=politics&language=en&q=…``: the newest matching articles."""
    search = replace(asked_for(asked), order="newest", limit=ENTRIES)

    def newest(connection: Connection) -> list[Entry]:
        withheld = _withheld(asked, connection)
        if search.query:
            found = answer(connection, search)
            ids = [hit.article_id for hit in found.hits if hit.article_id not in withheld]
        else:
            ids = connection.values(NEWEST, asdict(search) | {"withheld": json.dumps(withheld)})
        return [row for id in ids if (row := connection.row_of(Entry, ENTRY, (id,)))]

    rows = await asked.read(newest)
    narrowed = ", ".join(filter(None, [search.query and f"“{search.query}”", *map(asked.argument, NARROWING)]))
    entries = [_article(asked, row) for row in rows]
    return _feed(asked, f"Newest articles{': ' if narrowed else ''}{narrowed}", entries)


async def edits_feed(asked: Asked) -> Response:
    """``/-/feeds/edits?kind=headline&section=politics&language=en``: the latest edits."""
    kind = asked.argument("kind") if asked.argument("kind") in KINDS else ""
    wanted = {"kind": kind, "language": asked.argument("language"), "section": asked.argument("section")}

    def recent(connection: Connection) -> list[EditRow]:
        withheld = _withheld(asked, connection)
        edits = recent_edits(connection, limit=ENTRIES, offset=0, **wanted)
        return [edit for edit in edits if edit["article_id"] not in withheld]

    edits = await asked.read(recent)
    return _feed(asked, "Edits", [_edit(asked, shown(edit)) for edit in edits])


def _withheld(asked: Asked, connection: Connection) -> list[int]:
    """Return the IDs of articles to withhold in public mode: their site may have opted out since the server started."""
    return reserved_articles(connection) if withholds_reserved(asked.datasette) else []


def _feed(asked: Asked, title: str, entries: Iterable[etree._Element]) -> Response:
    """Return the feed with these entries, in the order given."""
    own = asked.datasette.absolute_url(asked.request, asked.request.full_path)
    namespaces: dict[str | None, str] = {None: ATOM}
    feed = etree.Element(f"{{{ATOM}}}feed", nsmap=namespaces)  # type: ignore[arg-type] # lxml's default namespace
    held = list(entries)
    _add(feed, "id", own)
    _add(feed, "title", title)
    _add(
        feed,
        "updated",
        max((entry.findtext(f"{{{ATOM}}}updated") or "" for entry in held), default=utc_text(utc_now())),
    )
    _add(feed, "link", rel="self", href=own)
    _add(feed, "link", rel="alternate", href=asked.datasette.absolute_url(asked.request, asked.address("home")))
    _add(_add(feed, "author"), "name", "News archive")
    feed.extend(held)
    xml = etree.tostring(feed, xml_declaration=True, encoding="utf-8", pretty_print=True)
    return Response(xml.decode(), content_type="application/atom+xml; charset=utf-8")


def _article(asked: Asked, row: Entry) -> etree._Element:
    entry = _entry(row["url"], row["headline"], row["updated_at"], row["language"])
    if row["published_at"]:
        _add(entry, "published", row["published_at"])
    page = asked.datasette.urls.row(asked.database, "articles", str(row["id"]))
    _add(entry, "link", rel="alternate", href=asked.datasette.absolute_url(asked.request, page))
    _add(entry, "link", rel="via", href=row["url"], title=row["site_title"])
    for author in (row["authors"] or row["site_title"]).split("; "):
        _add(_add(entry, "author"), "name", author)
    if row["section"]:
        _add(entry, "category", term=row["section"], label=row["section_label"] or row["section"])
    if row["reuse"]:
        _add(entry, "rights", row["reuse"])
    summary = row["subtitle"] or row["body"].partition("\n\n")[0]
    _add(entry, "summary", summary[:SUMMARY_LETTERS])
    return entry


def _edit(asked: Asked, edit: Edit) -> etree._Element:
    name = f"{edit['url']} {edit['seen_after']} {edit['new_version_id']}"
    id = uuid.uuid5(uuid.NAMESPACE_URL, name).urn
    entry = _entry(id, edit["new_headline"], edit["seen_after"], edit["language"])
    page = asked.address(
        f"changes/{edit['article_id']}", **{"from": edit["old_version_id"], "to": edit["new_version_id"]}
    )
    _add(entry, "link", rel="alternate", href=asked.datasette.absolute_url(asked.request, page))
    _add(entry, "link", rel="via", href=edit["url"])
    lines = [edit["headline"], *([edit["subtitle"]] if edit["subtitle"] else []), *edit["paragraphs"]]
    changed = [line for line in lines if line.kind != "same"]
    _add(entry, "content", "".join(f"<p>{_marked(line)}</p>" for line in changed), type="html")
    return entry


def _entry(id: str, title: str, updated: str, language: str) -> etree._Element:
    entry = etree.Element(f"{{{ATOM}}}entry")
    entry.set(XML_LANG, language)
    _add(entry, "id", id)
    _add(entry, "title", title)
    _add(entry, "updated", updated)
    return entry


def _marked(line: Paragraph) -> str:
    tags = {"added": ("<ins>", "</ins>"), "removed": ("<del>", "</del>"), "same": ("", "")}
    return "".join(f"{tags[piece.kind][0]}{escape(piece.text)}{tags[piece.kind][1]}" for piece in line.pieces)


def _add(parent: etree._Element, tag: str, text: str | None = None, **attributes: str) -> etree._Element:
    """Add an element, without the characters that XML cannot represent."""
    values = {name: NOT_IN_XML.sub("", value) for name, value in attributes.items()}
    child = etree.SubElement(parent, f"{{{ATOM}}}{tag}", values)
    child.text = None if text is None else NOT_IN_XML.sub("", text)
    return child
