"""WARC (ISO 28500), ARC and WACZ: export of captures, import of third-party captures. Independent of SQLite."""

from caliber_crawler.warc.originals import Originals
from caliber_crawler.warc.reader import WarcReader
from caliber_crawler.warc.record import ResolvedURL, Skipped
from caliber_crawler.warc.record_stream import begins_record
from caliber_crawler.warc.responses import ResolveURL
from caliber_crawler.warc.rotation import MAX_FILE_BYTES, numbered_path, write_warcs
from caliber_crawler.warc.source import WarcSource, is_index, warcs_in
from caliber_crawler.warc.unpacking import FAULTS
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
