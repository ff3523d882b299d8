"""The schema, as a history of small steps. A step that has been released is never changed: add one."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from sqlite3 import complete_statement

from sqlite_utils import Database, Migrations

from caliber_crawler.archive.seals import KEYS, seal, unlocked

migrations = Migrations("caliber")


@migrations()
def m0001_first(db: Database) -> None:
    run_script(db, "m0001_first")


@migrations()
def m0002_proof(db: Database) -> None:
    run_script(db, "m0002_proof")
    db.execute(
        """UPDATE captures SET extractor = (SELECT extractor FROM versions WHERE id = captures.version_id)
        WHERE version_id IS NOT NULL"""
    )
    for table in KEYS:
        seal_all(db, table)


@migrations()
def m0003_counts(db: Database) -> None:
    run_script(db, "m0003_counts")


def run_script(db: Database, step: str) -> None:
    """Run a step's SQL inside the transaction that records it."""
    for statement in _statements(files(__package__).joinpath("schema", f"{step}.sql").read_text("utf-8")):
        db.execute(statement)


def _statements(script: str) -> Iterator[str]:
    """The statements of a script in which each ends a line: looked for by line, they are found in no time."""
    lines: list[str] = []
    for line in script.splitlines(keepends=True):
        lines.append(line)
        if line.endswith(";\n") and complete_statement("".join(lines)):
            yield "".join(lines)
            lines.clear()
    assert not "".join(lines).strip(), "the last statement is not complete"


def seal_all(db: Database, table: str) -> None:
    """Seal every row of a table as it stands. A step that changes what a seal covers calls it again."""
    key = " AND ".join(f"{name} = :{name}" for name in KEYS[table])
    with unlocked(db, table):
        cursor = db.execute(f"SELECT * FROM {table}")
        names = [column[0] for column in cursor.description]
        for values in cursor:
            row = dict(zip(names, values, strict=True))
            db.execute(f"UPDATE {table} SET seal = :seal WHERE {key}", row | {"seal": seal(table, row)})
