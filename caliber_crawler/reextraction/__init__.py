"""Re-extraction: extract stored pages again with the current code, one page or a whole archive."""

from caliber_crawler.reextraction.reextractor import NOT_EXTRACTED, Reextractor

__all__ = ["NOT_EXTRACTED", "Reextractor"]
