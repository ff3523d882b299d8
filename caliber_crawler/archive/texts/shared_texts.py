"""Shared texts: one text under the URLs of several articles, of which it says nothing: a wall that is at many URLs.

A page is doubtful if it matches no layout, and neither a date of its own nor a word of its URL shows that it is the
article. Two doubtful pages with one text are both put aside: no order of visits makes the first one an article. URLs
that may name one page in two places of a site (the same last segment or number) are one article's.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta

from caliber_crawler.archive.core.checksums import without_triggers
from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.family import TABLES_OF_ARTICLE
from caliber_crawler.archive.core.times import utc_time
from caliber_crawler.archive.reports.runs import Runs
from caliber_crawler.archive.texts.text_columns import digest_of, plain
from caliber_crawler.items import Article, Extraction, Problem
from caliber_crawler.site.url_words import has_a_word, may_name_one_page, share_of_words

NO_LAYOUT = ("unknown", "generic", "text")
"""Layouts of pages that match no layout of a site definition."""
REASON = "same_text_elsewhere"
IS_SHARED = "has a text that is at other URLs, too, and nothing that shows that it is theirs."
MAX_MATCHES = 20
MAX_PHRASE = 200
"""Characters of a headline that are searched for."""
MANY = 3
"""Number of unrelated URLs at which a text with a date is none of an article."""
MAX_RECENT_TEXTS = 2_000
MAX_RECALLED = 3
"""Pages put aside earlier that are extracted again, once for each site and process, to recognize their text."""
MAX_RECENT = 5_000
"""Newest problems among which those pages are searched for."""

WITH_HEADLINE = f"""
SELECT a.id, a.url, a.version_count, v.headline, v.body, v.layout, v.published_at, v.seen_from, v.seen_until,
  json_extract(v.methods, '$.published_at') AS dated_by, v.authors <> '[]' AS has_authors,
  (SELECT count(*) FROM articles d WHERE d.duplicate_of = a.id) AS duplicates
FROM versions_fts f JOIN versions v ON v.id = f.rowid JOIN articles m ON m.id = v.article_id
JOIN articles a ON a.id = coalesce(m.duplicate_of, m.id)
WHERE versions_fts MATCH :phrase AND v.headline = :headline AND v.replaced_by IS NULL AND a.site = :site
AND a.id IS NOT :article_id ORDER BY a.id LIMIT {MAX_MATCHES}"""
CURRENT = """
SELECT a.id, a.url, a.site, a.version_count, v.headline, v.body, v.layout, v.published_at, v.seen_from, v.seen_until,
  json_extract(v.methods, '$.published_at') AS dated_by, v.authors <> '[]' AS has_authors,
  (SELECT count(*) FROM articles d WHERE d.duplicate_of = a.id) AS duplicates
