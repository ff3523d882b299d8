"""Articles of the same story in other languages; see docs/guides/editions.md."""

from caliber_crawler.archive.analysis.editions.editions import Counterpart, Editions, EditionStatus

__all__ = ["Counterpart", "EditionStatus", "Editions"]
