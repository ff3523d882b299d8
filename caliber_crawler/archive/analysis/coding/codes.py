"""Codes of articles: checked and stored from coding sheets, and counted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypedDict

from caliber_crawler.archive.analysis.coding.codebook import RESERVED, SEPARATOR, Codebook, Variable
from caliber_crawler.archive.analysis.coding.sample import unit_name
from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.family import FAMILY
from caliber_crawler.archive.core.times import utc_text
from caliber_crawler.archive.texts.articles import Articles
from caliber_crawler.errors import CodingError

SheetRow = Mapping[str, str]
"""A row of a sheet: text of each cell by column; a missing or empty cell is no code."""
MAX_CODE_LENGTH = 1_000
"""Longest code or coder in characters."""


@dataclass(frozen=True, slots=True)
class SheetIssue:
    """Something in a sheet that is not right."""

    row: int
    """The number of the row as spreadsheets show it; the header is row 1."""
    column: str
    message: str

    def __str__(self) -> str:
        return f"row {self.row}, column {self.column}: {self.message}"


class Coding(TypedDict):
    """A code that a person gave to an article."""

    article_id: int
    variable: str
    coder: str
    code: str
    coded_at: str
    """ISO 8601 in UTC."""
    content_digest: str
    """The digest of the text that was read."""


class CodeCount(TypedDict):
    """How many articles a coder gave a code."""

    variable: str
    code: str
    coder: str
    articles: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeImport:
    """The result of a sheet's import. With any issue, nothing was stored."""

    issues: list[SheetIssue]
    stored: int = 0
    known: int = 0
    """Codes that the archive had already."""
    removed: int = 0
    """Codes that others of the same coder replaced."""
    empty_rows: int = 0
    """Rows without any code."""


