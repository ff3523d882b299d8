"""What the log of a crawl leaves out: errors that the run reports in a sentence."""

from __future__ import annotations

import logging

import pytest

from caliber_crawler.crawling.log import _is_not_archive_error, _shorten
from caliber_crawler.errors import ArchiveFull, CaliberError


def record_of(error: BaseException | None) -> logging.LogRecord:
    info = None if error is None else (type(error), error, None)
    return logging.LogRecord("x", logging.ERROR, __file__, 1, "failed: %s", ("why",), info)


@pytest.mark.parametrize("error", [None, ValueError("odd")])
def test_other_errors_are_logged_as_they_are(error: BaseException | None) -> None:
    record = record_of(error)
    assert _is_not_archive_error(record) is True
    assert _shorten(record) is True
    assert record.getMessage() == "failed: why"


def test_an_error_of_the_archive_is_not_logged_twice() -> None:
    assert _is_not_archive_error(record_of(ArchiveFull("The disk is full."))) is False


def test_an_error_of_the_user_is_one_sentence() -> None:
    record = record_of(CaliberError("There is no such site."))
    assert _shorten(record) is True
    assert (record.getMessage(), record.exc_info) == ("There is no such site.", None)
