"""Damage to an archive, found and repaired: python -m benchmarks.damage [--articles N] [--damages N] [--only KIND] [-v]

Crawls the demo site into an archive. Then, for each damage: a copy is damaged, verified and repaired, and compared with
the original row by row. Damages are single bits, bytes, whole pages (zeros, random bytes, another page of the file) and
truncations, and the same in the write-ahead log.

Per kind, the table shows how many damages changed anything (a changed byte in the unused part of a page does not), how
many of these were found, how many were repaired completely, how many differ without a word about it, and how many
archives were worse afterwards: with less sound rows than SQLite could read before, or with more findings.
"""

from __future__ import annotations

import argparse
import random
import sqlite3
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner
from tabulate import tabulate

from caliber_crawler.archive import Archive
from caliber_crawler.archive.core.checksums import PRIMARY_KEYS, checksum
from caliber_crawler.archive.texts.articles import Reextract
from caliber_crawler.archive.upkeep.row_layout import layouts
from caliber_crawler.archive.upkeep.sqlite_pages import SQLiteFile
from caliber_crawler.archive.upkeep.tree_map import TreeMap
from caliber_crawler.commands.archived_sites import reextractor
from caliber_crawler.commands.cli import main as caliber
from caliber_crawler.errors import ArchiveError

KINDS = ("bit", "byte", "page", "truncation", "log")
RAW = ("bodies", "dictionaries")
"""Tables of the stored pages, from which the rest can be extracted."""
COMPUTED = ("versions_fts", "sqlite_", "_sqlite_", "versions_vocab", "versions_tokens")
RowsByKey = dict[tuple[object, ...], tuple[tuple[str, object], ...]]
Rows = dict[str, RowsByKey]
"""The values of each row of each table, by key; none for a row that does not match its checksum."""


@dataclass(frozen=True)
class Damage:
    """One change of a file."""

    kind: str
    place: str
    """What was changed: the table or index of the page."""
    data: bytes
    log: bytes = b""
    """The write-ahead log."""
    lock: bytes = b""
    """The lock file, which says how much of the log was synced."""