FROM articles a JOIN versions v ON v.id = a.current_version_id WHERE a.id = ?"""
PUT_ASIDE_BEFORE = f"""
SELECT p.capture_id FROM problems p JOIN captures c ON c.id = p.capture_id
WHERE p.id > (SELECT max(id) FROM problems) - {MAX_RECENT} AND p.reason = '{REASON}' AND c.site = ?
ORDER BY p.id DESC LIMIT {MAX_RECALLED}"""
UNREPORTED = """
SELECT id, url FROM captures c WHERE article_id = :id AND version_id IS NOT NULL
AND NOT EXISTS (SELECT 1 FROM problems p WHERE p.capture_id = c.id AND p.reason = :reason) ORDER BY id"""
IS_REPORTED = f"""
SELECT 1 FROM captures c JOIN problems p ON p.capture_id = c.id
WHERE c.article_id = ? AND c.version_id IS NOT NULL AND p.reason = '{REASON}' LIMIT 1"""
KEPT_BY = ("view_counts_are_kept", "versions_are_kept")
"""The triggers that keep the rows of an article."""


@dataclass(frozen=True, slots=True)
class Row:
    """An article with its current text."""

    id: int
    url: str
    version_count: int
    headline: str
    body: str
    layout: str
    published_at: str | None
    seen_from: str
    seen_until: str
    dated_by: str | None
    has_authors: int
    duplicates: int
    site: str = ""

    @property
    def is_doubtful(self) -> bool:
        has_date = self.published_at is not None and self.dated_by != "url"
        return is_doubtful(self.url, f"{self.headline} {self.body}", self.layout, has_date=has_date)

    @property
    def lacks_evidence(self) -> bool:
        """Whether only a date may show that it is an article."""
        return self.layout in NO_LAYOUT and not has_a_word(self.url, f"{self.headline} {self.body}")

    def may_be_withdrawn(self, lasting: timedelta) -> bool:
        """Whether this text is all that is known of the article, and was not seen for long."""
        lasted = utc_time(self.seen_until) - utc_time(self.seen_from)
        return self.version_count == 1 and not self.duplicates and lasted < lasting


def is_doubtful(url: str, text: str, layout: str, *, has_date: bool) -> bool:
    """Whether nothing shows that a page is the article of its URL."""
    if layout not in NO_LAYOUT:
        return False
    if has_a_word(url, text):
        return False
    share = share_of_words(url, text)
    return share == 0 or (share is None and not has_date)


class SharedTexts:
    """Finds texts that several articles share, and withdraws those that are no article."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._runs = Runs(connection)
        self._known: dict[str, set[str]] = {}
        """For each site, digests of texts that were put aside."""
        self._recent: OrderedDict[tuple[str, str], tuple[str, ...]] = OrderedDict()
        """For the latest pages that only have a date, the unrelated URLs of each text."""

    def is_at_many_urls(self, url: str, article: Article, layout: str) -> bool:
        """Whether this process saved the text of a page that only has a date at many unrelated URLs."""
        if layout not in NO_LAYOUT or has_a_word(url, f"{article.headline} {article.body}"):
            return False
        key = article.site, undated_digest(article)
        urls = self._recent.pop(key, ())
        if len(urls) < MANY and not any(may_name_one_page(url, other) for other in urls):
            urls = (*urls, url)
        self._recent[key] = urls
        if len(self._recent) > MAX_RECENT_TEXTS:
            self._recent.popitem(last=False)
        return len(urls) >= MANY

    def others(self, url: str, article: Article, article_id: int | None, *, dated: bool = False) -> list[Row]:
        """Doubtful articles with the text of a doubtful page, at URLs that cannot name the same page.

        With ``dated``, also those that only have a date.
        """
        phrase = article.headline[:MAX_PHRASE].replace('"', '""').replace("\0", " ")
        rows = self._connection.rows(
            WITH_HEADLINE,
            {
                "phrase": f'headline : "{phrase}"',
                "headline": article.headline,
                "site": article.site,
                "article_id": article_id,
            },
        )
        body = plain(article.body)
        found = [Row(**row) for row in rows]
        return [
            row
            for row in found
            if plain(row.body) == body
            and (row.is_doubtful or (dated and row.lacks_evidence))
            and not may_name_one_page(url, row.url)
        ]

    def was_put_aside(self, extraction: Extraction, reextract: Callable[[int], Extraction | None] | None) -> bool:
        """Whether the text of a doubtful page was put aside at other URLs of the site before."""
        article = extraction.article
        known = self._known.get(article.site)
        if known is None:
            if reextract is None:
                return False
            ids = self._connection.values(PUT_ASIDE_BEFORE, (article.site,))
            recalled = [earlier for id in ids if (earlier := reextract(id)) is not None]
            known = self._known[article.site] = {undated_digest(earlier.article) for earlier in recalled}
        return undated_digest(article) in known

    def remember(self, article: Article) -> None:
        """Remember a text that was put aside."""
        known = self._known.get(article.site)
        if known is not None:
            if len(known) >= MAX_RECENT_TEXTS:
                known.clear()
            known.add(undated_digest(article))

    def current(self, article_id: int) -> Row | None:
        """An article with its current text."""
        row = self._connection.row(CURRENT, (article_id,))
        return None if row is None else Row(**row)

    def is_reported(self, article_id: int) -> bool:
        """Whether a page of an article was put aside before, in this archive or one that was merged."""
        return self._connection.value(IS_REPORTED, (article_id,)) is not None

    def withdraw(self, ids: Iterable[int], run_id: int, reason: str = REASON, clause: str = IS_SHARED) -> int:
        """Put the pages of articles aside that turned out to be none. Their captures stay, with a problem each.

        Articles with codes stay: the people who gave them have seen what they are. Return the number of those that this
        run had stored. Runs inside the caller's transaction.
        """
        stored = 0
        for id in ids:
            if self._connection.value("SELECT 1 FROM codes WHERE article_id = ?", (id,)) is not None:
                continue
            stored += self._connection.value(
                "SELECT count(*) FROM versions WHERE article_id = ? AND run_id = ?", (id, run_id)
            )
            for row in self._connection.rows(UNREPORTED, {"id": id, "reason": reason}):
                problem = Problem(
                    stage="check", reason=reason, message=f"{row['url']} {clause}", field="url", fatal=True
                )
                self._runs.record_problem(run_id, problem, url=row["url"], capture_id=row["id"])
            self._delete(id, reason)
        return stored

    def _delete(self, id: int, reason: str) -> None:
        connection = self._connection
        authors = connection.values("SELECT author_id FROM article_authors WHERE article_id = ?", (id,))
        connection.execute("UPDATE captures SET article_id = NULL, version_id = NULL WHERE article_id = ?", (id,))
        connection.execute(
            """UPDATE frontier SET article_id = NULL, reason = ?2,
            state = CASE state WHEN 'done' THEN 'refused' ELSE state END WHERE article_id = ?1""",
            (id, reason),
        )
        connection.execute("UPDATE articles SET current_version_id = NULL WHERE id = ?", (id,))
        with without_triggers(connection, "versions", KEPT_BY), without_triggers(connection, "view_counts", KEPT_BY):
            for table in TABLES_OF_ARTICLE:
                connection.execute(f"DELETE FROM {table} WHERE article_id = ?", (id,))
        connection.execute("DELETE FROM articles WHERE id = ?", (id,))
        connection.execute(
            """DELETE FROM authors WHERE id IN (SELECT value FROM json_each(?))
            AND NOT EXISTS (SELECT 1 FROM article_authors w WHERE w.author_id = authors.id)""",
            (json.dumps(authors),),
        )


def undated_digest(article: Article) -> str:
    """The digest of a text without its date, which a wall may take from its URL."""
    return digest_of(article.headline, article.subtitle, (), article.body, None)
