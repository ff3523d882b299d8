"""``Archive.coding``: content analysis in Python."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Unpack

from caliber_crawler.archive.analysis.coding.agreement import Agreement, agreements
from caliber_crawler.archive.analysis.coding.codebook import Codebook, Variable
from caliber_crawler.archive.analysis.coding.codes import CodeCount, CodeImport, Codes, Coding, SheetRow
from caliber_crawler.archive.analysis.coding.sample import Allocation, Dimension, Sample, draw_sample
from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.times import utc_now
from caliber_crawler.archive.search.selection import ArticleFilter, Selection, selection_of


class ContentAnalysis:
    """Samples, codebook, codes and agreement of one archive."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._codebook = Codebook(connection)
        self._codes = Codes(connection)

    def sample(
        self,
        n: int,
        *,
        seed: int,
        by: Sequence[Dimension] = (),
        allocation: Allocation = "proportional",
        **filters: Unpack[ArticleFilter],
    ) -> Sample:
        """``n`` random articles that match the filters, the same for the same seed.

        ``by`` names the strata: ``site``, ``language``, ``section``, ``day``, ``month``, ``year``.
        """
        return self.sample_of(selection_of(**filters), n, seed=seed, by=by, allocation=allocation)

    def sample_of(
        self, selection: Selection, n: int, *, seed: int, by: Sequence[Dimension], allocation: Allocation
    ) -> Sample:
        """``n`` random articles of a selection."""
        return draw_sample(self._connection, selection, n, seed=seed, by=by, allocation=allocation)

    def codebook(self) -> list[Variable]:
        """The variables of the codebook, by name."""
        return self._codebook.variables()

    def replace_codebook(self, variables: Iterable[Variable]) -> None:
        """Replace the codebook. Raises ``CodingError`` if articles have codes that the new one does not have."""
        self._codebook.replace(variables, utc_now())

    def import_codes(
        self,
        columns: Sequence[str],
        rows: Iterable[SheetRow],
        *,
        coder: str | None = None,
        ignored: Iterable[str] = (),
        replace: bool = False,
    ) -> CodeImport:
        """Check the rows of a coding sheet and store their codes, all or none; see :meth:`Codes.import_rows`."""
        return self._codes.import_rows(columns, rows, coder=coder, now=utc_now(), ignored=ignored, replace=replace)

    def codes(self, variable: str | None = None) -> list[Coding]:
        """Every code, or those of one variable, by article, variable and coder."""
        return self._codes.all(variable)

    def codes_of(self, article_id: int) -> list[Coding]:
        """The codes of one article, by variable, coder and code."""
        return self._codes.of_article(article_id)

    def counts(self) -> list[CodeCount]:
        """The number of articles with each code, by coder."""
        return self._codes.counts()

    def agreement(self, variable: str | None = None) -> list[Agreement]:
        """How well the coders of a variable agree, or of every variable: all of them, then each pair.

        Raises ``MissingExtra`` if NLTK is not installed.
        """
        codings = self._codes.all(variable)
        return [
            found
            for each in self._codebook.variables()
            if variable in (None, each.name)
            for found in agreements(codings, each.name, several=each.several)
        ]
