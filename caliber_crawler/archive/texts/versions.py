"""Versions: every distinct text of an article, and when it was online.

The text of a version is what the newspaper wrote: headline, subtitle, authors, body and time of publication. Versions
are computed from the captures of an article in order of time: consecutive captures with the same text are one version.
So the order in which pages arrive does not matter. The current version is the one seen last.

Every capture points to the version that the current code extracts from it. A version without captures is replaced: it
stays, because it may have been cited, but it no longer counts as a published text. So an edit is a difference between
pages that the same code extracted, and a better extractor never causes one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count, groupby
from typing import cast

from caliber_crawler.archive.core.checksums import checksum, insert_with_checksum
from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.family import FAMILY
from caliber_crawler.archive.core.rows import Cause, VersionRow
from caliber_crawler.archive.core.times import utc_text, utc_time
from caliber_crawler.archive.texts.kept_values import kept_columns
from caliber_crawler.archive.texts.text_columns import (
    COPIED_COLUMNS,
    EXTRACTION_COLUMNS,
    ExtractedColumns,
    Page,
    content_digest,
    digest_of_columns,
    version_columns,
)
from caliber_crawler.items import Extraction


@dataclass(frozen=True, slots=True)
class Interval:
    """Consecutive captures with the same text, and the last time at which the text is known to be online."""

    digest: str
    pages: tuple[Page, ...]
    until: str

    @property
    def first(self) -> str:
        return self.pages[0].fetched_at

    @property
    def is_reextracted(self) -> bool:
        """Whether a different text was extracted from any of its pages before."""
        return any(page.previous_digest not in (None, self.digest) for page in self.pages)

    def fits(self, version: VersionRow, used: set[int]) -> bool:
        """Whether an existing version can be extended to this interval; a version never becomes shorter."""
        return (
            version["content_digest"] == self.digest
            and version["id"] not in used
            and self.first <= version["seen_from"]
            and version["seen_until"] <= self.until
        )


def intervals(pages: Sequence[Page], versions: Sequence[VersionRow]) -> list[Interval]:
    """Group sorted captures into intervals with one text each."""
    runs = [tuple(run) for _, run in groupby(pages, key=lambda page: page.digest)]
    seen_until = {version["id"]: version["seen_until"] for version in versions}
    # A version without pages was put aside.
    of_pages = {page.version_id for page in pages}
    live = [v["seen_until"] for v in versions if v["replaced_by"] is None and v["id"] in of_pages]
    found = []
    for place, run in enumerate(runs):
        # A 304 response confirms a text after its last capture.
        confirmed = [seen_until[page.version_id] for page in run if page.version_id is not None]
        until = run[-1].fetched_at
        if place + 1 == len(runs):
            until = max(until, *confirmed, *live, until)
        else:
            until = max([until, *(time for time in confirmed if time < runs[place + 1][0].fetched_at)])
        found.append(Interval(run[0].digest, run, until))
    return found


def neighbours(versions: Sequence[VersionRow], seen_at: str) -> list[VersionRow]:
    """The last version that was seen by a time, and the first one that was seen after it, as far as there are any."""
    live = [version for version in versions if version["replaced_by"] is None]
    earlier = [version for version in live if version["seen_from"] <= seen_at]
    later = [version for version in live if version["seen_from"] > seen_at]
    last = max(earlier, key=lambda version: (version["seen_from"], version["id"]), default=None)
    first = min(later, key=lambda version: (version["seen_from"], version["id"]), default=None)
    return [version for version in (last, first) if version is not None]


STORED = ", ".join(name for name in VersionRow.__annotations__ if name != "folded")
"""The columns of a version; computing ``folded`` for an unchanged article would take as long as all else."""

ReextractById = Callable[[int], Extraction | None]
"""Re-extracts a stored page by its capture ID with the current code; ``None`` when the page has no article."""


class Versions:
    """The versions in an archive. Runs inside the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def record(
        self,
        article_id: int,
        extraction: Extraction,
        run_id: int,
        reextract: ReextractById | None = None,
        *,
        is_new_article: bool = False,
    ) -> tuple[VersionRow, bool]:
        """Record the text of a page; return the version's row and whether the version is new.

        With ``reextract``, pages of the neighbouring versions are re-extracted first if their text differs and an older
        extractor produced it.
        """
        versions = [] if is_new_article else self.all_of(article_id)
        extractions = [extraction]
        if versions:
            extractions += self._same_bytes(article_id, extraction)
            if reextract is not None:
                extractions += self._reextract_neighbours(article_id, extraction, versions, reextract)
        assert extraction.capture.id is not None
        version = self._rebuild(article_id, extractions, run_id, versions, is_new_article=is_new_article)[
            extraction.capture.id
        ]
        return version, all(version["id"] != known["id"] for known in versions)

    def rebuild(self, article_id: int, extractions: Sequence[Extraction], run_id: int) -> None:
        """Recompute the versions of an article, with these extractions instead of the earlier ones."""
        self._rebuild(article_id, extractions, run_id, self.all_of(article_id))

    def all_of(self, article_id: int) -> list[VersionRow]:
        """The versions of an article, those that count first."""
        return self._connection.rows_of(
            VersionRow,
            f"SELECT {STORED} FROM versions WHERE article_id IN ({FAMILY}) ORDER BY replaced_by IS NOT NULL, id",
            {"article_id": article_id},
        )

    def _rebuild(
        self,
        article_id: int,
        extractions: Sequence[Extraction],
        run_id: int,
        versions: Sequence[VersionRow],
        *,
        is_new_article: bool = False,
    ) -> dict[int, VersionRow]:
        """Recompute the versions; return the version of each page by its capture ID."""
        fresh = {extraction.capture.id: extraction for extraction in extractions if extraction.capture.id is not None}
        pages = [_first_page(extractions[0])] if is_new_article else self.pages_of(article_id, fresh)
        kept = kept_columns(pages, fresh, versions)
        if kept:
            changed = [page._replace(digest=digest_of_columns(kept[page.id])) for page in pages if page.id in kept]
            pages = sorted([*(page for page in pages if page.id not in kept), *changed], key=lambda page: page[:3])
        numbers = count(1 + max((version["number"] for version in versions), default=0))
        used: set[int] = set()
        found: dict[int, VersionRow] = {}
        for place, interval in enumerate(intervals(pages, versions)):
            version = next((version for version in versions if interval.fits(version, used)), None)
            if version is None:
                version = self._add(
                    article_id, run_id, interval, fresh, kept, versions, next(numbers), is_first=place == 0
                )
            else:
                self._extend(version, interval)
            used.add(version["id"])
            self._assign_captures(article_id, version, interval, fresh, kept)
            found |= {page.id: version for page in interval.pages}
        self._replace(versions, used, pages)
        return found

    def record_not_modified(self, version_id: int, seen_at: str) -> None:
        """Record that the text of a version was still online."""
        self._extend_times(version_id, seen_at)

    def _reextract_neighbours(
        self, article_id: int, extraction: Extraction, versions: Sequence[VersionRow], reextract: ReextractById
    ) -> list[Extraction]:
        """Re-extract pages of the versions before and after a new text that another extractor processed."""
        digest = content_digest(extraction.article)
        extractions: list[Extraction] = []
        for version in neighbours(versions, utc_text(extraction.capture.fetched_at)):
            if version["content_digest"] == digest:
                continue
            ids = self._connection.values(
                f"""SELECT id FROM captures WHERE article_id IN ({FAMILY}) AND version_id = :version_id
                AND body_digest IS NOT NULL AND extractor IS NOT :extractor AND id <> :id""",
                {
                    "article_id": article_id,
                    "version_id": version["id"],
                    "extractor": extraction.extractor,
                    "id": extraction.capture.id,
                },
            )
            extractions += [neighbour for id in ids if (neighbour := reextract(id)) is not None]
        return extractions

    def _same_bytes(self, article_id: int, extraction: Extraction) -> list[Extraction]:
        """The same extraction for every other capture with the same bytes."""
        same_bytes = self._connection.rows(
            f"""SELECT c.id, c.fetched_at FROM captures this JOIN captures c ON c.body_digest = this.body_digest
            WHERE this.id = :id AND c.id <> this.id AND c.version_id IS NOT NULL AND c.article_id IN ({FAMILY})""",
            {"article_id": article_id, "id": extraction.capture.id},
        )
        return [
            replace(
                extraction,
                capture=replace(extraction.capture, id=other["id"], fetched_at=utc_time(other["fetched_at"])),
            )
            for other in same_bytes
        ]

    def pages_of(self, article_id: int, fresh: Mapping[int, Extraction]) -> list[Page]:
        """The pages of an article and those of new extractions, by capture ID, in order of time."""
        rows = self._connection.rows(
            f"""SELECT c.id, c.fetched_at, c.version_id, c.extractor, v.content_digest
            FROM captures c LEFT JOIN versions v ON v.id = c.version_id
            WHERE (c.article_id IN ({FAMILY}) AND c.version_id IS NOT NULL)
            OR c.id IN (SELECT value FROM json_each(:fresh))""",
            {"article_id": article_id, "fresh": json.dumps(list(fresh))},
        )
        pages = [
            Page(
                row["fetched_at"],
                content_digest(fresh[row["id"]].article) if row["id"] in fresh else row["content_digest"],
                row["id"],
                row["version_id"],
                row["content_digest"],
            )
            for row in rows
        ]
        return sorted(pages, key=lambda page: page[:3])

    def _extend(self, version: VersionRow, interval: Interval) -> None:
        if version["replaced_by"] is not None:
            self._connection.execute("UPDATE versions SET replaced_by = NULL WHERE id = ?", (version["id"],))
        self._extend_times(version["id"], interval.first, interval.until)

    def _assign_captures(
        self,
        article_id: int,
        version: VersionRow,
        interval: Interval,
        fresh: Mapping[int, Extraction],
        kept: Mapping[int, ExtractedColumns],
    ) -> None:
        for page in interval.pages:
            if page.id in fresh:
                self._connection.execute(
                    """UPDATE captures SET article_id = ?, version_id = ?, extractor = ? WHERE id = ?
                    AND (article_id IS NOT ?1 OR version_id IS NOT ?2 OR extractor IS NOT ?3)""",
                    (article_id, version["id"], fresh[page.id].extractor, page.id),
                )
                self._update_extraction(version, fresh[page.id], kept.get(page.id))
            elif page.version_id != version["id"]:
                self._connection.execute("UPDATE captures SET version_id = ? WHERE id = ?", (version["id"], page.id))

    def _replace(self, versions: Sequence[VersionRow], used: set[int], pages: Sequence[Page]) -> None:
        """Mark versions without pages as replaced by the version that their first page has now."""
        for version in versions:
            if version["replaced_by"] is None and version["id"] not in used:
                first = next((page for page in pages if page.version_id == version["id"]), pages[0])
                self._connection.execute(
                    "UPDATE versions SET replaced_by = (SELECT version_id FROM captures WHERE id = ?) WHERE id = ?",
                    (first.id, version["id"]),
                )

    def _update_extraction(self, version: VersionRow, extraction: Extraction, kept: ExtractedColumns | None) -> None:
        """Update signature, Markdown and methods of a version from a new extraction of its own page."""
        if version["capture_id"] != extraction.capture.id or version["extractor"] == extraction.extractor:
            return
        extracted = kept or version_columns(extraction)
        columns = {name: value for name, value in extracted.items() if name in EXTRACTION_COLUMNS}
        columns["checksum"] = checksum("versions", {**version, **columns})
        assignments = ", ".join(f"{name} = :{name}" for name in columns)
        self._connection.execute(f"UPDATE versions SET {assignments} WHERE id = :id", columns | {"id": version["id"]})

    def _extend_times(self, version_id: int, *seen_at: str) -> None:
        values = {"id": version_id, "first": min(seen_at), "last": max(seen_at)}
        # Two statements: an index has the first time, which seldom changes.
        self._connection.execute("UPDATE versions SET seen_until = :last WHERE id = :id AND seen_until < :last", values)
        self._connection.execute("UPDATE versions SET seen_from = :first WHERE id = :id AND seen_from > :first", values)

    def _add(
        self,
        article_id: int,
        run_id: int,
        interval: Interval,
        fresh: Mapping[int, Extraction],
        kept: Mapping[int, ExtractedColumns],
        versions: Sequence[VersionRow],
        number: int,
        *,
        is_first: bool,
    ) -> VersionRow:
        """Insert a version: from a new extraction, or for a known text that was online in two separate intervals."""
        page = next((page for page in interval.pages if page.id in fresh or page.id in kept), None)
        if page is not None:
            columns: Mapping[str, object] = kept.get(page.id) or version_columns(fresh[page.id])
            cause: Cause = "reextract" if interval.is_reextracted else "edit" if versions else "first"
        else:
            page = interval.pages[0]
            known = next(version for version in versions if version["content_digest"] == interval.digest)
            columns = {name: value for name, value in known.items() if name in COPIED_COLUMNS}
            cause = known["cause"] if is_first else "edit"
        version = {
            "article_id": article_id,
            "number": number,
            "cause": cause,
            "seen_from": interval.first,
            "seen_until": interval.until,
            "content_digest": interval.digest,
            "capture_id": page.id,
            "run_id": run_id,
            **columns,
        }
        id = insert_with_checksum(self._connection, "versions", version).lastrowid
        return cast(VersionRow, {**version, "id": id, "replaced_by": None})


def _first_page(extraction: Extraction) -> Page:
    """The page of an article without any other."""
    assert extraction.capture.id is not None
    digest = content_digest(extraction.article)
    return Page(utc_text(extraction.capture.fetched_at), digest, extraction.capture.id, None, None)
