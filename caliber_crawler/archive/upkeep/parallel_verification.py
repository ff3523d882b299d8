"""Verification of a large archive in several processes: each checks another part of it."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.upkeep.finding import Finding
from caliber_crawler.archive.upkeep.row_batches import UNREADABLE
from caliber_crawler.archive.upkeep.verification import MAX_FINDINGS, Verification, cause
from caliber_crawler.processes import Executor, TooSlow, WorkerCrashed
from caliber_crawler.processes.call import TRIES

MIN_BYTES = 200_000_000
"""Size of a file from which several processes are faster than one: a few seconds of work."""
MAX_WORKERS = 4
"""The longest part takes a third of the time of all."""
LONG = ("full-text index", "versions", "B-trees", "captures", "bodies", "articles")
"""The parts that take longest, which are begun first."""


@dataclass(slots=True)
class CheckedPart:
    """The result of one part."""

    findings: list[Finding]
    notes: list[str]
    checked: int


class ParallelVerification(Verification):
    """The same checks and findings. Each process reads a snapshot of its own, so that a crawl may continue."""

    def _check_parts(self) -> Iterator[Finding | None]:
        names = list(self.parts())
        found: dict[str, list[Finding]] = {}
        longest_first = sorted(names, key=lambda name: LONG.index(name) if name in LONG else len(LONG))
        failed = yield from self._check_in_workers(longest_first, found, mapped=True)
        # A disk that fails ends a process that has mapped the file. Without that, SQLite reports the error.
        yield from self._check_in_workers(failed, found, mapped=False)
        for name in names:
            yield from found[name]

    def _check_in_workers(
        self, names: Sequence[str], found: dict[str, list[Finding]], *, mapped: bool
    ) -> Generator[None, None, list[str]]:
        """Check parts, and collect their findings; return the mapped ones that ended their worker."""
        common, failed = (self.connection.path, self.read_cold, mapped), []
        executor = Executor[str](
            check_part,
            lambda name: (*common, name),
            workers(),
            max_in_flight=1,
            start_next=1,
            tries=1 if mapped else TRIES,
        )
        for name, call in executor.map_unordered(names):
            try:
                part: CheckedPart = call.result()
            except (*UNREADABLE, TooSlow, WorkerCrashed) as error:
                if mapped and isinstance(error, WorkerCrashed):
                    failed.append(name)
                else:
                    found[name] = [Finding(kind="file", message=f"The check of the {name} failed: {cause(error)}.")]
                continue
            found[name] = part.findings
            self.notes += part.notes
            yield from repeat(None, part.checked - len(part.findings))
        return failed


def check_part(path: Path, read_cold: bool, mapped: bool, name: str) -> CheckedPart:
    """Check one part of an archive, in a worker."""
    connection = Connection.open(path, "read")
    try:
        verification = Verification(connection, read_cold=read_cold, mapped=mapped)
        part = CheckedPart([], verification.notes, 0)
        for outcome in verification.in_snapshot(verification.parts()[name]):
            part.checked += 1
            if outcome is not None and len(part.findings) < MAX_FINDINGS:
                part.findings.append(outcome)
        return part
    finally:
        connection.close()


def verification_of(connection: Connection, *, read_cold: bool = False) -> Verification:
    """The verification of an archive, by its size and the number of processors."""
    is_large = connection.path.stat().st_size >= MIN_BYTES
    kind = ParallelVerification if is_large and workers() > 1 else Verification
    return kind(connection, read_cold=read_cold)


def workers() -> int:
    return min(os.cpu_count() or 1, MAX_WORKERS)
