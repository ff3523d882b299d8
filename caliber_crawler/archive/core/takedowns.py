"""Takedowns: articles that an archive must not contain. Every crawl and merge checks them before saving.

A takedown records the request with its date and reason, and digests of the article's identifiers: its URLs, its post
number, its slug. :mod:`~caliber_crawler.archive.upkeep.deletion` carries a takedown out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from hashlib import sha256

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.rows import ArticleUrlRow, TakedownRow
from caliber_crawler.site import ArticleURL


class Takedowns:
    """The takedowns recorded in an archive."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self) -> list[TakedownRow]:
        """Every takedown, oldest first."""
        return self._connection.rows_of(
            TakedownRow,
            "SELECT id, site, language, reason, requested_at, carried_out_at, versions, captures FROM takedowns",
        )

    def covers(self, site: str, article_urls: Iterable[ArticleURL]) -> bool:
        """Does one of these URLs belong to an article that was taken down?"""
        return self.covering(site, article_urls) is not None

    def covering(self, site: str, article_urls: Iterable[ArticleURL]) -> int | None:
        """The ID of a takedown that covers one of these URLs, if there is one."""
        if self._connection.value("SELECT 1 FROM takedown_keys") is None:
            return None
        keys = [digest for article_url in article_urls for digest in keys_of(site, article_url)]
        found: int | None = self._connection.value(
            "SELECT takedown_id FROM takedown_keys WHERE digest IN (SELECT value FROM json_each(?))",
            (json.dumps(keys),),
        )
        return found

    def record_keys(self, takedown_id: int | None, keys: Iterable[str]) -> None:
        """Record the digests of a takedown, except those of an earlier one. Runs inside the caller's transaction."""
        for digest in keys:
            self._connection.execute(
                "INSERT INTO takedown_keys (digest, takedown_id) VALUES (?, ?) ON CONFLICT (digest) DO NOTHING",
                (digest, takedown_id),
            )


def address_of(row: ArticleUrlRow) -> ArticleURL:
    """A row of ``article_urls`` as an article URL."""
    return ArticleURL(url=row["url"], language=row["language"], number=row["post_number"], slug=row["slug"])


def keys_of(site: str, article_url: ArticleURL) -> list[str]:
    """Digests of everything in a URL that identifies its article."""
    names = [f"{site} url {article_url.url}"]
    if article_url.number is not None:
        names.append(f"{site} number {article_url.number}")
    if article_url.slug is not None:
        names.append(f"{site} {article_url.language} slug {article_url.slug}")
    return [sha256(name.encode()).hexdigest() for name in names]
