"""What a file is, by its first bytes: a web archive, a recorded browser session, a page, or nothing with pages."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from caliber_crawler.errors import InputError, MissingExtra, NotAPage
from caliber_crawler.page_files.mhtml import is_mhtml
from caliber_crawler.warc import is_index
from caliber_crawler.warc.content_start import content_start

FileForm = Literal["warc", "har", "mhtml", "page"]
"""WARC, ARC and WACZ are ``warc``; HTML and plain texts are a ``page``."""

WEB_ARCHIVES = (
    *(".warc", ".warc.gz", ".warc.zst", ".warc.lz4", ".wet", ".wet.gz", ".wacz"),
    *(".arc", ".arc.gz", ".har"),
)
"""File name endings of web archives and recorded browser sessions in a folder."""

BULK_FILES = (*WEB_ARCHIVES, ".mht", ".mhtml")
"""File name endings of everything but single HTML and text files."""

JSON_START = re.compile(rb"\s*[{\[]")
HAR_LOG = re.compile(rb'"log"\s{0,20}:\s{0,20}\{')
OTHERS: tuple[tuple[bytes, str, str], ...] = (
    (rb"\xfd7zXZ\0", "an xz file", "decompress it with `xz -d` and ingest the result"),
    (rb"BZh[1-9]1AY&SY", "a bzip2 file", "decompress it with `bunzip2` and ingest the result"),
    (rb"\x1f\x9d", "a file packed by `compress`", "decompress it with `gzip -d` and ingest the result"),
    (rb"7z\xbc\xaf\x27\x1c", "a 7z archive", "extract it and ingest the files in it"),
    (rb"Rar!\x1a\x07", "a RAR archive", "extract it and ingest the files in it"),
    (rb"(?s:.{257})ustar", "a tar archive", "extract it with `tar -xf` and ingest the files in it"),
    (rb"ZIM\x04", "a ZIM file", "export its pages with `zimdump` and ingest the folder"),
    (
        rb"bplist00|(?s:.{0,200})<!DOCTYPE plist\b|<plist\b",
        "a web archive of Safari",
        "open it in a browser and save the page as HTML",
    ),
    (rb"ITSF", "a compiled help file (CHM)", "extract it and ingest the pages in it"),
    (rb"%PDF-", "a PDF document", "ingest the web page instead"),
    (rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Office document", "save it as HTML and ingest that"),
    (rb"\{\\rtf", "an RTF document", "save it as HTML and ingest that"),
    (rb"SQLite format 3\0", "a database", "merge archives of this program with `caliber merge`"),
    (rb"\x89PNG|\xff\xd8\xff|GIF8|RIFF.{4}WEBP", "an image", "ingest the web page instead"),
)
"""Files without pages, or in forms that are not read: the first bytes, the name, and what to do."""
IN_COMPRESSED: tuple[tuple[bytes, str, str], ...] = (
    (rb"(?s:.{257})ustar", "a compressed tar archive", "extract it with `tar -xf` and ingest the files in it"),
    (rb"\s*<", "a compressed page", "decompress it and ingest the result"),
    (rb"\s*[{\[]", "compressed JSON", "if it is a HAR, decompress it and ingest the result"),
    (rb"\x1f\x8b|\x28\xb5\x2f\xfd", "compressed twice", "decompress it once and ingest the result"),
)
"""The same for the content of compressed files that are not web archives."""


def form_of(path: Path) -> FileForm:
    """The form of a file. Raises :class:`NotAPage` for one without pages, :class:`InputError` if it is unreadable."""
    if path.exists() and not path.is_file():
        raise NotAPage(f"{path} is a folder, a device or a pipe; write its content to a file and ingest that.")
    if is_index(path):
        raise NotAPage(f"{path} is an index of web archives and has no pages; ingest the WARC files that it names.")
    try:
        start = content_start(path)
    except MissingExtra:
        raise NotAPage(f"{path} is compressed with lz4; install `caliber-crawler[lz4]`, which can read it.") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
    name = path.name.lower()
    if start.is_record or start.is_zip:
        return "warc"
    refuse(path, start.data, IN_COMPRESSED if start.is_packed else OTHERS)
    if start.is_packed:
        return "warc"
    is_json = JSON_START.match(start.data) is not None
    if (is_json and HAR_LOG.search(start.data)) or name.endswith(".har"):
        return "har"
    if is_mhtml(start.data):
        return "mhtml"
    if is_json:
        raise NotAPage(f"{path} is JSON, but not a HAR; save the pages as HTML, or record them as HAR or WARC.")
    return "warc" if name.endswith(WEB_ARCHIVES) else "page"


def refuse(path: Path, data: bytes, forms: tuple[tuple[bytes, str, str], ...]) -> None:
    """Raise :class:`NotAPage` for a file that begins like one of these forms."""
    for pattern, what, advice in forms:
        if re.match(pattern, data):
            raise NotAPage(f"{path} is {what}; {advice}.")
