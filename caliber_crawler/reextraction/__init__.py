"""Re-extraction: stored pages extracted once more, with today's code: one page, or all of an archive."""

from caliber_crawler.reextraction.reextractor import LISTED, Reextractor

__all__ = ["LISTED", "Reextractor"]
