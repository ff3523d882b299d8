"""Exports: write rows of an archive in other formats. This package does not depend on SQLite."""

from caliber_crawler.export.feed import write_rss
from caliber_crawler.export.file import Row, new_file, new_files, new_path
from caliber_crawler.export.parquet import write_parquet
from caliber_crawler.export.text import write_csv, write_jsonl

__all__ = ["Row", "new_file", "new_files", "new_path", "write_csv", "write_jsonl", "write_parquet", "write_rss"]
