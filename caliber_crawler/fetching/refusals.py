"""Why a page was not fetched, in a form that Scrapy passes through unharmed."""

from __future__ import annotations

from scrapy.exceptions import IgnoreRequest


class Refusal(IgnoreRequest):
    """A request that is not made, or an answer that is not taken.

    ``code`` is short and stable, to group by; ``clause`` tells a person why, and can stand behind a colon.
    """

    def __init__(self, code: str, clause: str) -> None:
        super().__init__(clause)
        self.code = code
        self.clause = clause
