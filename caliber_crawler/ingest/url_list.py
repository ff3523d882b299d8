"""URL lists: text files with one URL per line."""

from __future__ import annotations

from pathlib import Path

MAX_BYTES = 256 * 1024 * 1024


def parse_url_list(path: Path) -> list[str] | None:
    """The unique URLs in a file, in order; ``None`` when the file is not a URL list.

    Blank lines and lines that begin with ``#`` are ignored. A file with any other line that is not a URL is not a list.
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
