"""WARC (ISO 28500), ARC and WACZ: export of captures, import of third-party captures. Independent of SQLite."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from caliber_crawler.warc.originals import Originals
from caliber_crawler.warc.reader import WarcReader
from caliber_crawler.warc.record import ResolvedURL, Skipped
from caliber_crawler.warc.record_stream import begins_record
from caliber_crawler.warc.responses import ResolveURL
from caliber_crawler.warc.source import WarcSource, is_index, warcs_in
from caliber_crawler.warc.unpacking import FAULTS

if TYPE_CHECKING:
    from caliber_crawler.warc.rotation import MAX_FILE_BYTES, numbered_path, write_warcs
    from caliber_crawler.warc.wacz import Lines, write_wacz
    from caliber_crawler.warc.writer import write_warc

__all__ = [
    "FAULTS",
    "MAX_FILE_BYTES",
    "Lines",
    "Originals",
    "ResolveURL",
    "ResolvedURL",
    "Skipped",
    "WarcReader",
    "WarcSource",
    "begins_record",
    "is_index",
    "numbered_path",
    "warcs_in",
    "write_wacz",
    "write_warc",
    "write_warcs",
]

MODULES = {
    "MAX_FILE_BYTES": "rotation",
    "numbered_path": "rotation",
    "write_warcs": "rotation",
    "Lines": "wacz",
    "write_wacz": "wacz",
    "write_warc": "writer",
}
"""The module of each name that only writing needs."""


def __getattr__(name: str) -> object:
    # Imported on first use: warcio, which writes the records, takes longer to load than all that reads them.
    if name not in MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{MODULES[name]}"), name)
    globals()[name] = value
    return value
