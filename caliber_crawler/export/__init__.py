"""Exports: write rows of an archive in other formats. This package does not depend on SQLite."""

from caliber_crawler.export.feed import write_rss
from caliber_crawler.export.parquet import write_parquet
from caliber_crawler.export.row import Row
from caliber_crawler.export.text import write_csv, write_jsonl

__all__ = ["Row", "write_csv", "write_jsonl", "write_parquet", "write_rss"]
