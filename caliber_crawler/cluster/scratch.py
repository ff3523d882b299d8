"""A worker's folder on a local disk, for the shards of its current jobs."""

from __future__ import annotations

import os
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
    """A folder that is deleted when the block ends. The folders of killed workers are deleted first.

    A lock file beside each folder stays locked while its worker runs.
    """
    parent = parent or Path(gettempdir())
    _sweep(parent)
    lock = _acquire_new_lock(parent)
    folder = Path(lock.lock_file).with_suffix("")
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        _remove(folder, lock)


def unpublished_folder(folder: Path) -> Path:
    """The folder of results that could not be published, beside that of a worker: it outlives the worker.

    Each user has an own one; if somebody else has created it, the worker's own folder is used.
    """
    shared = folder.parent / f"caliber-unpublished-{os.geteuid()}"
    with suppress(OSError):
        shared.mkdir(mode=0o700, exist_ok=True)
    is_own = shared.is_dir() and not shared.is_symlink() and shared.stat().st_uid == os.geteuid()
    return shared if is_own else folder / "unpublished"


def _sweep(parent: Path) -> None:
    for path in parent.glob(f"{PREFIX}*.lock"):
        lock = FileLock(path, timeout=0)
        with suppress(Timeout, OSError):
            lock.acquire()
            _remove(path.with_suffix(""), lock)


def _acquire_new_lock(parent: Path) -> FileLock:
    while True:
        lock = FileLock(parent / f"{PREFIX}{secrets.token_hex(4)}.lock", timeout=0)
        # Another worker's sweep may lock a new file first, taking it for that of a killed worker.
        with suppress(Timeout):
            lock.acquire()
            return lock


def _remove(folder: Path, lock: FileLock) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    Path(lock.lock_file).unlink(missing_ok=True)
    lock.release()
