"""The archive: one SQLite file with the frontier, the raw pages, every version of every article and every view count.

This package is the only code that accesses SQLite. Any SQLite client can read an archive while it is being written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Unpack

from caliber_crawler.archive.analyses import Analyses
from caliber_crawler.archive.core.connection import Connection, Mode
from caliber_crawler.archive.search import Hit, Order, Search, find
from caliber_crawler.archive.search.selection import (
    ArticleFilter,
    ArticleRow,
    Selection,
    ViewRow,
    article_ids,
    article_rows,
    captures,
    count_articles,
    count_opted_out,
    distinct_values,
    headline_on,
    opted_out_articles,
    selection_of,
    view_rows,
)
from caliber_crawler.archive.tables import Tables
from caliber_crawler.errors import InputError, NoSuchArticle, SiteError

if TYPE_CHECKING:
    from pandas import DataFrame
    from sqlite_utils import Database

    from caliber_crawler.archive.analysis.attention import Attention, Breakdown, Period, ViewsAt
    from caliber_crawler.archive.merge.merge import Merge
    from caliber_crawler.archive.pages.ranges import CaptureRange
    from caliber_crawler.archive.reports.explanation import Explanation
    from caliber_crawler.archive.reports.status import StatusReport
    from caliber_crawler.archive.search.text_rows import ExportRow, RowKind
    from caliber_crawler.archive.texts.article_record import ArticleRecord, ArticleVersion
    from caliber_crawler.archive.texts.articles import Reextract
    from caliber_crawler.archive.texts.citation_styles import CitationStyle
    from caliber_crawler.archive.texts.cited_texts import CitedText
    from caliber_crawler.archive.upkeep.file_repair import Check, FileRepair, Progress
    from caliber_crawler.archive.upkeep.verification import Verification
    from caliber_crawler.items import Capture


class Archive(Tables, Analyses):
    """An open archive. Close it, or use it in a ``with`` statement.

    In a notebook: :meth:`search`, :attr:`articles`, :meth:`article`, :meth:`views`, :meth:`status`; :meth:`to_pandas`
    makes data frames of their rows. Results are dataclasses and typed dictionaries with the archive's column names.
    Times in them are ISO 8601 text in UTC, sizes are bytes, and unknown values are ``None``. Reading a damaged file
    raises ``ArchiveError``.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @classmethod
    def open(cls, path: str | Path, mode: Mode = "read") -> Archive:
        """Open the archive at ``path``. Mode ``read`` requires that it exists; mode ``write`` creates it if missing.

        A lock file beside the archive allows one writer at a time; there may be any number of readers. Opening to write
        migrates an archive of an earlier version and marks runs of dead processes as interrupted.

        Raises ``NoArchive`` (no such file), ``ForeignDatabase`` (not an archive), ``NewerArchive`` (written by a later
        version), ``ArchiveLocked`` (another writer), ``ArchiveFull`` (the disk is full or read-only), or
        ``ArchiveError`` for an archive that must be migrated before it can be read, or whose log is damaged.
        """
        path = Path(path)
        if mode == "write":
            from caliber_crawler.archive.upkeep.file_repair import require_undamaged_log

            require_undamaged_log(path)
        archive = cls(Connection.open(path, mode))
        if mode == "write":
            try:
                archive.runs.interrupt_dead()
            except BaseException:
                archive.close()
                raise
        return archive

    @property
    def path(self) -> Path:
        """The path of the archive file."""
        return self._connection.path

    @property
    def db(self) -> Database:
        """The connection as a sqlite-utils database."""
        return self._connection.db

    def transaction(self, *, synced_every: float = 0.0) -> AbstractContextManager[None]:
        """A transaction: all changes inside are committed, or none; see :meth:`Connection.transaction`."""
        return self._connection.transaction(synced_every=synced_every)

    def batch(self, *, synced_every: float = 0.0) -> AbstractContextManager[None]:
        """A transaction whose nested ones cannot fail alone; see :meth:`Connection.batch`."""
        return self._connection.batch(synced_every=synced_every)

    def abandon_transaction(self) -> None:
        """Roll back the open transaction, if any. Only for a process that ends without leaving its ``with`` blocks."""
        self._connection.abandon_transaction()

    def search(
        self, query: str, *, order: Order = "best", limit: int = 20, offset: int = 0, **filters: Unpack[ArticleFilter]
    ) -> list[Hit]:
        """Articles whose current text matches a query, in the language of docs/reference/search.md.

        Words match in any inflection, and the exact form ranks first. ``AND``, ``OR``, ``NOT``, parentheses,
        ``"exact phrase"``, ``prefix*``, ``NEAR/5``, ``headline:``, ``author:`` and ``section:`` work. The filters are
        those of :attr:`articles`. ``order`` is ``best`` or ``newest``. Returns at most ``limit`` hits after skipping
        ``offset``. An empty query matches nothing. Raises ``QueryError`` for a query that cannot be understood.
        """
        where = selection_of(**filters)
        return find(self._connection, Search(query, where, order=order, limit=limit, offset=offset))

    def count(self, **filters: Unpack[ArticleFilter]) -> int:
        """The number of articles that match the filters. Raises ``QueryError`` like :meth:`search`."""
        return count_articles(self._connection, selection_of(**filters))

    def article(self, reference: str | int) -> ArticleRecord:
        """Everything known about one article, by its ID or any URL it has ever had. Raises ``NoSuchArticle``."""
        return self.articles.show(self._id_of(reference))

    def history(self, reference: str | int) -> list[ArticleVersion]:
        """Every text of one article that the site published, oldest first. Raises ``NoSuchArticle``.

        Versions that only a change of the extraction produced are left out.
        """
        return self.articles.texts(self._id_of(reference))

    def citation(self, reference: str | int, style: CitationStyle = "text", *, version: int | None = None) -> str:
        """A citation of one article as ``text``, ``bibtex``, ``ris`` or ``csl-json``.

        It cites the current text, or the version with a number. Raises ``NoSuchArticle``.
        """
        from caliber_crawler.archive.texts.citation_styles import citations
        from caliber_crawler.archive.texts.cited_texts import cited_texts, version_id_of

        version_id = version_id_of(self._connection, self._id_of(reference), version)
        return citations(cited_texts(self._connection, [version_id]), style)

    def bibliography(self, style: CitationStyle = "bibtex", **filters: Unpack[ArticleFilter]) -> str:
        """Citations of all articles that match the filters, in their current versions, in order of publication."""
        from caliber_crawler.archive.texts.citation_styles import citations

        return citations(self.cited_texts(selection_of(**filters)), style)

    def cited_texts(self, selection: Selection, *, limit: int | None = None) -> Iterator[CitedText]:
        """What citations of the selected articles say; only a few hundred are in memory at a time."""
        from caliber_crawler.archive.texts.cited_texts import cited_texts, current_versions

        ids = article_ids(self._connection, selection, limit=limit)
        return cited_texts(self._connection, current_versions(self._connection, ids))

    def _id_of(self, reference: str | int) -> int:
        found = self.articles.find(str(reference))
        if found is None:
            raise NoSuchArticle(f"{self.path} contains no article {reference}.")
        return found

    def views(self, article: str | int | None = None, **filters: Unpack[ArticleFilter]) -> list[ViewRow]:
        """Every view count of one article (by ID or URL) or of all articles that match the filters, oldest first.

        The filters are those of :attr:`articles`: ``site``, ``section``, ``language``, ``since``, ``until`` and
        ``search``. Raises ``NoSuchArticle``.
        """
        ids = article_ids(self._connection, selection_of(**filters)) if article is None else [self._id_of(article)]
        return view_rows(self._connection, ids)

    def attention(
        self,
        queries: str | Sequence[str],
        *,
        by: Period = "month",
        breakdown: Breakdown | None = None,
        **filters: Unpack[ArticleFilter],
    ) -> Attention:
        """The articles that match each query, per day, week or month, and their share; docs/guides/attention.md.

        ``breakdown``: ``section``, ``language``, ``site`` or ``author``. The filters are those of :attr:`articles`.
        Raises ``QueryError``, and ``ValueError`` for too many queries or rows.
        """
        from caliber_crawler.archive.analysis.attention import attention

        each = (queries,) if isinstance(queries, str) else queries
        return attention(self._connection, each, selection_of(**filters), by=by, breakdown=breakdown)

    def views_at(self, hours: float = 24, **filters: Unpack[ArticleFilter]) -> ViewsAt:
        """The views of articles ``hours`` after publication, interpolated, most viewed first.

        See docs/guides/attention.md.
        """
        from caliber_crawler.archive.analysis.attention import views_at

        return views_at(self._connection, selection_of(**filters), hours)

    def to_pandas(self, rows: Iterable[Mapping[str, object]]) -> DataFrame:
        """A data frame of rows: ``..._at`` columns as timestamps in UTC, integers as nullable integers.

        Raises ``MissingExtra`` if pandas is not installed.
        """
        from caliber_crawler.archive.search.frames import to_pandas

        return to_pandas(rows)

    def rows(
        self, selection: Selection, *, newest_first: bool = False, limit: int | None = None
    ) -> Iterator[ArticleRow]:
        """A row for each selected article, in order of publication; only a few hundred are in memory at a time."""
        return article_rows(self._connection, selection, newest_first=newest_first, limit=limit)

    def rows_of_kind(self, selection: Selection, kind: RowKind, *, limit: int | None = None) -> Iterator[ExportRow]:
        """Rows for exports: articles or their published versions with every field, or view counts."""
        from caliber_crawler.archive.search.text_rows import rows_of_kind

        return rows_of_kind(self._connection, selection, kind, limit=limit)

    def columns_of_kind(self, kind: RowKind, fields: Sequence[str] = ()) -> dict[str, type]:
        """The columns of rows of a kind that an export contains, with the type of their values: the default, or some.

        Raises ``InputError`` for an unknown field.
        """
        from caliber_crawler.archive.search.text_rows import columns_of, optional_columns_of

        default = dict(columns_of(self._connection, kind))
        if not fields:
            return default
        available = {**default, **optional_columns_of(kind)}
        if unknown := [name for name in fields if name not in available]:
            raise InputError(f"There is no field {unknown[0]!r}; available: {', '.join(available)}.")
        return {name: available[name] for name in fields}

    def selected_captures(self, selection: Selection) -> Iterator[Capture]:
        """The captures of the selected articles, oldest first; every capture when whole sites are selected."""
        return captures(self._connection, selection)

    def headline_on(self, capture: Capture) -> str | None:
        """The headline of the article extracted from a capture, if there is one."""
        return headline_on(self._connection, capture.id)

    def distinct_values(self, column: Literal["site", "section", "language"]) -> list[str]:
        """The sites, sections or languages that have articles, sorted."""
        return distinct_values(self._connection, column)

    def opted_out_articles(self) -> list[int]:
        """IDs of the articles with a rights reservation: they may be archived, but not published."""
        return opted_out_articles(self._connection)

    def require_existing(self, selection: Selection) -> None:
        """Raise ``SiteError`` if a selection names a site, section or language without articles."""
        required: dict[Literal["site", "section", "language"], tuple[str, ...]] = {
            "site": selection.sites,
            "section": selection.sections,
            "language": selection.languages,
        }
        for column, names in required.items():
            available = self.distinct_values(column) if names else []
            for name in names:
                if name not in available:
                    raise SiteError(
                        f"{self.path} has no articles with {column} {name!r};"
                        f" available: {', '.join(available) or 'none'}."
                    )

    def rights(self, selection: Selection) -> str:
        """The terms of use of each selected site, one sentence each."""
        sites = (self.sites.get(name) for name in selection.sites or self.distinct_values("site"))
        return " ".join(f"{site['title']}: {site['reuse'] or 'not stated'}." for site in sites if site)

    def count_opted_out(self, selection: Selection, of: Literal["articles", "captures"]) -> int:
        """The number of selected articles or captures that a rights reservation excludes."""
        return count_opted_out(self._connection, selection, of)

    def capture_ranges(self, pages: int) -> Iterator[CaptureRange]:
        """Article pages in ranges of at most ``pages`` captures, for parallel extraction."""
        from caliber_crawler.archive.pages.ranges import capture_ranges

        return capture_ranges(self._connection, pages)

    def pages_between(self, first: int, last: int) -> list[int]:
        """The IDs of the captures in such a range, in order."""
        from caliber_crawler.archive.pages.ranges import pages_between

        return pages_between(self._connection, first, last)

    def write_light_copy(self, selection: Selection, path: Path, *, limit: int | None = None) -> int:
        """Write a light copy for publishing; see :mod:`caliber_crawler.archive.upkeep.light_copy`."""
        from caliber_crawler.archive.upkeep.light_copy import write_light_copy

        return write_light_copy(self._connection, selection, path, limit=limit)

    def verify(self, *, cold: bool = False) -> Verification:
        """Every check, as an iterable of findings; see :mod:`caliber_crawler.archive.upkeep.verification`.

        ``cold`` reads every page in cold storage, too.
        """
        from caliber_crawler.archive.upkeep.verification import Verification

        return Verification(self._connection, read_cold=cold)

    def interrupt(self) -> None:
        """Interrupt the statement that is being executed, from another thread: it raises an error there."""
        self._connection.raw.interrupt()

    @staticmethod
    def verify_file(path: Path, progress: Progress = iter, *, cold: bool = False) -> Check:
        """Verify an archive that perhaps cannot be opened; ``progress`` iterates the checks.

        ``cold`` reads every page in cold storage, too.
        """
        from caliber_crawler.archive.upkeep.file_repair import verify_file

        return verify_file(path, progress, cold=cold)

    @staticmethod
    def verify_new_rows(path: Path, software: Mapping[str, object], progress: Progress = iter) -> Check:
        """Verify what is new since the last clean verification of this kind, and record a clean one as a run."""
        from caliber_crawler.archive.upkeep.file_repair import verify_new_rows

        return verify_new_rows(path, software, progress)

    @classmethod
    def repair_file(
        cls,
        path: Path,
        reextractor: Callable[[Archive], Reextract | None],
        software: Mapping[str, object],
        progress: Progress = iter,
    ) -> FileRepair:
        """Repair an archive in a new file; see :mod:`caliber_crawler.archive.upkeep.file_repair`.

        ``reextractor`` makes a function that re-extracts the stored pages of an archive. ``software`` holds names and
        versions of software, for the record of the run.
        """
        from caliber_crawler.archive.upkeep.file_repair import repair_file

        return repair_file(path, lambda connection: reextractor(cls(connection)), software, progress)

    def explain(self, urls: Sequence[str]) -> Explanation:
        """Everything known about one URL, given in all its variants: its discovery, every fetch, its article."""
        from caliber_crawler.archive.reports.explanation import explain

        return explain(self._connection, urls)

    def backup(self, destination: Path, *, keep: int | None = None) -> Path:
        """Write a verified copy, even during a crawl; see :func:`caliber_crawler.archive.upkeep.backup.backup`."""
        from caliber_crawler.archive.upkeep.backup import backup

        return backup(self._connection, destination, keep=keep)

    def merge(self, other: Archive, software: Mapping[str, object]) -> Merge:
        """Merge another archive into this one while it is iterated; see :mod:`caliber_crawler.archive.merge.merge`.

        ``software`` holds names and versions of software, for the record of the run.
        """
        from caliber_crawler.archive.merge.merge import Merge

        return Merge(self._connection, other._connection, software)

    @property
    def migrated_from(self) -> int | None:
        """The schema version before this archive was migrated on opening, or ``None``."""
        return self._connection.migrated_from

    def status(self) -> StatusReport:
        """Counts of the archive's contents, outcomes of the last runs, and problems by reason. Takes milliseconds."""
        from caliber_crawler.archive.reports.status import status

        return status(self._connection)

    def close(self) -> None:
        """Checkpoint the write-ahead log after writing, and close the file. Further calls do nothing."""
        self._connection.close()

    def __enter__(self) -> Archive:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
