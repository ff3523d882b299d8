"""A worker's own folder on a local disk, for the shards it is working on."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import gettempdir

from filelock import FileLock, Timeout

PREFIX = "caliber-worker-"


@contextmanager
def worker_folder(parent: Path | None = None) -> Iterator[Path]:
    """A folder that goes when the block ends; those of workers that were killed go now.

    A lock beside each folder is held for as long as its worker lives, however it ends.
    """
    parent = parent or Path(gettempdir())
    _sweep(parent)
    lock = _lock_nobody_has(parent)
    folder = Path(lock.lock_file).with_suffix("")
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        _remove(folder, lock)


def _sweep(parent: Path) -> None:
    for path in parent.glob(f"{PREFIX}*.lock"):
        lock = FileLock(path, timeout=0)
        with suppress(Timeout, OSError):
            lock.acquire()
            _remove(path.with_suffix(""), lock)


def _lock_nobody_has(parent: Path) -> FileLock:
    while True:
        lock = FileLock(parent / f"{PREFIX}{secrets.token_hex(4)}.lock", timeout=0)
        # Somebody who sweeps may have taken it for a dead worker's, in the moment before it was held.
        with suppress(Timeout):
            lock.acquire()
            return lock


def _remove(folder: Path, lock: FileLock) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    Path(lock.lock_file).unlink(missing_ok=True)
    lock.release()
