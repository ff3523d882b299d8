"""A corrected definition: the source of a spider with the selectors replaced that failed, as a diff."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path


def corrected(source: str, replacements: Mapping[str, tuple[str, str]]) -> str:
    """The source of a definition, in Python or TOML, with selectors replaced: by part, the old and the new one.

    Only the first string with the old selector after the name of the part is replaced.
    """
    for part, (old, new) in replacements.items():
        for sign in ("=", " = "):
            for stated in (f"{part}{sign}{quoted(old)}", f"{part}{sign}'{old}'"):
                source = source.replace(stated, f"{part}{sign}{quoted(new)}", 1)
    return source


def diff_of(path: Path, source: str, changed: str) -> str:
    """The changes of a file as a unified diff; empty if there are none."""
    lines = difflib.unified_diff(
        source.splitlines(keepends=True), changed.splitlines(keepends=True), str(path), f"{path} (corrected)", n=1
    )
    return "".join(lines)


def quoted(text: str) -> str:
    """A string literal, as the formatter writes it."""
    if '"' in text and "'" not in text and "\\" not in text:
        return f"'{text}'"
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
