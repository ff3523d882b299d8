"""The headers of a response in the form that a capture stores."""

from __future__ import annotations

from scrapy.http import Response


def header_pairs(response: Response) -> tuple[tuple[str, str], ...]:
    """Return the headers in Scrapy's order; repeated headers are not joined."""
    return tuple(
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, values in response.headers.items()
        for value in values
    )
