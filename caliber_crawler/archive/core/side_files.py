"""Files that are derived from an archive and lie beside it. Each can be deleted at any time and made again."""

from __future__ import annotations

from pathlib import Path

WORD_INDEX = ".words.db"
"""Ending of the word index, after the archive's own name."""
SIDE_FILES = (WORD_INDEX,)


def word_index_path(archive: Path) -> Path:
    """The path of an archive's word index."""
    return archive.with_name(archive.name + WORD_INDEX)


def delete_side_files(archive: Path) -> None:
    """Delete every derived file of an archive, because it may contain a text that was taken down."""
    for ending in SIDE_FILES:
        archive.with_name(archive.name + ending).unlink(missing_ok=True)
