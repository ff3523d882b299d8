"""The archive: one SQLite file that holds the frontier, the raw pages, every version of every article, every view.

This package is the only code that touches SQLite. Anything that opens SQLite files can read one while it is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Unpack

from caliber_crawler.archive.core.connection import Connection, Mode
from caliber_crawler.archive.core.takedowns import Takedowns
from caliber_crawler.archive.merge.merge import Merge
from caliber_crawler.archive.pages.captures import Captures
from caliber_crawler.archive.pages.ranges import CaptureRange, capture_ranges, pages_between
from caliber_crawler.archive.queue.aliases import Aliases
from caliber_crawler.archive.queue.frontier import Frontier
from caliber_crawler.archive.queue.hosts import Hosts
from caliber_crawler.archive.queue.traversals import Traversals
from caliber_crawler.archive.reports.explanation import Explanation, explain
from caliber_crawler.archive.reports.run_history import RunHistory
from caliber_crawler.archive.reports.runs import Runs
from caliber_crawler.archive.reports.sites import Sites
from caliber_crawler.archive.reports.status import StatusReport, status
from caliber_crawler.archive.search import Hit, Order, Search, find
from caliber_crawler.archive.search.frames import to_pandas
from caliber_crawler.archive.search.selection import (
    ArticleFilter,
    ArticleRow,
    Selection,
    ViewRow,
    article_ids,
    article_rows,
    captures,
    count_opted_out,
    distinct_values,
    headline_on,
    opted_out_articles,
    selection_of,
    view_rows,
)
from caliber_crawler.archive.texts.absence import Absences
from caliber_crawler.archive.texts.article_record import ArticleRecord, ArticleVersion
from caliber_crawler.archive.texts.articles import Articles, Reextract
from caliber_crawler.archive.texts.citation import CITATIONS, CitationStyle
from caliber_crawler.archive.texts.reextractions import Reextractions
from caliber_crawler.archive.upkeep.backup import backup
from caliber_crawler.archive.upkeep.deletion import Deletion
from caliber_crawler.archive.upkeep.light_copy import write_light_copy
from caliber_crawler.archive.upkeep.repair import Repair
from caliber_crawler.archive.upkeep.verification import Finding, Verification
from caliber_crawler.errors import NoSuchArticle, SiteError
from caliber_crawler.items import Capture

if TYPE_CHECKING:
    from pandas import DataFrame
    from sqlite_utils import Database


class Archive:
    """An open archive. Close it, or use it in a ``with`` statement.

    In a notebook: :meth:`search`, :attr:`articles`, :meth:`article`, :meth:`views`, :meth:`status`; :meth:`to_pandas`
    makes data frames of their rows. Results are dataclasses and typed dictionaries under the names of the archive's
    columns. Times in them are ISO 8601 text in UTC, sizes are bytes, and what is unknown is ``None``. A method that
    reads raises ``ArchiveError`` when the file is damaged.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.captures = Captures(connection)
        """Every page as it was served, and every failure to get one."""
        self.articles = Articles(connection)
        """Articles; called with keywords, a row for each that they select."""
        self.absences = Absences(connection)
        """Absences without a page: "not modified", and "gone"."""
        self.frontier = Frontier(connection)
        """Every URL that crawls know of, and when it is due."""
        self.aliases = Aliases(connection)
        """Further URLs of an article, at which it is not visited."""
        self.traversals = Traversals(connection)
        """How far each listing was crawled."""
        self.hosts = Hosts(connection)
        """What must be remembered of hosts so that politeness outlives a process."""
        self.runs = Runs(connection)
        """What commands did to the archive, and the problems they met."""
        self.run_history = RunHistory(connection)
        """Earlier runs, to compare a new one with."""
        self.sites = Sites(connection)
        """Where articles come from, and on what condition they may be used."""
        self.reextractions = Reextractions(connection)
        """Stored pages whose text is extracted again."""
        self.takedowns = Takedowns(connection)
        """Which articles the archive must not hold."""
        self.deletion = Deletion(connection)
        """Deletes articles, each with a takedown."""

    @classmethod
    def open(cls, path: str | Path, mode: Mode = "read") -> Archive:
        """Open the archive at ``path``: to ``read`` it must exist; to ``write`` it is created if missing.

        There is one writer at a time, by a lock file beside the archive, and any number of readers. Opening to write
        migrates an archive of an earlier version and marks runs of dead processes as interrupted.

        Raises ``NoArchive`` (nothing there), ``ForeignDatabase`` (not an archive), ``NewerArchive`` (written by a later
        version), ``ArchiveLocked`` (another writer), ``ArchiveFull`` (the disk is full or read-only), or
        ``ArchiveError`` for an archive that must be migrated before it can be read.
        """
        archive = cls(Connection.open(Path(path), mode))
        if mode == "write":
            try:
                archive.runs.interrupt_dead()
            except BaseException:
                archive.close()
                raise
        return archive

    @property
    def path(self) -> Path:
        """Where the file is."""
        return self._connection.path

    @property
    def db(self) -> Database:
        """The same connection for sqlite-utils."""
        return self._connection.db

    def transaction(self, *, synced_every: float = 0.0) -> AbstractContextManager[None]:
        """Everything done inside is kept, or nothing; see :meth:`Connection.transaction`."""
        return self._connection.transaction(synced_every=synced_every)

    def search(
        self,
        query: str,
        *,
        language: str | None = None,
        section: str | None = None,
        site: str | None = None,
        first_day: str | None = None,
        last_day: str | None = None,
        order: Order = "best",
        limit: int = 20,
        offset: int = 0,
    ) -> list[Hit]:
        """Articles whose current text answers a query, as :class:`~caliber_crawler.archive.search.Search` describes it.

        Every word of the query must be in the text, in any inflection. ``OR``, ``"a phrase"`` and ``-without`` work.
        ``first_day`` and ``last_day`` are days of publication (``2026-01-31``), both included. ``order`` is ``best`` or
        ``newest``. At most ``limit`` hits, after the first ``offset``. Any text is a query; one without words finds
        nothing.
        """
        return find(
            self._connection,
            Search(
                query,
                language=language,
                section=section,
                site=site,
                first_day=first_day,
                last_day=last_day,
                order=order,
                limit=limit,
                offset=offset,
            ),
        )

    def article(self, reference: str | int) -> ArticleRecord:
        """Everything known of one article, by its id or any URL it was ever known under. Raises ``NoSuchArticle``."""
        return self.articles.show(self._id_of(reference))

    def history(self, reference: str | int) -> list[ArticleVersion]:
        """Every text of one article that the site published, in order of time. Raises ``NoSuchArticle``.

        Texts that only a change of the extraction made are left out.
        """
        return self.articles.texts(self._id_of(reference))

    def citation(self, reference: str | int, style: CitationStyle = "text") -> str:
        """How to cite one article: a line of ``text``, ``bibtex`` or ``csl-json``. Raises ``NoSuchArticle``."""
        article = self.article(reference)
        return CITATIONS[style](article, self.sites.get(article["site"]))

    def _id_of(self, reference: str | int) -> int:
        found = self.articles.find(str(reference))
        if found is None:
            raise NoSuchArticle(f"{self.path} holds no article {reference}.")
        return found

    def views(self, article: str | int | None = None, **wanted: Unpack[ArticleFilter]) -> list[ViewRow]:
        """Every view count of one article (by id or URL), or of all that the keywords select; in order of time.

        The keywords are those of :attr:`articles`: ``site``, ``section``, ``language``, ``since``, ``until`` and
        ``search``. Raises ``NoSuchArticle``.
        """
        ids = article_ids(self._connection, selection_of(**wanted)) if article is None else [self._id_of(article)]
        return view_rows(self._connection, ids)

    def to_pandas(self, rows: Iterable[Mapping[str, object]]) -> DataFrame:
        """A data frame of rows: ``..._at`` as times in UTC, numbers whole even where some are unknown.

        Raises ``MissingExtra`` where pandas is not installed.
        """
        return to_pandas(rows)

    def rows(
        self, selection: Selection, *, newest_first: bool = False, limit: int | None = None
    ) -> Iterator[ArticleRow]:
        """A row for each selected article, in order of publication; a few hundred are in memory at a time."""
        return article_rows(self._connection, selection, newest_first=newest_first, limit=limit)

    def selected_captures(self, selection: Selection) -> Iterator[Capture]:
        """The captures of the selected articles; of whole sites every capture. In the order of time."""
        return captures(self._connection, selection)

    def headline_on(self, capture: Capture) -> str | None:
        """The headline of the article that was read on a capture, if one was."""
        return headline_on(self._connection, capture.id)

    def distinct_values(self, column: Literal["site", "section", "language"]) -> list[str]:
        """The sites, sections or languages of which there are articles, sorted."""
        return distinct_values(self._connection, column)

    def opted_out_articles(self) -> list[int]:
        """The articles that their site reserves, by id: they are kept here, and not to be passed on."""
        return opted_out_articles(self._connection)

    def require_held(self, selection: Selection) -> None:
        """Raise ``SiteError`` for a site, section or language of a selection of which there is no article."""
        wanted: dict[Literal["site", "section", "language"], tuple[str, ...]] = {
            "site": selection.sites,
            "section": selection.sections,
            "language": selection.languages,
        }
        for column, names in wanted.items():
            distinct_values = self.distinct_values(column) if names else []
            for name in names:
                if name not in distinct_values:
                    raise SiteError(
                        f"{self.path} holds no {column} {name!r}; it holds {', '.join(distinct_values) or 'none'}."
                    )

    def rights(self, selection: Selection) -> str:
        """The condition of each selected site for the reuse of its pages, a sentence each."""
        sites = (self.sites.get(name) for name in selection.sites or self.distinct_values("site"))
        return " ".join(f"{site['title']}: {site['reuse'] or 'not stated'}." for site in sites if site)

    def count_opted_out(self, selection: Selection, of: Literal["articles", "captures"]) -> int:
        """How many of what is selected otherwise stay behind because they are reserved."""
        return count_opted_out(self._connection, selection, of)

    def capture_ranges(self, pages: int) -> Iterator[CaptureRange]:
        """The pages of articles in ranges of so many, to be read side by side."""
        return capture_ranges(self._connection, pages)

    def pages_between(self, first: int, last: int) -> list[int]:
        """The captures of such a range, in order."""
        return pages_between(self._connection, first, last)

    def write_light_copy(self, selection: Selection, path: Path, *, limit: int | None = None) -> int:
        """Write a light copy for publishing; see :mod:`caliber_crawler.archive.upkeep.light_copy`."""
        return write_light_copy(self._connection, selection, path, limit=limit)

    def verify(self) -> Verification:
        """Every check there is, as an iterable of what was found; see :mod:`caliber_crawler.archive.upkeep.verification`."""
        return Verification(self._connection)

    def repair(self, findings: Iterable[Finding], reextract: Reextract | None = None) -> None:
        """Put right what can be known for sure; see :mod:`caliber_crawler.archive.upkeep.repair`."""
        Repair(self._connection, reextract).repair(findings)

    def explain(self, urls: Sequence[str]) -> Explanation:
        """All that is known of one URL, given in all its url_variants: how it was found, every fetch, its article."""
        return explain(self._connection, urls)

    def backup(self, destination: Path, *, keep: int | None = None) -> Path:
        """A verified copy, made while others may write; see :func:`caliber_crawler.archive.upkeep.backup.backup`."""
        return backup(self._connection, destination, keep=keep)

    def merge(self, other: Archive, software: Mapping[str, object]) -> Merge:
        """All that another archive holds, taken in while it is iterated; see :mod:`caliber_crawler.archive.merge.merge`.

        ``software`` names what the merge ran on, for the record of its run.
        """
        return Merge(self._connection, other._connection, software)

    @property
    def migrated_from(self) -> int | None:
        """The schema this archive had before it was opened to write, if it was an earlier one."""
        return self._connection.migrated_from

    def status(self) -> StatusReport:
        """What the archive holds, in numbers, how the last runs ended, and problems by reason. Takes milliseconds."""
        return status(self._connection)

    def close(self) -> None:
        """Tidy up after writing and let go of the file. Closing twice is once."""
        self._connection.close()

    def __enter__(self) -> Archive:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
