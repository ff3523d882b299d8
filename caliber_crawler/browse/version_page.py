"""The page of one version of an article, under a URL that stays valid when archives are merged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datasette import NotFound

from caliber_crawler.archive.core.family import FAMILY
from caliber_crawler.archive.core.rows import VersionRow
from caliber_crawler.archive.texts.articles import Articles
from caliber_crawler.archive.texts.citation_styles import footnote
from caliber_crawler.archive.texts.cited_texts import cited_texts
from caliber_crawler.browse.body import body_html

if TYPE_CHECKING:
    from datasette.utils.asgi import Response

    from caliber_crawler.archive.core.connection import Connection
    from caliber_crawler.browse.pages import Context, PageRequest

MISSING = "The archive has no such text of this article."

VERSION = f"""
SELECT * FROM versions WHERE article_id IN ({FAMILY}) AND content_digest = :digest
ORDER BY replaced_by IS NOT NULL, seen_from LIMIT 1"""


async def version_page(page_request: PageRequest) -> Response:
    """``/-/version?url=<URL of the article>&text=<content digest>``: the text as it was seen at a time."""
    url, digest = page_request.argument("url"), page_request.argument("text").lower()
    return await page_request.html(
        "archive_version.html",
        await page_request.read(lambda connection: load_version(connection, url, digest)),
        scripts=True,
    )


def load_version(connection: Connection, url: str, digest: str) -> Context:
    """Return the version of an article with a content digest. Raises ``NotFound``."""
    article_id = Articles(connection).find(url)
    version = connection.row_of(VersionRow, VERSION, {"article_id": article_id, "digest": digest})
    if version is None:
        raise NotFound(MISSING)
    (cited,) = cited_texts(connection, [version["id"]])
    return {
        "version": version,
        "cited": cited,
        "citation": footnote(cited),
        "body": body_html(version["body_markdown"]),
        "paragraphs": version["body"].split("\n\n"),
    }
