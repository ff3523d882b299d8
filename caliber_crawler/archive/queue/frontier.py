"""The frontier: every known URL, and when it is due. The archive is the only crawl queue.

A URL is due when its ``due_at`` has passed. The outcome of a fetch is written here in the transaction that saves the
extracted article, so a killed crawl resumes where it stopped.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.takedowns import Takedowns
from caliber_crawler.archive.core.times import utc_text, utc_text_or_none, utc_text_us, utc_time_or_none, whole_second
from caliber_crawler.archive.queue.entry import Entry, entry_of, traversal_text
from caliber_crawler.archive.queue.traversals import broken_lists
from caliber_crawler.items import PageKind
from caliber_crawler.site import ArticleURL


@dataclass(frozen=True, slots=True)
class Partition:
    """Entries with the same key: the index keeps each partition in the order of fetching."""

    kind: PageKind
    language: str | None
    section: str | None
    priority: int


# `IS` and not `=`: the language or section of an entry may be NULL. The index is named so that SQLite never decides by
# statistics to sort a large frontier.
IN_PARTITION = """FROM frontier INDEXED BY frontier_due
WHERE site = ? AND kind = ? AND language IS ? AND section IS ? AND priority = ? AND due_at <= ?"""
DUE = f"""SELECT * {IN_PARTITION} AND id NOT IN (SELECT value FROM json_each(?)) ORDER BY due_at, id LIMIT ?"""
COUNT = f"SELECT count(*) {IN_PARTITION}"


class Frontier:
    """The frontier of an archive. Methods that change a URL raise ``KeyError`` if it was never added."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._takedowns = Takedowns(connection)
        self._partitions: dict[str, set[Partition]] = {}

    def add(self, entries: Iterable[Entry], run_id: int | None) -> list[Entry]:
        """Add the unknown entries, all or none; return the new ones, in order, as stored.

        A known article stays unchanged. A known listing, feed or sitemap becomes due again; it keeps the earlier
        ``traversal_started_at`` unless that traversal was done. A page already done in the same traversal is not due
        again. A page is requested as it was printed first; as printed last, if it could not be fetched so.
        """
        with self._connection.transaction():
            return [added for entry in entries if (added := self._add(entry, run_id)) is not None]

    def due_entries(
        self,
        site: str,
        now: datetime,
        limit: int,
        *,
        languages: Collection[str | None] | None = None,
        sections: Collection[str | None] | None = None,
        exclude: Collection[int] = (),
        without: Collection[int] = (),
    ) -> list[Entry]:
        """At most ``limit`` due entries: highest priority first, then longest due, then first discovered.

        ``exclude`` lists the IDs of entries in flight. With ``languages`` or ``sections``, entries of unknown language
        or section are left out, unless ``None`` is in the collection. ``without`` leaves out whole priorities. Nothing
        is marked as in flight.
        """
        excluded = json.dumps(list(exclude))
        selected = (
            partition
            for partition in self._selected_partitions(site, languages, sections, None)
            if partition.priority not in without
        )
        partitions = sorted(selected, key=lambda partition: -partition.priority)
        due: list[dict[str, Any]] = []
        for _, same_priority in groupby(partitions, key=lambda partition: partition.priority):
            wanted = limit - len(due)
            if wanted <= 0:
                break
            heads = [
                row
                for partition in same_priority
                for row in self._connection.rows(DUE, (*self._key(site, partition, now), excluded, wanted))
            ]
            due += sorted(heads, key=lambda row: (row["due_at"], row["id"]))[:wanted]
        return [entry_of(row) for row in due]

    def due_count(
        self,
        site: str,
        now: datetime,
        languages: Collection[str | None] | None = None,
        sections: Collection[str | None] | None = None,
        kind: PageKind | None = None,
        without: Collection[int] = (),
    ) -> int:
        """The number of due entries; ``without`` leaves out whole priorities."""
        return sum(
            self._connection.value(COUNT, self._key(site, partition, now))
            for partition in self._selected_partitions(site, languages, sections, kind)
            if partition.priority not in without
        )

    def get(self, url: str) -> Entry | None:
        """The entry of a URL, if it is known."""
        row = self._connection.row("SELECT * FROM frontier WHERE url = ?", (url,))
        return None if row is None else entry_of(row)

    def last_visit(self, url: str) -> tuple[bool, datetime | None]:
        """Whether a URL is known, and when it was visited last."""
        found = self._connection.values("SELECT visited_at FROM frontier WHERE url = ?", (url,))
        return bool(found), utc_time_or_none(found[0] if found else None)

    def known_urls(self, urls: Collection[str], before: datetime | None = None) -> set[str]:
        """Those of the URLs that are in the frontier; with ``before``, those discovered before that time."""
        return set(
            self._connection.values(
                """SELECT url FROM frontier WHERE url IN (SELECT value FROM json_each(:urls))
                AND (:before IS NULL OR discovered_at < :before)""",
                {"urls": json.dumps(list(urls)), "before": None if before is None else utc_text_us(before)},
            )
        )

    def idle_urls(self, urls: Collection[str], since: datetime) -> set[str]:
        """Those of the URLs that were discovered before ``since``, not visited since, and not due by then."""
        return set(
            self._connection.values(
                """SELECT url FROM frontier WHERE url IN (SELECT value FROM json_each(:urls))
                AND discovered_at < :precise AND (visited_at IS NULL OR visited_at < :since)
                AND (due_at IS NULL OR due_at > :since)""",
                {"urls": json.dumps(list(urls)), "since": utc_text(since), "precise": utc_text_us(since)},
            )
        )

    def count_broken_lists(
        self,
        site: str,
        sources: Collection[str],
        *,
        languages: Collection[str | None],
        sections: Collection[str | None],
    ) -> int:
        """See :func:`~caliber_crawler.archive.queue.traversals.broken_lists`."""
        lists = broken_lists(self._connection, site, sources)
        return sum(language in languages and section in sections for language, section in lists)

    def count_query_variants(self, url: str) -> int:
        """The number of known URLs that differ from this one only in their query."""
        path = url.partition("?")[0]
        # "@" follows "?" in ASCII: the range contains the URLs of this path with a query.
        sql = "SELECT count(*) FROM frontier WHERE url > ? AND url < ? AND url <> ?"
        return int(self._connection.value(sql, (f"{path}?", f"{path}@", url)))

    def mark_done(
        self,
        url: str,
        now: datetime,
        *,
        status: int | None,
        article_id: int | None = None,
        due_at: datetime | None = None,
        etag: str | None = None,
        last_modified: str | None = None,
        priority: int | None = None,
    ) -> None:
        """Mark a URL as fetched and processed; ``due_at`` and ``priority`` are for the next visit, ``None`` is never.

        The validators are those of this response; a 304 without them leaves the stored ones.
        """
        changed = self._change(
            url,
            """state = 'done', visited_at = :now, last_status = :status, due_at = :due_at, failures = 0, reason = NULL,
            article_id = coalesce(:article_id, article_id), priority = coalesce(:priority, priority),
            etag = coalesce(:etag, CASE WHEN :status = 304 THEN etag END),
            last_modified = coalesce(:last_modified, CASE WHEN :status = 304 THEN last_modified END)""",
            now=utc_text(now),
            status=status,
            article_id=article_id,
            due_at=utc_text_or_none(due_at),
            etag=etag,
            last_modified=last_modified,
            priority=priority,
        )
        self._add_partition(changed)

    def link(self, url: str, article_id: int) -> None:
        """Record the article of a URL, if none is recorded yet; nothing else changes."""
        self._change(url, "article_id = coalesce(article_id, :article_id)", article_id=article_id)

    def was_visited_elsewhere(self, article_id: int, url: str, since: datetime) -> bool:
        """Was another URL of the article, which will be revisited, visited after ``since``?"""
        return bool(
            self._connection.value(
                """SELECT EXISTS (SELECT 1 FROM frontier WHERE article_id = ? AND url <> ? AND state = 'done'
                  AND due_at IS NOT NULL AND visited_at > ?)""",
                (article_id, url, utc_text(since)),
            )
        )

    def make_due(self, url: str, now: datetime) -> None:
        """Make a URL due, whatever its state."""
        self._change(url, "due_at = :now", now=utc_text(now))

    def set_request_url(self, url: str, request_url: str) -> None:
        """Record the URL to request for a page."""
        self._change(url, "request_url = :request_url", request_url=request_url)

    def drop_validators(self, url: str) -> None:
        """Delete the validators of a URL, so that the next request is unconditional."""
        self._change(url, "etag = NULL, last_modified = NULL")

    def mark_failed(self, url: str, now: datetime, *, status: int | None, reason: str, due_at: datetime | None) -> None:
        """Mark a URL as failed in fetching or extraction; ``due_at`` is the next attempt, ``None`` for never."""
        self._change(
            url,
            """state = 'failed', visited_at = :now, last_status = :status, due_at = :due_at, failures = failures + 1,
            reason = :reason""",
            now=utc_text(now),
            status=status,
            reason=reason,
            due_at=utc_text_or_none(due_at),
        )

    def mark_refused(
        self, url: str, now: datetime, *, status: int | None, reason: str, due_at: datetime | None = None
    ) -> None:
        """Mark a URL as not allowed or not an article; ``due_at`` is the next attempt, ``None`` for never."""
        self._change(
            url,
            """state = 'refused', visited_at = :now, last_status = :status, due_at = :due_at, failures = failures + 1,
            reason = :reason""",
            now=utc_text(now),
            status=status,
            reason=reason,
            due_at=utc_text_or_none(due_at),
        )

    def mark_gone(self, url: str, now: datetime, *, status: int | None, due_at: datetime | None = None) -> None:
        """Mark a URL and its article as gone from the site. ``due_at`` is as in :meth:`mark_refused`."""
        with self._connection.transaction():
            self._change(
                url,
                """state = 'gone', visited_at = :now, last_status = :status, due_at = :due_at, failures = failures + 1,
                reason = NULL""",
                now=utc_text(now),
                status=status,
                due_at=utc_text_or_none(due_at),
            )
            self._connection.execute(
                """UPDATE articles SET gone_at = :now WHERE gone_at IS NULL AND last_seen_at <= :now AND id IN (
                  SELECT article_id FROM frontier WHERE url = :url
                  UNION SELECT article_id FROM article_urls WHERE url = :url)""",
                {"url": url, "now": utc_text(now)},
            )

    def crawled_since(self, listing_url: str) -> datetime | None:
        """The publication date back to which a listing was crawled without a gap; ``None`` for never.

        :data:`~caliber_crawler.archive.core.times.BEGINNING` means that it was crawled to its end.
        """
        since = self._connection.value("SELECT crawled_since FROM frontier WHERE url = ?", (listing_url,))
        return utc_time_or_none(since)

    def crawled_at(self, listing_url: str) -> datetime | None:
        """When the last complete traversal of a listing ended: only URLs known by then are already crawled."""
        return utc_time_or_none(self._connection.value("SELECT crawled_at FROM frontier WHERE url = ?", (listing_url,)))

    def set_crawled_since(self, listing_url: str, since: datetime) -> None:
        """Record a complete traversal. The earliest ``crawled_since`` of all traversals is kept."""
        self._change(
            listing_url,
            "crawled_since = min(coalesce(crawled_since, :since), :since), crawled_at = :now",
            since=utc_text(since),
            now=utc_text_us(datetime.now(UTC)),
        )

    def set_kind(self, url: str, kind: PageKind, *, priority: int | None = None) -> None:
        """Record what a page turned out to be."""
        changed = self._change(
            url, "kind = :kind, priority = coalesce(:priority, priority)", kind=kind, priority=priority
        )
        self._add_partition(changed)

    def set_page_number(self, url: str, page_number: int) -> None:
        """Record the progress of a traversal whose pages have no URLs of their own."""
        self._change(url, "page_number = :page_number", page_number=page_number)

    def _add(self, entry: Entry, run_id: int | None) -> Entry | None:
        if self._takedowns.covers(entry.site, [ArticleURL(url=entry.url)]):
            return None
        discovered_at = entry.discovered_at or datetime.now(UTC)
        due_at = whole_second(entry.due_at or discovered_at)
        cursor = self._connection.execute(
            """INSERT INTO frontier (url, site, kind, language, section, priority, due_at, discovered_at, discovered_on,
              discovered_via, run_id, page_number, traversal_started_at, request_url)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (url) DO NOTHING""",
            (
                entry.url,
                entry.site,
                entry.kind,
                entry.language,
                entry.section,
                entry.priority,
                utc_text(due_at),
                utc_text_us(discovered_at),
                entry.discovered_on,
                entry.discovered_via,
                run_id,
                entry.page_number,
                traversal_text(entry),
                entry.request_url,
            ),
        )
        if cursor.rowcount == 1:
            if entry.site in self._partitions:
                self._partitions[entry.site].add(Partition(entry.kind, entry.language, entry.section, entry.priority))
            return replace(entry, id=cursor.lastrowid, state="queued", due_at=due_at, discovered_at=discovered_at)
        self._update_request_url(entry)
        if entry.kind != "article":
            self._restart_traversal(entry, due_at)
        return None

    def _update_request_url(self, entry: Entry) -> None:
        """Request a known page as printed now, if it could not be fetched otherwise or comes from before schema 5."""
        self._connection.execute(
            """UPDATE frontier SET request_url = :printed WHERE url = :url AND (
              state = 'done' AND request_url IS NULL AND :printed <> url
              OR state IN ('failed', 'refused', 'gone') AND coalesce(request_url, url) <> :printed)""",
            {"url": entry.url, "printed": entry.requested},
        )

    def _add_partition(self, row: Mapping[str, Any]) -> None:
        if row["site"] in self._partitions:
            self._partitions[row["site"]].add(Partition(row["kind"], row["language"], row["section"], row["priority"]))

    def _restart_traversal(self, entry: Entry, due_at: datetime) -> None:
        self._connection.execute(
            """UPDATE frontier SET state = 'queued',
              due_at = CASE WHEN state = 'queued' THEN min(due_at, :due_at) ELSE :due_at END,
              traversal_started_at = CASE WHEN state = 'done' THEN :started_at ELSE
                min(coalesce(traversal_started_at, :started_at), coalesce(:started_at, traversal_started_at)) END
            WHERE url = :url AND kind <> 'article'
              AND NOT (state = 'done' AND :started_at IS NOT NULL AND traversal_started_at IS :started_at)""",
            {"url": entry.url, "due_at": utc_text(due_at), "started_at": traversal_text(entry)},
        )

    def _change(self, url: str, assignments: str, **values: object) -> dict[str, Any]:
        # Outside a transaction, one statement is its own transaction.
        changed = self._connection.rows(
            f"UPDATE frontier SET {assignments} WHERE url = :url RETURNING site, kind, language, section, priority",
            {"url": url} | values,
        )
        if not changed:
            raise KeyError(f"{url} is not in the frontier")
        return changed[0]

    def _key(self, site: str, partition: Partition, now: datetime) -> tuple[object, ...]:
        return (site, partition.kind, partition.language, partition.section, partition.priority, utc_text(now))

    def _selected_partitions(
        self,
        site: str,
        languages: Collection[str | None] | None,
        sections: Collection[str | None] | None,
        kind: PageKind | None,
    ) -> list[Partition]:
        return [
            partition
            for partition in self._partitions_of(site)
            if (languages is None or partition.language in languages)
            and (sections is None or partition.section in sections)
            and (kind is None or partition.kind == kind)
        ]

    def _partitions_of(self, site: str) -> set[Partition]:
        # Only the writer may cache the partitions: no other process can add one.
        if self._connection.mode == "write" and site in self._partitions:
            return self._partitions[site]
        rows = self._connection.rows(
            "SELECT DISTINCT kind, language, section, priority FROM frontier WHERE site = ?", (site,)
        )
        self._partitions[site] = {Partition(**row) for row in rows}
        return self._partitions[site]

    def article_urls(self, site: str) -> list[str]:
        """The URLs of a site's articles in the frontier, in any state, in order of discovery."""
        return self._connection.values(
            "SELECT url FROM frontier WHERE site = ? AND kind = 'article' ORDER BY id", (site,)
        )
