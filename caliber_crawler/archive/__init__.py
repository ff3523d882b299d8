"""The archive and what it gives back."""

from caliber_crawler.archive.archive import Archive
from caliber_crawler.archive.articles import Saved
from caliber_crawler.archive.frontier import Entry
from caliber_crawler.archive.search import MARKS, Hit
from caliber_crawler.archive.times import BEGINNING

__all__ = ["BEGINNING", "MARKS", "Archive", "Entry", "Hit", "Saved"]
