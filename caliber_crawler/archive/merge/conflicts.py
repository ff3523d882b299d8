"""Conflicts: merge those articles of another archive that this one may have already.

Their identity, versions and view counts are computed from the captures of both archives. Articles that are entirely new
are copied by :mod:`~caliber_crawler.archive.merge.bulk_insert`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any, Literal

from caliber_crawler.archive.core.checksums import insert_with_checksum
from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.family import FAMILY
from caliber_crawler.archive.core.rows import ArticleUrlRow, VersionRow
from caliber_crawler.archive.core.takedowns import address_of
from caliber_crawler.archive.merge.row_mapping import ExtractedVersion, article_urls_of, damage_error, extraction_of
from caliber_crawler.archive.texts.articles import Articles
from caliber_crawler.archive.texts.identity import Identity
from caliber_crawler.archive.texts.media import record_media
from caliber_crawler.archive.texts.resemblance import texts_of
from caliber_crawler.archive.texts.text_columns import COPIED_COLUMNS, digest_of_row
from caliber_crawler.archive.texts.versions import Versions
from caliber_crawler.items import Article
from caliber_crawler.site import ArticleURL


class ConflictMerge:
    """Merges articles. Runs inside the caller's transaction; ``counts`` has the number of new rows per table.

    ``run_of`` and ``capture_of`` map IDs of runs and captures there to IDs here.
    """

    def __init__(
        self,
        here: Connection,
        there: Connection,
        run_of: Mapping[int, int],
        capture_of: Mapping[int, int],
        run_id: int,
    ) -> None:
        self._here = here
        self._there = there
        self._run_of = run_of
        self._capture_of = capture_of
        self._run_id = run_id
        self._articles = Articles(here)
        self._identity = Identity(here)
        self._versions = Versions(here)
        self.counts: Counter[str] = Counter()
        self.merged: set[int] = set()
        """The articles here into which others were merged."""

    def merge(self, id: int) -> dict[int, int]:
        """Merge an article and its duplicates; return the ID here for each of their IDs there."""
        theirs = self._there.row("SELECT * FROM articles WHERE id = ?", (id,)) or {}
        urls = self._there.rows_of(ArticleUrlRow, "SELECT * FROM article_urls WHERE article_id = ? ORDER BY url", (id,))
        article = Article(
            site=theirs["site"],
            language=theirs["language"],
            url=theirs["url"],
            urls=tuple(row["url"] for row in urls),
            headline=theirs["headline"],
            body="",
        )
        here = self._article_for(article, theirs, urls)
        family = self._there.values(f"SELECT id FROM ({FAMILY})", {"article_id": id})
        self._merge_extractions(id, here)
        self._merge_counts(family, here)
        tables: tuple[Literal["images", "links"], ...] = ("images", "links")
        for table in tables:
            for row in self._there.rows(
                f"SELECT * FROM {table} WHERE article_id IN (SELECT value FROM json_each(?))", (json.dumps(family),)
            ):
                record_media(self._here, table, {**row, "article_id": here})
        self._articles.refresh(here, authors=True)
        self.merged.add(here)
        return dict.fromkeys(family, here)

    def _article_for(self, article: Article, theirs: Mapping[str, Any], urls: list[ArticleUrlRow]) -> int:
        """The ID here of an article, inserted if new; its URLs and times are those of both archives."""
        pending = self._there.values("SELECT url FROM url_claims WHERE article_id = ?", (theirs["id"],))
        article_urls = article_urls_of(theirs["slug"], urls)
        identifying = article_urls or [address_of(row) for row in urls]
        own = [article_url for article_url in identifying if article_url.url not in pending]
        known = {row["url"]: address_of(row) for row in urls}
        claims = [known.get(url) or ArticleURL(url=url) for url in pending]
        found = self._identity.find(article.site, own, claims, texts_of(self._there, theirs["id"]))
        here = found.article_id
        times = {name: theirs[name] for name in ("first_seen_at", "last_seen_at", "gone_at")}
        if here is None:
            start = {name: theirs[name] for name in ("site", "language", "url", "headline")} | times
            names, places = ", ".join(start), ", ".join(f":{name}" for name in start)
            here = self._here.execute(f"INSERT INTO articles ({names}) VALUES ({places})", start).lastrowid or 0
            self.counts["articles"] += 1
        mine = self._here.row("SELECT * FROM articles WHERE id = ?", (here,)) or {}
        is_newer = (theirs["last_seen_at"], theirs["url"]) >= (mine["last_seen_at"], mine["url"])
        for row in urls:
            self._identity.register_url({**row, "article_id": here}, is_claim=row["url"] in pending)
        self._identity.add_claims(here, pending)
        self._identity.set_identifiers(here, article, article_urls, newest=is_newer)
        last = max(mine["last_seen_at"], theirs["last_seen_at"])
        gone = max(time for time in (mine["gone_at"], theirs["gone_at"], "") if time is not None)
        columns = {
            "first_seen_at": min(mine["first_seen_at"], theirs["first_seen_at"]),
            "last_seen_at": last,
            "gone_at": gone if gone > last else None,
            **{
                name: (theirs[name] or mine[name]) if is_newer else (mine[name] or theirs[name])
                for name in ("url", "section", "cover_image")
            },
        }
        changes = ", ".join(f"{name} = :{name}" for name in columns)
        self._here.execute(f"UPDATE articles SET {changes} WHERE id = :id", {**columns, "id": here})
        if found.rejected:
            self._identity.restore_identifiers(here)
        return here

    def _merge_extractions(self, there: int, here: int) -> None:
        """Merge the extractions of their captures; if both archives have a page, the newer extractor wins."""
        before = self._count_versions(here)
        extractions = []
        until = None
        for row in self._there.rows_of(
            ExtractedVersion,
            f"""SELECT v.*, c.id AS page_id, c.fetched_at, c.extractor AS page_extractor FROM captures c
            JOIN versions v ON v.id = c.version_id WHERE c.article_id IN ({FAMILY}) ORDER BY c.fetched_at, c.id""",
            {"article_id": there},
        ):
            until = max(until or "", row["seen_until"])
            page_id = self._capture_of[row["page_id"]]
            mine = self._here.row(
                """SELECT c.extractor, v.content_digest FROM captures c JOIN versions v ON v.id = c.version_id
                WHERE c.id = ?""",
                (page_id,),
            )
            theirs = (row["page_extractor"] or row["extractor"], row["content_digest"])
            if mine is None or theirs > (mine["extractor"] or "", mine["content_digest"]):
                extractions.append(extraction_of(row, page_id))
        if extractions:
            self._versions.rebuild(here, extractions, self._run_id)
        if until is not None:
            # A later 304 response there confirms the text seen last.
            self._here.execute(
                f"""UPDATE versions SET seen_until = max(seen_until, :until) WHERE id = (
                  SELECT id FROM versions WHERE article_id IN ({FAMILY}) AND replaced_by IS NULL
                  ORDER BY seen_until DESC, seen_from DESC, content_digest DESC LIMIT 1)""",
                {"article_id": here, "until": until},
            )
        self._merge_replaced(there, here)
        self.counts["versions"] += self._count_versions(here) - before

    def _merge_replaced(self, there: int, here: int) -> None:
        """Insert their versions that no page has here as replaced versions: they may have been cited."""
        texts = f"SELECT * FROM versions WHERE article_id IN ({FAMILY}) ORDER BY id"
        known = {row["content_digest"] for row in self._here.rows(texts, {"article_id": here})}
        for row in self._there.rows_of(VersionRow, texts, {"article_id": there}):
            page_id = self._capture_of.get(row["capture_id"])
            if row["content_digest"] in known or page_id is None:
                continue
            now = self._here.value("SELECT version_id FROM captures WHERE id = ?", (page_id,))
            if now is None:
                continue
            if digest_of_row(row) != row["content_digest"]:
                raise damage_error(row)
            known.add(row["content_digest"])
            carried = ("cause", "seen_from", "seen_until", "content_digest", *COPIED_COLUMNS)
            number = f"SELECT max(number) + 1 FROM versions WHERE article_id IN ({FAMILY})"
            version = {name: value for name, value in row.items() if name in carried} | {
                "article_id": here,
                "number": self._here.value(number, {"article_id": here}),
                "capture_id": page_id,
                "run_id": self._run_of[row["run_id"]],
                "replaced_by": now,
            }
            insert_with_checksum(self._here, "versions", version)

    def _count_versions(self, here: int) -> int:
        return int(
            self._here.value(f"SELECT count(*) FROM versions WHERE article_id IN ({FAMILY})", {"article_id": here})
        )

    def _merge_counts(self, family: list[int], here: int) -> None:
        for row in self._there.rows(
            "SELECT * FROM view_counts WHERE article_id IN (SELECT value FROM json_each(?))", (json.dumps(family),)
        ):
            known = self._here.value(
                f"""SELECT 1 FROM view_counts WHERE article_id IN ({FAMILY}) AND observed_at = :observed_at
                AND views = :views""",
                {**row, "article_id": here},
            )
            if known is None:
                self.counts["view_counts"] += 1
                theirs = {name: value for name, value in row.items() if name != "checksum"}
                theirs |= {"article_id": here, "capture_id": self._capture_of[row["capture_id"]]}
                insert_with_checksum(self._here, "view_counts", theirs)
