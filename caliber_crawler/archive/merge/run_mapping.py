"""The runs of another archive, and their IDs here."""

from __future__ import annotations

from collections import Counter

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.errors import ArchiveError

RUN = ("command", "site", "started_at", "arguments", "settings", "software", "user_agent")
"""The columns that identify a run."""
ALIVE = ("running", "interrupted")


class RunMapping(dict[int, int]):
    """The ID here of each run there. A run is merged when it is looked up, inside the caller's transaction."""

    def __init__(self, here: Connection, there: Connection, counts: Counter[str]) -> None:
        super().__init__()
        self._here = here
        self._there = there
        self._counts = counts

    def __missing__(self, id: int) -> int:
        row = self._there.row("SELECT * FROM runs WHERE id = ?", (id,))
        if row is None:
            raise ArchiveError(f"{self._there.path} is damaged: runs {id}; run `caliber verify` for details.")
        same = " AND ".join(f"{name} IS :{name}" for name in RUN)
        known = self._here.row(f"SELECT id, outcome FROM runs WHERE {same}", row)
        theirs = {name: value for name, value in row.items() if name != "id"}
        if known is None:
            names, places = ", ".join(theirs), ", ".join(f":{name}" for name in theirs)
            here = self._here.execute(f"INSERT INTO runs ({names}) VALUES ({places})", theirs).lastrowid or 0
            self._counts["runs"] += 1
        else:
            here = known["id"]
            if known["outcome"] in ALIVE and row["outcome"] not in ALIVE:
                changes = ", ".join(f"{name} = :{name}" for name in theirs)
                self._here.execute(f"UPDATE runs SET {changes} WHERE id = :known", {**theirs, "known": here})
        self[id] = here
        return here