class Codes:
    """The codes in an archive."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._codebook = Codebook(connection)

    def import_rows(
        self,
        columns: Sequence[str],
        rows: Iterable[SheetRow],
        *,
        coder: str | None,
        now: datetime,
        ignored: Iterable[str] = (),
        replace: bool = False,
    ) -> CodeImport:
        """Check the rows of a coding sheet and store their codes, all or none.

        ``coder`` is who coded the rows without a coder; ``ignored`` names columns to skip. With ``replace``, codes of
        the same coder for the same article and variable are replaced; else other ones are an issue. Raises
        ``CodingError`` without a codebook, or for a sheet without the columns ``unit`` and ``url``.
        """
        variables = {variable.name: variable for variable in self._codebook.variables()}
        if not variables:
            raise CodingError(
                f"{self._connection.path} has no codebook. Store one first: caliber codes codebook FILE.toml."
            )
        if missing := [name for name in ("unit", "url") if name not in columns]:
            raise CodingError(f"The sheet has no column {missing[0]!r}. Use the sheet that `caliber sample` wrote.")
        sheet = _Sheet(self._connection, variables, coder, now, replace=replace)
        others = [name for name in columns if name not in {*RESERVED, *variables, *ignored}]
        sheet.issues += [
            SheetIssue(1, name, f"not a variable of the codebook ({', '.join(variables)})") for name in others
        ]
        # Reading and storing see the same state of the archive.
        with self._connection.transaction():
            for number, row in enumerate(rows, start=2):
                sheet.check(number, row)
            return sheet.store()

    def of_article(self, article_id: int) -> list[Coding]:
        """The codes of one article, by variable and coder."""
        return self._connection.rows_of(
            Coding,
            f"SELECT * FROM codes WHERE article_id IN ({FAMILY}) ORDER BY variable, coder, code",
            {"article_id": article_id},
        )

    def all(self, variable: str | None = None) -> list[Coding]:
        """Every code, or those of one variable. ``article_id`` is the current ID of the article."""
        return self._connection.rows_of(
            Coding,
            """SELECT coalesce(m.duplicate_of, m.id) AS article_id, k.variable, k.coder, k.code, k.coded_at,
            k.content_digest FROM codes k CROSS JOIN articles m ON m.id = k.article_id
            WHERE :variable IS NULL OR k.variable = :variable ORDER BY 1, 2, 3, 4""",
            {"variable": variable},
        )

    def counts(self) -> list[CodeCount]:
        """The number of articles with each code, by coder."""
        return self._connection.rows_of(
            CodeCount,
            """SELECT k.variable, k.code, k.coder, count(DISTINCT coalesce(m.duplicate_of, m.id)) AS articles
            FROM codes k CROSS JOIN articles m ON m.id = k.article_id
            GROUP BY k.variable, k.code, k.coder ORDER BY k.variable, k.code, k.coder""",
        )


class _Sheet:
    """The rows of one sheet: checks first, then stores."""

    def __init__(
        self,
        connection: Connection,
        variables: Mapping[str, Variable],
        coder: str | None,
        now: datetime,
        *,
        replace: bool,
    ) -> None:
        self._connection = connection
        self._articles = Articles(connection)
        self._variables = variables
        self._coder = coder
        self._now = now
        self._replace = replace
        self._given: dict[tuple[int, str, str], tuple[int, frozenset[str]]] = {}
        """Row and codes by article, variable and coder."""
        self._texts: dict[int, tuple[str, str]] = {}
        """Digest of the text that was read and time of coding, by row."""
        self._empty_rows = 0
        self.issues: list[SheetIssue] = []

    def check(self, number: int, row: SheetRow) -> None:
        """Check one row and remember its codes."""
        given = {name: parts for name in self._variables if (parts := self._variables[name].parts(row.get(name, "")))}
        if not given:
            self._empty_rows += 1
            return
        found = self._find_text(number, row)
        coder = " ".join((row.get("coder") or self._coder or "").split())
        if not coder:
            self._object(number, "coder", "nobody is named; fill in the column or use --coder NAME")
        elif len(coder) > MAX_CODE_LENGTH:
            self._object(number, "coder", f"longer than {MAX_CODE_LENGTH:,} characters")
        coded_at = self._time(number, row.get("coded_at", ""))
        codes = {name: self._codes(number, self._variables[name], parts) for name, parts in given.items()}
        if found is None or not coder or coded_at is None:
            return
        article_id, digest = found
        self._texts[number] = (digest, coded_at)
        for name, named in codes.items():
            if named:
                self._add(number, (article_id, name, coder), named)

    def store(self) -> CodeImport:
        """Store the codes if there are no issues."""
        if self.issues:
            return CodeImport(issues=sorted(self.issues, key=lambda issue: issue.row), empty_rows=self._empty_rows)
        stored = known = removed = 0
        for key, (number, codes) in self._given.items():
            before = self._stored(key)
            known += len(codes & before)
            for code in sorted(before - codes):
                self._connection.execute(
                    f"""DELETE FROM codes WHERE article_id IN ({FAMILY}) AND variable = :variable AND coder = :coder
                    AND code = :code""",
                    {**_named(key), "code": code},
                )
                removed += 1
            digest, coded_at = self._texts[number]
            for code in sorted(codes - before):
                self._connection.execute(
                    """INSERT INTO codes (article_id, variable, coder, code, coded_at, content_digest)
                    VALUES (:article_id, :variable, :coder, :code, :coded_at, :content_digest)""",
                    {**_named(key), "code": code, "coded_at": coded_at, "content_digest": digest},
                )
                stored += 1
        return CodeImport(issues=[], stored=stored, known=known, removed=removed, empty_rows=self._empty_rows)

    def _object(self, number: int, column: str, message: str) -> None:
        self.issues.append(SheetIssue(number, column, message))

    def _find_text(self, number: int, row: SheetRow) -> tuple[int, str] | None:
        """The article of a row, and the digest of the text that was read."""
        unit, url = row.get("unit", "").strip(), row.get("url", "").strip()
        article_id = self._articles.find(url) if url else None
        if article_id is None:
            self._object(number, "url", f"the archive has no article {url!r}" if url else "empty")
            return None
        for digest in self._connection.values(
            f"SELECT content_digest FROM versions WHERE article_id IN ({FAMILY}) ORDER BY id DESC",
            {"article_id": article_id},
        ):
            if unit_name(digest) == unit:
                return article_id, digest
        self._object(number, "unit", f"{unit!r} is not a text of {url}" if unit else "empty")
        return None

    def _codes(self, number: int, variable: Variable, written: Sequence[str]) -> frozenset[str]:
        codes = set()
        for each in written:
            code = variable.code(each)
            if code is None:
                self._object(number, variable.name, f"{each!r} is not one of {', '.join(variable.codes)}")
            elif len(code) > MAX_CODE_LENGTH:
                self._object(number, variable.name, f"longer than {MAX_CODE_LENGTH:,} characters")
            else:
                codes.add(code)
        return frozenset(codes)

    def _time(self, number: int, written: str) -> str | None:
        if not written.strip():
            return utc_text(self._now)
        try:
            time = datetime.fromisoformat(written.strip())
        except ValueError:
            self._object(number, "coded_at", f"{written!r} is not a time; write it as 2026-01-31T10:00:00Z")
            return None
        return utc_text(time if time.tzinfo else time.replace(tzinfo=UTC))

    def _add(self, number: int, key: tuple[int, str, str], codes: frozenset[str]) -> None:
        _, variable, coder = key
        if key in self._given:
            first, others = self._given[key]
            if others != codes:
                self._object(number, variable, f"{coder} coded this article in row {first} as {_list(others)}")
            return
        before = self._stored(key)
        if before and before != codes and not self._replace:
            self._object(
                number, variable, f"{coder} coded this article before as {_list(before)}; --replace takes the new code"
            )
        self._given[key] = (number, codes)

    def _stored(self, key: tuple[int, str, str]) -> frozenset[str]:
        return frozenset(
            self._connection.values(
                f"SELECT code FROM codes WHERE article_id IN ({FAMILY}) AND variable = :variable AND coder = :coder",
                _named(key),
            )
        )


def _named(key: tuple[int, str, str]) -> dict[str, object]:
    return dict(zip(("article_id", "variable", "coder"), key, strict=True))


def _list(codes: frozenset[str]) -> str:
    return f"{SEPARATOR} ".join(sorted(codes))
