"""The archive and what it returns."""

from caliber_crawler.archive.archive import Archive
from caliber_crawler.archive.article_record import ArticleRecord, ArticleVersion
from caliber_crawler.archive.articles import Saved
from caliber_crawler.archive.explanation import Explanation
from caliber_crawler.archive.frontier import Entry
from caliber_crawler.archive.rereads import FIELDS, Change, Wanted
from caliber_crawler.archive.runs import RunRecord
from caliber_crawler.archive.search import Hit, Search
from caliber_crawler.archive.selection import COLUMNS, ArticleFilter, ArticleRow, Selection, ViewRow
from caliber_crawler.archive.status import StatusReport
from caliber_crawler.archive.times import BEGINNING
from caliber_crawler.archive.verification import Finding

__all__ = [
    "BEGINNING",
    "COLUMNS",
    "FIELDS",
    "Archive",
    "ArticleFilter",
    "ArticleRecord",
    "ArticleRow",
    "ArticleVersion",
    "Change",
    "Entry",
    "Explanation",
    "Finding",
    "Hit",
    "RunRecord",
    "Saved",
    "Search",
    "Selection",
    "StatusReport",
    "ViewRow",
    "Wanted",
]
