"""Confirmation: the current code extracts the same from all pages of an article, so nothing but its name is stored.

Most pages are as they were after a change of the code. Whether all of an article's are can be found by reading alone,
in a worker process; the writing process then records the extractor, for many articles in two statements.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from caliber_crawler.archive.core.checksums import checksum
from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.rows import VersionRow
from caliber_crawler.archive.texts.article_series import ArticleSeries
from caliber_crawler.archive.texts.kept_values import KEPT, loses_values
from caliber_crawler.archive.texts.media import TABLES, Media, media_of, merge_media
from caliber_crawler.archive.texts.shared_texts import NO_LAYOUT
from caliber_crawler.archive.texts.text_columns import EXTRACTION_COLUMNS, Page
from caliber_crawler.archive.texts.versions import Versions, intervals
from caliber_crawler.items import Article, Extraction

COMPARED = tuple(name for name in EXTRACTION_COLUMNS if name not in ("extractor", "methods"))
ARTICLE = """SELECT a.id, a.section, a.cover_image FROM captures c JOIN articles a ON a.id = c.article_id
WHERE c.id = ? AND c.version_id IS NOT NULL AND a.duplicate_of IS NULL AND a.current_version_id IS NOT NULL
AND NOT EXISTS (SELECT 1 FROM articles d WHERE d.duplicate_of = a.id)"""
"""The article of a page, unless articles were merged into it."""
LABEL = "SELECT label FROM sections WHERE site = ? AND language = ? AND section = ?"
MARK_CAPTURE = "UPDATE captures SET extractor = ? WHERE id = ? AND article_id = ? AND version_id = ?"
MARK_VERSION = """UPDATE versions SET extractor = ?, checksum = ?
WHERE id = ? AND capture_id = ? AND replaced_by IS NULL AND content_digest = ?"""


class ArticleChanged(Exception):
    """An article has changed since it was confirmed: its pages are extracted and stored one by one instead."""


class Confirmation(NamedTuple):
    """What remains to be recorded for an article: the parameters of two statements. Nothing else would change."""

    captures: tuple[tuple[str, int, int, int], ...]
    """Extractor, capture, article, version."""
    versions: tuple[tuple[str, int, int, int, str], ...]
    """Extractor, checksum, version, capture, content digest."""


class Confirmations:
    """Finds articles that a re-extraction does not change, and records it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._versions = Versions(connection)
        self._series = ArticleSeries(connection)

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Read one state of the archive inside the block. Only for a connection that does not write."""
        self._connection.raw.execute("BEGIN")
        try:
            yield
        finally:
            self._connection.raw.execute("COMMIT")

    def confirm(self, extractions: Sequence[Extraction]) -> Confirmation | None:
        """What to record if these extractions of all pages of one article change nothing; otherwise ``None``.

        ``None`` also for an article whose admission depends on others: without a date, or of no known layout.
        """
        fresh = {extraction.capture.id: extraction for extraction in extractions if extraction.capture.id is not None}
        article = self._connection.row(ARTICLE, (next(iter(fresh), None),))
        if article is None:
            return None
        versions = self._versions.all_of(article["id"])
        pages = self._versions.pages_of(article["id"], fresh)
        if not all(map(is_settled, versions)) or {page.id for page in pages} != set(fresh):
            return None
        of_page = self._unchanged(pages, fresh, versions)
        if of_page is None or not self._has_facts(article, fresh[pages[-1].id].article):
            return None
        if not self._has_media(article["id"], extractions):
            return None
        if self._series.is_later(article["id"]) or self._series.later_of(article["id"]):
            return None
        return Confirmation(
            tuple((fresh[id].extractor, id, article["id"], version["id"]) for id, version in of_page.items()),
            tuple(
                (new, checksum("versions", {**version, "extractor": new}), version["id"], id, version["content_digest"])
                for id, version in of_page.items()
                if id == version["capture_id"] and (new := fresh[id].extractor) != version["extractor"]
            ),
        )

    def record(self, confirmations: Iterable[Confirmation]) -> None:
        """Record the extractor. Raises :class:`ArticleChanged`. Runs inside the caller's transaction."""
        confirmations = list(confirmations)
        for sql, rows in (
            (MARK_CAPTURE, [row for each in confirmations for row in each.captures]),
            (MARK_VERSION, [row for each in confirmations for row in each.versions]),
        ):
            if rows and self._connection.execute_many(sql, rows) != len(rows):
                raise ArticleChanged

    def _unchanged(
        self, pages: Sequence[Page], fresh: Mapping[int, Extraction], versions: Sequence[VersionRow]
    ) -> dict[int, VersionRow] | None:
        """The version of each page, if the extractions lead to the same versions as before."""
        if loses_values(pages, fresh, {}):
            return None
        of_page: dict[int, VersionRow] = {}
        used: set[int] = set()
        for interval in intervals(pages, versions):
            version = next((version for version in versions if interval.fits(version, used)), None)
            if version is None or (version["seen_from"], version["seen_until"]) != (interval.first, interval.until):
                return None
            used.add(version["id"])
            for page in interval.pages:
                if page.version_id != version["id"] or not has_extraction(version, fresh[page.id]):
                    return None
                of_page[page.id] = version
        return of_page if len(used) == len(versions) else None

    def _has_facts(self, stored: Mapping[str, Any], newest: Article) -> bool:
        """Whether an article has the section and the cover of its newest page."""
        if newest.cover_image not in (None, stored["cover_image"]) or newest.section not in (None, stored["section"]):
            return False
        if newest.section is None:
            return True
        labels = self._connection.values(LABEL, (newest.site, newest.language, newest.section))
        return bool(labels) and (labels[0] is not None or newest.section_label is None)

    def _has_media(self, article_id: int, extractions: Sequence[Extraction]) -> bool:
        """Whether an article has exactly the images and links of these pages."""
        for table in TABLES:
            rows = self._connection.rows(
                f"SELECT * FROM {table} WHERE article_id = ? AND checksum IS NOT NULL", (article_id,)
            )
            stored = {row["url"]: {name: row[name] for name in row if name != "checksum"} for row in rows}
            expected: dict[str, Media] = {}
            for extraction in extractions:
                for row in media_of(article_id, extraction, table):
                    known = expected.get(row["url"])
                    expected[row["url"]] = row if known is None else merge_media(known, row)
            if stored != expected:
                return False
        return True


def is_settled(version: VersionRow) -> bool:
    """Whether a text shows by itself that it is the article of its page, and has nothing from another page."""
    if version["replaced_by"] is not None or version["published_at"] is None or version["layout"] in NO_LAYOUT:
        return False
    return KEPT not in version["methods"] and json.loads(version["methods"]).get("published_at") != "url"


def has_extraction(version: VersionRow, extraction: Extraction) -> bool:
    """Whether a version has what is extracted from its page beside the text."""
    found = {
        "body_markdown": extraction.article.body_markdown,
        "signature": extraction.article.signature,
        "layout": extraction.layout,
    }
    if any(found[name] != version[name] for name in COMPARED):  # type: ignore[literal-required]
        return False
    return version["capture_id"] != extraction.capture.id or version["methods"] == json.dumps(
        dict(extraction.methods), ensure_ascii=False
    )
