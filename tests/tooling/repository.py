"""The repository as the tests of its own order see it."""

from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Made by tools and ignored by git, or git's own. The archive's folder has a note of ours in it.
MADE = {ROOT / "build", ROOT / "dist"}
OUR_HIDDEN = {".ci", ".gitignore"}


def is_ours(path: Path) -> bool:
    """Is this entry of a folder written by people, not made by a tool?"""
    if path.name.startswith("."):
        return path.name in OUR_HIDDEN
    if path.parent == ROOT / "data":
        return path.name == "README.md"
    return path not in MADE and path.name != "__pycache__" and path.suffix != ".egg-info"


def our_files(folder: Path = ROOT) -> Iterator[Path]:
    """Every file of the project under ``folder``."""
    for path in sorted(folder.iterdir()):
        if not is_ours(path):
            continue
        if path.is_dir():
            yield from our_files(path)
        else:
            yield path
