"""A list of addresses in a text file, one a line."""

from __future__ import annotations

from pathlib import Path

MAX_BYTES = 256 * 1024 * 1024


def parse_url_list(path: Path) -> list[str] | None:
    """The addresses in a file, in order, each once; ``None`` when it is no list of addresses.

    Blank lines and lines that begin with ``#`` do not count; any other line that is no address makes it no list.
    """
    if path.stat().st_size > MAX_BYTES:
        return None
    urls: dict[str, None] = {}
    try:
        with path.open(encoding="utf-8-sig") as file:
            for line in map(str.strip, file):
                if line and not line.startswith("#"):
                    if not line.startswith(("http://", "https://")) or len(line.split()) > 1:
                        return None
                    urls[line] = None
    except UnicodeDecodeError:
        return None
    return list(urls) or None
