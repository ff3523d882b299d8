"""One line of log for each thing that happens to a page, naming it; never the page itself."""

from __future__ import annotations

import logging
from typing import Any

from scrapy import Spider
from scrapy.http import Response
from scrapy.logformatter import LogFormatter, LogFormatterResult
from twisted.python.failure import Failure

from caliber_crawler.items import Capture, Listing, Reading


class OneLineFormatter(LogFormatter):
    """Scrapy's formatter, with addresses in place of whole items."""

    def scraped(self, item: Any, response: Response | Failure | None, spider: Spider) -> LogFormatterResult:
        return _line(logging.DEBUG, "stored: %(name)s", name=_name(item))

    def dropped(
        self, item: Any, exception: BaseException, response: Response | Failure | None, spider: Spider
    ) -> LogFormatterResult:
        return _line(logging.INFO, "dropped: %(name)s: %(reason)s", name=_name(item), reason=str(exception))

    def item_error(
        self, item: Any, exception: BaseException, response: Response | Failure | None, spider: Spider
    ) -> LogFormatterResult:
        return _line(logging.ERROR, "error while processing %(name)s", name=_name(item))


def say_nothing_twice() -> None:
    """Silence what Scrapy logs of pages that do not answer: the run tells it in a sentence, by reason."""
    for component in ("robotstxt", "retry"):
        logging.getLogger(f"scrapy.downloadermiddlewares.{component}").setLevel(logging.CRITICAL)


def _line(level: int, message: str, **values: str) -> LogFormatterResult:
    return {"level": level, "msg": message, "args": values}


def _name(item: Any) -> str:
    match item:
        case Capture():
            return item.address
        case Reading() | Listing():
            return item.capture.address
    return type(item).__name__
