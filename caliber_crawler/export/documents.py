"""One file per article, as plain text or Markdown, and a table of their metadata.

For quanteda's readtext, AntConc, Voyant and other programs that read folders of texts.
"""

from __future__ import annotations

import io
import re
import tempfile
from collections.abc import Callable, Iterable, Sequence

from caliber_crawler.export.file_set import FileSet
from caliber_crawler.export.row import Row
from caliber_crawler.export.text import write_csv

METADATA = "metadata.csv"
FILENAME = "filename"
"""The first column of the metadata."""
SPOOLED_BYTES = 4 << 20
UNSAFE = re.compile("[^a-z0-9-]+")


def write_documents(rows: Iterable[Row], columns: Sequence[str], files: FileSet, suffix: str) -> int:
    """Write a file per row, with the suffix ``.txt`` or ``.md``, and ``metadata.csv``; return the number of rows."""
    text_of = TEXTS[suffix]
    with tempfile.SpooledTemporaryFile(SPOOLED_BYTES) as spool:
        table = io.TextIOWrapper(spool, "utf-8", newline="")

        def written() -> Iterable[Row]:
            for row in rows:
                name = file_name(row, suffix)
                with files.open(name) as file:
                    file.write(text_of(row).encode("utf-8", "replace"))
                yield {FILENAME: name, **{column: row[column] for column in columns}}

        count = write_csv(written(), [FILENAME, *columns], table)
        table.flush()
        table.detach()
        spool.seek(0)
        with files.open(METADATA) as file:
            while part := spool.read(1 << 20):
                file.write(part)
    return count


def file_name(row: Row, suffix: str) -> str:
    """A name that sorts by date and is safe on every system: ``2026-01-07_caliber_en_17.txt``.

    It depends on the article's ID in this archive; a version has its number (``…_17_v2.txt``).
    """
    day = (row["published_local"] or row["published_at"] or "undated")[:10]
    parts = [day, plain(row["site"]), plain(row["language"]), str(row["id"])]
    if "version" in row:
        parts.append(f"v{row['version']}")
    return "_".join(parts) + suffix


def plain(name: str) -> str:
    return UNSAFE.sub("-", name.lower())[:40].strip("-") or "x"


def plain_text(row: Row) -> str:
    """Headline, subtitle and body, separated by blank lines."""
    return "\n\n".join(part for part in (row["headline"], row["subtitle"], row["body"]) if part) + "\n"


def markdown(row: Row) -> str:
    """The headline as a heading, the subtitle in italics, and the body with its links, lists and emphasis."""
    heading = "# " + escaped(row["headline"])
    subtitle = f"*{escaped(row['subtitle'])}*" if row["subtitle"] else ""
    return "\n\n".join(part for part in (heading, subtitle, row["body_markdown"] or row["body"]) if part) + "\n"


def escaped(text: str) -> str:
    """Text on one line without Markdown of its own."""
    return re.sub(r"([\\`*_\[\]<>])", r"\\\1", " ".join(text.split()))


TEXTS: dict[str, Callable[[Row], str]] = {".txt": plain_text, ".md": markdown}
