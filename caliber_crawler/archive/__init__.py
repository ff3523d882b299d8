"""The archive and what it returns."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from caliber_crawler.archive.archive import Archive
    from caliber_crawler.archive.core.times import BEGINNING
    from caliber_crawler.archive.queue.entry import Entry
    from caliber_crawler.archive.reports.alarms import Alarm
    from caliber_crawler.archive.reports.explanation import Explanation
    from caliber_crawler.archive.reports.runs import RunRecord
    from caliber_crawler.archive.reports.site_facts import FactName, SiteFact
    from caliber_crawler.archive.reports.site_reports import FieldShare, SiteReport
    from caliber_crawler.archive.reports.status import StatusReport
    from caliber_crawler.archive.search import Hit, Search
    from caliber_crawler.archive.search.selection import (
        COLUMNS,
        ArticleFilter,
        ArticleRow,
        Selection,
        ViewRow,
        selection_of,
    )
    from caliber_crawler.archive.texts.admission import PageSetAside
    from caliber_crawler.archive.texts.article_record import ArticleRecord, ArticleVersion
    from caliber_crawler.archive.texts.articles import SavedArticle
    from caliber_crawler.archive.texts.reextractions import FIELDS, Change, ReextractionFilter
    from caliber_crawler.archive.upkeep.file_repair import FileRepair
    from caliber_crawler.archive.upkeep.finding import Finding

__all__ = [
    "BEGINNING",
    "COLUMNS",
    "FIELDS",
    "Alarm",
    "Archive",
    "ArticleFilter",
    "ArticleRecord",
    "ArticleRow",
    "ArticleVersion",
    "Change",
    "Entry",
    "Explanation",
    "FactName",
    "FieldShare",
    "FileRepair",
    "Finding",
    "Hit",
    "PageSetAside",
    "ReextractionFilter",
    "RunRecord",
    "SavedArticle",
    "Search",
    "Selection",
    "SiteFact",
    "SiteReport",
    "StatusReport",
    "ViewRow",
    "selection_of",
]

MODULES = {
    name: module
    for module, names in {
        "archive": "Archive",
        "core.times": "BEGINNING",
        "queue.entry": "Entry",
        "reports.alarms": "Alarm",
        "reports.explanation": "Explanation",
        "reports.runs": "RunRecord",
        "reports.site_facts": "FactName SiteFact",
        "reports.site_reports": "FieldShare SiteReport",
        "reports.status": "StatusReport",
        "search": "Hit Search",
        "search.selection": "COLUMNS ArticleFilter ArticleRow Selection ViewRow selection_of",
        "texts.admission": "PageSetAside",
        "texts.article_record": "ArticleRecord ArticleVersion",
        "texts.articles": "SavedArticle",
        "texts.reextractions": "FIELDS Change ReextractionFilter",
        "upkeep.file_repair": "FileRepair",
        "upkeep.finding": "Finding",
    }.items()
    for name in names.split()
}
"""The module of each public name."""


def __getattr__(name: str) -> object:
    # Imported on first use: a search loads neither merge, repair nor re-extraction.
    if name not in MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
