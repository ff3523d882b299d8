"""Merge: add everything in another archive to this one, without duplicates.

Merged are captures, their extractions, view counts, and the URLs that identify articles. IDs are local to an archive
and are assigned anew; versions are computed from the captures of both. So the direction, order and number of merges do
not matter. If both archives extracted one page differently, the result of the newer extractor is current. The other
text becomes a replaced version, and so do the replaced versions of the other archive.

If the other archive was merged before, only what came after is read: see :mod:`~caliber_crawler.archive.merge.marks`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import islice
from typing import Any, TypeVar

from caliber_crawler.archive.core.checksums import insert_with_checksum
from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.rows import ArticleUrlRow
from caliber_crawler.archive.core.takedowns import Takedowns, address_of
from caliber_crawler.archive.core.times import utc_time
from caliber_crawler.archive.merge.bulk_insert import BulkInsert
from caliber_crawler.archive.merge.codes import CodeMerge
from caliber_crawler.archive.merge.conflicts import ConflictMerge
from caliber_crawler.archive.merge.marks import Marks, MergeMarks
from caliber_crawler.archive.merge.run_mapping import RunMapping
from caliber_crawler.archive.merge.selection import Selection
from caliber_crawler.archive.pages.bodies import Bodies
from caliber_crawler.archive.pages.captures import Captures
from caliber_crawler.archive.pages.cold_pages import ColdPages
from caliber_crawler.archive.reports.runs import Runs
from caliber_crawler.archive.texts.absence import SAYS_GONE, Absences
from caliber_crawler.archive.texts.articles import Articles
from caliber_crawler.archive.upkeep.deletion import Deletion
from caliber_crawler.items import Capture
from caliber_crawler.site import ArticleURL

Item = TypeVar("Item")

BATCH_SIZE = 1_000
"""Captures or articles per transaction."""
FRONTIER_STATE = (
    *("state", "priority", "due_at", "visited_at", "last_status", "failures", "reason", "etag", "last_modified"),
    "request_url",
)
"""Frontier columns that are taken from the archive that visited the URL last."""
FROM_LATER_VISIT = ", ".join(
    f"""{name} = CASE WHEN coalesce(excluded.visited_at, '') > coalesce(frontier.visited_at, '')
      THEN excluded.{name} ELSE frontier.{name} END"""
    for name in FRONTIER_STATE
)
IF_KNOWN = f"""ON CONFLICT (url) DO UPDATE SET {FROM_LATER_VISIT},
discovered_at = min(frontier.discovered_at, excluded.discovered_at),
crawled_since = coalesce(
  min(frontier.crawled_since, excluded.crawled_since), frontier.crawled_since, excluded.crawled_since),
