"""Side files: files that an analysis computed from an archive and keeps beside it.

Each can be deleted at any time: the analysis makes it again, with the same result. This module knows all of them, so
that no output replaces one, and nothing of a deleted text remains in one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

Ending = Literal[".words.db", ".copies", ".editions"]
"""The end of a side file's name, after the name of the archive."""
WORD_INDEX: Ending = ".words.db"
COPIES: Ending = ".copies"
EDITIONS: Ending = ".editions"
ENDINGS = (WORD_INDEX, COPIES, EDITIONS)

OF_SQLITE = ("-wal", "-shm", "-journal")
"""The ends of the files that SQLite keeps beside a database."""


def side_file(archive: Path, ending: Ending) -> Path:
    """The path of a side file."""
    return Path(f"{archive}{ending}")


def messages_file(archive: Path) -> Path:
    """The file of the messages about an archive's sites: what was sent, and what is still to be sent."""
    return Path(f"{archive}.messages")


def files_of(archive: Path) -> list[Path]:
    """Every file that belongs to an archive, whether it exists or not.

    These are its own, those of SQLite, the side files, the lock, and the messages.
    """
    databases = [archive, *(side_file(archive, ending) for ending in ENDINGS)]
    return [
        *databases,
        *(Path(f"{database}{ending}") for database in databases for ending in OF_SQLITE),
        Path(f"{archive}.lock"),
        messages_file(archive),
    ]


def delete_side_file(path: Path) -> None:
    """Delete a side file with the files that SQLite keeps beside it."""
    for ending in ("", *OF_SQLITE):
        Path(f"{path}{ending}").unlink(missing_ok=True)
