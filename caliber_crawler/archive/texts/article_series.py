"""Articles of several pages: a later page has the URL of the first one with a number, and the same headline.

It is no article of its own, and its text is no edit of the first page. The order in which the pages come makes no
difference: a later page that was stored as an article is withdrawn when the first one comes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from typing import Any

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.texts.resemblance import Text, fold
from caliber_crawler.archive.texts.text_columns import plain
from caliber_crawler.items import Extraction
from caliber_crawler.site.page_series import first_page

REASON = "later_page"
IS_LATER = "is a later page of an article."
MAX_LATER = 50
"""Later pages of one article that are looked for."""
AT_URL = """SELECT a.id, a.url, a.version_count, v.headline, v.body, v.published_at FROM article_urls u
CROSS JOIN articles m ON m.id = u.article_id CROSS JOIN articles a ON a.id = coalesce(m.duplicate_of, m.id)
JOIN versions v ON v.id = a.current_version_id WHERE u.url IN (:url, :url || '/') AND a.site = :site"""
# CROSS JOIN: the URLs first. In a new archive, which has no statistics yet, SQLite would read all articles of the site.
BELOW = f"""SELECT a.id, u.url, v.headline, v.body, v.published_at FROM article_urls u
CROSS JOIN articles a ON a.id = u.article_id JOIN versions v ON v.id = a.current_version_id
WHERE ((u.url > :url || '/' AND u.url < :url || '0') OR (u.url > :url || '?' AND u.url < :url || '@'))
AND a.site = (SELECT site FROM articles WHERE id = :id) AND a.id <> :id AND a.duplicate_of IS NULL
AND a.version_count = 1 LIMIT {MAX_LATER}"""
"""The articles of a site whose URL begins with that of another one."""
ARTICLE = """SELECT a.id, a.site, v.headline, v.body, v.published_at FROM articles a
JOIN versions v ON v.id = a.current_version_id WHERE a.id = ?"""
OWN_URLS = "SELECT url FROM article_urls WHERE article_id = ? LIMIT 20"
AMONG = "IN (SELECT value FROM json_each(:among))"
NUMBERED = " OR ".join(f"u.url GLOB '*[^0-9]{digits}{end}'" for digits in ("[0-9]", "[0-9][0-9]") for end in ("", "/"))
"""Whether a URL ends in a number of one or two digits."""
URLS_BELOW = " ".join(
    f"""UNION SELECT u.article_id, u.url FROM own CROSS JOIN article_urls u
    ON u.url > rtrim(own.url, '/') || '{first}' AND u.url < rtrim(own.url, '/') || '{last}' WHERE {NUMBERED}"""
    for first, last in (("/", "0"), ("?", "@"), ("&", "''"))
)
CANDIDATES = f"""WITH own AS (
  SELECT DISTINCT u.article_id, u.url FROM (
    SELECT id FROM articles WHERE id {AMONG} UNION SELECT id FROM articles WHERE duplicate_of {AMONG}) a
  CROSS JOIN article_urls u ON u.article_id = a.id)
SELECT article_id, url FROM own u WHERE {NUMBERED} {URLS_BELOW}"""
"""The URLs of articles, and those that begin with them, that may be URLs of later pages."""
_WORD = re.compile(r"\w+")
_PAGE_WORD = re.compile(
    r"pages?|seite|p[aá]g(?:ina)?|страниц[ая]|стор[іi]нка|стр|sayfa|səhifə|strona|sid[ae]|siden|sivu|oldal|էջ"
    r"|part[ei]?e?|teil|часть|частина|of|von|de|из|з|sur|di|z|av"
)


class ArticleSeries:
    """Finds the pages of one article among the articles of an archive."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def first_of(self, extraction: Extraction, text: Text, article_id: int | None) -> str | None:
        """The URL of the article of which a page is a later page.

        ``article_id``: the article that the page would belong to. A page that repeats its text is no later page.
        """
        capture = extraction.capture
        for url in dict.fromkeys((capture.effective_url, capture.url)):
            for first in filter(None, dict.fromkeys((first_page(url.rstrip("/")), extraction.first_page))):
                values = {"url": first.rstrip("/"), "site": extraction.article.site}
                for row in self._connection.rows(AT_URL, values):
                    other = Text(row["headline"], row["body"], row["published_at"])
                    is_same = row["id"] == article_id and plain(text.body) == plain(other.body)
                    if not is_same and first != url and are_pages_of_one(text, other):
                        return str(row["url"])
        return None

    def later_of(self, article_id: int, second_page: str | None = None) -> list[int]:
        """The articles that turn out to be later pages of an article. ``second_page``: a URL that may be one's."""
        below = list(self._below(article_id))
        if not below and second_page is None:
            return []
        row = self._connection.row(ARTICLE, (article_id,))
        if row is None:
            return []
        text = Text(row["headline"], row["body"], row["published_at"])
        found = dict.fromkeys(
            other["id"]
            for other in (*below, *self._at(second_page, row["site"], article_id))
            if are_pages_of_one(text, Text(other["headline"], other["body"], other["published_at"]))
        )
        return list(found)

    def later_among(self, ids: Collection[int]) -> list[int]:
        """The articles that are later pages of others, where one of both is among these."""
        rows = self._connection.rows(CANDIDATES, {"among": json.dumps(list(ids))})
        candidates = dict.fromkeys(row["article_id"] for row in rows if first_page(row["url"].rstrip("/")) is not None)
        return [id for id in candidates if self.is_later(id)]

    def is_later(self, article_id: int) -> bool:
        """Whether a stored article is a later page of another one."""
        row = self._connection.row(ARTICLE, (article_id,))
        if row is None:
            return False
        text = Text(row["headline"], row["body"], row["published_at"])
        for url in self._connection.values(OWN_URLS, (article_id,)):
            first = first_page(url.rstrip("/"))
            rows = self._connection.rows(AT_URL, {"url": first.rstrip("/"), "site": row["site"]}) if first else ()
            for other in rows:
                others = Text(other["headline"], other["body"], other["published_at"])
                if other["id"] != article_id and are_pages_of_one(text, others):
                    return True
        return False

    def _below(self, article_id: int) -> Iterator[dict[str, Any]]:
        for url in self._connection.values(OWN_URLS, (article_id,)):
            start = url.rstrip("/")
            for row in self._connection.rows(BELOW, {"url": start, "id": article_id}):
                first = first_page(row["url"].rstrip("/"))
                if first is not None and first.rstrip("/") == start:
                    yield row

    def _at(self, url: str | None, site: str, article_id: int) -> list[dict[str, Any]]:
        if url is None:
            return []
        rows = self._connection.rows(AT_URL, {"url": url.rstrip("/"), "site": site})
        return [row for row in rows if row["id"] != article_id and row["version_count"] == 1]


def are_pages_of_one(one: Text, other: Text) -> bool:
    """Whether two texts have one headline, apart from the number of the page, and no different dates."""
    titles = title_of(one.headline), title_of(other.headline)
    return titles[0] == titles[1] != () and len({one.published_at, other.published_at} - {None}) < 2


def title_of(headline: str) -> tuple[str, ...]:
    """The words of a headline without the number of a page at its end.

    >>> title_of("The bridge (page 2 of 3)") == title_of("The Bridge")
    True
    """
    words = _WORD.findall(fold(headline))
    end = len(words)
    while end and (words[end - 1].isdecimal() or _PAGE_WORD.fullmatch(words[end - 1])):
        end -= 1
    # Only with a number is it that of a page: "A new page" is a headline.
    return tuple(words[:end] if end and any(map(str.isdecimal, words[end:])) else words)
