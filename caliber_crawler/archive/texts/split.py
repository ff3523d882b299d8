"""Split: undo a wrong join. The pages of one article are divided among the articles to which they belong.

Pages belong to one article by the same rule as when they are saved: a URL, post number or slug in common, or a claim
and texts that resemble each other. Nothing is lost: each version and view count goes with its capture, and a version
keeps its ID.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from caliber_crawler.archive.core.checksums import checksum, without_triggers
from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.family import FAMILY
from caliber_crawler.archive.core.times import utc_text
from caliber_crawler.archive.texts.absence import Absences
from caliber_crawler.archive.texts.admission import text_of
from caliber_crawler.archive.texts.articles import Articles
from caliber_crawler.archive.texts.identity import Identity
from caliber_crawler.archive.texts.page_urls import PageUrls, page_urls
from caliber_crawler.archive.texts.resemblance import Text, resemble
from caliber_crawler.archive.texts.versions import Versions
from caliber_crawler.items import Extraction
from caliber_crawler.site import ArticleURL

ParseUrls = Callable[[Extraction], Sequence[ArticleURL]]
"""Parses the URLs of an extraction by the rules of its site, the page's own first."""
AMONG = "IN (SELECT value FROM json_each(?))"


@dataclass
class Part:
    """The pages of one article."""

    extractions: list[Extraction]
    urls: list[PageUrls]
    unreadable: list[int] = field(default_factory=list)
    """Captures that have no article today. They stay with the pages of their URL, or with the article."""

    @property
    def own(self) -> dict[str, ArticleURL]:
        return {article_url.url: article_url for urls in self.urls for article_url in urls.own}

    @property
    def claimed(self) -> dict[str, ArticleURL]:
        """The URLs that its pages claim, without its own."""
        found = {article_url.url: article_url for urls in self.urls for article_url in urls.claims}
        return {url: article_url for url, article_url in found.items() if url not in self.own}

    @property
    def captures(self) -> list[int]:
        return [*(each.capture.id for each in self.extractions if each.capture.id is not None), *self.unreadable]

    @property
    def texts(self) -> set[Text]:
        return {text_of(extraction.article) for extraction in self.extractions}

    def identifiers(self) -> set[tuple[object, ...]]:
        """What two pages of one article have in common by the rules of their site."""
        found: set[tuple[object, ...]] = set()
        for article_url in self.own.values():
            found.add(("url", article_url.url))
            if article_url.number is not None:
                found.add(("number", article_url.number))
            if article_url.slug is not None:
                found.add(("slug", article_url.slug, article_url.language))
        return found

    def is_claimed_by(self, other: Part) -> bool:
        """Whether a page of another part claims a URL of this part, and their texts resemble each other."""
        connected = self.own.keys() & other.claimed.keys() or self.claimed.keys() & other.claimed.keys()
        numbers = [{url.number for url in part.own.values()} - {None} for part in (self, other)]
        if not connected or (numbers[0] and numbers[1] and not numbers[0] & numbers[1]):
            return False
        return any(resemble(one, another) for one in self.texts for another in other.texts)

    def absorb(self, other: Part) -> None:
        """Add the pages of another part, in order of time."""
        pages = [*zip(self.extractions, self.urls, strict=True), *zip(other.extractions, other.urls, strict=True)]
        pages.sort(key=lambda page: (page[0].capture.fetched_at, page[0].capture.id or 0))
        self.extractions, self.urls = [page[0] for page in pages], [page[1] for page in pages]


def parts_of(extractions: Iterable[Extraction], parse: ParseUrls) -> list[Part]:
    """Divide the pages of an article, in order of time, among the articles to which they belong."""
    by_url: dict[str, Part] = {}
    for extraction in extractions:
        urls = page_urls(extraction.article, parse(extraction))
        by_url.setdefault(urls.own[0].url, Part([], [])).absorb(Part([extraction], [urls]))
    parts = united(list(by_url.values()), lambda one, other: bool(one.identifiers() & other.identifiers()))
    return united(parts, lambda one, other: one.is_claimed_by(other) or other.is_claimed_by(one))


