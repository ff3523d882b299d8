"""Logging: one line per event of a page, with its URL and without its content."""

from __future__ import annotations

import logging
from typing import Any

from scrapy import Spider
from scrapy.http import Response
from scrapy.logformatter import LogFormatter, LogFormatterResult
from twisted.python.failure import Failure

from caliber_crawler.errors import ArchiveError, CaliberError
from caliber_crawler.items import Article, Capture, Extraction, Listing


class OneLineFormatter(LogFormatter):
    """Scrapy's formatter, with URLs in place of whole items."""

    def scraped(self, item: Any, response: Response | Failure | None, spider: Spider) -> LogFormatterResult:
        return _line(logging.DEBUG, "stored: %(name)s", name=_name(item))

    def dropped(
        self, item: Any, exception: BaseException, response: Response | Failure | None, spider: Spider
    ) -> LogFormatterResult:
        level = logging.getLevelName(getattr(exception, "log_level", None) or "INFO")
        return _line(level, "dropped: %(name)s: %(reason)s", name=_name(item), reason=str(exception))

    def item_error(
        self, item: Any, exception: BaseException, response: Response | Failure | None, spider: Spider
    ) -> LogFormatterResult:
        return _line(logging.ERROR, "error while processing %(name)s", name=_name(item))


def silence_repetitions() -> None:
    """Silence Scrapy's log of failed requests and archive errors, which the run reports in a sentence.

    This also saves Scrapy the formatting of lines that are not printed.
    """
    logging.getLogger("scrapy").setLevel(logging.ERROR)
    for component in ("robotstxt", "retry"):
        logging.getLogger(f"scrapy.downloadermiddlewares.{component}").setLevel(logging.CRITICAL)
    for component in ("engine", "scraper"):
        logging.getLogger(f"scrapy.core.{component}").addFilter(_is_not_archive_error)


def log_errors_as_sentences() -> None:
    """Log a user error, which ``scrapy crawl`` leaves to asyncio, as one sentence without a traceback."""
    logging.getLogger("asyncio").addFilter(_shorten)


def _shorten(record: logging.LogRecord) -> bool:
    if record.exc_info and isinstance(record.exc_info[1], CaliberError):
        record.msg, record.args, record.exc_info = str(record.exc_info[1]), (), None
    return True


def _is_not_archive_error(record: logging.LogRecord) -> bool:
    return not (record.exc_info and isinstance(record.exc_info[1], ArchiveError))


def _line(level: int, message: str, **values: str) -> LogFormatterResult:
    return {"level": level, "msg": message, "args": values}


def _name(item: Any) -> str:
    match item:
        case Capture():
            return item.effective_url
        case Article():
            return item.url
        case Extraction() | Listing():
            return item.capture.effective_url
    return type(item).__name__
