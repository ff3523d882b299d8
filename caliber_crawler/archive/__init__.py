"""The archive and what it gives back."""

from caliber_crawler.archive.archive import Archive
from caliber_crawler.archive.articles import Saved
from caliber_crawler.archive.frontier import Entry
from caliber_crawler.archive.rereads import FIELDS, Change, Wanted
from caliber_crawler.archive.search import Hit, Search
from caliber_crawler.archive.selection import COLUMNS, Selection
from caliber_crawler.archive.times import BEGINNING
from caliber_crawler.archive.verification import Finding

__all__ = [
    "BEGINNING",
    "COLUMNS",
    "FIELDS",
    "Archive",
    "Change",
    "Entry",
    "Finding",
    "Hit",
    "Saved",
    "Search",
    "Selection",
    "Wanted",
]
