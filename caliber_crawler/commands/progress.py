"""Progress bars of long work; they are quiet when standard error is not a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol, TypeVar

from tqdm import tqdm

from caliber_crawler.archive import Archive

Result = TypeVar("Result", covariant=True)


class Search(Protocol):
    """Work in steps: iterating it does them, and yields how much each did."""

    @property
    def waiting(self) -> int:
        """How much is left, as far as is known now."""

    def __iter__(self) -> Iterator[int]: ...


class Pass(Search, Protocol[Result]):
    """A pass over an archive, with its result after the iteration."""

    @property
    def result(self) -> Result: ...


def run_pass(path: Path, begin: Callable[[Archive], Pass[Result]], unit: str) -> Result:
    """Begin a pass over an archive that is open for writing, and do all of its work."""
    with Archive.open(path, mode="write") as opened:
        search = begin(opened)
        run_with_progress(search, unit)
    return search.result


def run_with_progress(search: Search, unit: str) -> None:
    """Do all the work, with a progress bar that counts in this unit."""
    with tqdm(unit=f" {unit}", disable=None, leave=False) as progress:
        for done in search:
            progress.total = progress.n + done + search.waiting
            progress.update(done)
