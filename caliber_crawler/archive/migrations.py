"""The schema, as a history of small steps. A step that has been released is never changed: add one."""

from __future__ import annotations

from importlib.resources import files

from sqlite_utils import Database, Migrations

APPLICATION_ID = 0x43414C49
"""``CALI``: what tells our files from every other SQLite database."""

migrations = Migrations("caliber")


@migrations()
def m0001_first(db: Database) -> None:
    run_script(db, "m0001_first")


VERSION = 1
"""``user_version`` of an archive with every step applied; each step's script sets its own number."""


def run_script(db: Database, step: str) -> None:
    """Run a step's SQL inside the transaction that records it."""
    db.executescript(files(__package__).joinpath("schema", f"{step}.sql").read_text("utf-8"))
