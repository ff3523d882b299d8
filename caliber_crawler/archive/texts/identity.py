"""Identity: which article a page belongs to. A URL alone does not decide, because one article may have several.

Two URLs with the same post number, or with the same slug in one language, belong to one article. A page also claims
URLs: it states a canonical link, or a redirect led to it. A claim joins two articles only if their texts resemble each
other (:mod:`~caliber_crawler.archive.texts.resemblance`); otherwise it is kept in ``url_claims`` and tried again with
every new text. So the same pages give the same articles in any order.

A claimed URL where no page was served yet belongs to its claimants if they are one article. When a page of another
article is served there, that article takes the URL over.

Rows that turn out to be the same article are merged into the oldest one, the survivor. It takes over their URLs; they
point to it by ``duplicate_of`` and keep their versions and view counts. Every view of the archive shows them under the
survivor.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from caliber_crawler.archive.core.checksums import checksum, insert_with_checksum
from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.texts.media import move_media
from caliber_crawler.archive.texts.page_urls import PageUrls, identifiers_of
from caliber_crawler.archive.texts.resemblance import Text, resemble, texts_of
from caliber_crawler.items import Article
from caliber_crawler.site import ArticleURL

IS_CLAIM = "EXISTS (SELECT 1 FROM url_claims c WHERE c.url = u.url AND c.article_id = u.article_id)"
"""Whether a row ``u`` of ``article_urls`` is a URL where no page of its article was served."""

MATCHES = f"""
SELECT u.url, a.id, a.language, a.post_number, {IS_CLAIM} AS is_claim
FROM article_urls u JOIN articles a ON a.id = u.article_id WHERE """
BY_URL = f"{MATCHES} u.url = :url"
BY_NUMBER = f"{MATCHES} u.post_number = :number AND a.site = :site"
BY_SLUG = f"{MATCHES} u.slug = :slug AND u.language IS :language AND a.site = :site"

RIVALS = """
SELECT c.article_id FROM article_urls u JOIN url_claims c ON c.url = u.url
WHERE u.article_id = :id AND c.article_id <> :id
UNION
SELECT u.article_id FROM url_claims c JOIN article_urls u ON u.url = c.url
WHERE c.article_id = :id AND u.article_id <> :id
UNION
SELECT o.article_id FROM url_claims c JOIN url_claims o ON o.url = c.url
WHERE c.article_id = :id AND o.article_id <> :id"""
"""Articles that claim a URL of an article, or a URL that it claims."""

MAX_CLAIMS = 20
"""Claims of different articles on one URL. A URL that more of them claim, such as that of a template, says nothing."""

BEST_URL = """SELECT url FROM article_urls u WHERE article_id = :id ORDER BY
CASE kind WHEN 'slug' THEN 0 WHEN 'number' THEN 1 ELSE 2 END, first_seen_at, url LIMIT 1"""


@dataclass(frozen=True, slots=True)
class Match:
    """An article with a URL, post number or slug of a page."""

    url: str
    """The article's URL that has it."""
    id: int
    language: str
    post_number: int | None
    is_claim: int
    """1 when no page of the article was served at that URL, else 0."""

    def contradicts(self, other: Match) -> bool:
        """Whether the rows differ in language or post number: then they are different articles."""
        numbers = {self.post_number, other.post_number} - {None}
        return self.language != other.language or len(numbers) > 1


@dataclass(frozen=True, slots=True)
class Found:
    """The article of a page, if it is known, and the claims of the page that did not join it to another one."""

    article_id: int | None
    rejected: tuple[ArticleURL, ...] = ()
    dispossessed: tuple[int, ...] = ()
    """Articles that only claimed the page's own URL, and lost it."""