@dataclass
class Outcome:
    """What became of a damaged archive."""

    changed: bool
    found: bool = False
    complete: bool = False
    raw_pages_survive: bool = True
    worse: str = ""
    crash: str = ""
    unreported: bool = False
    """Is something not as it was, and the repair does not say so?"""
    refused: str = ""
    """Why the file was left as it was."""
    seconds: float = 0.0
    values: str = ""
    """The tables or columns with changed values, if SQLite can read the whole file."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=500)
    parser.add_argument("--damages", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=600, help="stop after this time, with what was tried")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--only", choices=KINDS)
    parser.add_argument("--archive", type=Path, help="an existing archive instead of the demo site's")
    parser.add_argument("-v", "--verbose", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        base = options.archive or Path(folder) / "base.db"
        if options.archive is None:
            CliRunner().invoke(caliber, ["demo", "--articles", str(options.articles), "--archive", str(base)])
        size = base.stat().st_size
        table = measure(
            base,
            options.damages,
            options.seed,
            options.only,
            jobs=options.jobs,
            minutes=options.minutes,
            verbose=options.verbose,
        )
    print(f"An archive of {size:,} bytes\n\n{table}")


def measure(base: Path, damages: int, seed: int, only: str | None, *, jobs: int, minutes: float, verbose: bool) -> str:
    """The table of outcomes."""
    outcomes: defaultdict[str, list[Outcome]] = defaultdict(list)
    end = time.monotonic() + minutes * 60
    kinds = [only or KINDS[number % len(KINDS)] for number in range(damages)]
    with ProcessPoolExecutor(jobs, initializer=prepare, initargs=(base,)) as executor:
        tried = executor.map(try_number, range(damages), kinds, [seed] * damages)
        for number, (damage, outcome) in enumerate(tried):
            outcomes[kinds[number]].append(outcome)
            if time.monotonic() > end:
                executor.shutdown(wait=False, cancel_futures=True)
                break
            if verbose and not (outcome.complete or not outcome.changed):
                print(number, kinds[number], damage, outcome, flush=True)
    return tabulate(
        [line(kind, tried) for kind, tried in outcomes.items()],
        headers=(
            *("damage", "tried", "changes data", "found", "raw pages intact", "restored completely"),
            *("refused", "unreported", "worse", "crashes", "slowest, s"),
        ),
        tablefmt="github",
    )


@dataclass
class Base:
    """What a process needs to damage an archive again and again."""

    data: bytes
    places: dict[int, str]
    rows: Rows
    logged: tuple[bytes, bytes, bytes]
    logged_rows: Rows
    folder: tempfile.TemporaryDirectory[str]


BASES: list[Base] = []


def prepare(base: Path) -> None:
    """Read the archive to be damaged."""
    folder = tempfile.TemporaryDirectory()
    logged = write_log(base, Path(folder.name, "logged.db"))
    reference = Path(folder.name, "reference.db")
    write(reference, *logged)
    BASES.append(Base(base.read_bytes(), places_of(base), rows_of(base), logged, rows_of(reference), folder))


def try_number(number: int, kind: str, seed: int) -> tuple[str, Outcome]:
    """Try the damage with a number; return what was damaged, and what became of it."""
    chance, (base,) = random.Random(seed * 1_000_000 + number), BASES
    path = Path(base.folder.name, "damaged.db")
    if kind == "log":
        damage = damage_of_log(*base.logged, chance)
        return damage.place, try_damage(damage, base.logged_rows, path)
    damage = damage_of(base.data, base.places, chance, kind)
    return damage.place, try_damage(damage, base.rows, path)


def line(kind: str, tried: list[Outcome]) -> tuple[object, ...]:
    changed = [outcome for outcome in tried if outcome.changed]
    intact = [outcome for outcome in changed if outcome.raw_pages_survive]
    return (
        kind,
        len(tried),
        len(changed),
        sum(outcome.found for outcome in changed),
        len(intact),
        sum(outcome.complete for outcome in intact),
        sum(bool(outcome.refused) for outcome in tried),
        sum(outcome.unreported for outcome in tried),
        sum(bool(outcome.worse) for outcome in tried),
        sum(bool(outcome.crash) for outcome in tried),
        f"{max(outcome.seconds for outcome in tried):.1f}",
    )


def damage_of(data: bytes, places: dict[int, str], chance: random.Random, kind: str) -> Damage:
    """A random damage of this kind."""
    size = int.from_bytes(data[16:18])
    damaged = bytearray(data)
    at = chance.randrange(len(data))
    page = at // size * size
    if kind == "bit":
        damaged[at] ^= 1 << chance.randrange(8)
    elif kind == "byte":
        damaged[at] ^= chance.randrange(1, 256)
    elif kind == "page":
        other = chance.randrange(len(data) // size) * size
        damaged[page : page + size] = chance.choice([bytes(size), chance.randbytes(size), data[other : other + size]])
    else:
        del damaged[at:]
    return Damage(kind, places.get(page // size + 1, "other"), bytes(damaged))


def damage_of_log(data: bytes, log: bytes, lock: bytes, chance: random.Random) -> Damage:
    """A bit, byte or sector of the write-ahead log, or its end."""
    damaged, at = bytearray(log), chance.randrange(len(log))
    how = chance.choice(("bit", "byte", "sector"))
    if how == "bit":
        damaged[at] ^= 1 << chance.randrange(8)
    elif how == "byte":
        damaged[at] ^= chance.randrange(1, 256)
    else:
        damaged[at : at + 512] = chance.randbytes(min(512, len(log) - at))
    return Damage("log", how, data, bytes(damaged), lock)


def write_log(base: Path, path: Path) -> tuple[bytes, bytes, bytes]:
    """A new archive with the content of another, as its file, its write-ahead log and its lock file."""
    with Archive.open(base) as there, Archive.open(path, mode="write") as here:
        here.db.execute("PRAGMA wal_autocheckpoint = 0")
        for _ in here.merge(there, {}):
            pass
        return path.read_bytes(), Path(f"{path}-wal").read_bytes(), Path(f"{path}.lock").read_bytes()


def write(path: Path, data: bytes, log: bytes, lock: bytes = b"") -> None:
    """Write an archive, with its write-ahead log and its lock file if there are any."""
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()
    path.write_bytes(data)
    if log:
        Path(f"{path}-wal").write_bytes(log)
    if lock:
        Path(f"{path}.lock").write_bytes(lock)


def places_of(base: Path) -> dict[int, str]:
    """The table or index of each page that contains rows."""
    with SQLiteFile(base) as file:
        trees = TreeMap(file)
        return {number: name for name in layouts() for number in trees.pages_of(name)}


def try_damage(
    damage: Damage, original: Rows, path: Path, reextract_for: Callable[[Archive], Reextract] = reextractor
) -> Outcome:
    """Damage a copy, verify and repair it, and compare the result with the original."""
    write(path, damage.data, damage.log, damage.lock)
    readable = readable_rows(path)
    outcome = Outcome(changed=readable != original or not is_intact(path))
    if outcome.changed and is_intact(path):
        outcome.values = ", ".join(sorted(changed_values(readable, original)))
    write(path, damage.data, damage.log, damage.lock)
    started = time.perf_counter()
    try:
        found = Archive.verify_file(path).findings
        outcome.found = bool(found)
        if not found:
            return outcome
        result = Archive.repair_file(path, reextract_for, {})
        after = rows_of(path)
        outcome.complete = is_complete(after, original)
        outcome.unreported = not (outcome.complete or result.left or result.lost)
        outcome.raw_pages_survive = not any(missing(after, original, name) for name in RAW)
        outcome.worse = worse(readable, after, original) or ("findings" if len(result.left) > len(found) else "")
    except ArchiveError as error:
        outcome.found = True
        outcome.refused = str(error)
        if path.read_bytes() != damage.data:
            outcome.worse = "refused, but changed"
    except Exception as error:  # noqa: BLE001  # a crash is a result here
        outcome.crash = f"{type(error).__name__}: {error}"
    outcome.seconds = time.perf_counter() - started
    return outcome


def rows_of(path: Path) -> Rows:
    """A digest of each row of each table, by key."""
    found: Rows = {}
    with closing(sqlite3.connect(path)) as connection:
        for name, key in keys_of(connection).items():
            found[name] = read(connection, name, key)
        # The record of the repair itself, and the problems that it recorded.
        own = {(row[0],) for row in connection.execute("SELECT id FROM runs WHERE command = 'repair'")}
        found["runs"] = {key: digest for key, digest in found["runs"].items() if key not in own}
    return found


def readable_rows(path: Path) -> Rows:
    """The rows that SQLite can read, from both ends of each table."""
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
            connection.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
            return {name: read(connection, name, key) for name, key in keys_of(connection).items()}
    except (sqlite3.Error, ValueError):
        return {}


def keys_of(connection: sqlite3.Connection) -> dict[str, tuple[str, ...]]:
    names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    keys = {}
    for name in names:
        if not str(name).startswith(COMPUTED):
            columns = connection.execute("SELECT name, pk FROM pragma_table_info(?)", (name,)).fetchall()
            keys[name] = tuple(column for column, place in sorted(columns, key=lambda c: c[1]) if place)
    return keys


def read(connection: sqlite3.Connection, name: str, key: tuple[str, ...]) -> RowsByKey:
    found: RowsByKey = {}
    for order in ("", " DESC"):
        try:
            # Not indexed: SQLite may otherwise take values from an index that repeats them.
            sorting = ", ".join(part + order for part in key)
            cursor = connection.execute(f'SELECT * FROM "{name}" NOT INDEXED ORDER BY {sorting}')
            columns = [column[0] for column in cursor.description]
            for values in cursor:
                row = dict(zip(columns, values, strict=True))
                sound = name not in PRIMARY_KEYS or is_sound(name, row)
                found[tuple(row[part] for part in key)] = tuple(row.items()) if sound else ()
        except (sqlite3.Error, ValueError):
            continue
        break
    return found


def is_sound(table: str, row: dict[str, object]) -> bool:
    with suppress(TypeError, ValueError):
        return checksum(table, row) == row["checksum"]
    return False


def is_intact(path: Path) -> bool:
    with (
        suppress(sqlite3.Error, UnicodeDecodeError),
        closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection,
    ):
        return connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    return False


def differences(one: Rows, other: Rows) -> set[str]:
    """The tables that differ."""
    return {name for name in one.keys() | other.keys() if one.get(name) != other.get(name)}


def is_complete(after: Rows, original: Rows) -> bool:
    """Has every row its original values? Problems that the repair recorded do not count."""
    return differences(after, original) <= {"problems"} and not missing(after, original, "problems")


def changed_values(one: Rows, other: Rows) -> set[str]:
    """The tables that differ; the columns, where a table has the same rows."""
    found = set()
    for table in differences(one, other):
        before, after = one.get(table, {}), other.get(table, {})
        columns = {
            f"{table}.{name}"
            for key in before.keys() & after.keys()
            for (name, value), (_, other_value) in zip(before[key], after[key], strict=False)
            if value != other_value
        }
        found |= {table} if before.keys() != after.keys() or not columns else columns
    return found


def missing(after: Rows, original: Rows, name: str) -> bool:
    return bool(original[name].items() - after.get(name, {}).items())


def worse(before: Rows, after: Rows, original: Rows) -> str:
    """A table of which right rows that could be read before are missing or changed now.

    A capture whose page was lost, or a page whose dictionary was lost, could not be read before either.
    """
    pages_lost = any(missing(before, original, name) or missing(after, original, name) for name in RAW)
    dictionaries_lost = missing(before, original, "dictionaries") or missing(after, original, "dictionaries")
    unreadable = ({"captures"} if pages_lost else set()) | ({"bodies"} if dictionaries_lost else set())
    for name in {*PRIMARY_KEYS, *RAW} - unreadable:
        if lost := (before.get(name, {}).items() & original[name].items()) - after.get(name, {}).items():
            return f"{name}: {len(lost)}"
    return "captures" if len(after["captures"]) < len(before.get("captures", ())) else ""


if __name__ == "__main__":
    sys.exit(main())
