"""Single changed bits and bytes of a row or page, found by trying until its checksum or digest matches."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from caliber_crawler.archive.core.checksums import EXCLUDED_COLUMNS, checksum, checksum_by_value, flip_one_bit
from caliber_crawler.archive.pages.bodies import Bodies
from caliber_crawler.archive.upkeep.sqlite_pages import INTEGER_SIZES

BIT_SECONDS = 10.0
"""CPU time for finding a single flipped bit in one row."""
BYTE_SECONDS = 10.0
"""CPU time for finding single changed bytes in all rows of a repair."""
MAX_BODY_BYTES = 1 << 25
"""The largest page that is stored."""
MAX_BYTE_VALUES = 2_048
"""The longest text in which a changed byte is searched for."""
RepairedRow = dict[str, Any]
"""A repaired row of a table with checksums: column to value."""


class Budget:
    """CPU time for all searches for a changed byte in a repair; a ``with`` block spends it."""

    def __init__(self, seconds: float = BYTE_SECONDS) -> None:
        self.seconds = seconds
        self._started = 0.0

    def __enter__(self) -> None:
        self._started = time.process_time()

    def __exit__(self, *_: object) -> None:
        self.seconds -= time.process_time() - self._started


def restore_one_bit(table: str, row: Mapping[str, Any], seconds: float = BIT_SECONDS) -> RepairedRow | None:
    """A damaged row with one bit flipped so that it matches its checksum; ``None`` if there is none such.

    The search ends after this CPU time.
    """
    if row["checksum"] is None:
        return None
    if (distance := (checksum(table, row) ^ row["checksum"]).bit_count()) <= 1:
        return dict(row) if distance else None
    end, wanted = time.process_time() + seconds, row["checksum"]
    for name, value in row.items():
        if name == "checksum" or name in EXCLUDED_COLUMNS[table] or not isinstance(value, (str, int)):
            continue
        checksum_of = checksum_by_value(table, row, name)
        restored: Any = None
        if isinstance(value, str):

            def fits(data: bytes, checksum_of: Callable[[object], int] = checksum_of) -> bool:
                return time.process_time() < end and checksum_of(text(data)) == wanted

            data = flip_one_bit(value.encode("utf-8", "surrogateescape"), fits)
            restored = None if data is None else text(data)
        else:
            flipped = (value ^ 1 << bit for bit in range(63))
            restored = next((value for value in flipped if checksum_of(value) == wanted), None)
        if restored is not None:
            return {**row, name: restored}
    return None


def restore_one_byte(table: str, row: Mapping[str, Any], budget: Budget) -> RepairedRow | None:
    """A damaged row with one byte changed so that it matches its checksum; ``None`` if there is none such.

    The search ends when the budget is spent.
    """
    with budget:
        return _restore_one_byte(table, row, budget.seconds)


def _restore_one_byte(table: str, row: Mapping[str, Any], seconds: float) -> RepairedRow | None:
    wanted = row["checksum"]
    if wanted is None:
        return None
    difference = (checksum(table, row) ^ wanted) & (1 << 64) - 1
    if any(difference & ~(0xFF << shift) == 0 for shift in range(0, 64, 8)):
        return dict(row) if difference else None
    end = time.process_time() + seconds
    # Short values first: a search in them takes less time.
    for name, value in sorted(row.items(), key=lambda item: len(str(item[1]))):
        if name == "checksum" or name in EXCLUDED_COLUMNS[table] or not isinstance(value, (str, int)):
            continue
        checksum_of = checksum_by_value(table, row, name)
        for candidate in with_one_byte_changed(value):
            if checksum_of(candidate) == wanted:
                return {**row, name: candidate}
            if time.process_time() > end:
                return None
    return None


def with_one_byte_changed(value: str | int) -> Iterator[str | int]:
    """Every value that differs in one byte; none for a long text."""
    if isinstance(value, int):
        # A change of the first byte changes the sign, so it depends on the width in which SQLite stores the number.
        for width in INTEGER_SIZES[1:]:
            if value.bit_length() < 8 * width:
                stored = int.from_bytes(value.to_bytes(width, signed=True))
                for change in (byte << shift for shift in range(0, 8 * width, 8) for byte in range(1, 256)):
                    yield int.from_bytes((stored ^ change).to_bytes(width), signed=True)
        return
    data = bytearray(value.encode("utf-8", "surrogateescape"))
    if len(data) > MAX_BYTE_VALUES:
        return
    for place, byte in enumerate(data):
        for other in range(256):
            if other != byte:
                data[place] = other
                # The original is valid UTF-8.
                with contextlib.suppress(UnicodeDecodeError):
                    yield data.decode()
        data[place] = byte


def text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def restore_body(
    bodies: Bodies, data: bytes, digest: str, size: int, dictionary: str | None, *, bit_seconds: float, budget: Budget
) -> tuple[bytes, int] | None:
    """The compressed bytes and the size of a body with one bit or byte of either changed so that it has its digest.

    The search for a bit ends after this CPU time, that for a byte when the budget is spent.
    """
    end = time.process_time() + bit_seconds

    def fits(data: bytes) -> bool:
        return time.process_time() < end and bodies.fits(data, digest, size, dictionary)

    for other in with_one_byte_changed(size):
        if isinstance(other, int) and 0 <= other <= MAX_BODY_BYTES and bodies.fits(data, digest, other, dictionary):
            return data, other
    restored = flip_one_bit(data, fits)
    if restored is not None:
        return restored, size
    end = time.process_time() + budget.seconds
    with budget:
        return changed_byte(data, fits, lambda: time.process_time() > end, size)


def changed_byte(
    data: bytes, fits: Callable[[bytes], bool], is_over: Callable[[], bool], size: int
) -> tuple[bytes, int] | None:
    """The bytes with one of them changed so that they fit, and the size."""
    tried = bytearray(data)
    for place, byte in enumerate(data):
        if is_over():
            break
        for other in range(256):
            tried[place] = other
            if other != byte and fits(bytes(tried)):
                return bytes(tried), size
        tried[place] = byte
    return None
