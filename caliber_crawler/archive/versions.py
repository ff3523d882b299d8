"""Versions: every distinct text of an article, and when it stood.

A version is recognised by what the newspaper wrote (headline, subtitle, authors, body, time of publication) and by
nothing else of the page. Versions are numbered as they arrive and ordered by when they were seen, so an old capture
that arrives late takes its place in the past. The current version is the one seen last; of two seen in the same second
(a page read again by a better extractor), the one that arrived last.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from typing import Any, Literal

from caliber_crawler.archive.connection import Connection
from caliber_crawler.archive.identity import FAMILY
from caliber_crawler.archive.times import local_text, optional_text, utc_text
from caliber_crawler.items import Article, Reading

Cause = Literal["first", "edit", "reextract"]


def content_digest(article: Article) -> str:
    """SHA-256 over the text of an article, in NFC, every run of blanks as one."""
    content = [
        plain(article.headline),
        plain(article.subtitle or ""),
        [plain(author) for author in article.authors],
        plain(article.body),
        optional_text(article.published_at),
    ]
    # JSON keeps the fields apart: no text moved from one into the other gives the same digest.
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", text)).strip()


class Versions:
    """The versions in an archive. Runs inside the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def record(self, article_id: int, reading: Reading, run_id: int) -> tuple[dict[str, Any], bool]:
        """Record that this text stood when the page was captured: the version's row, and whether it is new."""
        digest = content_digest(reading.article)
        seen_at = utc_text(reading.capture.fetched_at)
        neighbours = self._neighbours(article_id, seen_at)
        for version in neighbours:
            if version["content_digest"] == digest:
                self._widen(version["id"], seen_at)
                return version, False
        cause = self._cause(reading, neighbours)
        return self._add(article_id, reading, run_id, digest, seen_at, cause), True

    def stands(self, version_id: int, seen_at: str) -> None:
        """Record that a text was still there."""
        self._widen(version_id, seen_at)

    def _neighbours(self, article_id: int, seen_at: str) -> list[dict[str, Any]]:
        """The version in force at that moment, and the one that followed."""
        where = f"FROM versions WHERE article_id IN ({FAMILY})"
        key = {"article_id": article_id, "seen_at": seen_at}
        in_force = self._connection.row(
            f"SELECT * {where} AND seen_from <= :seen_at ORDER BY seen_from DESC, id DESC LIMIT 1", key
        )
        following = self._connection.row(
            f"SELECT * {where} AND seen_from > :seen_at ORDER BY seen_from, id LIMIT 1", key
        )
        return [version for version in (in_force, following) if version is not None]

    def _cause(self, reading: Reading, neighbours: list[dict[str, Any]]) -> Cause:
        """Why the text differs: a page already read, or one of the same bytes, can only have been read differently."""
        if not neighbours:
            return "first"
        same_page = self._connection.value(
            """SELECT 1 FROM captures this WHERE this.id = ? AND (this.version_id IS NOT NULL OR this.body_digest IN (
              SELECT c.body_digest FROM captures c JOIN versions v ON v.capture_id = c.id
              WHERE v.id IN (SELECT value FROM json_each(?))))""",
            (reading.capture.id, json.dumps([version["id"] for version in neighbours])),
        )
        return "reextract" if same_page else "edit"

    def _widen(self, version_id: int, seen_at: str) -> None:
        self._connection.execute(
            """UPDATE versions SET seen_from = min(seen_from, :seen_at), seen_until = max(seen_until, :seen_at)
            WHERE id = :id AND (seen_from > :seen_at OR seen_until < :seen_at)""",
            {"id": version_id, "seen_at": seen_at},
        )

    def _add(
        self, article_id: int, reading: Reading, run_id: int, digest: str, seen_at: str, cause: Cause
    ) -> dict[str, Any]:
        article = reading.article
        number = self._connection.value(
            f"SELECT coalesce(max(number), 0) + 1 FROM versions WHERE article_id IN ({FAMILY})",
            {"article_id": article_id},
        )
        version = {
            "article_id": article_id,
            "number": number,
            "cause": cause,
            "seen_from": seen_at,
            "seen_until": seen_at,
            "headline": article.headline,
            "subtitle": article.subtitle,
            "authors": json.dumps(article.authors, ensure_ascii=False),
            "published_at": optional_text(article.published_at),
            "published_local": None if article.published_at is None else local_text(article.published_at),
            "word_count": len(article.body.split()),
            "body": article.body,
            "signature": article.signature,
            "content_digest": digest,
            "capture_id": reading.capture.id,
            "run_id": run_id,
            "extractor": reading.extractor,
            "layout": reading.layout,
            "rungs": json.dumps(dict(reading.rungs), ensure_ascii=False),
        }
        columns = ", ".join(version)
        values = ", ".join(f":{column}" for column in version)
        cursor = self._connection.execute(f"INSERT INTO versions ({columns}) VALUES ({values})", version)
        return version | {"id": cursor.lastrowid}
