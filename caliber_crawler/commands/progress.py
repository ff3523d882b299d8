"""Progress bars of long work; they are quiet when standard error is not a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from tqdm import tqdm


class Search(Protocol):
    """Work in steps: iterating it does them, and yields how much each did."""

    @property
    def waiting(self) -> int:
        """How much is left, as far as is known now."""

    def __iter__(self) -> Iterator[int]: ...


def run_with_progress(search: Search, unit: str) -> None:
    """Do all the work, with a progress bar that counts in this unit."""
    with tqdm(unit=f" {unit}", disable=None, leave=False) as progress:
        for done in search:
            progress.total = progress.n + done + search.waiting
            progress.update(done)