article_id = coalesce(frontier.article_id, excluded.article_id)"""
"""How to merge a frontier row that both archives have."""

EVIDENCE = ("last_confirmed_at", "pages_examined", "pages_confirming", "replaced_at")
"""Columns of a site fact that are taken from the archive that confirmed it last."""

WITH_ABSENCES = f"""
SELECT u.article_id FROM json_each(:captures) j JOIN captures c ON c.id = j.value JOIN article_urls u ON u.url = c.url
WHERE c.status = 304 OR {SAYS_GONE}
UNION
SELECT u.article_id FROM json_each(:articles) j JOIN article_urls u ON u.article_id = j.value
JOIN captures c ON c.url = u.url WHERE c.status = 304 OR {SAYS_GONE}"""
"""Merged articles, and articles with merged captures, that have a 304 or "gone" response."""


class Merge:
    """Merges one other archive, as a run of this one. Iterate it to the end.

    ``counts`` has the number of new rows per table. A merge without new rows leaves no run.
    """

    def __init__(self, here: Connection, there: Connection, software: Mapping[str, object]) -> None:
        self._here = here
        self._there = there
        self._software = software
        self._runs = Runs(here)
        self._deletion = Deletion(here)
        self._captures = Captures(here)
        self._bodies_there = Bodies(there)
        self._cold = ColdPages(here)
        self._takedowns = Takedowns(here)
        self._articles = Articles(here)
        self._marks = MergeMarks(here)
        self._capture_of: dict[int, int] = {}
        self._article_of: dict[int, int] = {}
        self._has_takedowns = False
        self.counts: Counter[str] = Counter()
        self._run_of = RunMapping(here, there, self.counts)

    def __len__(self) -> int:
        """The number of captures and articles to merge."""
        return len(self._selection)

    @cached_property
    def is_incremental(self) -> bool:
        """Whether only what came after an earlier merge of the other archive is read."""
        return self._known_marks is not None

    @cached_property
    def _known_marks(self) -> Marks | None:
        return self._marks.find(self._there)

    @cached_property
    def _selection(self) -> Selection:
        return Selection(self._there, self._known_marks)

    def __iter__(self) -> Iterator[int]:
        """Merge; yield the number of captures and articles processed since the last yield."""
        run_id = self._runs.start(
            "merge", site=None, arguments={"other": self._there.path.name}, settings={}, software=self._software
        )
        # Before anything is read: what a crawl adds there meanwhile belongs to the next merge.
        marks, known_marks = Marks.of(self._there), self._known_marks
        known = len(self._takedowns.all())
        yield from self._merge(run_id)
        self.counts["takedowns"] += len(self._takedowns.all()) - known
        self.counts = +self.counts
        if self.counts["takedowns"] or self._deletion.unwiped():
            self._deletion.wipe()
        if self.counts:
            self._runs.finish(run_id, "finished", None, self.counts)
        else:
            self._runs.discard(run_id)
        if marks is not None and marks != known_marks:
            with self._here.transaction():
                self._marks.store(self._there, marks)

    def _merge(self, run_id: int) -> Iterator[int]:
        last: int = self._here.value("SELECT coalesce(max(id), 0) FROM articles")
        with self._here.transaction():
            self._deletion.import_from(self._there)
            self._has_takedowns = self._here.value("SELECT 1 FROM takedown_keys") is not None
            for id in self._selection.runs:
                _ = self._run_of[id]
            self._merge_plain("sites", "site")
            self._merge_plain("sections", "site", "language", "section")
            self._merge_plain("hosts", "host")
            self._merge_site_facts()
        among = self._selection.articles if self.is_incremental else None
        bulk = BulkInsert(self._here, self._there, self._run_of, self._capture_of, self._store, among)
        shared = ConflictMerge(self._here, self._there, self._run_of, self._capture_of, run_id)
        for ids in in_chunks(self._selection.captures):
            with self._here.transaction():
                wanted = [id for id in ids if not self._has_takedowns or not self._is_taken_down_capture(id)]
                for id in bulk.insert_captures(wanted):
                    self._merge_capture(id)
            yield len(ids)
        for ids in in_chunks(self._selection.articles):
            with self._here.transaction():
                wanted = [id for id in ids if not self._has_takedowns or not self._is_taken_down(id)]
                for id in bulk.insert_articles(wanted, self._article_of):
                    self._article_of |= shared.merge(id)
            yield len(ids)
        self.counts.update(bulk.counts + shared.counts)
        with self._here.transaction():
            self._merge_frontier()
            self._merge_problems()
            self._merge_coverage()
            self._apply_absences()
            self.counts["cold_pages"] += self._cold.import_places(self._there)
            CodeMerge(self._here, self._there, self._article_of, self.counts).merge()
        for ids in in_chunks(sorted(bulk.doubtful | shared.merged)):
            with self._here.transaction():
                self._review(ids, last, run_id)
        with self._here.transaction():
            merged = set(self._article_of.values())
            self._count_withdrawn(self._articles.admission.withdraw_merged_later_pages(merged, run_id), last)

    def _review(self, ids: Iterable[int], last: int, run_id: int) -> None:
        """Put pages aside that a crawl would have put aside; ``last`` is the last article from before."""
        for id in ids:
            self._count_withdrawn(self._articles.review(id, run_id), last)

    def _count_withdrawn(self, ids: Iterable[int], last: int) -> None:
        for id in ids:
            if id > last:
                self.counts.subtract(("articles", "versions"))

    def _insert(self, table: str, row: Mapping[str, Any], conflict: str = "") -> int:
        names, places = ", ".join(row), ", ".join(f":{name}" for name in row)
        cursor = self._here.execute(f"INSERT INTO {table} ({names}) VALUES ({places}) {conflict}", row)
        self.counts[table] += max(cursor.rowcount, 0)
        return cursor.lastrowid or 0

    def _merge_plain(self, table: str, *key: str) -> None:
        for row in self._there.rows(f"SELECT * FROM {table}"):
            self._insert(table, row, f"ON CONFLICT ({', '.join(key)}) DO NOTHING")

    def _merge_coverage(self) -> None:
        for id in self._selection.runs:
            for row in self._there.rows("SELECT * FROM field_coverage WHERE run_id = ?", (id,)):
                row["run_id"] = self._run_of[id]
                self._insert("field_coverage", row, "ON CONFLICT (run_id, site, layout, field, method) DO NOTHING")

    def _merge_site_facts(self) -> None:
        """Take the evidence of the later confirmation: the same pages may confirm a fact in both archives."""
        key = "site = :site AND fact = :fact AND value = :value"
        for row in self._there.rows("SELECT * FROM site_facts"):
            known = self._here.row(f"SELECT * FROM site_facts WHERE {key}", row)
            if known is None:
                self._insert("site_facts", row)
                continue
            later = max(known, row, key=lambda either: [either[name] or "" for name in EVIDENCE])
            first = min(known["first_confirmed_at"], row["first_confirmed_at"])
            if (merged := {**later, "first_confirmed_at": first}) != known:
                changes = ", ".join(f"{name} = :{name}" for name in ("first_confirmed_at", *EVIDENCE))
                self._here.execute(f"UPDATE site_facts SET {changes} WHERE {key}", merged)
                self.counts["site_facts"] += 1

    # --- captures -----------------------------------------------------------------------------------------------------

    def _merge_capture(self, id: int) -> None:
        row = self._there.row("SELECT * FROM captures WHERE id = ?", (id,)) or {}
        known = self._here.value(
            """SELECT id FROM captures WHERE url = :url AND fetched_at = :fetched_at AND status IS :status
            AND error IS :error AND body_digest IS :body_digest AND site = :site AND kind = :kind""",
            row,
        )
        if known is None:
            if row["body_digest"] is not None:
                self._store(row)
            own = {"id", "article_id", "version_id", "extractor", "checksum"}
            theirs = {name: value for name, value in row.items() if name not in own}
            theirs["run_id"] = self._run_of[row["run_id"]]
            known = insert_with_checksum(self._here, "captures", theirs).lastrowid
            self.counts["captures"] += 1
        self._capture_of[id] = known

    def _store(self, row: Mapping[str, Any]) -> None:
        """Store the page of a capture of the other archive like one that was just fetched, or where it is.

        A page that is only in cold storage here returns to this archive if the other one contains it.
        """
        digest = row["body_digest"]
        stored = self._here.value("SELECT stored FROM bodies WHERE digest = ?", (digest,))
        if stored or (stored == 0 and not self._there.value("SELECT stored FROM bodies WHERE digest = ?", (digest,))):
            return
        if stored is None and self._cold.import_from(self._there, [digest]):
            return
        self._captures.store_body(
            Capture(
                site=row["site"],
                url=row["url"],
                fetched_at=utc_time(row["fetched_at"]),
                kind=row["kind"],
                status=row["status"],
                headers=tuple((name, value) for name, value in json.loads(row["headers"])),
                body=self._bodies_there.get(digest),
            )
        )

    def _is_taken_down_capture(self, id: int) -> bool:
        row = self._there.row(
            """SELECT c.site, c.url, coalesce(a.duplicate_of, a.id) AS survivor FROM captures c
            LEFT JOIN articles a ON a.id = c.article_id WHERE c.id = ?""",
            (id,),
        )
        assert row is not None
        return self._takedowns.covers(row["site"], [ArticleURL(url=row["url"])]) or (
            row["survivor"] is not None and self._is_taken_down(row["survivor"])
        )

    def _is_taken_down(self, id: int) -> bool:
        site = self._there.value("SELECT site FROM articles WHERE id = ?", (id,))
        urls = self._there.rows_of(ArticleUrlRow, "SELECT * FROM article_urls WHERE article_id = ?", (id,))
        return self._takedowns.covers(site, map(address_of, urls))

    # --- other tables -------------------------------------------------------------------------------------------------

    def _merge_frontier(self) -> None:
        last = self._here.value("SELECT max(id) FROM frontier") or 0
        for ids in in_chunks(self._selection.frontier):
            wanted = [
                row
                | {
                    "id": None,
                    "run_id": None if row["run_id"] is None else self._run_of[row["run_id"]],
                    "article_id": self._article_of.get(row["article_id"]),
                }
                for row in self._rows("frontier", ids)
                if not (self._has_takedowns and self._takedowns.covers(row["site"], [ArticleURL(url=row["url"])]))
            ]
            if wanted:
                names, places = ", ".join(wanted[0]), ", ".join(f":{name}" for name in wanted[0])
                self._here.raw.executemany(f"INSERT INTO frontier ({names}) VALUES ({places}) {IF_KNOWN}", wanted)
        self.counts["frontier"] += self._here.value("SELECT count(*) FROM frontier WHERE id > ?", (last,))

    def _merge_problems(self) -> None:
        for row in (row for ids in in_chunks(self._selection.problems) for row in self._rows("problems", ids)):
            if row["capture_id"] is not None and row["capture_id"] not in self._capture_of:
                continue
            theirs = {name: value for name, value in row.items() if name != "id"}
            theirs |= {"run_id": self._run_of[row["run_id"]], "capture_id": self._capture_of.get(row["capture_id"])}
            same = " AND ".join(f"{name} IS :{name}" for name in theirs)
            if self._here.value(f"SELECT 1 FROM problems WHERE {same}", theirs) is None:
                self._insert("problems", theirs)

    def _rows(self, table: str, ids: list[int]) -> list[dict[str, Any]]:
        return self._there.rows(
            f"SELECT * FROM {table} WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id", (json.dumps(ids),)
        )

    def _apply_absences(self) -> None:
        """Apply 304 and "gone" responses of one archive to the articles of the other."""
        absences = Absences(self._here)
        captures, articles = json.dumps(list(self._capture_of.values())), json.dumps(list(self._article_of.values()))
        for id in self._here.values(WITH_ABSENCES, {"captures": captures, "articles": articles}):
            absences.apply(id)


def in_chunks(items: Iterable[Item]) -> Iterator[list[Item]]:
    rest = iter(items)
    while batch := list(islice(rest, BATCH_SIZE)):
        yield batch
