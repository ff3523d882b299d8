"""Scrapy's CSV feed for articles: images and links are JSON in their cells; names are separated by "; "."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from typing import Any

from scrapy.exporters import CsvItemExporter


class ArticleCsvExporter(CsvItemExporter):
    """Writes one row for each article (``scrapy crawl SITE -O articles.csv``)."""

    def serialize_field(self, field: Mapping[str, Any], name: str, value: Any) -> Any:
        """Return the text of a cell."""
        if isinstance(value, tuple) and any(is_dataclass(part) for part in value):
            return json.dumps([asdict(part) for part in value], ensure_ascii=False)
        if isinstance(value, tuple):
            return "; ".join(map(str, value))
        return super().serialize_field(field, name, value)
