"""Site norms: what nearly all articles of a site have. A page without it, which shows nothing else, may be no article.

A wall with an unknown phrase, at one URL that consists of a number, was never seen before and may not be seen again.
What speaks against it is the site: if nearly all of its articles state a date, a short text is put aside that states
none, matches no layout, names no author and shares no word with its URL. It stays a capture, and counts as an article
if it is still there :data:`~caliber_crawler.archive.texts.admission.LASTING` later.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.times import utc_text, utc_time
from caliber_crawler.archive.texts.resemblance import Text, differ_entirely
from caliber_crawler.archive.texts.shared_texts import Row, is_doubtful
from caliber_crawler.items import Article, Extraction

REASON = "unlike_site"
MIN_KNOWN = 20
"""Number of articles of a site that show what its articles have."""
MAX_KNOWN = 100
"""Newest articles of a site that are examined."""
MAX_RECENT = 5_000
"""Newest articles of the archive among which those of a site are searched for."""
NEARLY_ALL = 0.95
MAX_LENGTH = 3_000
"""Characters; the text of a wall is shorter."""

DATED = f"""SELECT count(*) AS known, coalesce(sum(
  v.published_at IS NOT NULL AND coalesce(json_extract(v.methods, '$.published_at'), '') <> 'url'), 0) AS dated
FROM (SELECT current_version_id FROM articles WHERE id > (SELECT max(id) FROM articles) - {MAX_RECENT} AND site = :site
  AND id IS NOT :article_id AND duplicate_of IS NULL AND current_version_id IS NOT NULL
  ORDER BY id DESC LIMIT {MAX_KNOWN}) a CROSS JOIN versions v ON v.id = a.current_version_id"""
"""The number of articles of a site, and of those that state a date. A date from the URL says nothing about the page."""
FIRST_PUT_ASIDE = f"""SELECT c.id, c.fetched_at FROM captures c JOIN problems p ON p.capture_id = c.id
WHERE c.url = :url AND c.fetched_at <= :long_ago AND c.version_id IS NULL AND p.reason = '{REASON}'
ORDER BY c.fetched_at LIMIT 1"""
UNDATED_OF_RUN = """SELECT DISTINCT v.article_id FROM versions v JOIN articles a ON a.id = v.article_id
WHERE v.run_id = ? AND v.published_at IS NULL AND v.replaced_by IS NULL AND a.duplicate_of IS NULL
AND a.version_count = 1"""


class SiteNorms:
    """Compares pages with the articles of their site."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def puts_aside(
        self, extraction: Extraction, lasting: timedelta, reextract: Callable[[int], Extraction | None] | None
    ) -> bool:
        """Whether the page of an unknown article lacks what the articles of its site have, and has not lasted yet."""
        article, capture = extraction.article, extraction.capture
        is_dated = article.published_at is not None and extraction.methods.get("published_at") != "url"
        if is_dated or article.authors or not _is_bare(capture.effective_url, article, extraction.layout):
            return False
        if not self._are_dated(article.site, None):
            return False
        first = self._first_put_aside(capture.url, capture.fetched_at - lasting)
        earlier = None if first is None or reextract is None else reextract(first)
        texts = [Text(each.headline, each.body, None) for each in (article, *([earlier.article] if earlier else []))]
        return earlier is None or differ_entirely(*texts)

    def rejects(self, row: Row | None, lasting: timedelta) -> bool:
        """Whether a stored article, of which nothing else is known, is such a page."""
        if row is None or not row.may_be_withdrawn(lasting) or row.has_authors:
            return False
        has_date = row.published_at is not None and row.dated_by != "url"
        article = Article(site=row.site, language="", url=row.url, headline=row.headline, body=row.body)
        if has_date or not _is_bare(row.url, article, row.layout) or not self._are_dated(row.site, row.id):
            return False
        return self._first_put_aside(row.url, utc_time(row.seen_until) - lasting) is None

    def undated_of(self, run_id: int) -> list[int]:
        """The articles that a run stored without a date."""
        return self._connection.values(UNDATED_OF_RUN, (run_id,))

    def _are_dated(self, site: str, article_id: int | None) -> bool:
        """Whether nearly all other articles of a site state a date."""
        row = self._connection.row(DATED, {"site": site, "article_id": article_id})
        return row is not None and row["known"] >= MIN_KNOWN and row["dated"] >= NEARLY_ALL * row["known"]

    def _first_put_aside(self, url: str, long_ago: datetime) -> int | None:
        row = self._connection.row(FIRST_PUT_ASIDE, {"url": url, "long_ago": utc_text(long_ago)})
        return None if row is None else int(row["id"])


def _is_bare(url: str, article: Article, layout: str) -> bool:
    """Whether a short text shows nothing that makes it the article of its URL; a date is not looked for."""
    if len(article.body) > MAX_LENGTH:
        return False
    return is_doubtful(url, f"{article.headline} {article.body}", layout, has_date=False)
