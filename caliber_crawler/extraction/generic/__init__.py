"""Generic extraction: the last method tried, for pages of an unknown layout.

It uses what is common to news pages and compares the results of several libraries. Those libraries are slow to load, so
this package is imported only when needed.
"""

from caliber_crawler.extraction.generic.extractor import (
    GenericExtraction,
    NotAnArticle,
    extract_generic,
    extract_tree,
)
from caliber_crawler.extraction.generic.plain_text import find_plain_parts

__all__ = ["GenericExtraction", "NotAnArticle", "extract_generic", "extract_tree", "find_plain_parts"]
