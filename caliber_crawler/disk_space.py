"""Free space of a disk that was full, so that a nearly full one does not alternate between failed and healthy."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

CLEAR_SHARE = 0.05
"""The share of a disk that must be free before a full one counts as having space again."""
MAX_CLEAR_BYTES = 2_000_000_000
"""Bytes that are enough on any disk."""
MARGIN = 2
"""Multiple of what did not fit that must be free."""


@dataclass(frozen=True, slots=True)
class DiskSpace:
    """What a process without privileges may use of a file system, in bytes."""

    free: int
    total: int

    @classmethod
    def of(cls, path: Path) -> Self | None:
        """The space where a file is or would be; ``None`` if that is not known."""
        while True:
            try:
                found = os.statvfs(path)
                return cls(found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize)
            except FileNotFoundError:
                if path == path.parent:
                    return None
                path = path.parent
            except OSError:
                return None

    def is_clear(self, needed: int = 0) -> bool:
        """Whether clearly more is free than the ``needed`` bytes that did not fit last time."""
        return self.free >= max(MARGIN * needed, min(CLEAR_SHARE * self.total, MAX_CLEAR_BYTES))
