"""The codebook: the variables of a content analysis, and the codes that each may have."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.times import utc_text
from caliber_crawler.errors import CodingError, InputError
from caliber_crawler.quantity import quantity

NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
MAX_FILE_BYTES = 1_000_000
SEPARATOR = ";"
"""Separates the codes of a variable that may have several."""

RESERVED = (
    *("unit", "url", "site", "language", "section", "published", "headline", "text", "stratum", "weight"),
    *("coder", "coded_at"),
)
"""The other columns of a coding sheet, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One variable of a codebook."""

    name: str
    label: str | None = None
    """The question that it answers."""
    codes: tuple[str, ...] = ()
    """The codes that it may have; empty for free text."""
    several: bool = False
    """Whether an article may have several of its codes."""

    def code(self, written: str) -> str | None:
        """The code that was written, in the spelling of the codebook; ``None`` if it is none of its codes."""
        if not self.codes:
            return written
        return next((code for code in self.codes if code.casefold() == written.casefold()), None)

    def parts(self, cell: str) -> list[str]:
        """The codes in a cell of a sheet, as written."""
        parts = cell.split(SEPARATOR) if self.several else [cell]
        return list(dict.fromkeys(part for each in parts if (part := " ".join(each.split()))))


def read_codebook(path: Path) -> list[Variable]:
    """Read a codebook: a TOML file with a table for each variable.

    A table may have ``label``, ``codes`` (a list) and ``several`` (``true`` or ``false``). Raises ``InputError`` if the
    file cannot be read, and ``CodingError`` for one that is not a codebook.
    """
    try:
        with path.open("rb") as file:
            written = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    if len(written) > MAX_FILE_BYTES:
        raise CodingError(f"{path} is larger than 1 MB, so it is not a codebook.")
    try:
        tables = tomllib.loads(written.decode("utf-8-sig"))
    except ValueError as error:
        raise CodingError(f"{path} is not a codebook: {error}.") from error
    if not tables:
        raise CodingError(f"{path} has no variables. Write one as: [tone] codes = ['positive', 'negative'].")
    return [_variable(path, name, table) for name, table in tables.items()]


def _variable(path: Path, name: str, table: object) -> Variable:
    where = f"{path}, variable {name!r}"
    if not isinstance(table, Mapping):
        raise CodingError(f"{where}: write [{name}] on a line of its own, and its fields below.")
    if not NAME.fullmatch(name):
        raise CodingError(f"{where}: a name has at most 40 letters a-z, digits and _, and begins with a letter.")
    if name in RESERVED:
        raise CodingError(f"{where}: a coding sheet has a column of that name already; choose another.")
    if unknown := sorted(table.keys() - {"label", "codes", "several"}):
        raise CodingError(f"{where}: {unknown[0]!r} is not a field; use label, codes and several.")
    label, codes, several = table.get("label"), table.get("codes", []), table.get("several", False)
    if label is not None and not isinstance(label, str):
        raise CodingError(f"{where}: label must be text.")
    if not isinstance(several, bool):
        raise CodingError(f"{where}: several must be true or false.")
    if not isinstance(codes, list) or not all(isinstance(code, str | int) and str(code).strip() for code in codes):
        raise CodingError(f"{where}: codes must be a list of texts or whole numbers.")
    named = [" ".join(str(code).split()) for code in codes]
    if several and (bad := next((code for code in named if SEPARATOR in code), None)):
        raise CodingError(f"{where}: the code {bad!r} has a {SEPARATOR}, which separates several codes.")
    if len({code.casefold() for code in named}) < len(named):
        raise CodingError(f"{where}: a code is listed twice.")
    return Variable(name=name, label=label, codes=tuple(named), several=several)


class Codebook:
    """The codebook of an archive."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def variables(self) -> list[Variable]:
        """Every variable, by name."""
        return [
            Variable(
                name=row["variable"],
                label=row["label"],
                codes=tuple(json.loads(row["codes"])),
                several=bool(row["several"]),
            )
            for row in self._connection.rows("SELECT * FROM codebook ORDER BY variable")
        ]

    def replace(self, variables: Iterable[Variable], now: datetime) -> None:
        """Replace the codebook. Raises ``CodingError`` if articles have codes that the new one does not have."""
        new = {variable.name: variable for variable in variables}
        with self._connection.transaction():
            for row in self._connection.rows(
                "SELECT variable, code, count(*) AS articles FROM codes GROUP BY variable, code ORDER BY variable, code"
            ):
                variable = new.get(row["variable"])
                if variable is None or variable.code(row["code"]) != row["code"]:
                    raise CodingError(
                        f"{self._connection.path} has {quantity(row['articles'], 'code')} {row['code']!r} of"
                        f" {row['variable']!r}, which the new codebook does not have. Add it to the codebook."
                    )
            self._connection.execute("DELETE FROM codebook")
            for variable in new.values():
                self._connection.execute(
                    "INSERT INTO codebook (variable, label, codes, several, changed_at) VALUES (?, ?, ?, ?, ?)",
                    (
                        variable.name,
                        variable.label,
                        json.dumps(variable.codes, ensure_ascii=False),
                        variable.several,
                        utc_text(now),
                    ),
                )
