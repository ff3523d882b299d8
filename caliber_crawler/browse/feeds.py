"""Atom feeds (RFC 4287) of articles, of search results and of edits."""

from __future__ import annotations

import uuid
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING, TypedDict

from datasette.utils.asgi import Response
from lxml import etree

from caliber_crawler.archive.core.times import utc_now, utc_text
from caliber_crawler.archive.search.selection import article_ids, opted_out_articles
from caliber_crawler.browse.edits import KINDS, Edit, EditRow, edit_row, recent_edits
from caliber_crawler.browse.public import withholds_opted_out
from caliber_crawler.browse.search import NARROWING, filters_of, wrong_day
from caliber_crawler.export.atom import add, atom_feed, new_entry

if TYPE_CHECKING:
    from collections.abc import Iterable

    from caliber_crawler.archive.core.connection import Connection
    from caliber_crawler.browse.pages import PageRequest
    from caliber_crawler.differences import Paragraph

ENTRIES = 50
SUMMARY_LETTERS = 600

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


async def articles_feed(page_request: PageRequest) -> Response:
    """``/-/feeds/articles?section=politics&language=en&q=…``: the newest matching articles."""
    where = filters_of(page_request)
    if message := wrong_day(where):
        return Response.text(message, status=400)
    query = page_request.argument("q")

    def newest(connection: Connection) -> list[Entry]:
        published = replace(where, include_opted_out=not withholds_opted_out(page_request.datasette))
        ids = article_ids(connection, published, newest_first=True, limit=ENTRIES)
        return [row for id in ids if (row := connection.row_of(Entry, ENTRY, (id,)))]

    rows = await page_request.read(newest)
    narrowed = ", ".join(filter(None, [query and f"“{query}”", *map(page_request.argument, NARROWING)]))
    entries = [_article(page_request, row) for row in rows]
    return _feed(page_request, f"Newest articles{': ' if narrowed else ''}{narrowed}", entries)


async def edits_feed(page_request: PageRequest) -> Response:
    """``/-/feeds/edits?kind=headline&section=politics&language=en``: the latest edits."""
    kind = page_request.argument("kind") if page_request.argument("kind") in KINDS else ""
    wanted = {"kind": kind, "language": page_request.argument("language"), "section": page_request.argument("section")}

    def recent(connection: Connection) -> list[EditRow]:
        withheld = _withhold_opted_out(page_request, connection)
        edits = recent_edits(connection, limit=ENTRIES, offset=0, **wanted)
        return [edit for edit in edits if edit["article_id"] not in withheld]

    edits = await page_request.read(recent)
    return _feed(page_request, "Edits", [_edit(page_request, edit_row(edit)) for edit in edits])


def _withhold_opted_out(page_request: PageRequest, connection: Connection) -> list[int]:
    """Return the IDs of articles to withhold in public mode: their site may have opted out since the server started."""
    return opted_out_articles(connection) if withholds_opted_out(page_request.datasette) else []


def _feed(page_request: PageRequest, title: str, entries: Iterable[etree._Element]) -> Response:
    """Return the feed with these entries, in the order given."""
    datasette, request = page_request.datasette, page_request.request
    own = datasette.absolute_url(request, request.full_path)
    xml = atom_feed(
        entries,
        id=own,
        title=title,
        author="News archive",
        updated=utc_text(utc_now()),
        links={"self": own, "alternate": datasette.absolute_url(request, page_request.url_of("home"))},
    )
    return Response(xml.decode(), content_type="application/atom+xml; charset=utf-8")


def _article(page_request: PageRequest, row: Entry) -> etree._Element:
    entry = new_entry(row["url"], row["headline"], row["updated_at"], row["language"])
    if row["published_at"]:
        add(entry, "published", row["published_at"])
    page = page_request.datasette.urls.row(page_request.database, "articles", str(row["id"]))
    add(entry, "link", rel="alternate", href=page_request.datasette.absolute_url(page_request.request, page))
    add(entry, "link", rel="via", href=row["url"], title=row["site_title"])
    for author in (row["authors"] or row["site_title"]).split("; "):
        add(add(entry, "author"), "name", author)
    if row["section"]:
        add(entry, "category", term=row["section"], label=row["section_label"] or row["section"])
    if row["reuse"]:
        add(entry, "rights", row["reuse"])
    summary = row["subtitle"] or row["body"].partition("\n\n")[0]
    add(entry, "summary", summary[:SUMMARY_LETTERS])
    return entry


def _edit(page_request: PageRequest, edit: Edit) -> etree._Element:
    name = f"{edit['url']} {edit['seen_after']} {edit['new_version_id']}"
    id = uuid.uuid5(uuid.NAMESPACE_URL, name).urn
    entry = new_entry(id, edit["new_headline"], edit["seen_after"], edit["language"])
    page = page_request.url_of(
        f"changes/{edit['article_id']}", **{"from": edit["old_version_id"], "to": edit["new_version_id"]}
    )
    add(entry, "link", rel="alternate", href=page_request.datasette.absolute_url(page_request.request, page))
    add(entry, "link", rel="via", href=edit["url"])
    lines = [edit["headline"], *([edit["subtitle"]] if edit["subtitle"] else []), *edit["paragraphs"]]
    changed = [line for line in lines if line.kind != "same"]
    add(entry, "content", "".join(f"<p>{_marked(line)}</p>" for line in changed), type="html")
    return entry


def _marked(line: Paragraph) -> str:
    tags = {"added": ("<ins>", "</ins>"), "removed": ("<del>", "</del>"), "same": ("", "")}
    return "".join(f"{tags[piece.kind][0]}{escape(piece.text)}{tags[piece.kind][1]}" for piece in line.pieces)
