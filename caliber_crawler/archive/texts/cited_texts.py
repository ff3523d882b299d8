"""What a citation says: one version of an article as published, and the capture that proves it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import TypedDict

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.family import FAMILY
from caliber_crawler.errors import NoSuchArticle

BATCH_SIZE = 200
"""The number of rows in memory at a time."""

CITED = """
SELECT a.id AS article_id, a.site, a.language, a.url, a.post_number, a.slug, v.id AS version_id, v.number AS version,
  v.id = a.current_version_id AS is_current, v.headline, v.subtitle, v.authors, v.published_local, v.content_digest,
  c.fetched_at, c.body_digest, coalesce(s.title, a.site) AS outlet
FROM json_each(?) j
CROSS JOIN versions v ON v.id = j.value
CROSS JOIN articles m ON m.id = v.article_id
CROSS JOIN articles a ON a.id = coalesce(m.duplicate_of, m.id)
CROSS JOIN captures c ON c.id = v.capture_id
LEFT JOIN sites s ON s.site = a.site
ORDER BY j.key"""


class CitedText(TypedDict):
    """One version of an article and its proof."""

    article_id: int
    site: str
    language: str
    """BCP 47: ``en``, ``ru``, ``hy``."""
    url: str
    post_number: int | None
    slug: str | None
    version_id: int
    version: int
    """The number of the version, from 1."""
    is_current: int
    """1 for the current version of the article, else 0."""
    headline: str
    subtitle: str | None
    authors: str
    """A JSON list of names."""
    published_local: str | None
    """ISO 8601 with the offset that the site prints."""
    content_digest: str
    """SHA-256 of the text, in hexadecimal (see docs/explanation/architecture.md)."""
    fetched_at: str
    """When the page with this text was fetched: ISO 8601 in UTC."""
    body_digest: str | None
    """SHA-256 of the page as served, in hexadecimal."""
    outlet: str
    """The title of the site."""


def cited_texts(connection: Connection, version_ids: Iterable[int]) -> Iterator[CitedText]:
    """What a citation of each of these versions says, in their order."""
    ids = list(version_ids)
    for start in range(0, len(ids), BATCH_SIZE):
        yield from connection.rows_of(CitedText, CITED, (json.dumps(ids[start : start + BATCH_SIZE]),))


def current_versions(connection: Connection, article_ids: Iterable[int]) -> list[int]:
    """The IDs of the current versions of these articles, in their order."""
    ids: list[int] = connection.values(
        """SELECT a.current_version_id FROM json_each(?) j CROSS JOIN articles a ON a.id = j.value
        WHERE a.current_version_id IS NOT NULL ORDER BY j.key""",
        (json.dumps(list(article_ids)),),
    )
    return ids


def version_id_of(connection: Connection, article_id: int, number: int | None) -> int:
    """The ID of the version of an article with this number, or of the current one.

    Raises ``NoSuchArticle`` if it has no such version.
    """
    if number is None:
        found = current_versions(connection, [article_id])
    else:
        found = connection.values(
            f"SELECT id FROM versions WHERE article_id IN ({FAMILY}) AND number = :number ORDER BY id",
            {"article_id": article_id, "number": number},
        )
    if not found:
        what = "text" if number is None else f"version {number}"
        raise NoSuchArticle(f"{connection.path} has no {what} of article {article_id}.")
    return found[0]


def citation_key(text: CitedText) -> str:
    """A key for BibTeX: the site and the article's number or slug; letters, digits, ``_`` and ``-`` only."""
    name = text["post_number"] or text["slug"] or text["article_id"]
    return re.sub(r"[^\w-]", "", f"{text['site']}-{name}", flags=re.ASCII)
