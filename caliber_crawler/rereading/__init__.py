"""Kept pages read once more, with today's code: one where it is asked for, or all of an archive."""

from caliber_crawler.rereading.rereader import Rereader

__all__ = ["Rereader"]
