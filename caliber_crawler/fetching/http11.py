"""Scrapy's handler of HTTP/1.1, imported without reading the source of every caller.

For each deprecated class, Scrapy calls ``inspect.stack()`` to find the module that defines it. That searches all loaded
modules for each of fifty callers: 0.17 s of CPU for the three classes, a tenth of the start of a crawl.
"""

from __future__ import annotations

import inspect
import sys
from typing import Any


def _two_callers(context: int = 1) -> list[Any]:
    """The calling function and its caller, as ``inspect.stack`` returns them, without their source."""
    frames = (sys._getframe(1), sys._getframe(2))
    return [
        inspect.FrameInfo(frame, frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name, None, None)
        for frame in frames
    ]


_stack = inspect.stack
inspect.stack = _two_callers
try:
    from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler, _LenientHTTP11ClientProtocol
finally:
    inspect.stack = _stack

LenientClientProtocol = _LenientHTTP11ClientProtocol

__all__ = ["HTTP11DownloadHandler", "LenientClientProtocol"]