class Identity:
    """Finds, names and merges the articles of an archive. Runs inside the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(
        self,
        site: str,
        own: Sequence[ArticleURL],
        claims: Sequence[ArticleURL] = (),
        texts: Sequence[Text] = (),
    ) -> Found:
        """The article of a page that was served at ``own`` and claims other URLs, after merging rows of one article.

        A match that contradicts the first one (another language or post number) is not merged. An article that only
        claimed the page's own URL, and does not resemble it, loses that URL.
        """
        numbers = {article_url.number for article_url in (*own, *claims) if article_url.number is not None}
        same: list[Match] = []
        lost: list[int] = []
        claimants = self._claimants([*own, *claims])
        for match in (*self._matches(site, own), *(each for url in own for each in claimants.get(url.url, ()))):
            if match.post_number is not None and numbers and match.post_number not in numbers:
                continue
            if same and match.contradicts(same[0]):
                continue
            if match.id in {known.id for known in same}:
                continue
            if not match.is_claim or self._resembles(match.id, same, texts):
                same.append(match)
            else:
                lost += self._dispossess(match, own)
        rejected = []
        for claim in claims:
            joined: list[Match] = []
            others = False
            matches = self._matches(site, [claim])
            owner = next((match.id for match in matches if match.url == claim.url and not match.is_claim), None)
            for match in (*matches, *claimants.get(claim.url, ())):
                if match.id in {known.id for known in (*same, *joined)}:
                    continue
                fits = match.post_number is None or not numbers or match.post_number in numbers
                if fits and not (same and match.contradicts(same[0])) and self._resembles(match.id, same, texts):
                    joined.append(match)
                else:
                    others = True
                    if match.is_claim and match.url == claim.url:
                        self._release(match.id, [match.url])
            same += joined
            if others if owner is None else owner not in {known.id for known in same}:
                rejected.append(claim)
        if not same:
            return Found(None, tuple(rejected), tuple(lost))
        survivor = self._unite([match.id for match in same])
        return Found(self._join_rivals(survivor, same[0], texts), tuple(rejected), tuple(lost))

    def register_urls(self, article_id: int, urls: PageUrls, rejected: Iterable[ArticleURL], seen_at: str) -> None:
        """Record the URLs of an article: its own, those that it claims, and those that it claims in vain."""
        for article_url in urls.all:
            if article_url in rejected:
                self._claim(article_url.url, article_id)
                continue
            row = {
                "url": article_url.url,
                "article_id": article_id,
                "kind": article_url.kind,
                "language": article_url.language,
                "post_number": article_url.number,
                "slug": article_url.slug,
                "first_seen_at": seen_at,
            }
            if article_url not in urls.others:
                self.register_url(row, is_claim=article_url in urls.claims)
            elif self._connection.value("SELECT 1 FROM article_urls WHERE url = ?", (article_url.url,)) is None:
                self.register_url(row, is_claim=False)

    def set_identifiers(
        self, article_id: int, article: Article, article_urls: Sequence[ArticleURL], *, newest: bool
    ) -> None:
        """Set the post number and slug of an article from its URLs, unless another article has them."""
        number, slug = identifiers_of(article, article_urls)
        if number is None and slug is None:
            return
        self._connection.execute(
            """UPDATE articles SET
              post_number = CASE WHEN EXISTS (SELECT 1 FROM articles o WHERE o.site = articles.site
                AND o.post_number = :number AND o.duplicate_of IS NULL AND o.id <> articles.id)
                THEN post_number ELSE coalesce(post_number, :number) END,
              slug = CASE WHEN EXISTS (SELECT 1 FROM articles o WHERE o.site = articles.site
                AND o.language = articles.language AND o.slug = :slug AND o.duplicate_of IS NULL
                AND o.id <> articles.id)
                THEN slug WHEN :newest THEN coalesce(:slug, slug) ELSE coalesce(slug, :slug) END
            WHERE id = :article_id AND ((post_number IS NULL AND :number IS NOT NULL)
              OR (slug IS NOT coalesce(:slug, slug) AND (slug IS NULL OR :newest)))""",
            {"article_id": article_id, "number": number, "slug": slug, "newest": newest},
        )

    def register_url(self, row: Mapping[str, Any], *, is_claim: bool) -> None:
        """Insert a row of ``article_urls``. A known URL stays with its article, unless that only claims it."""
        url, article_id = row["url"], row["article_id"]
        known = self._connection.row(f"SELECT u.*, {IS_CLAIM} AS is_claim FROM article_urls u WHERE url = ?", (url,))
        if known is None:
            insert_with_checksum(self._connection, "article_urls", row)
        elif known["article_id"] != article_id and is_claim:
            self._claim(url, article_id)
            return
        elif row["first_seen_at"] < known["first_seen_at"]:
            earlier = {name: value for name, value in known.items() if name != "is_claim"}
            earlier["first_seen_at"] = row["first_seen_at"]
            self._connection.execute(
                "UPDATE article_urls SET first_seen_at = :first_seen_at, checksum = :checksum WHERE url = :url",
                earlier | {"checksum": checksum("article_urls", earlier)},
            )
        if is_claim and known is None:
            self._claim(url, article_id)
        elif not is_claim and known is not None and known["is_claim"] and known["article_id"] == article_id:
            self._connection.execute("DELETE FROM url_claims WHERE url = ? AND article_id = ?", (url, article_id))

    def add_claims(self, article_id: int, urls: Iterable[str]) -> None:
        """Record claims on URLs that do not belong to the article."""
        for url in urls:
            owner = self._connection.value("SELECT article_id FROM article_urls WHERE url = ?", (url,))
            if owner != article_id:
                self._claim(url, article_id)

    def _matches(self, site: str, article_urls: Iterable[ArticleURL]) -> list[Match]:
        """Rows that the URLs match, in the order of the URLs: the most reliable match first."""
        found: dict[int, Match] = {}
        for article_url in article_urls:
            values = {
                "url": article_url.url,
                "site": site,
                "language": article_url.language,
                "number": article_url.number,
                "slug": article_url.slug,
            }
            rows = self._connection.rows(BY_URL, values)
            if article_url.number is not None:
                rows += self._connection.rows(BY_NUMBER, values)
            if article_url.slug is not None:
                rows += self._connection.rows(BY_SLUG, values)
            for row in rows:
                match = Match(**row)
                if match.id not in found or (found[match.id].is_claim and not match.is_claim):
                    found[match.id] = match
        return list(found.values())

    def _claimants(self, article_urls: Iterable[ArticleURL]) -> dict[str, list[Match]]:
        """The articles that claim each URL."""
        rows = self._connection.rows(
            """SELECT c.url, a.id, a.language, a.post_number, 1 AS is_claim FROM url_claims c
            JOIN articles a ON a.id = c.article_id WHERE c.url IN (SELECT value FROM json_each(?))""",
            (json.dumps([article_url.url for article_url in article_urls]),),
        )
        found: dict[str, list[Match]] = {}
        for row in rows:
            found.setdefault(row["url"], []).append(Match(**row))
        return found

    def _resembles(self, article_id: int, same: Sequence[Match], texts: Sequence[Text]) -> bool:
        """Whether a text of an article resembles one of the page or of its articles."""
        theirs = texts_of(self._connection, article_id)
        ours = [*texts, *(text for id in {match.id for match in same} for text in texts_of(self._connection, id))]
        return any(resemble(one, other) for one in theirs for other in ours)

    def _unite(self, ids: Sequence[int]) -> int:
        survivor = min(ids)
        for id in dict.fromkeys(ids):
            if id != survivor:
                self._merge(id, survivor)
        return survivor

    def _join_rivals(self, article_id: int, own: Match, texts: Sequence[Text]) -> int:
        """Merge an article with those that claim its URLs, or have URLs that it claims, if they resemble each other."""
        seen: set[int] = set()
        while rivals := set(self._connection.values(RIVALS, {"id": article_id})) - seen:
            mine = [*texts, *texts_of(self._connection, article_id)]
            joined = [article_id]
            for id in sorted(rivals):
                theirs = texts_of(self._connection, id)
                alike = any(resemble(one, other) for one in theirs for other in mine)
                if alike and not self._article(id).contradicts(own):
                    joined.append(id)
            seen |= rivals
            article_id = self._unite(joined)
        return article_id

    def _article(self, id: int) -> Match:
        row = self._connection.row("SELECT url, id, language, post_number FROM articles WHERE id = ?", (id,))
        assert row is not None
        return Match(**row, is_claim=0)

    def _dispossess(self, match: Match, own: Iterable[ArticleURL]) -> list[int]:
        """Take the URLs of a page from an article that only claims them; return its ID if there are any."""
        rows = self._connection.rows(f"SELECT * FROM article_urls u WHERE article_id = ? AND {IS_CLAIM}", (match.id,))
        taken = [row["url"] for row in rows if any(is_same_address(row, article_url) for article_url in own)]
        self._release(match.id, taken)
        return [match.id] if taken else []

    def _release(self, article_id: int, urls: Iterable[str]) -> None:
        for url in urls:
            self._connection.execute("DELETE FROM article_urls WHERE url = ? AND article_id = ?", (url, article_id))
        self.restore_identifiers(article_id)

    def restore_identifiers(self, article_id: int) -> None:
        """Recompute URL, post number and slug of an article that lost some of its URLs."""
        key = {"id": article_id}
        self._connection.execute(
            f"""UPDATE articles SET
              url = CASE WHEN EXISTS (SELECT 1 FROM article_urls u WHERE u.url = articles.url AND u.article_id = :id)
                THEN url ELSE coalesce(({BEST_URL}), url) END,
              post_number = CASE WHEN EXISTS (SELECT 1 FROM article_urls u WHERE u.article_id = :id
                AND u.post_number = articles.post_number) THEN post_number END,
              slug = CASE WHEN EXISTS (SELECT 1 FROM article_urls u WHERE u.article_id = :id AND u.slug = articles.slug)
                THEN slug ELSE (SELECT slug FROM article_urls u WHERE u.article_id = :id AND u.slug IS NOT NULL
                AND u.language IS articles.language AND NOT EXISTS (SELECT 1 FROM articles o
                  WHERE o.site = articles.site AND o.language = articles.language AND o.slug = u.slug
                  AND o.duplicate_of IS NULL AND o.id <> :id) ORDER BY first_seen_at, url LIMIT 1) END
            WHERE id = :id""",
            key,
        )

    def _claim(self, url: str, article_id: int) -> None:
        self._connection.execute(
            """INSERT INTO url_claims (url, article_id) SELECT ?1, ?2
            WHERE (SELECT count(*) FROM (SELECT 1 FROM url_claims WHERE url = ?1 LIMIT ?3)) < ?3
            ON CONFLICT DO NOTHING""",
            (url, article_id, MAX_CLAIMS),
        )

    def _merge(self, duplicate: int, survivor: int) -> None:
        ids = {"duplicate": duplicate, "survivor": survivor}
        self._connection.execute(
            "UPDATE articles SET duplicate_of = :survivor WHERE id = :duplicate OR duplicate_of = :duplicate", ids
        )
        move_media(self._connection, duplicate, survivor)
        self._move_claims(duplicate, survivor)
        for table in ("article_urls", "frontier"):
            self._connection.execute(f"UPDATE {table} SET article_id = :survivor WHERE article_id = :duplicate", ids)
        self._connection.execute(
            f"""UPDATE articles SET post_number = coalesce(articles.post_number, d.post_number),
              {", ".join(f"{name} = {newer_value(name)}" for name in ("url", "slug", "section", "cover_image"))},
              first_seen_at = min(articles.first_seen_at, d.first_seen_at),
              last_seen_at = max(articles.last_seen_at, d.last_seen_at)
            FROM (SELECT * FROM articles WHERE id = :duplicate) AS d WHERE articles.id = :survivor""",
            ids,
        )

    def _move_claims(self, duplicate: int, survivor: int) -> None:
        """Move claims to the survivor; those on URLs where a page of either row was served are settled."""
        visited = self._connection.values(
            f"SELECT url FROM article_urls u WHERE article_id IN (?, ?) AND NOT {IS_CLAIM}", (duplicate, survivor)
        )
        self._connection.execute(
            "UPDATE OR IGNORE url_claims SET article_id = ? WHERE article_id = ?", (survivor, duplicate)
        )
        self._connection.execute("DELETE FROM url_claims WHERE article_id = ?", (duplicate,))
        self._connection.execute(
            "DELETE FROM url_claims WHERE article_id = ? AND url IN (SELECT value FROM json_each(?))",
            (survivor, json.dumps(visited)),
        )


def is_same_address(row: Mapping[str, Any], article_url: ArticleURL) -> bool:
    """Whether a row of ``article_urls`` has the URL, the post number or the slug of an article URL."""
    return (
        row["url"] == article_url.url
        or (article_url.number is not None and row["post_number"] == article_url.number)
        or (article_url.slug is not None and (row["slug"], row["language"]) == (article_url.slug, article_url.language))
    )


def newer_value(column: str) -> str:
    """SQL for the value of the row seen last, of an article and its duplicate ``d``; if NULL, the other value."""
    return f"""CASE WHEN d.last_seen_at > articles.last_seen_at THEN coalesce(d.{column}, articles.{column})
      ELSE coalesce(articles.{column}, d.{column}) END"""
