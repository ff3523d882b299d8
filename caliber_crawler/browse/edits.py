"""Edits, newest first, for the page of edits, the home page and the feed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, TypedDict

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.differences import Paragraph, changes_only, line_differences, text_differences

if TYPE_CHECKING:
    from datasette.utils.asgi import Response

    from caliber_crawler.browse.pages import Context, PageRequest

PER_PAGE = 20
MAX_PAGES = 10_000

KINDS = {
    "": "1",
    "headline": "o.headline <> n.headline",
    "text": "o.headline = n.headline AND o.body <> n.body",
}
"""SQL conditions by kind of edit: any; headline; text without headline."""

BATCH_SIZE = 30
"""Number of articles whose versions are fetched with one query."""

# The view `edits` in four steps: articles in the order of an index, the last changed first; their versions; the version
# before each; and both texts. So only as many articles and texts are read as are shown.
CHANGED = """
SELECT id, coalesce(changed_at, '') AS changed_at FROM articles WHERE version_count > 1 AND duplicate_of IS NULL
ORDER BY articles.changed_at DESC"""
VERSIONS = """
SELECT v.seen_from, v.id, t.value FROM json_each(?) t
CROSS JOIN articles m ON m.id = t.value OR m.duplicate_of = t.value
CROSS JOIN versions v ON v.article_id = m.id WHERE v.replaced_by IS NULL"""
FOLLOWED = """
SELECT article_id, id, previous_id FROM (
  SELECT json_extract(t.value, '$[0]') AS article_id, json_extract(t.value, '$[1]') AS id, (
    SELECT p.id FROM articles m CROSS JOIN versions p ON p.article_id = m.id
    WHERE m.id IN (SELECT json_extract(t.value, '$[0]')
        UNION ALL SELECT id FROM articles WHERE duplicate_of = json_extract(t.value, '$[0]'))
      AND (p.seen_from, p.id) < (json_extract(t.value, '$[2]'), json_extract(t.value, '$[1]')) AND p.replaced_by IS NULL
    ORDER BY p.seen_from DESC, p.id DESC LIMIT 1) AS previous_id
  FROM json_each(?) t ORDER BY t.key)
WHERE previous_id IS NOT NULL"""

EDITS = """
SELECT a.id AS article_id, a.language, a.section, coalesce(l.label, a.section) AS section_label, a.site, a.url,
  o.id AS old_version_id, n.id AS new_version_id, o.seen_until AS seen_before, n.seen_from AS seen_after,
  o.headline AS old_headline, n.headline AS new_headline, o.subtitle AS old_subtitle, n.subtitle AS new_subtitle,
  o.body AS old_body, n.body AS new_body, n.word_count - o.word_count AS words_added
FROM json_each(:pairs) t
CROSS JOIN articles a ON a.id = json_extract(t.value, '$[0]')
CROSS JOIN versions n ON n.id = json_extract(t.value, '$[1]')
CROSS JOIN versions o ON o.id = json_extract(t.value, '$[2]')
LEFT JOIN sections l ON l.site = a.site AND l.language = a.language AND l.section = a.section
WHERE (:language = '' OR a.language = :language) AND (:section = '' OR a.section = :section)
  AND n.content_digest <> o.content_digest AND NOT (n.cause = 'reextract' AND n.seen_from <= o.seen_until) AND {kind}
ORDER BY t.key"""


class EditRow(TypedDict):
    """Two successive versions of an article. Times are ISO 8601 text in UTC."""

    article_id: int
    language: str
    section: str | None
    section_label: str | None
    site: str
    url: str
    old_version_id: int
    new_version_id: int
    seen_before: str
    """When the old text was last seen."""
    seen_after: str
    """When the new text was first seen."""
    old_headline: str
    new_headline: str
    old_subtitle: str | None
    new_subtitle: str | None
    old_body: str
    new_body: str
    words_added: int
    """Negative if the text became shorter."""


class Edit(EditRow):
    """An edit with its differences."""

    headline: Paragraph
    subtitle: Paragraph | None
    """``None`` if unchanged."""
    paragraphs: list[Paragraph]
    """Paragraphs of the body that differ."""


def recent_edits(
    connection: Connection, *, limit: int, offset: int = 0, kind: str = "", language: str = "", section: str = ""
) -> list[EditRow]:
    """Return edits, newest first; ``kind`` is one of :data:`KINDS`."""
    found: list[EditRow] = []
    for part in newest_versions(connection):
        followed = connection.execute(FOLLOWED, (json.dumps(part),))
        values = {"pairs": json.dumps([list(row) for row in followed]), "language": language, "section": section}
        found += connection.rows_of(EditRow, EDITS.format(kind=KINDS[kind]), values)
        if len(found) >= offset + limit:
            break
    return found[offset : offset + limit]


def newest_versions(connection: Connection) -> Iterator[list[tuple[int, int, str]]]:
    """Yield the versions of articles with several, newest first, in parts: article, version, when it was first seen.

    A version is not newer than the last change of its article, so only as many articles are read as are needed.
    """
    changed = connection.execute(CHANGED)
    waiting: list[tuple[str, int, int]] = []
    while articles := changed.fetchmany(BATCH_SIZE):
        waiting += map(tuple, connection.execute(VERSIONS, (json.dumps([article for article, _ in articles]),)))
        waiting.sort(reverse=True)
        # Articles that changed as late as the last of these may follow.
        ready = sum(seen_from > articles[-1]["changed_at"] for seen_from, _, _ in waiting)
        yield [(article, version, seen_from) for seen_from, version, article in waiting[:ready]]
        del waiting[:ready]
    yield [(article, version, seen_from) for seen_from, version, article in waiting]


async def edits_page(page_request: PageRequest) -> Response:
    """``/-/edits?kind=headline&language=en&section=politics&page=2``."""
    number = page_request.number("page", 1, most=MAX_PAGES)
    kind = page_request.argument("kind") if page_request.argument("kind") in KINDS else ""
    wanted = {"kind": kind, "language": page_request.argument("language"), "section": page_request.argument("section")}

    def load_page(connection: Connection) -> Context:
        # One extra row shows whether there is a next page.
        edits = recent_edits(connection, limit=PER_PAGE + 1, offset=(number - 1) * PER_PAGE, **wanted)
        return {
            "edits": [edit_row(edit) for edit in edits[:PER_PAGE]],
            "has_more": len(edits) > PER_PAGE,
            "languages": connection.values("SELECT DISTINCT language FROM sections ORDER BY language"),
            "sections": connection.values("SELECT DISTINCT section FROM sections ORDER BY section"),
        }

    page = await page_request.read(load_page)
    return await page_request.html("archive_edits.html", page | {"number": number, "wanted": wanted, "kinds": KINDS})


def edit_row(edit: EditRow) -> Edit:
    """Return the edit with its differences in headline, subtitle and paragraphs."""
    paragraphs = changes_only(text_differences(edit["old_body"], edit["new_body"]))
    subtitles = edit["old_subtitle"] or "", edit["new_subtitle"] or ""
    return {
        **edit,
        "headline": line_differences(edit["old_headline"], edit["new_headline"]),
        "subtitle": line_differences(*subtitles) if subtitles[0] != subtitles[1] else None,
        "paragraphs": paragraphs,
    }
