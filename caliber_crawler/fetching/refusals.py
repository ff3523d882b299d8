"""Refusals: why a page was not fetched, as an exception that Scrapy passes through unchanged."""

from __future__ import annotations

from scrapy.exceptions import IgnoreRequest


class Refusal(IgnoreRequest):
    """A request that is not sent, or a response that is not accepted.

    ``code`` is a stable reason code; ``clause`` explains it in words that can follow a colon in a message.
    """

    def __init__(self, code: str, clause: str) -> None:
        super().__init__(clause)
        self.code = code
        self.clause = clause