def united(parts: list[Part], same: Callable[[Part, Part], bool]) -> list[Part]:
    """Unite all parts of which two are the same article, until none are left."""
    while pair := next(((one, other) for one, other in combinations(parts, 2) if same(one, other)), None):
        pair[0].absorb(pair[1])
        parts = [part for part in parts if part is not pair[1]]
    return parts


@dataclass(frozen=True, slots=True, kw_only=True)
class PartOfSplit:
    """An article after a split: numbers of rows."""

    article: int
    url: str
    headline: str
    versions: int
    view_counts: int
    captures: int


class Split:
    """Splits articles. Each split is one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._articles = Articles(connection)
        self._identity = Identity(connection)
        self._versions = Versions(connection)
        self._absences = Absences(connection)

    def captures(self, article_id: int) -> list[int]:
        """The captures of an article that have a version, in order of time."""
        return self._connection.values(
            f"""SELECT id FROM captures WHERE article_id IN ({FAMILY}) AND version_id IS NOT NULL
            ORDER BY fetched_at, id""",
            {"article_id": article_id},
        )

    def apply(
        self, article_id: int, extractions: Sequence[Extraction], parse: ParseUrls, run_id: int
    ) -> list[PartOfSplit]:
        """Split an article, given the extractions of its captures; return its parts, or nothing if it has only one.

        ``article_id`` is that of the survivor, which keeps the part with most of its own pages.
        """
        parts = parts_of(extractions, parse)
        if len(parts) < 2:
            return []
        with self._connection.transaction():
            self._connection.execute("PRAGMA defer_foreign_keys = ON")
            family = self._connection.values(f"SELECT id FROM ({FAMILY})", {"article_id": article_id})
            ids = self._assign_rows(parts, article_id, family)
            self._place_unreadable(parts, ids, article_id)
            for table in ("images", "links", "copies", "counterparts", "name_searches", "mentions", "quotations"):
                self._connection.execute(f"DELETE FROM {table} WHERE article_id {AMONG}", (json.dumps(family),))
            for table, column in (("copies", "original_id"), ("counterparts", "counterpart_id")):
                self._connection.execute(f"DELETE FROM {table} WHERE {column} {AMONG}", (json.dumps(family),))
            self._move(parts, ids, family)
            self._assign_urls(parts, ids, family)
            for part, id in zip(parts, ids, strict=True):
                self._rebuild(part, id, run_id)
            return [self._summary(id) for id in ids]

    def _assign_rows(self, parts: Sequence[Part], article_id: int, family: Sequence[int]) -> list[int]:
        """The row of ``articles`` for each part: the one with most of its captures, if free, or a new one."""
        of = {
            row["id"]: row["article_id"]
            for row in self._connection.rows(
                f"SELECT id, article_id FROM captures WHERE article_id {AMONG}", (json.dumps(family),)
            )
        }
        counts = [Counter(of[id] for id in part.captures if id in of) for part in parts]
        found: dict[int, int] = {}
        free = [article_id, *(id for id in family if id != article_id)]
        for id in free:
            best = max(
                (place for place in range(len(parts)) if place not in found),
                key=lambda at: counts[at][id],
                default=None,
            )
            if best is not None and (counts[best][id] or id == article_id):
                found[best] = id
        for place, part in enumerate(parts):
            if place not in found:
                found[place] = self._insert(part)
        self._connection.execute(
            f"UPDATE articles SET duplicate_of = NULL, post_number = NULL, slug = NULL WHERE id {AMONG}",
            (json.dumps(list(found.values())),),
        )
        return [found[place] for place in range(len(parts))]

    def _insert(self, part: Part) -> int:
        article, seen_at = part.extractions[0].article, utc_text(part.extractions[0].capture.fetched_at)
        cursor = self._connection.execute(
            """INSERT INTO articles (site, language, url, headline, first_seen_at, last_seen_at)
            VALUES (?, ?, ?, ?, ?, ?)""",
            (article.site, article.language, next(iter(part.own)), article.headline, seen_at, seen_at),
        )
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def _place_unreadable(self, parts: Sequence[Part], ids: Sequence[int], article_id: int) -> None:
        known = {id for part in parts for id in part.captures}
        for id in self.captures(article_id) if article_id in ids else ():
            if id not in known:
                row = self._connection.row("SELECT url, final_url FROM captures WHERE id = ?", (id,)) or {}
                urls = {row["url"], row["final_url"]}
                fitting = (part for part in parts if urls & part.own.keys())
                next(fitting, parts[ids.index(article_id)]).unreadable.append(id)

    def _move(self, parts: Sequence[Part], ids: Sequence[int], family: Sequence[int]) -> None:
        """Move captures, versions and view counts to the article of each capture."""
        target = {capture: id for part, id in zip(parts, ids, strict=True) for capture in part.captures}
        for capture, id in target.items():
            self._connection.execute("UPDATE captures SET article_id = ? WHERE id = ?", (id, capture))
        versions = self._connection.rows(
            f"SELECT * FROM versions WHERE article_id {AMONG} ORDER BY seen_from, id", (json.dumps(family),)
        )
        home = {row["id"]: target.get(row["capture_id"], row["article_id"]) for row in versions}
        with without_triggers(self._connection, "versions"):
            numbers = {
                id: self._connection.value("SELECT coalesce(max(number), 0) FROM versions WHERE article_id = ?", (id,))
                for id in set(home.values())
            }
            for row in versions:
                id, moved = home[row["id"]], {**row}
                if row["article_id"] != id:
                    numbers[id] += 1
                    moved |= {"article_id": id, "number": numbers[id]}
                self._narrow(moved, target)
                if row["replaced_by"] is not None and home.get(row["replaced_by"]) != id:
                    moved["replaced_by"] = None
                if moved != row:
                    if row["checksum"] == checksum("versions", row):
                        moved["checksum"] = checksum("versions", moved)
                    self._connection.execute(
                        """UPDATE versions SET article_id = :article_id, number = :number, seen_from = :seen_from,
                        seen_until = :seen_until, replaced_by = :replaced_by, checksum = :checksum WHERE id = :id""",
                        moved,
                    )
        self._move_codes(sorted(set(home.values())), family)
        for capture, id in target.items():
            # A capture whose version went to another article gets one of its own.
            self._connection.execute(
                """UPDATE captures SET version_id = NULL WHERE id = ?
                AND version_id IN (SELECT id FROM versions WHERE article_id <> ?)""",
                (capture, id),
            )
        with without_triggers(self._connection, "view_counts"):
            for row in self._connection.rows(
                f"SELECT * FROM view_counts WHERE article_id {AMONG}", (json.dumps(family),)
            ):
                moved = row | {
                    "article_id": target.get(row["capture_id"], row["article_id"]),
                    "before": row["article_id"],
                }
                if moved["article_id"] != row["article_id"]:
                    if row["checksum"] == checksum("view_counts", row):
                        moved["checksum"] = checksum("view_counts", row | {"article_id": moved["article_id"]})
                    self._connection.execute(
                        """UPDATE OR IGNORE view_counts SET article_id = :article_id, checksum = :checksum
                        WHERE article_id = :before AND observed_at = :observed_at AND views = :views""",
                        moved,
                    )

    def _move_codes(self, ids: Sequence[int], family: Sequence[int]) -> None:
        """Move codes to the article of the text that was read."""
        for row in self._connection.rows(
            f"""SELECT k.*, (SELECT v.article_id FROM versions v
              WHERE v.article_id {AMONG} AND v.content_digest = k.content_digest ORDER BY v.id) AS home
            FROM codes k WHERE k.article_id {AMONG}""",
            (json.dumps(ids), json.dumps(family)),
        ):
            if row["home"] not in (None, row["article_id"]):
                self._connection.execute(
                    """UPDATE OR IGNORE codes SET article_id = :home WHERE article_id = :article_id
                    AND variable = :variable AND coder = :coder AND code = :code""",
                    row,
                )

    def _narrow(self, version: dict[str, object], target: dict[int, int]) -> None:
        """Limit the time of a version to its captures in its article; 304 responses are applied again later."""
        times = [
            row["fetched_at"]
            for row in self._connection.rows(
                "SELECT id, fetched_at FROM captures WHERE version_id = ?", (version["id"],)
            )
            if target.get(row["id"]) == version["article_id"]
        ]
        if times:
            version |= {"seen_from": min(times), "seen_until": max(times)}

    def _assign_urls(self, parts: Sequence[Part], ids: Sequence[int], family: Sequence[int]) -> None:
        among = (json.dumps([*family, *ids]),)
        self._connection.execute(f"DELETE FROM url_claims WHERE article_id {AMONG}", among)
        owned = {url: id for part, id in zip(parts, ids, strict=True) for url in part.own}
        claims = [(url, id) for part, id in zip(parts, ids, strict=True) for url in part.claimed]
        rivals = Counter(url for url, _ in claims)
        for url, id in owned.items():
            self._connection.execute("UPDATE article_urls SET article_id = ? WHERE url = ?", (id, url))
        for part, id in zip(parts, ids, strict=True):
            for extraction, urls in zip(part.extractions, part.urls, strict=True):
                seen_at = utc_text(extraction.capture.fetched_at)
                self._identity.register_urls(id, PageUrls(urls.own), (), seen_at)
        for url, id in claims:
            self._connection.execute("INSERT INTO url_claims (url, article_id) VALUES (?, ?)", (url, id))
            if url in owned:
                continue
            if rivals[url] == 1:
                self._connection.execute(
                    f"UPDATE article_urls SET article_id = ? WHERE url = ? AND article_id {AMONG}", (id, url, *among)
                )
            else:
                self._connection.execute(
                    f"DELETE FROM article_urls WHERE url = ? AND article_id {AMONG}", (url, *among)
                )
        self._connection.execute(
            f"""UPDATE frontier SET article_id = (SELECT article_id FROM article_urls u WHERE u.url = frontier.url)
            WHERE article_id {AMONG}""",
            among,
        )

    def _rebuild(self, part: Part, id: int, run_id: int) -> None:
        """Recompute versions and current state of a part, and make its URL due."""
        first, newest = part.extractions[0], part.extractions[-1]
        times = [utc_text(each.capture.fetched_at) for each in part.extractions]
        times += self._connection.values(
            f"SELECT fetched_at FROM captures WHERE id {AMONG}", (json.dumps(part.unreadable),)
        )
        self._connection.execute(
            """UPDATE articles SET language = ?, first_seen_at = ?, last_seen_at = ?, gone_at = NULL, url = ?,
            section = NULL, cover_image = NULL WHERE id = ?""",
            (first.article.language, min(times), max(times), newest.article.url, id),
        )
        for extraction, urls in zip(part.extractions, part.urls, strict=True):
            article_urls = [*urls.own, *(claim for claim in urls.claims if claim.url in part.own)]
            self._identity.set_identifiers(id, extraction.article, article_urls, newest=True)
            self._articles.update_latest(id, extraction)
        self._identity.restore_identifiers(id)
        self._versions.rebuild(id, part.extractions, run_id)
        self._articles.record_media(id, part.extractions)
        self._articles.refresh(id, authors=True)
        self._absences.apply(id)
        due = self._connection.value("SELECT 1 FROM frontier WHERE article_id = ? AND due_at IS NOT NULL", (id,))
        if due is None:
            own = next(iter(part.urls[-1].own), None)
            self._connection.execute(
                "UPDATE frontier SET due_at = ? WHERE url = ? AND state IN ('done', 'gone')",
                (max(times), own.url if own is not None else None),
            )

    def _summary(self, id: int) -> PartOfSplit:
        row = self._connection.row(
            """SELECT url, headline, (SELECT count(*) FROM versions WHERE article_id = :id) AS versions,
              (SELECT count(*) FROM view_counts WHERE article_id = :id) AS view_counts,
              (SELECT count(*) FROM captures WHERE article_id = :id) AS captures FROM articles WHERE id = :id""",
            {"id": id},
        )
        assert row is not None
        return PartOfSplit(article=id, **row)
