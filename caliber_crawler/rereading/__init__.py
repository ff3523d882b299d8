"""Re-extraction: stored pages extracted once more, with today's code: one page, or all of an archive."""

from caliber_crawler.rereading.rereader import LISTED, Rereader

__all__ = ["LISTED", "Rereader"]
