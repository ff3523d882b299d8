"""The page of the differences between two versions of an article."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from datasette import NotFound

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.family import FAMILY
from caliber_crawler.archive.core.rows import VersionRow
from caliber_crawler.differences import line_differences, text_differences

if TYPE_CHECKING:
    from datasette.utils.asgi import Response

    from caliber_crawler.browse.pages import Context, PageRequest

LAYOUTS = ("inline", "side")
NO_TWO = "The archive does not have two such versions of this article."

VERSIONS = f"""
SELECT v.*, a.language AS language FROM versions v JOIN articles a ON a.id = :article_id
WHERE v.article_id IN ({FAMILY}) ORDER BY v.seen_from, v.id"""


class VersionOfEdition(VersionRow):
    """A version and the language of its article."""

    language: str


async def changes_page(page_request: PageRequest) -> Response:
    """``/-/changes/<article>?from=<version>&to=<version>&show=side``; without versions, the latest change."""
    article_id = int(page_request.request.url_vars["article"])
    old_id, new_id = page_request.argument("from"), page_request.argument("to")
    found = await page_request.read(lambda connection: compare_versions(connection, article_id, old_id, new_id))
    show = page_request.argument("show") if page_request.argument("show") in LAYOUTS else LAYOUTS[0]
    return await page_request.html("archive_changes.html", found | {"show": show, "article_id": article_id})


def compare_versions(connection: Connection, article_id: int, old_id: str, new_id: str) -> Context:
    """Return two versions of an article and their differences. Raises ``NotFound`` if it does not have both."""
    survivor = connection.value("SELECT coalesce(duplicate_of, id) FROM articles WHERE id = ?", (article_id,))
    versions = connection.rows_of(VersionOfEdition, VERSIONS, {"article_id": survivor})
    by_id = {str(version["id"]): version for version in versions}
    if len(versions) < 2 or not {old_id, new_id} - {""} <= set(by_id):
        raise NotFound(NO_TWO)
    standing = [version for version in versions if version["replaced_by"] is None]
    if len(standing) < 2 and not (old_id and new_id):
        raise NotFound(NO_TWO)
    new = by_id[new_id] if new_id else standing[-1]
    earlier = [version for version in standing if versions.index(version) < versions.index(new)]
    old = by_id[old_id] if old_id else (earlier or standing)[-1]
    return {
        # Replaced versions are not edits: they can be compared by URL, but the form does not list them.
        "versions": [version for version in versions if version in (*standing, old, new)],
        "old": old,
        "new": new,
        "headline": line_differences(old["headline"], new["headline"]),
        "lines": [(name, line_differences(*both)) for name, *both in _small_print(old, new) if both[0] != both[1]],
        "paragraphs": text_differences(old["body"], new["body"]),
    }


def _small_print(old: VersionRow, new: VersionRow) -> list[tuple[str, str, str]]:
    return [
        ("Subtitle", old["subtitle"] or "", new["subtitle"] or ""),
        ("Authors", _names(old), _names(new)),
        ("Published", old["published_local"] or "", new["published_local"] or ""),
    ]


def _names(version: VersionRow) -> str:
    return ", ".join(json.loads(version["authors"]))
